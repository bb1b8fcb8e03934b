// @ts-check
/** Candidates as a list shows them: a small picture each, or the rejected in a table of their own. */

import { h, shortName, table } from "../dom.js";
import { keyed } from "../tools.js";
import { said } from "./verdicts.js";

/** @typedef {import("./verdicts.js").Candidate} Candidate */

/**
 * Return a candidate's small picture with its name; the canvas is drawn once it is on the page.
 * @param {Candidate} one
 * @param {() => void} show
 * @returns {HTMLElement}
 */
export function card(one, show) {
  const small = h("canvas", { width: "110", height: "46", "aria-hidden": "true" });
  const button = h(
    "button",
    { type: "button", class: "card", "aria-label": `${one.designation ?? one.spectrum_id}, ${said(one)}` },
    small,
    h("span", { class: "name" }, shortName(one)),
    h("span", { class: "said" }, said(one)),
  );
  button.addEventListener("click", (event) => {
    if (event.detail > 0) button.blur();
    show();
  });
  return h("li", {}, button);
}

/**
 * Return the rejected as a table.
 * @param {readonly Candidate[]} items
 * @param {(at: number) => void} show
 * @returns {HTMLElement}
 */
export function rejectedTable(items, show) {
  const rows = items.map((one, at) => [
    keyed(shortName(one), "", { class: "quiet", "aria-label": `Show ${shortName(one)}` }, () => show(at)),
    one.label,
    one.verdict?.label ?? "no class",
    one.verdict?.reasons.join(", ") ?? "",
    one.verdict?.comment ?? "",
    one.verdict?.annotator ?? "",
  ]);
  return table("Rejected candidates, kept for a second look", ["object", "listed as", "is", "why", "comment", "by"], rows);
}
