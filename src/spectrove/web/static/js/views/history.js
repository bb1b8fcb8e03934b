// @ts-check
/** Every answer that was given: who, when, what was shown; and taking one's own back. */

import { h, moment } from "../dom.js";

const PAGE = 100;
const COLUMNS = ["spectrum", "answer", "who", "when (UTC)", "took", "quality, flags, comment", "what was shown", ""];
/** What the purposes are called, where it is not a plain vote. */
const PURPOSES = /** @type {Record<string, string>} */ ({
  repeat: "second look",
  gold: "known label",
  decision: "decision",
  verify: "candidate",
});

/**
 * @typedef {{
 *   answer_id: string, spectrum_id: string, label: string | null, annotator: string, purpose: string, quality: number | null,
 *   flags: string[], comment: string, shown: Record<string, any>, shown_at: string, answered_at: string,
 *   undoes: string, undone: boolean, hidden: boolean,
 * }} Answer
 */

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, { api, session, outbox, announce }) {
  let isMine = true;
  let isAll = false;
  /** @type {number | null} */
  let before = null;
  const list = h("tbody", {});
  const more = h("button", { type: "button", onclick: () => tried(load()) }, "Earlier answers");
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: true }));
  box.addEventListener("change", () => {
    isMine = box.checked;
    blind.toggleAttribute("hidden", isMine);
    tried(again());
  });
  const open = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  open.addEventListener("change", () => {
    isAll = open.checked;
    tried(again());
  });
  const spoiling = " also what others said of spectra that I have not labeled (my vote is then not blind)";
  const blind = h("label", { hidden: true }, open, spoiling);
  root.replaceChildren(
    h("h1", {}, "History"),
    h("p", { class: "muted" }, "Nothing is ever overwritten: a change of mind is one more line, and so is what was taken back."),
    h("p", { class: "filters" }, h("label", {}, box, " only mine"), blind),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Answers" },
      h(
        "table",
        { class: "history" },
        h("caption", { class: "unseen" }, "Answers, the newest first"),
        h(
          "thead",
          {},
          h("tr", {}, ...COLUMNS.map((name) => h("th", { scope: "col" }, name || h("span", { class: "unseen" }, "take back")))),
        ),
        list,
      ),
    ),
    h("p", {}, more),
  );

  /** @param {Promise<void>} promise */
  function tried(promise) {
    promise.catch((error) => announce(error instanceof Error ? error.message : String(error)));
  }

  async function again() {
    before = null;
    await load();
  }

  async function load() {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (isMine) query.set("annotator", session.annotator);
    if (isAll) query.set("all", "true");
    if (before !== null) query.set("before", String(before));
    const found = await api.get(`/api/v1/answers?${query}`);
    if (before === null) list.replaceChildren();
    before = found.next_before;
    list.append(...found.items.map(row));
    more.toggleAttribute("hidden", before === null);
    if (list.childElementCount > 0) return;
    const nobody = isMine ? "You have not answered anything yet." : "Nobody has answered anything yet.";
    list.append(h("tr", {}, h("td", { colspan: String(COLUMNS.length), class: "muted" }, nobody)));
  }

  /** @param {Answer} one */
  function row(one) {
    const hidden = "hidden until you have labeled it";
    const said = one.undoes ? "takes back" : one.hidden ? hidden : (one.label ?? "unsure");
    const beside = [
      one.quality === null ? "" : `quality ${one.quality}`,
      one.flags.map((flag) => `⚑ ${flag}`).join(", "),
      one.comment,
    ];
    const purpose = PURPOSES[one.purpose];
    return h(
      "tr",
      { class: one.undone || one.undoes ? "undone" : "", dataset: { answer: one.answer_id } },
      h("th", { scope: "row" }, h("a", { href: `#/queue/${encodeURIComponent(one.spectrum_id)}` }, one.spectrum_id)),
      h("td", {}, h("span", { class: "what" }, said), purpose ? h("span", { class: "muted" }, ` (${purpose})`) : null),
      h("td", {}, one.annotator),
      h("td", { class: "when" }, moment(one.answered_at)),
      h("td", { class: "figure" }, took(one)),
      h("td", {}, beside.filter(Boolean).join("; ")),
      h("td", {}, shown(one.shown)),
      h("td", {}, undoing(one, said)),
    );
  }

  /**
   * @param {Answer} one
   * @param {string} said
   */
  function undoing(one, said) {
    if (one.undone) return h("span", { class: "muted" }, "taken back");
    if (one.annotator !== session.annotator || one.undoes) return null;
    const name = `Take back: ${said} for ${one.spectrum_id}`;
    return h("button", { type: "button", "aria-label": name, onclick: () => takeBack(one) }, "take back");
  }

  /** @param {Answer} one */
  function takeBack(one) {
    // The server gives second looks and known labels their purpose itself.
    const purpose = one.purpose === "decision" || one.purpose === "verify" ? one.purpose : "vote";
    const answered = new Date().toISOString();
    outbox.put({
      answer_id: crypto.randomUUID(),
      spectrum_id: one.spectrum_id,
      label: null,
      purpose,
      undoes: one.answer_id,
      answered_at: answered,
    });
    announce(`Taken back: the answer for ${one.spectrum_id}.`);
    const cell = list.querySelector(`[data-answer="${CSS.escape(one.answer_id)}"] td:last-child`);
    cell?.replaceChildren(h("span", { class: "muted" }, "being sent"));
    tried(outbox.drained().then(again));
  }

  await load();
}

/**
 * Return how long somebody looked.
 * @param {Answer} one
 * @returns {string}
 */
function took({ shown_at: from, answered_at: to }) {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

/**
 * Return what was on the screen, in short, with all of it behind.
 * @param {Record<string, any>} told
 * @returns {HTMLElement | string}
 */
function shown(told) {
  const entries = Object.entries(told).filter(([, value]) => value !== null && value !== "" && value !== false && value !== 0);
  if (entries.length === 0) return "–";
  const text = (/** @type {unknown} */ value) => (Array.isArray(value) ? value.map(rounded).join(" to ") : rounded(value));
  const first = [told.preset, told.view, told.revealed ? "prediction revealed" : ""].filter(Boolean).join(", ") || "details";
  return h(
    "details",
    {},
    h("summary", {}, first),
    h(
      "dl",
      { class: "rows" },
      ...entries.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value === true ? "yes" : text(value))]),
    ),
  );
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function rounded(value) {
  if (typeof value === "number") return String(Math.round(value * 100) / 100);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
