// @ts-check
/** What is said when no spectrum is left here. */

import { h } from "./dom.js";

/**
 * @param {{problem: string, skipped: number, unsent: number, state: any, finished: boolean}} facts
 * @returns {HTMLElement[]}
 */
export function endingOf({ problem, skipped, unsent, state, finished }) {
  if (problem !== "") return [h("h2", {}, "No queue at the moment"), h("p", {}, `${problem} It is asked for again by itself.`)];
  if (skipped > 0)
    return [
      h("h2", {}, "The end of this batch"),
      h("p", {}, `${skipped} ${skipped === 1 ? "spectrum was" : "spectra were"} passed without an answer.`),
    ];
  if (unsent > 0)
    return [
      h("h2", {}, "All answered here"),
      h(
        "p",
        {},
        `${unsent} ${unsent === 1 ? "answer is" : "answers are"} kept in this browser until the server takes them. ` +
          "Do not close it for good before.",
      ),
    ];
  if (finished)
    return [
      h("h2", {}, "The campaign is finished"),
      h(
        "p",
        {},
        "No question is open. ",
        h("a", { href: "#/candidates" }, "Verify the candidates"),
        " or see the ",
        h("a", { href: "#/progress" }, "progress"),
        ".",
      ),
    ];
  if (state?.kind === "failed")
    return [
      h("h2", {}, "The round is complete, and the machine stopped"),
      h("p", {}, state.error),
      h("p", {}, "Nothing is lost. ", h("a", { href: "#/progress" }, "Try again from the progress page"), "."),
    ];
  const bar = h(
    "progress",
    state?.total
      ? { max: String(state.total), value: String(state.done), "aria-label": "Training and scoring" }
      : { "aria-label": "Training and scoring" },
  );
  const said = /** @type {string[]} */ (state?.said ?? []).slice(-3);
  return [
    h("h2", {}, "The round is complete, the machine trains"),
    h("p", {}, `${state?.what || "The next batch is being chosen"}${state?.total ? `: ${state.done} of ${state.total}` : ""}.`),
    bar,
    h("p", { class: "note" }, "The next batch appears here by itself. A moment to rest the eyes."),
    h("ul", { class: "note" }, ...said.map((line) => h("li", {}, line))),
  ];
}
