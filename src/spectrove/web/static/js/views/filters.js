// @ts-check
/** Which candidates are listed, and in which order. */

import { h } from "../dom.js";
import { keyed } from "../tools.js";
import { REASONS, VERDICT_NAMES } from "./verdicts.js";

/** @typedef {"state" | "label" | "source" | "verdict" | "reason" | "order"} Name */

const NAMES = /** @type {const} */ ({
  state: "Show",
  label: "listed as",
  source: "by",
  verdict: "verdict",
  reason: "reason",
  order: "order",
});

/** @type {Record<Exclude<Name, "label">, readonly (readonly [string, string])[]>} */
const CHOICES = {
  state: [
    ["open", "without a verdict"],
    ["verified", "with a verdict"],
    ["all", "all"],
  ],
  source: [
    ["", "all"],
    ["network", "the network"],
    ["oracle", "answers"],
  ],
  verdict: [["", "any verdict"], ...Object.entries(VERDICT_NAMES)],
  reason: [["", "any reason"], ...REASONS.map((name) => /** @type {const} */ ([name, name]))],
  order: [
    ["shuffled", "shuffled"],
    ["sure", "surest first"],
    ["unsure", "least sure first"],
  ],
};

/** The bar of choices, and what is chosen. */
export class Filters {
  /** @type {Record<Name, string>} */
  chosen = { state: "open", label: "", source: "", verdict: "", reason: "", order: "shuffled" };
  /** @type {Map<Name, HTMLSelectElement>} */ #selects = new Map();
  /** @type {HTMLInputElement} */ #search;
  search = "";

  /**
   * @param {readonly string[]} targets
   * @param {() => void} changed
   */
  constructor(targets, changed) {
    this.targets = targets;
    this.changed = changed;
    this.#search = /** @type {HTMLInputElement} */ (
      h("input", { type: "search", placeholder: "id or designation", "aria-label": "Find candidates", size: "15" })
    );
    this.element = h(
      "form",
      { class: "filters", role: "search" },
      ...Object.keys(NAMES).map((name) => this.#choice(/** @type {Name} */ (name))),
      keyed("the rejected", "", { class: "quiet", dataset: { list: "rejected" } }, () =>
        this.set({ state: "all", verdict: "reject", reason: "", label: "", source: "" }),
      ),
      h("span", { class: "grow" }),
      this.#search,
      h("button", { type: "submit" }, "Find"),
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.search = this.#search.value.trim();
      this.#search.blur();
      this.changed();
    });
  }

  /** @param {Name} name */
  #choice(name) {
    const ofLabel = [/** @type {const} */ (["", "any class"]), ...this.targets.map((one) => /** @type {const} */ ([one, one]))];
    const choices = name === "label" ? ofLabel : CHOICES[name];
    const select = /** @type {HTMLSelectElement} */ (
      h("select", { dataset: { filter: name } }, ...choices.map(([value, text]) => h("option", { value }, text)))
    );
    select.value = this.chosen[name];
    select.addEventListener("change", () => {
      select.blur();
      this.set({ [name]: select.value });
    });
    this.#selects.set(name, select);
    return h("label", {}, `${NAMES[name]} `, select);
  }

  /** @param {Partial<Record<Name, string>>} change */
  set(change) {
    Object.assign(this.chosen, change);
    // Nothing without a verdict has one of these.
    if ((change.verdict || change.reason) && this.chosen.state === "open") this.chosen.state = "all";
    if (change.state === "open") Object.assign(this.chosen, { verdict: "", reason: "" });
    for (const [name, select] of this.#selects) select.value = this.chosen[name];
    this.changed();
  }

  /** Let every candidate through, without telling. */
  reset() {
    Object.assign(this.chosen, { state: "all", label: "", source: "", verdict: "", reason: "" });
    for (const [name, select] of this.#selects) select.value = this.chosen[name];
    this.search = "";
    this.#search.value = "";
  }

  /** Whether everything without a verdict is wanted. */
  get wantsAllOpen() {
    return this.chosen.state === "open" && `${this.chosen.label}${this.chosen.source}` === "" && this.search === "";
  }
}
