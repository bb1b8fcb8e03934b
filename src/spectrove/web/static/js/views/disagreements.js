// @ts-check
/** Spectra that people see differently: their votes, the spectrum, and a decision that outranks them. */

import { h, shortName } from "../dom.js";
import { printed } from "../keys.js";
import { Look } from "./look.js";

/**
 * @typedef {{
 *   spectrum_id: string, facts?: Record<string, any>, votes: {annotator: string, label: string | null, comment: string}[],
 * }} Item
 */

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, { api, campaign, keys, outbox, announce }) {
  const look = new Look(api, campaign.line_list ?? [], campaign.shared.rest_wave);
  /** @type {Item[]} */
  let items = [];
  let place = 0;
  let shownAt = "";
  let isGone = false;
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  box.addEventListener("change", () => {
    box.blur();
    place = 0;
    tried(load());
  });
  const count = h("span", { class: "count", role: "status" });
  const title = h("h2", {});
  const votes = h("ul", { class: "votes" });
  const comment = /** @type {HTMLInputElement} */ (
    h("input", { id: "comment", type: "text", maxlength: "4000", placeholder: "why", "aria-label": "Why", autocomplete: "off" })
  );
  comment.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") comment.blur();
  });
  const button = (/** @type {string | null} */ label, /** @type {string} */ key, /** @type {string} */ text) => {
    const made = h("button", { type: "button", dataset: { label: label ?? "" } }, h("kbd", {}, key), ` ${text}`);
    made.addEventListener("click", (event) => {
      decide(label);
      if (event.detail > 0) made.blur();
    });
    return made;
  };
  const keyOf = (/** @type {string} */ id) => printed(keys.of(id)[0] ?? "");
  const buttons = campaign.classes.map((/** @type {{name: string}} */ { name }, /** @type {number} */ at) =>
    button(name, keyOf(`class-${at + 1}`), name),
  );
  const desk = h(
    "section",
    { class: "candidate", "aria-label": "The disagreement", hidden: true },
    title,
    votes,
    look.element,
    h(
      "div",
      { class: "decide", role: "group", "aria-label": "Decision" },
      ...buttons,
      button(null, keyOf("unsure"), "nobody can tell"),
      h("span", { class: "grow" }),
      comment,
    ),
  );
  const empty = h("p", { class: "empty", hidden: true });
  root.replaceChildren(
    h("h1", {}, "Disagreements"),
    h(
      "p",
      { class: "muted note" },
      "While people disagree, the spectrum has no label: it trains nothing, and estimates count it as missing. " +
        "A decision settles it; the votes stay, and agreement is told of them. Digits decide, → and ← move, c says why.",
    ),
    h(
      "p",
      { class: "filters" },
      h("label", {}, box, " also those that I have not voted on (it shows me the votes of others)"),
      count,
    ),
    empty,
    desk,
  );

  /** @param {Promise<void>} promise */
  function tried(promise) {
    promise.catch((error) => announce(error instanceof Error ? error.message : String(error)));
  }

  async function load() {
    ({ items } = await api.get(`/api/v1/disagreements?all=${box.checked}`));
    if (isGone) return;
    empty.textContent = box.checked ? "Nobody disagrees about anything." : "Nobody disagrees with you about anything.";
    empty.toggleAttribute("hidden", items.length > 0);
    go(place);
  }

  /** @param {number} to */
  function go(to) {
    place = Math.min(Math.max(to, 0), Math.max(0, items.length - 1));
    const one = items[place];
    delete document.body.dataset.painted;
    desk.toggleAttribute("hidden", one === undefined);
    count.textContent = one === undefined ? "" : `${place + 1} of ${items.length}`;
    if (one === undefined) return;
    comment.value = "";
    const name = shortName({ spectrum_id: one.spectrum_id, ...one.facts });
    title.replaceChildren(
      h("a", { href: `#/queue/${encodeURIComponent(one.spectrum_id)}?purpose=decision`, title: "all of the spectrum" }, name),
    );
    votes.replaceChildren(
      ...one.votes.map((vote) =>
        h(
          "li",
          {},
          h("span", { class: "muted" }, `${vote.annotator} `),
          h("b", {}, vote.label ?? "unsure"),
          vote.comment ? ` “${vote.comment}”` : null,
        ),
      ),
    );
    tried(draw(one));
  }

  /** @param {Item} one */
  async function draw(one) {
    look.clear();
    if (!(await look.show(one.spectrum_id))) return;
    requestAnimationFrame(() => {
      if (isGone || items[place] !== one) return;
      shownAt = new Date().toISOString();
      document.body.dataset.painted = one.spectrum_id;
    });
  }

  /** @param {string | null} label */
  function decide(label) {
    const one = items[place];
    if (one === undefined || document.body.dataset.painted !== one.spectrum_id) return;
    outbox.put({
      answer_id: crypto.randomUUID(),
      spectrum_id: one.spectrum_id,
      label,
      purpose: "decision",
      comment: comment.value.trim(),
      shown: { view: "disagreements", votes: one.votes.length },
      shown_at: shownAt,
      answered_at: new Date().toISOString(),
    });
    announce(`Settled: ${label ?? "nobody can tell"}. The history takes it back.`);
    items = items.filter((other) => other !== one);
    empty.toggleAttribute("hidden", items.length > 0);
    go(place);
  }

  const offs = [
    keys.on("next", () => go(place + 1)),
    keys.on("back", () => go(place - 1)),
    keys.on("unsure", () => decide(null)),
    keys.on("comment", () => comment.focus()),
    ...campaign.classes
      .slice(0, 9)
      .map((/** @type {{name: string}} */ { name }, /** @type {number} */ at) => keys.on(`class-${at + 1}`, () => decide(name))),
  ];
  await load();
  return () => {
    isGone = true;
    for (const off of offs) off();
    look.close();
    delete document.body.dataset.painted;
  };
}
