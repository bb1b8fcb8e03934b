// @ts-check
/** The bar of the candidates that leads to other programs, and says what they say. */

import { h } from "../dom.js";
import { bitsOf } from "../pure/rows.js";
import { keyed } from "../tools.js";

const DOWNLOAD = "/api/v1/samp/candidates.vot";

/**
 * What another program selected, as the server takes it.
 * @typedef {{version: string, rows: string, n: number, by: string}} Choice
 */

/** The bar. */
export class SampPanel {
  /** What is verified now, of all that is selected. @type {Choice | null} */ choice = null;

  /**
   * @param {import("./programs.js").Programs} programs
   * @param {{key: string, chosen: (choice: Choice | null) => void, spectrum: () => void}} view
   */
  constructor(programs, view) {
    this.programs = programs;
    this.view = view;
    const button = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ action, key = "") =>
      keyed(text, key, { dataset: { samp: name } }, action);
    this.connect = button("", "connect", () => (programs.state === "on" ? programs.disconnect() : void programs.connect()));
    this.table = button("Send the table again", "table", () => void programs.sendTable(true));
    this.spectrum = button("Spectrum to SPLAT", "spectrum", view.spectrum, view.key);
    this.selected = button("", "selected", () => this.choose());
    this.clear = button("", "clear", () => this.drop());
    this.said = h("span", { class: "said-by-others", role: "status" });
    const download = h("a", { href: DOWNLOAD, download: "candidates.vot" }, "Download the table");
    this.element = h(
      "section",
      { class: "samp", "aria-label": "Other programs" },
      this.connect,
      this.table,
      this.spectrum,
      download,
      this.said,
      this.selected,
      this.clear,
      hint(),
    );
    this.show();
  }

  /** Verify what is selected. */
  choose() {
    const { selection } = this.programs;
    if (selection === null) return;
    const { rows, version, by } = selection;
    this.choice = { version, rows: bitsOf(rows), n: rows.length, by };
    this.programs.say(`Only the ${rows.length} selected in ${by} are shown.`);
    this.view.chosen(this.choice);
  }

  /** Verify all again. */
  drop() {
    const was = this.choice;
    this.choice = null;
    this.programs.clearSelection();
    if (was !== null) this.view.chosen(null);
  }

  /** Show how it is. */
  show() {
    const { state, selection, said } = this.programs;
    const isSecure = location.protocol === "https:";
    const name = state === "on" ? "Disconnect" : "Connect to TOPCAT, Aladin, SPLAT";
    /** @type {HTMLElement} */ (this.connect.firstElementChild).textContent = name;
    this.connect.disabled = state === "asking";
    this.connect.hidden = isSecure;
    for (const one of [this.table, this.spectrum]) one.hidden = state !== "on";
    const far = "This page came by https, from which no SAMP hub is reached: download the table, and open it in TOPCAT.";
    const text = isSecure ? far : said;
    if (this.said.textContent !== text) this.said.textContent = text;
    const { choice } = this;
    const isOld = choice?.version === selection?.version && choice?.rows === bitsOf(selection?.rows ?? []);
    const isNew = selection !== null && !isOld;
    this.selected.hidden = !isNew;
    const verify = `Verify the ${selection?.rows.length ?? 0} selected`;
    /** @type {HTMLElement} */ (this.selected.firstElementChild).textContent = verify;
    this.clear.hidden = selection === null && choice === null;
    /** @type {HTMLElement} */ (this.clear.firstElementChild).textContent = choice === null ? "Forget them" : "Show all again";
  }
}

function hint() {
  return h(
    "details",
    {},
    h("summary", {}, "How"),
    h(
      "ul",
      {},
      h("li", {}, "Start TOPCAT (or Aladin, or SPLAT) first, then connect: it asks whether this page may talk to it. Say yes."),
      h(
        "li",
        {},
        "The candidate on this page is highlighted in TOPCAT's table, Aladin goes to its place, SPLAT takes its spectrum.",
      ),
      h(
        "li",
        {},
        "A row of TOPCAT is shown here once Send Row Index is ticked in Views → Activation Actions of TOPCAT.",
      ),
      h(
        "li",
        {},
        "A selection comes from TOPCAT's Table Browser: select rows, New Subset From Selected Rows, Transmit Subset.",
      ),
    ),
  );
}
