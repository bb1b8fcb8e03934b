// @ts-check
/** What is asked of the server or the browser for one spectrum, only when the person wants it. */

import { addressOf, ApiError } from "./api.js";
import { h } from "./dom.js";
import { pasted } from "./panels.js";
import { current } from "./pure/decide.js";

/**
 * Reveal what the network says of the spectrum that is painted. The server records it, and the answer says it too.
 * @param {import("./screen.js").Screen} screen
 * @param {import("./pure/decide.js").Item} item
 */
export async function reveal(screen, item) {
  const { draft, desk, context } = screen;
  if (screen.queue.painted !== item.spectrum_id) return;
  // What is asked for counts as seen, even if the answer is late.
  draft.revealed = true;
  desk.reveal.textContent = "…";
  try {
    const { predicted, probabilities } = await context.api.post("/api/v1/reveals", { spectrum_id: item.spectrum_id });
    if (screen.draft !== draft) return;
    const rows = Object.entries(probabilities ?? {}).sort((a, b) => Number(b[1]) - Number(a[1]));
    desk.reveal.replaceChildren(
      h("p", {}, "The network says ", h("strong", {}, String(predicted)), "; recorded with your answer."),
      h("ul", {}, ...rows.map(([name, p]) => h("li", {}, `${name} ${Number(p).toFixed(3)}`))),
    );
  } catch (error) {
    if (screen.draft === draft) desk.reveal.textContent = said(error);
  }
}

/**
 * @param {import("./main.js").Context} context
 * @param {import("./pure/decide.js").Item} item
 */
export async function sendBySamp(context, item) {
  try {
    const { detail } = await context.api.post(addressOf("samp", item.spectrum_id));
    context.announce(detail);
  } catch (error) {
    context.announce(said(error));
  }
}

/**
 * Copy the metadata.
 * @param {import("./screen.js").Screen} screen
 */
export async function copyFacts(screen) {
  const item = current(screen.queue);
  const facts = item && screen.prepared.get(item.spectrum_id)?.spectrum.head.facts;
  if (!item || !facts) return;
  try {
    await navigator.clipboard.writeText(pasted({ ...item.facts, ...facts, spectrum_id: item.spectrum_id }));
    screen.context.announce("Copied.");
  } catch {
    screen.context.announce("The browser forbids copying; the text can be selected.");
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function said(error) {
  return error instanceof ApiError ? error.detail : String(error);
}
