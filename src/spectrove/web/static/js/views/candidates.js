// @ts-check
/** The candidates, one after the other: a verdict by one key, with its reasons. */

import { h, number, shortName } from "../dom.js";
import { drawThumbnail } from "../thumbnail.js";
import { Look } from "./look.js";

const PAGE = 60;
/** Fetched before they are looked at. */
const AHEAD = 4;
const REASONS = ["noise", "artefact", "nebular", "cool-star bands", "galaxy", "other"];
/** @type {readonly [string, string][]} */
const STATES = [
  ["open", "without a verdict"],
  ["verified", "with a verdict"],
  ["all", "all"],
];
const HELP =
  "Digits give the class, space says that it cannot be told, → and ← move, " +
  "u takes the last verdict back; Shift+F and a digit give a reason, c a comment.";

/**
 * @typedef {{
 *   spectrum_id: string, designation: string | null, ra: number, dec: number, label: string, source: string, thumbnail: number[],
 *   verdict: {label: string | null, comment: string, annotator: string} | null,
 * }} Candidate
 */

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, context) {
  const view = new Candidates(context);
  root.replaceChildren(...view.elements());
  const offs = view.listen();
  await view.load("first");
  return () => {
    for (const off of offs) off();
    view.look.close();
    view.isGone = true;
    delete document.body.dataset.painted;
  };
}

class Candidates {
  /** @type {Candidate[]} */ items = [];
  /** @type {{answerId: string, id: string}[]} */ given = [];
  /** @type {Set<string>} */ reasons = new Set();
  place = 0;
  offset = 0;
  n = 0;
  state = "open";
  search = "";
  shownAt = "";
  isGone = false;

  /** @param {import("../main.js").Context} context */
  constructor(context) {
    this.context = context;
    const { campaign, api } = context;
    this.look = new Look(api, campaign.line_list ?? [], campaign.shared.rest_wave);
    this.count = h("span", { class: "count" });
    this.title = h("h2", {});
    this.facts = h("p", { class: "muted" });
    this.comment = /** @type {HTMLInputElement} */ (
      h("input", {
        id: "comment",
        type: "text",
        maxlength: "4000",
        placeholder: "comment",
        "aria-label": "Comment",
        autocomplete: "off",
      })
    );
    this.comment.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") this.comment.blur();
    });
    /** @type {HTMLElement[]} */
    this.verdicts = campaign.classes.map((/** @type {{name: string, key: string}} */ { name, key }) =>
      this.button({ dataset: { label: name } }, () => this.judge(name), h("kbd", {}, key), h("span", {}, name)),
    );
    this.verdicts.push(
      this.button({ dataset: { label: "" } }, () => this.judge(null), h("kbd", {}, "space"), h("span", {}, "cannot tell")),
    );
    this.why = REASONS.map((name, place) =>
      this.button(
        { "aria-pressed": "false", dataset: { flag: name } },
        () => this.toggle(name),
        h("kbd", {}, String(place + 1)),
        h("span", {}, name),
      ),
    );
    this.strip = h("ul", { class: "grid small", "aria-label": "Candidates" });
    this.pages = h("p", { class: "pages" });
    this.desk = h(
      "section",
      { class: "candidate", hidden: true, "aria-label": "The candidate" },
      h("div", { class: "titled" }, this.title, this.facts),
      this.look.element,
      h(
        "div",
        { class: "decide", role: "group", "aria-label": "Verdict" },
        ...this.verdicts,
        h("span", { class: "grow" }),
        this.comment,
      ),
      h(
        "div",
        { class: "decide small", role: "group", "aria-label": "Reasons" },
        h("span", { class: "muted" }, "Why? Shift+F, then"),
        ...this.why,
      ),
    );
    this.empty = h("p", { class: "empty", hidden: true });
  }

  /**
   * @param {Record<string, any>} attributes
   * @param {() => void} action
   * @param {...Node} children
   */
  button(attributes, action, ...children) {
    const made = h("button", { type: "button", ...attributes }, ...children);
    made.addEventListener("click", (event) => {
      action();
      // A click leaves no focus behind: the next Space would press the button again.
      if (/** @type {MouseEvent} */ (event).detail > 0) made.blur();
    });
    return made;
  }

  elements() {
    const filter = /** @type {HTMLSelectElement} */ (
      h("select", {}, ...STATES.map(([value, text]) => h("option", { value }, text)))
    );
    filter.addEventListener("change", () => {
      this.state = filter.value;
      filter.blur();
      this.restart();
    });
    const search = /** @type {HTMLInputElement} */ (
      h("input", { type: "search", placeholder: "part of an id or designation", "aria-label": "Find candidates", size: "30" })
    );
    const form = h(
      "form",
      { class: "filters", role: "search" },
      h("label", {}, "Show ", filter),
      this.count,
      h("span", { class: "grow" }),
      search,
      h("button", { type: "submit" }, "Find"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.search = search.value.trim();
      search.blur();
      this.restart();
    });
    const note = "A verdict goes into the catalog. It trains nothing, and no estimate counts it.";
    return [
      h("h1", {}, "Candidates"),
      h("p", { class: "muted note" }, `${note} ${HELP}`),
      form,
      this.empty,
      this.desk,
      this.strip,
      this.pages,
    ];
  }

  restart() {
    this.offset = 0;
    void this.load("first");
  }

  /** @param {"first" | "last"} place */
  async load(place) {
    const { api } = this.context;
    const query = new URLSearchParams({
      state: this.state,
      offset: String(this.offset),
      limit: String(PAGE),
      search: this.search,
    });
    let problem = this.search === "" ? "There are none." : "No candidate has that in its id or designation.";
    try {
      ({ items: this.items, n: this.n } = await api.get(`/api/v1/candidates?${query}`));
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      [this.items, this.n] = [[], 0];
    }
    if (this.isGone) return;
    this.empty.textContent =
      this.state === "open" && this.search === "" && problem === "There are none." ? "Every candidate has a verdict." : problem;
    this.empty.toggleAttribute("hidden", this.items.length > 0);
    this.strip.replaceChildren(...this.items.map((one, at) => this.card(one, at)));
    for (const one of this.items) this.drawSmall(one);
    const turn = (/** @type {number} */ by) => () => this.turn(by);
    this.pages.replaceChildren(
      h("button", { type: "button", disabled: this.offset === 0, onclick: turn(-PAGE) }, "← earlier"),
      h("button", { type: "button", disabled: this.offset + PAGE >= this.n, onclick: turn(PAGE) }, "later →"),
    );
    this.pages.toggleAttribute("hidden", this.n <= PAGE);
    this.go(place === "first" ? 0 : this.items.length - 1);
  }

  /** @param {number} by */
  turn(by) {
    if (this.offset + by < 0 || this.offset + by >= this.n) return;
    this.offset += by;
    void this.load(by > 0 ? "first" : "last");
  }

  /**
   * @param {Candidate} one
   * @param {number} at
   */
  card(one, at) {
    const small = h("canvas", { width: "110", height: "46", "aria-hidden": "true" });
    return h(
      "li",
      {},
      this.button(
        { class: "card", "aria-label": `${one.designation ?? one.spectrum_id}, ${said(one)}` },
        () => this.go(at),
        small,
        h("span", { class: "name" }, shortName(one)),
        h("span", { class: "said" }, said(one)),
      ),
    );
  }

  /** @param {Candidate} one */
  drawSmall(one) {
    const canvas = this.strip.children[this.items.indexOf(one)]?.querySelector("canvas");
    if (canvas) drawThumbnail(canvas, one.thumbnail);
  }

  /** @param {number} to */
  go(to) {
    if (to >= this.items.length && this.items.length > 0) return this.turn(PAGE);
    if (to < 0 && this.offset > 0) return this.turn(-PAGE);
    this.place = Math.min(Math.max(to, 0), Math.max(0, this.items.length - 1));
    this.paint();
  }

  paint() {
    const one = this.items[this.place];
    delete document.body.dataset.painted;
    this.desk.toggleAttribute("hidden", one === undefined);
    this.count.textContent = one === undefined ? "" : `${this.offset + this.place + 1} of ${this.n}`;
    if (one === undefined) return;
    // Nothing of one candidate is left for the next.
    this.reasons.clear();
    for (const button of this.why) button.setAttribute("aria-pressed", "false");
    this.comment.value = "";
    this.describe(one);
    [...this.strip.children].forEach((item, at) => {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      if (at === this.place) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    this.strip.children[this.place]?.scrollIntoView({ block: "nearest" });
    void this.draw(one);
    for (const next of this.items.slice(this.place + 1, this.place + 1 + AHEAD))
      this.look.fetch(next.spectrum_id).catch(() => undefined);
  }

  /** @param {Candidate} one */
  describe(one) {
    const link = h(
      "a",
      { href: `#/queue/${encodeURIComponent(one.spectrum_id)}?purpose=verify`, title: "all of the spectrum" },
      one.designation ?? one.spectrum_id,
    );
    this.title.replaceChildren(link);
    const by = one.source === "oracle" ? "by an answer" : "by the network";
    const verdict = one.verdict === null ? "" : ` · ${one.verdict.annotator} said ${one.verdict.label ?? "cannot tell"}`;
    const comment = one.verdict?.comment ? `, “${one.verdict.comment}”` : "";
    const place = `α ${number(one.ra, 5)}° δ ${number(one.dec, 5)}°`;
    this.facts.textContent =
      `${one.designation === null ? "" : `${one.spectrum_id} · `}${place} · ` + `${one.label} ${by}${verdict}${comment}`;
    const { classes } = this.context.campaign;
    this.verdicts.forEach((button, at) => {
      const each = classes[at];
      const text =
        each === undefined
          ? "cannot tell"
          : each.name === one.label
            ? `keep: ${each.name}`
            : each.is_target
              ? each.name
              : `reject: ${each.name}`;
      /** @type {HTMLElement} */ (button.lastElementChild).textContent = text;
      button.setAttribute("aria-pressed", String(one.verdict !== null && one.verdict.label === (each?.name ?? null)));
    });
  }

  /** @param {Candidate} one */
  async draw(one) {
    try {
      if (!(await this.look.show(one.spectrum_id))) return;
    } catch (error) {
      this.look.clear();
      this.context.announce(error instanceof Error ? error.message : String(error));
      return;
    }
    requestAnimationFrame(() => {
      if (this.isGone || this.items[this.place] !== one) return;
      this.shownAt = new Date().toISOString();
      document.body.dataset.painted = one.spectrum_id;
    });
  }

  /** @param {string} name */
  toggle(name) {
    if (!this.reasons.delete(name)) this.reasons.add(name);
    for (const button of this.why) button.setAttribute("aria-pressed", String(this.reasons.has(button.dataset.flag ?? "")));
  }

  /** @param {string | null} label */
  judge(label) {
    const one = this.items[this.place];
    // A verdict belongs to what the eye has seen.
    if (one === undefined || document.body.dataset.painted !== one.spectrum_id) return;
    const { outbox, session, announce } = this.context;
    const answerId = crypto.randomUUID();
    const comment = this.comment.value.trim();
    outbox.put({
      answer_id: answerId,
      spectrum_id: one.spectrum_id,
      label,
      purpose: "verify",
      flags: [...this.reasons],
      comment,
      shown: { view: "candidates", label: one.label },
      shown_at: this.shownAt,
      answered_at: new Date().toISOString(),
    });
    this.given.push({ answerId, id: one.spectrum_id });
    one.verdict = { label, comment, annotator: session.annotator };
    this.retell(one);
    announce(`${shortName(one)}: ${label ?? "cannot tell"}`);
    if (this.place + 1 < this.items.length) this.go(this.place + 1);
    else if (this.state === "open") void outbox.drained().then(() => this.load("first"));
    else if (this.offset + PAGE < this.n) this.turn(PAGE);
    else this.paint();
  }

  undo() {
    const last = this.given.pop();
    const { outbox, announce } = this.context;
    if (last === undefined) return announce("Nothing to take back here; the history holds what was said before.");
    outbox.put({
      answer_id: crypto.randomUUID(),
      spectrum_id: last.id,
      label: null,
      purpose: "verify",
      undoes: last.answerId,
      answered_at: new Date().toISOString(),
    });
    const at = this.items.findIndex(({ spectrum_id: id }) => id === last.id);
    announce("The verdict is taken back.");
    if (at < 0) return void outbox.drained().then(() => this.load("first"));
    this.items[at].verdict = null;
    this.retell(this.items[at]);
    this.go(at);
  }

  /** @param {Candidate} one */
  retell(one) {
    const button = this.strip.children[this.items.indexOf(one)]?.firstElementChild;
    const text = button?.querySelector(".said");
    if (!button || !text) return;
    text.textContent = said(one);
    button.setAttribute("aria-label", `${one.designation ?? one.spectrum_id}, ${said(one)}`);
  }

  /** @returns {(() => void)[]} what stops listening */
  listen() {
    const { keys, campaign, announce, go } = this.context;
    const reason = () => {
      announce(`Which reason? ${REASONS.map((name, at) => `${at + 1} ${name}`).join(", ")}.`);
      keys.catchNext((_event, name) => {
        const wanted = REASONS[Number(name) - 1];
        if (wanted === undefined) return false;
        this.toggle(wanted);
        announce(`${wanted}: ${this.reasons.has(wanted) ? "yes" : "no"}`);
        return true;
      });
    };
    const open = () => {
      const one = this.items[this.place];
      if (one !== undefined) go(`#/queue/${encodeURIComponent(one.spectrum_id)}?purpose=verify`);
    };
    return [
      keys.on("next", () => this.go(this.place + 1)),
      keys.on("back", () => this.go(this.place - 1)),
      keys.on("undo", () => this.undo()),
      keys.on("unsure", () => this.judge(null)),
      keys.on("comment", () => this.comment.focus()),
      keys.on("flags", reason),
      keys.on("whole", open),
      ...campaign.classes
        .slice(0, 9)
        .map((/** @type {{name: string}} */ { name }, /** @type {number} */ at) =>
          keys.on(`class-${at + 1}`, () => this.judge(name)),
        ),
    ];
  }
}

/**
 * @param {Candidate} one
 * @returns {string}
 */
function said(one) {
  return one.verdict === null ? one.label : `✓ ${one.verdict.label ?? "cannot tell"}`;
}
