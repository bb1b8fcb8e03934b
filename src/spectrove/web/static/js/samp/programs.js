// @ts-check
/**
 * TOPCAT, Aladin and SPLAT beside the candidates: what they are told, and what they say. One conversation for the whole page,
 * which goes on while other views are shown.
 */

import { addressOf } from "../api.js";
import { idOf, nearest, placeOf, rowsOf, separation } from "../pure/rows.js";
import { NoHubError, register } from "./hub.js";

/** A key held down passes many candidates; only the one that somebody stays at is told of, after this many ms. */
const REST = 150;
/** After a table was loaded, TOPCAT does not know it for a moment: a row is told again for so long, in ms. */
const SETTLING = 2500;
const AGAIN = 250;
/** What comes back so soon after it was sent is an echo, in ms: rows, and places. */
const ECHO_OF_ROW = 1000;
const ECHO_OF_PLACE = 3000;
/** An echo of a place is rounded, arc seconds. */
const ROUNDED = 1;

const LOAD_TABLE = "table.load.votable";
const HIGHLIGHT = "table.highlight.row";
const SELECT = "table.select.rowList";
const POINT = "coord.pointAt.sky";
const LOAD_SPECTRUM = "spectrum.load.ssa-generic";

/** So TOPCAT refuses a table that it was sent before: it has it, and follows its rows. */
const HAS_IT = /^Duplicate table-id/;

const START = "Start TOPCAT, Aladin or SPLAT on this computer";

/**
 * @typedef {import("../pure/rows.js").Sent} Sent
 * @typedef {{spectrum_id: string, ra: number | null, dec: number | null}} Pointed
 * @typedef {{rows: number[], version: string, by: string}} Selection
 * What shows the candidates.
 * @typedef {{shown: () => Pointed | undefined, show: (spectrumId: string, by: string) => void}} Viewer
 */

/** @type {Programs | null} */
let only = null;

/**
 * Return the page's conversation with other programs.
 * @param {import("../main.js").Context} context
 * @returns {Programs}
 */
export function programsOf(context) {
  only ??= new Programs(context.api);
  return only;
}

/** The conversation. */
export class Programs {
  /** @type {"off" | "asking" | "on"} */ state = "off";
  /** The last thing that happened, for people. */
  said = "";
  /** The table that was sent last. @type {Sent | null} */ sent = null;
  /** @type {Selection | null} */ selection = null;
  /** Whoever shows the state. @type {() => void} */ onchange = () => {};
  /** @type {import("./hub.js").Hub | null} */ #hub = null;
  /** All that were sent, by their id: a program may still have an older one. @type {Map<string, Sent>} */ #tables = new Map();
  /** @type {Viewer | null} */ #viewer = null;
  /** The spectrum that another program wants to be shown: it is not told of it in return. */
  #wanted = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {{id: string, place: [number, number] | null, at: number}[]} */ #told = [];
  #loadedAt = 0;
  #turn = 0;

  /** @param {import("../api.js").Api} api */
  constructor(api) {
    this.api = api;
    // Whoever closes the page leaves the hub, or its name would stay there.
    addEventListener("pagehide", () => this.disconnect());
  }

  /**
   * Show and speak what happens.
   * @param {string} text
   */
  say(text) {
    this.said = text;
    this.onchange();
  }

  /** @param {Viewer | null} viewer what shows candidates from now on, if anything does */
  showIn(viewer) {
    this.#viewer = viewer;
    clearTimeout(this.#timer);
  }

  /** Register at the hub, and send the table. */
  async connect() {
    if (this.state !== "off") return;
    this.state = "asking";
    this.say("Asking the hub … It asks you, in a window of its own, whether this page may come in.");
    try {
      const hub = await register("spectrove");
      this.#hub = hub;
      hub.onend = () => this.#ended();
      await hub.listen(
        { "samp.name": "spectrove", "samp.description.text": "Candidates of a labeling campaign, verified one by one" },
        {
          [HIGHLIGHT]: (params, sender) => this.#highlighted(params, sender),
          [SELECT]: (params, sender) => void this.#selected(params, sender),
          [POINT]: (params, sender) => this.#pointed(params, sender),
          "samp.app.ping": () => {},
          "samp.hub.event.shutdown": () => hub.close(),
          "samp.hub.disconnect": () => hub.close(),
        },
      );
    } catch (error) {
      this.disconnect();
      this.say(problem(error));
      return;
    }
    this.state = "on";
    await this.sendTable();
  }

  /** Leave the hub. */
  disconnect() {
    const hub = this.#hub;
    this.#hub = null;
    hub?.close();
    this.state = "off";
    this.selection = null;
    this.say("");
  }

  #ended() {
    if (this.#hub === null) return;
    this.disconnect();
    this.say(`The hub has ended. ${START}, and connect again.`);
  }

  /**
   * Send the candidates, as they are now, to whoever takes tables.
   * @param {boolean} [anew] as another table than any before: TOPCAT takes no id twice, not even of a table that it deleted
   */
  async sendTable(anew = false) {
    const hub = this.#hub;
    if (hub === null) return;
    try {
      const sent = /** @type {Sent} */ (await this.api.get("/api/v1/samp/table"));
      if (anew) sent.table_id += `-${Date.now().toString(36)}`;
      const takers = await hub.takersOf(LOAD_TABLE);
      if (takers.length === 0) return this.say("A hub runs, but no program there takes tables. Start TOPCAT, and send it.");
      this.sent = sent;
      this.#tables.set(sent.table_id, sent);
      const names = await Promise.all(takers.map((one) => hub.nameOf(one)));
      this.say(`Sent ${count(sent)} to ${names.join(", ")} …`);
      const params = { url: sent.url, "table-id": sent.table_id, name: sent.name };
      await hub.call(LOAD_TABLE, params, (client, fault) => void this.#loaded(sent, client, fault));
    } catch (error) {
      this.say(problem(error));
    }
  }

  /**
   * @param {Sent} sent
   * @param {string} client
   * @param {string} fault
   */
  async #loaded(sent, client, fault) {
    const name = (await this.#hub?.nameOf(client)) ?? client;
    this.#loadedAt = Date.now();
    const hasIt = fault === "" || HAS_IT.test(fault);
    this.say(hasIt ? `${name} has the table: ${count(sent)}.` : `${name} could not load the table: ${fault}`);
    const shown = this.#viewer?.shown();
    if (hasIt && shown !== undefined) this.#tell(shown);
  }

  /**
   * Tell other programs that somebody looks at a candidate.
   * @param {Pointed} one
   */
  moved(one) {
    clearTimeout(this.#timer);
    const isTheirs = one.spectrum_id === this.#wanted;
    this.#wanted = "";
    if (isTheirs || this.#hub === null) return;
    this.#timer = setTimeout(() => this.#tell(one), REST);
  }

  /** @param {Pointed} one */
  #tell(one) {
    const [hub, sent] = [this.#hub, this.sent];
    if (hub === null) return;
    const turn = ++this.#turn;
    const place = /** @type {[number, number] | null} */ (one.ra === null || one.dec === null ? null : [one.ra, one.dec]);
    this.#told = [...this.#told.slice(-20), { id: one.spectrum_id, place, at: Date.now() }];
    const failed = () => {};
    if (place !== null) hub.notify(POINT, { ra: String(place[0]), dec: String(place[1]) }).catch(failed);
    const row = sent?.ids.indexOf(one.spectrum_id) ?? -1;
    if (sent === null) return;
    if (row < 0) return this.say("This candidate is not in the table that was sent: send the table again.");
    const params = { "table-id": sent.table_id, url: sent.url, row: String(row) };
    const send = (/** @type {string | undefined} */ client) => void hub.call(HIGHLIGHT, params, again, client).catch(failed);
    const again = (/** @type {string} */ client, /** @type {string} */ fault) => {
      if (fault === "" || Date.now() - this.#loadedAt > SETTLING) return;
      setTimeout(() => turn === this.#turn && send(client), AGAIN);
    };
    send(undefined);
  }

  /**
   * Send a spectrum to whoever takes spectra.
   * @param {string} spectrumId
   */
  async sendSpectrum(spectrumId) {
    const hub = this.#hub;
    if (hub === null) return;
    try {
      const takers = await hub.takersOf(LOAD_SPECTRUM);
      if (takers.length === 0) return this.say("No program at the hub takes spectra. Start SPLAT, and send the spectrum again.");
      const params = await this.api.get(addressOf("samp", spectrumId));
      const names = await Promise.all(takers.map((one) => hub.nameOf(one)));
      this.say(`Sent the spectrum to ${names.join(", ")} …`);
      // By call: only then does SPLAT believe what the message says of the format.
      await hub.call(LOAD_SPECTRUM, params, (client, fault) => {
        void hub.nameOf(client).then((name) => {
          this.say(fault === "" ? `${name} has the spectrum ${spectrumId}.` : `${name} could not load the spectrum: ${fault}`);
        });
      });
    } catch (error) {
      this.say(problem(error));
    }
  }

  /**
   * @param {import("./hub.js").Params} params
   * @param {string} sender
   */
  #highlighted(params, sender) {
    const table = this.#tables.get(params["table-id"]) ?? null;
    const id = idOf(table, params["table-id"], params.row);
    if (id === null) return;
    const isEcho = this.#told.some((one) => one.id === id && Date.now() - one.at < ECHO_OF_ROW);
    if (!isEcho) void this.#show(id, sender);
  }

  /**
   * @param {import("./hub.js").Params} params
   * @param {string} sender
   */
  #pointed(params, sender) {
    const place = placeOf(params);
    if (place === null) return;
    const isEcho = this.#told.some(
      (one) => one.place !== null && Date.now() - one.at < ECHO_OF_PLACE && separation(one.place, place) < ROUNDED,
    );
    if (isEcho) return;
    const shown = this.#wanted || (this.#viewer?.shown()?.spectrum_id ?? "");
    const id = nearest(this.sent, place, shown);
    if (id !== null) void this.#show(id, sender);
  }

  /**
   * @param {string} id
   * @param {string} sender
   */
  async #show(id, sender) {
    const viewer = this.#viewer;
    if (viewer === null || id === this.#wanted || id === viewer.shown()?.spectrum_id) return;
    clearTimeout(this.#timer);
    this.#wanted = id;
    const name = (await this.#hub?.nameOf(sender)) ?? sender;
    if (this.#wanted !== id || this.#viewer !== viewer) return;
    viewer.show(id, name);
    this.say(`${name} points at ${id}.`);
  }

  /**
   * @param {import("./hub.js").Params} params
   * @param {string} sender
   */
  async #selected(params, sender) {
    const table = this.#tables.get(params["table-id"]) ?? null;
    const rows = rowsOf(table, params["table-id"], params["row-list"]);
    if (table === null || rows === null) return;
    const by = (await this.#hub?.nameOf(sender)) ?? sender;
    this.selection = rows.length === 0 ? null : { rows, version: table.version, by };
    this.say(rows.length === 0 ? `Nothing is selected in ${by} any more.` : `${rows.length} selected in ${by}.`);
  }

  /** Forget what is selected. */
  clearSelection() {
    this.selection = null;
    this.say("");
  }
}

/** @param {Sent} sent */
function count({ ids }) {
  return `${ids.length} candidate${ids.length === 1 ? "" : "s"}`;
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function problem(error) {
  const said = error instanceof Error ? error.message : String(error);
  if (!(error instanceof NoHubError)) return `The hub does not let this page in: ${said}. Connect again, and say yes.`;
  const isNear = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const far = ` This page comes from another computer (${location.hostname}), and some browsers let no such page ask for a hub.`;
  return `No SAMP hub answers. ${START}, and connect again; or download the table and open it there.${isNear ? "" : far}`;
}
