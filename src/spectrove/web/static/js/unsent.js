// @ts-check
/** What is said of answers that the server does not have: how many, why, and what to do. */

import { announce } from "./announce.js";
import { h } from "./dom.js";
import { noteUndone } from "./given.js";

/** @typedef {import("./outbox.js").Outbox} Outbox */

/**
 * Say it at the page's top, whenever it changes.
 * @param {Outbox} outbox
 */
export function showOutbox(outbox) {
  const host = document.getElementById("outbox");
  if (host === null) return;
  let before = "";
  const update = () => {
    const { refused, size, problem } = outbox;
    const texts = [waiting(outbox), ...elsewhere(outbox)].filter((text) => text !== "");
    // Nothing is built anew while answers come and go as they should: somebody may be reading it, or about to press a button.
    const now = JSON.stringify([texts, refused.map(({ id }) => id), outbox.status]);
    if (now === before) return;
    before = now;
    host.replaceChildren(...texts.map((text) => h("span", {}, text)));
    if (size > 0 && problem !== "" && outbox.status === 401)
      host.append(h("a", { href: "/login", target: "_blank", rel: "noopener" }, "Log in again"));
    if (refused.length > 0) host.append(notAccepted(outbox));
  };
  outbox.addEventListener("change", update);
  outbox.addEventListener("refused", (event) =>
    announce(`An answer was not accepted: ${/** @type {CustomEvent} */ (event).detail.refused}`),
  );
  outbox.addEventListener("recorded", (event) => {
    const { undoes } = /** @type {CustomEvent} */ (event).detail;
    if (undoes) noteUndone(undoes);
  });
  update();
}

/**
 * Return what to say of answers that wait; nothing of those on their way.
 * @param {Outbox} outbox
 * @returns {string}
 */
function waiting({ size, problem, isKept }) {
  if (size === 0 || problem === "") return "";
  const where = isKept ? "kept here" : "and this browser cannot keep them: do not close the page";
  return `${counted(size)} not sent yet, ${where}. ${problem}`;
}

/**
 * Return what to say of answers that other people, or pages of other campaigns, left in this browser.
 * @param {Outbox} outbox
 * @returns {string[]}
 */
function elsewhere({ elsewhere: { people, n, foreign } }) {
  return [
    n === 0 ? "" : `${counted(n)} of ${people.join(", ")} not sent: under that name they are`,
    foreign === 0 ? "" : `${counted(foreign)} to another campaign not sent: its page sends them`,
  ];
}

/** @param {number} n */
function counted(n) {
  return `${n} ${n === 1 ? "answer" : "answers"}`;
}

/** @param {Outbox} outbox */
function notAccepted(outbox) {
  const { refused } = outbox;
  const again = h("button", { type: "button", class: "quiet", onclick: () => outbox.retryRefused() }, "Send again");
  const drop = h("button", { type: "button", class: "quiet", onclick: () => outbox.dropRefused() }, "Give them up");
  return h(
    "details",
    { class: "refused" },
    h("summary", {}, `${refused.length} not accepted`),
    h(
      "ul",
      {},
      ...refused.map(({ answer, refused: why }) =>
        h("li", {}, `${answer.spectrum_id}, ${answer.undoes ? "undo" : (answer.label ?? "unsure")}: ${why}`),
      ),
    ),
    again,
    " ",
    drop,
  );
}
