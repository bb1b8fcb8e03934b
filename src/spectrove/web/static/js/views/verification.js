// @ts-check
/** How far the verification is, and the partial confusion matrix that the verdicts come to: Table 1 of the paper, live. */

import { h, number } from "../dom.js";
import { VERDICT_NAMES } from "./verdicts.js";

/** Verdicts in a row ask once for what they come to, in ms. */
const PATIENCE = 300;

/**
 * @typedef {{n: number, share: number | null, lower: number, upper: number}} Cell
 * @typedef {{
 *   n: number, n_verified: number, by_verdict: Record<string, number>, by_reason: Record<string, number>,
 *   pace: {seconds_median: number, n: number, hours_left: number} | null, level: number, classes: string[],
 *   rows: {predicted: string, n: number, n_verified: number, n_unsure: number, cells: Cell[]}[],
 * }} Told
 */

/** The panel beside the candidates. */
export class Verification {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #stopped = false;

  /**
   * @param {import("../main.js").Context} context
   */
  constructor(context) {
    this.context = context;
    this.bar = /** @type {HTMLProgressElement} */ (
      h("progress", { max: "1", value: "0", "aria-label": "Candidates with a verdict" })
    );
    this.said = h("span", { class: "count", role: "status" });
    this.progress = h("p", { class: "verified" }, this.bar, this.said);
    this.table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What was predicted, and is" });
    this.note = h("p", { class: "note" });
    this.element = h(
      "section",
      { class: "part table-1", "aria-label": "Partial confusion matrix" },
      h("h3", {}, "Predicted and actual classes"),
      this.table,
      this.note,
    );
  }

  close() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Ask anew, once the verdicts that were given are at the server. */
  renew() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.context.outbox.drained().then(() => this.load()), PATIENCE);
  }

  async load() {
    try {
      const told = /** @type {Told} */ (await this.context.api.get("/api/v1/verification"));
      if (!this.#stopped) this.#show(told);
    } catch {
      // Told with the next verdict.
    }
  }

  /** @param {Told} told */
  #show(told) {
    this.bar.max = Math.max(1, told.n);
    this.bar.value = told.n_verified;
    const counts = Object.entries(told.by_verdict).filter(([, n]) => n > 0);
    const said = counts.map(([name, n]) => `${n} ${VERDICT_NAMES[name] ?? name}`).join(", ");
    const { pace: at } = told;
    const pace = at === null ? "" : ` · ${at.seconds_median.toFixed(1)} s each, ${duration(at.hours_left)} left`;
    this.said.textContent = `${told.n_verified} of ${told.n} verified${said === "" ? "" : `: ${said}`}${pace}`;
    const verified = told.rows.reduce((sum, row) => sum + row.n_verified, 0);
    const all = told.rows.reduce((sum, row) => sum + row.n, 0);
    this.table.replaceChildren(matrix(told));
    this.note.textContent =
      `Candidates that the network predicted; limits of ${(100 * told.level).toFixed(0)} % (Clopper–Pearson). ` +
      (verified < all
        ? `${verified} of ${all} are verified: the limits hold for all if these are a random part, as in shuffled order.`
        : `All ${all} are verified.`);
  }
}

/**
 * @param {Told} told
 * @returns {HTMLElement}
 */
function matrix({ rows, classes }) {
  const used = classes.filter((_, column) => column < classes.length - 1 || rows.some((row) => row.cells[column].n > 0));
  const head = h("tr", {}, h("th", { scope: "col" }, "predicted"), ...used.map((name) => h("th", { scope: "col" }, name)));
  const body = rows.map((row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, row.predicted, h("span", { class: "note" }, ` ${row.n_verified} of ${row.n}`)),
      ...used.map((name, column) => h("td", { class: name === row.predicted ? "agrees" : "" }, ...written(row.cells[column]))),
    ),
  );
  const caption = h("caption", { class: "unseen" }, "What was predicted, and is");
  return h("table", {}, caption, h("thead", {}, head), h("tbody", {}, ...body));
}

/**
 * @param {Cell} cell
 * @returns {HTMLElement[]}
 */
function written({ n, share, lower, upper }) {
  if (share === null) return [h("span", { class: "muted" }, "–")];
  const percent = (/** @type {number} */ value) => number(100 * value, 1);
  return [
    h("strong", {}, `${percent(share)} %`),
    h("span", {}, ` (${n})`),
    h("span", { class: "note limits" }, `${percent(lower)}–${percent(upper)}`),
  ];
}

/**
 * @param {number} hours
 * @returns {string}
 */
function duration(hours) {
  return hours < 1 ? `${Math.ceil(60 * hours)} min` : `${hours.toFixed(1)} h`;
}
