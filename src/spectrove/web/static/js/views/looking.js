// @ts-check
/**
 * One spectrum on a stage of its own, without the queue: line window and whole spectrum, all that the keys change in them, other
 * exposures of the object laid over the line, the network's points, and the velocity by mirroring.
 */

import { addressOf } from "../api.js";
import { h } from "../dom.js";
import { curveOf, levelled, MOST } from "../exposures.js";
import { Loader } from "../loader.js";
import { drawChart, showSky } from "../panels.js";
import { SpectrumPlots } from "../plot.js";
import { believed, binned, prepare, smoothen } from "../prepare.js";
import { measureLine, summary } from "../pure/measures.js";
import { shifted } from "../pure/velocity.js";
import { drawFinder, showAladin } from "../sky.js";
import { sendBySamp } from "../requests.js";
import { changeBy, limitedRv, rvBy, storeSettings } from "../settings.js";
import { Templates } from "../templates.js";
import { makeStack, makeTools } from "../tools.js";
import { Velocities } from "../velocities.js";

/** Rest on a spectrum before anything but the plots is made, in ms. */
const REST = 150;
/** Spectra kept ready to be drawn. */
const PREPARED = 12;

/** @typedef {import("../prepare.js").Prepared} Prepared */

/** Draws one spectrum after the other. */
export class Looking {
  /** @type {Prepared | null} */ now = null;
  /** @type {Map<string, Prepared>} */ #prepared = new Map();
  /** @type {import("../exposures.js").Curve[]} */ #exposures = [];
  /** @type {AbortController} */ #control = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {any} */ #context = null;
  /** Shown here unless the person hides them: whoever verifies compares. */
  #overlaid = true;
  /** @type {import("../sky.js").Sky | null} */ #sky = null;
  #pictured = false;
  /** @type {import("../sky.js").Choice | undefined} what the view lets be chosen on the sky */ choice;
  #wanted = "";
  #rv = 0;
  #recolor = () => {
    this.plots.recolor();
    this.#drawSeen(null);
  };

  /** @param {import("../main.js").Context} context */
  constructor(context) {
    const { api, campaign, keys, settings } = context;
    this.context = context;
    this.settings = settings;
    this.loader = new Loader(api);
    this.templates = new Templates(api);
    this.presets = /** @type {import("../plot.js").Preset[]} */ (campaign.lines);
    if (settings.preset >= this.presets.length) settings.preset = 0;
    this.tools = makeTools(campaign.classes, this.presets, keys, {
      onRv: (rv) => this.setRv(rv),
      onPreset: (preset) => this.set({ preset }),
      onToggle: (id) => void this.act(id),
      onTemplate: (template) => this.set({ template }),
    });
    const made = makeStack("spectrum-summary");
    this.stack = made.stack;
    this.veil = made.veil;
    this.readout = h("span", { class: "q-readout", "aria-hidden": "true" });
    this.summary = h("p", { id: "spectrum-summary", class: "q-summary" });
    const { line_list: lines = [], sky_lines: sky = [], tellurics = [] } = campaign;
    const lists = { presets: this.presets, lines, sky, tellurics };
    const view = { ...settings, preset: this.presets[settings.preset], rv: 0 };
    this.plots = new SpectrumPlots(made.lineHost, made.wholeHost, this.readout, lists, view);
    this.velocities = new Velocities(keys, this.plots, (id) => void this.act(id));
    this.seen = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": "What the network saw: its points" }));
    this.others = h("p", { class: "note", role: "status" });
    this.sky = h("div", { class: "sky-host" });
    this.element = h("div", { class: "looking" }, this.tools.element, this.stack, this.others, this.summary);
    document.addEventListener("themechange", this.#recolor);
    this.#showSettings();
  }

  close() {
    clearTimeout(this.#timer);
    this.#control.abort();
    this.loader.stop();
    this.plots.destroy();
    document.removeEventListener("themechange", this.#recolor);
  }

  /**
   * Fetch what is likely to come next.
   * @param {{spectrum_id: string}[]} items
   */
  ahead(items) {
    this.loader.want(items);
  }

  /** Show nothing. */
  clear() {
    clearTimeout(this.#timer);
    this.#control.abort();
    this.#wanted = "";
    this.now = null;
    this.#exposures = [];
    this.#context = null;
    this.#sky = null;
    this.#pictured = false;
    this.velocities.clear();
    this.plots.clear();
    this.others.textContent = "";
    this.summary.textContent = "";
    this.sky.replaceChildren();
  }

  /**
   * Draw a spectrum. Nothing of the one before stays.
   * @param {{spectrum_id: string, url?: string}} item
   * @returns {Promise<boolean>} whether it is drawn; false if another one was asked for meanwhile
   */
  async show(item) {
    const id = item.spectrum_id;
    this.clear();
    this.#wanted = id;
    this.#rv = 0;
    this.plots.view.rv = 0;
    this.tools.showRv(0);
    this.veil.hidden = false;
    this.veil.textContent = "Loading the spectrum …";
    try {
      const body = await this.loader.load(item);
      if (this.#wanted !== id) return false;
      this.now = this.#ready(id, body);
    } catch (error) {
      if (this.#wanted !== id) return false;
      this.veil.textContent = `This spectrum cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
      throw error;
    }
    this.veil.hidden = true;
    this.#draw();
    this.#timer = setTimeout(() => void this.#rest(id), REST);
    return true;
  }

  /**
   * @param {string} id
   * @param {ArrayBuffer} body
   * @returns {Prepared}
   */
  #ready(id, body) {
    const made = this.#prepared.get(id) ?? prepare(id, body, this.settings.smoothing);
    this.#prepared.set(id, made);
    for (const old of this.#prepared.keys()) {
      if (this.#prepared.size <= PREPARED) break;
      this.#prepared.delete(old);
    }
    return made;
  }

  #draw() {
    if (this.now === null) return;
    const shown = binned(this.now, this.settings.bin);
    smoothen(shown, this.settings.smoothing);
    this.plots.show(shown);
    const { problem } = this.now.spectrum.head;
    if (problem) this.others.textContent = problem;
  }

  /** @param {string} id */
  async #rest(id) {
    const prepared = this.now;
    if (prepared === null || this.#wanted !== id) return;
    this.velocities.show(prepared, this.#rv);
    this.#measure();
    void this.#layTemplate();
    this.#control = new AbortController();
    const { signal } = this.#control;
    try {
      const context = await this.context.api.get(addressOf("context", id), signal);
      if (signal.aborted) return;
      this.#context = context;
      await this.#finder(id, signal);
      if (signal.aborted) return;
      const exposures = /** @type {import("../exposures.js").Other[]} */ (context.exposures ?? []);
      this.#tellOthers(exposures);
      for (const one of exposures.slice(0, MOST)) {
        const curve = await curveOf(this.context.api, this.loader, one, signal);
        if (curve !== null) this.#exposures.push(levelled(prepared, curve, this.plots.window()));
      }
      if (!signal.aborted) this.#overlay();
    } catch {
      // It is verified without them.
    }
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #finder(id, signal) {
    try {
      const sky = await this.context.api.get(addressOf("sky", id), signal);
      if (signal.aborted) return;
      this.#sky = sky;
      if (!this.#pictured && sky.ra !== null) drawFinder(this.sky, sky, this.choice);
    } catch {
      // It is verified without a chart.
    }
  }

  #picture() {
    this.#pictured = true;
    if (this.#sky?.aladin && this.#sky.ra !== null) showAladin(this.sky, this.#sky, this.#wanted, this.choice);
    else showSky(this.sky, this.#context?.sky_image ?? null, this.#wanted);
  }

  /** @param {import("../exposures.js").Other[]} exposures */
  #tellOthers(exposures) {
    if (this.now?.spectrum.head.problem) return;
    const links = exposures.slice(0, MOST).map((one) =>
      h(
        "a",
        { href: `#/queue/${encodeURIComponent(one.spectrum_id)}?purpose=verify`, title: one.spectrum_id },
        one.mjd ? `MJD ${one.mjd.toFixed(0)}` : one.spectrum_id,
      ),
    );
    const n = exposures.length;
    const said = n === 0 ? "No other exposure within 5″." : `${n} more within 5″, laid over the line: `;
    this.others.replaceChildren(said, ...links.flatMap((link, at) => (at === 0 ? [link] : [", ", link])));
  }

  #overlay() {
    this.plots.overlays = this.#overlaid && this.now?.fromPool === false ? this.#exposures : [];
    this.plots.moved();
  }

  async #layTemplate() {
    const [prepared, name] = [this.now, this.settings.template];
    if (prepared === null) return;
    const [over, plain] = [await this.templates.over(name, prepared), await this.templates.of(name)];
    if (this.now !== prepared || this.settings.template !== name) return;
    this.plots.template = over;
    this.plots.moved();
    this.#drawSeen(plain);
  }

  /** @param {import("../exposures.js").Curve | null} template */
  #drawSeen(template) {
    if (this.now === null || !this.seen.isConnected) return;
    const { colors, view } = this.plots;
    const { grid, features } = this.now.spectrum;
    const under = template === null ? [] : [{ x: template.wave, y: template.flux, color: colors.template, width: 2 }];
    const curves = [...under, { x: grid, y: features, color: colors.flux }];
    drawChart(this.seen, { curves, marks: view.preset.wave, markColor: colors.rest });
  }

  #measure() {
    const { now, plots } = this;
    if (now === null || now.fromPool) {
      this.summary.textContent = now === null ? "" : "Only the network's points are there; nothing is measured.";
      return;
    }
    const { preset } = plots.view;
    const flux = believed(now.wave, now.flux, now.ivar, preset.wave);
    const measures = measureLine(now.wave, flux, now.ivar, shifted(preset.wave[0], this.#rv));
    this.summary.textContent = summary(measures, { spectrum_id: now.id, ...now.spectrum.head.facts }, preset.label);
  }

  /** @param {number} rv km/s */
  setRv(rv) {
    this.#rv = limitedRv(rv);
    this.plots.view.rv = this.#rv;
    this.tools.showRv(this.#rv);
    this.plots.moved();
    this.velocities.moved(this.#rv);
  }

  #showSettings() {
    this.tools.show({ ...this.settings, exposures: this.#overlaid });
    this.stack.classList.toggle("whole", this.settings.whole);
  }

  /** @param {Partial<import("../settings.js").Settings>} change */
  set(change) {
    Object.assign(this.settings, change);
    storeSettings(this.settings);
    const { preset: _, ...shown } = this.settings;
    Object.assign(this.plots.view, shown, { preset: this.presets[this.settings.preset] });
    this.#showSettings();
    if ("whole" in change) this.plots.resize();
    if ("template" in change) void this.#layTemplate();
    if ("mirror" in change) this.plots.moved();
    else this.#draw();
    if ("preset" in change) this.#measure();
    if ("preset" in change || "mirror" in change) this.velocities.moved(this.#rv);
  }

  /**
   * Do what a key of the plots says.
   * @param {string} id
   */
  async act(id) {
    if (id === "exposures") {
      this.#overlaid = !this.#overlaid;
      this.#showSettings();
      this.#overlay();
      return;
    }
    const { announce, campaign } = this.context;
    const names = campaign.classes.map((/** @type {{name: string}} */ { name }) => name);
    const change = changeBy(id, this.settings, this.presets.length, names);
    const rv = rvBy(id, this.#rv);
    // A key may come before the panel was filled.
    if (id.startsWith("rv-") && this.now !== null) this.velocities.show(this.now, this.#rv);
    if (change !== null) this.set(change);
    else if (rv !== null) this.setRv(rv);
    else if (this.velocities.act(id, (kms) => this.setRv(kms), announce)) return;
    else if (id === "samp" && this.#wanted !== "") await sendBySamp(this.context, { spectrum_id: this.#wanted });
    else if (id === "image") this.#picture();
  }

  /** @returns {Record<string, unknown>} what is on the screen, for the answer */
  told() {
    const { settings } = this;
    return {
      view: "candidates",
      preset: this.presets[settings.preset].key,
      smoothing: settings.smoothing,
      bin: settings.bin,
      template: settings.template,
      mirror: settings.mirror,
      exposures: this.#overlaid,
      window: this.plots.window(),
      source: this.now?.spectrum.head.source ?? "",
      rv: this.velocities.told(this.#rv, this.now?.spectrum.head.frame),
    };
  }
}
