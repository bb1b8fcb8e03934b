// @ts-check
/** The candidates, one after the other: a verdict by one key, rejected with a reason by two. */

import { h, number, shortName } from "../dom.js";
import { KEYS, printed } from "../keys.js";
import { SampPanel } from "../samp/panel.js";
import { programsOf } from "../samp/programs.js";
import { drawThumbnail } from "../thumbnail.js";
import { keyed, press } from "../tools.js";
import { Filters } from "./filters.js";
import { card, rejectedTable } from "./listed.js";
import { Looking } from "./looking.js";
import { REASONS, said, told, verdictOf } from "./verdicts.js";
import { Verification } from "./verification.js";

const PAGE = 60;
/** Fetched before they are looked at. */
const AHEAD = 4;

/** @typedef {import("./verdicts.js").Candidate} Candidate */
/** @typedef {import("./verdicts.js").Verdict} Verdict */

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, context) {
  const view = new Candidates(context);
  root.replaceChildren(view.element());
  const offs = view.listen();
  void view.verification.load();
  await view.load("first");
  return () => {
    for (const off of offs) off();
    view.look.close();
    view.verification.close();
    view.programs.showIn(null);
    view.programs.onchange = () => {};
    view.isGone = true;
    delete document.body.dataset.painted;
  };
}

class Candidates {
  /** @type {Candidate[]} */ items = [];
  /** @type {{answerId: string, id: string, before: Verdict | null}[]} */ given = [];
  /** @type {Set<string>} */ reasons = new Set();
  place = 0;
  offset = 0;
  n = 0;
  shownAt = "";
  isGone = false;
  /** Lists are asked for again before they are there; the last one counts. */
  loads = 0;

  /** @param {import("../main.js").Context} context */
  constructor(context) {
    this.context = context;
    const { campaign, keys } = context;
    const key = (/** @type {string} */ id) => keys.of(id)[0] ?? "";
    this.classes = /** @type {{name: string, is_target: boolean}[]} */ (campaign.classes);
    const targets = this.classes.filter((one) => one.is_target).map(({ name }) => name);
    this.filters = new Filters(targets, () => {
      this.offset = 0;
      void this.load("first");
    });
    this.look = new Looking(context);
    this.look.choice = {
      marks: (id) => this.items.some(({ spectrum_id: one }) => one === id),
      pick: (id) => void this.showFrom(id),
    };
    this.verification = new Verification(context);
    this.programs = programsOf(context);
    this.panel = new SampPanel(this.programs, {
      key: key("samp"),
      chosen: (choice) => this.choose(choice),
      spectrum: () => this.sendSpectrum(),
    });
    this.count = h("span", { class: "count" });
    this.title = h("h2", { class: "q-name" });
    this.facts = h("span", { class: "q-facts" });
    this.said = h("p", { class: "yours", role: "status" });
    this.comment = /** @type {HTMLInputElement} */ (
      h("input", {
        id: "comment",
        type: "text",
        maxlength: "4000",
        placeholder: `Comment (${printed(key("comment"))})`,
        "aria-label": "Comment",
        autocomplete: "off",
      })
    );
    this.comment.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      this.comment.blur();
    });
    const keeping = () => this.judge(this.current?.label ?? null);
    this.keep = this.verdict("keep", key("keep"), { dataset: { verdict: "keep" } }, keeping);
    this.named = this.classes.map(({ name }, at) =>
      this.verdict(name, key(`class-${at + 1}`), { dataset: { label: name } }, () => this.judge(name)),
    );
    this.rejecting = this.verdict("reject", key("reject"), { dataset: { verdict: "reject" } }, () => this.reject());
    this.unsure = this.verdict("cannot tell", key("unsure"), { dataset: { label: "" } }, () => this.judge(null));
    this.why = REASONS.map((name, at) =>
      keyed(name, String(at + 1), { class: "toggle", "aria-pressed": "false", dataset: { flag: name } }, () => this.toggle(name)),
    );
    const flagKey = h("kbd", { "aria-hidden": "true" }, printed(key("flags")));
    this.whyLabel = h("h3", {}, "Why ", flagKey, h("span", { class: "note" }, " then 1–6"));
    this.strip = h("ul", { class: "grid small", "aria-label": "Candidates" });
    this.rejected = h("div", { class: "rejected", hidden: true });
    this.pages = h("p", { class: "pages" });
    this.empty = h("p", { class: "empty", hidden: true });
    this.desk = h("div", { class: "q-main", hidden: true }, this.stage(), this.side());
  }

  /**
   * @param {string} text
   * @param {string} key
   * @param {Record<string, any>} attributes
   * @param {() => void} action
   */
  verdict(text, key, attributes, action) {
    const made = h(
      "button",
      { type: "button", class: "class", "aria-pressed": "false", ...attributes },
      h("kbd", { "aria-hidden": "true" }, printed(key)),
      h("span", { class: "name" }, text),
    );
    made.addEventListener("click", (event) => {
      // A click leaves no focus behind: the next Space would press the button again.
      if (event.detail > 0) made.blur();
      action();
    });
    return made;
  }

  stage() {
    return h(
      "section",
      { class: "q-plots", "aria-label": "The candidate" },
      h("div", { class: "q-title" }, this.title, this.facts, this.look.readout),
      this.look.element,
    );
  }

  side() {
    const rows = [this.keep, ...this.named, this.rejecting, this.unsure].map((button) => h("li", {}, button));
    return h(
      "aside",
      { class: "q-side", "aria-label": "Verdict" },
      h("section", { class: "part" }, h("h3", { class: "unseen" }, "Verdict"), h("ul", { class: "classes" }, ...rows), this.said),
      h(
        "section",
        { class: "part" },
        this.whyLabel,
        h("div", { class: "flags", role: "group", "aria-label": "Reasons" }, ...this.why),
        this.comment,
      ),
      this.verification.element,
      this.look.velocities.element,
      h("section", { class: "part" }, h("h3", {}, "What the network saw"), this.look.seen),
      h(
        "section",
        { class: "part" },
        h("h3", {}, "Sky ", h("kbd", { "aria-hidden": "true" }, printed(this.context.keys.of("image")[0] ?? ""))),
        this.look.sky,
      ),
    );
  }

  element() {
    const said = "A verdict goes into the catalog. It trains nothing, and no estimate counts it.";
    const note = h("span", { class: "note grow" }, said);
    return h(
      "div",
      { class: "queue verify" },
      h("div", { class: "q-top" }, h("h1", {}, "Candidates"), this.verification.progress, note),
      this.filters.element,
      this.panel.element,
      this.empty,
      this.desk,
      h("div", { class: "listed" }, this.count, this.pages),
      this.strip,
      this.rejected,
    );
  }

  get current() {
    return this.items[this.place];
  }

  /**
   * Ask for the list.
   * @param {"first" | "last"} place
   * @param {string} around the candidate that it is to hold, and that is to be shown
   * @returns {Promise<boolean>} whether that candidate is in it
   */
  async load(place, around = "") {
    const { api } = this.context;
    const { chosen, search } = this.filters;
    const { choice } = this.panel;
    /** @type {Record<string, string>} */
    const rows = choice === null ? {} : { table: choice.version, rows: choice.rows };
    /** @type {Record<string, string>} */
    const wanted = { ...chosen, search, ...rows, around, offset: String(this.offset), limit: String(PAGE) };
    let problem = search === "" ? "There are none." : "No candidate has that in its id or designation.";
    const turn = ++this.loads;
    /** @type {{items: Candidate[], n: number, offset: number, place: number | null}} */
    let told = { items: [], n: 0, offset: this.offset, place: null };
    try {
      told = await api.get(`/api/v1/candidates?${new URLSearchParams(wanted)}`);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (this.isGone || turn !== this.loads) return true;
    if (around !== "" && told.place === null) return false;
    ({ items: this.items, n: this.n, offset: this.offset } = told);
    this.list(problem);
    this.go(told.place ?? (place === "first" ? 0 : this.items.length - 1));
    return true;
  }

  /**
   * Show the list.
   * @param {string} problem why it is empty, if it is
   */
  list(problem) {
    const isDone = this.filters.wantsAllOpen && problem === "There are none.";
    this.empty.textContent = isDone ? "Every candidate has a verdict." : problem;
    this.empty.toggleAttribute("hidden", this.items.length > 0);
    this.strip.replaceChildren(...this.items.map((one, at) => card(one, () => this.go(at))));
    for (const one of this.items) this.drawSmall(one);
    this.showRejected();
    const turn = (/** @type {number} */ by) => () => this.turn(by);
    this.pages.replaceChildren(
      h("button", { type: "button", disabled: this.offset === 0, onclick: turn(-PAGE) }, "← earlier"),
      h("button", { type: "button", disabled: this.offset + PAGE >= this.n, onclick: turn(PAGE) }, "later →"),
    );
    this.pages.toggleAttribute("hidden", this.n <= PAGE);
  }

  /**
   * Verify what another program selected, or all again.
   * @param {import("../samp/panel.js").Choice | null} choice
   */
  choose(choice) {
    this.offset = 0;
    // Whoever selects wants to see what is selected, with a verdict or without.
    this.filters.set(choice === null ? { state: "open" } : { state: "all", label: "", source: "", verdict: "", reason: "" });
  }

  /**
   * Show a candidate that another program points at.
   * @param {string} id
   */
  async showFrom(id) {
    const at = this.items.findIndex(({ spectrum_id: one }) => one === id);
    if (at >= 0) return this.go(at);
    if (await this.load("first", id)) return;
    // It is not among those that the filters let through.
    this.panel.choice = null;
    this.filters.reset();
    this.panel.show();
    if (!(await this.load("first", id))) this.context.announce(`${id}: is no candidate any more.`);
  }

  sendSpectrum() {
    const one = this.current;
    if (one !== undefined) void this.programs.sendSpectrum(one.spectrum_id);
  }

  /** The rejected, in a table of their own: the strangest objects are among them. */
  showRejected() {
    const isWanted = this.filters.chosen.verdict === "reject" && this.items.length > 0;
    this.rejected.toggleAttribute("hidden", !isWanted);
    this.strip.toggleAttribute("hidden", isWanted);
    if (!isWanted) return this.rejected.replaceChildren();
    this.rejected.replaceChildren(rejectedTable(this.items, (at) => this.go(at)));
  }

  /** @param {number} by */
  turn(by) {
    if (this.offset + by < 0 || this.offset + by >= this.n) return;
    this.offset += by;
    void this.load(by > 0 ? "first" : "last");
  }

  /** @param {Candidate} one */
  drawSmall(one) {
    const canvas = this.strip.children[this.items.indexOf(one)]?.querySelector("canvas");
    if (canvas) drawThumbnail(canvas, one.thumbnail);
  }

  /** @param {number} to */
  go(to) {
    if (to >= this.items.length && this.items.length > 0 && this.offset + PAGE < this.n) return this.turn(PAGE);
    if (to < 0 && this.offset > 0) return this.turn(-PAGE);
    this.place = Math.min(Math.max(to, 0), Math.max(0, this.items.length - 1));
    this.paint();
  }

  paint() {
    const one = this.current;
    delete document.body.dataset.painted;
    this.desk.toggleAttribute("hidden", one === undefined);
    this.count.textContent = one === undefined ? "" : `${this.offset + this.place + 1} of ${this.n}`;
    if (one === undefined) return this.look.clear();
    // Nothing of one candidate is left for the next.
    this.reasons.clear();
    for (const button of this.why) press(button, false);
    this.comment.value = "";
    this.describe(one);
    [...this.strip.children].forEach((item, at) => {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      if (at === this.place) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    void this.draw(one);
    this.look.ahead(this.items.slice(this.place, this.place + 1 + AHEAD));
  }

  /** @param {Candidate} one */
  describe(one) {
    const href = `#/queue/${encodeURIComponent(one.spectrum_id)}?purpose=verify`;
    const name = one.designation ?? one.spectrum_id;
    this.title.replaceChildren(h("a", { href, title: `${one.spectrum_id}: all of it, in the queue` }, name));
    const by = one.source === "oracle" ? "by an answer" : "by the network";
    const facts = [`α ${number(one.ra, 5)}° δ ${number(one.dec, 5)}°`, `${one.label} ${by}`];
    this.facts.replaceChildren(...facts.map((text) => h("span", {}, text)));
    const { verdict } = one;
    this.said.textContent = verdict === null ? "" : `${verdict.annotator}: ${told(verdict)}. Another key changes it.`;
    /** @type {HTMLElement} */ (this.keep.lastElementChild).textContent = `keep: ${one.label}`;
    press(this.keep, verdict?.verdict === "keep");
    press(this.rejecting, verdict?.verdict === "reject");
    press(this.unsure, verdict?.verdict === "none");
    for (const button of this.named) press(button, verdict !== null && verdict.label === button.dataset.label);
  }

  /** @param {Candidate} one */
  async draw(one) {
    try {
      if (!(await this.look.show(one))) return;
    } catch (error) {
      this.context.announce(error instanceof Error ? error.message : String(error));
      return;
    }
    requestAnimationFrame(() => {
      if (this.isGone || this.current !== one) return;
      this.shownAt = new Date().toISOString();
      document.body.dataset.painted = one.spectrum_id;
      this.programs.moved(one);
    });
  }

  /** @param {string} name */
  toggle(name) {
    if (!this.reasons.delete(name)) this.reasons.add(name);
    for (const button of this.why) press(button, this.reasons.has(button.dataset.flag ?? ""));
    this.context.announce(`${name}: ${this.reasons.has(name) ? "yes" : "no"}`);
  }

  /** The next digit says why; without one the reasons that are chosen already count. */
  reject() {
    const others = this.classes.filter((one) => !one.is_target);
    // Where one class only is no target, a rejected candidate is of it; noise in a campaign of several is of none.
    const label = others.length === 1 ? others[0].name : null;
    if (this.reasons.size > 0) return this.judge(label);
    this.ask("Rejected: why?", (reason) => {
      this.reasons.add(reason);
      this.judge(label);
    });
  }

  /**
   * Take the next digit for a reason.
   * @param {string} question
   * @param {(reason: string) => void} then
   */
  ask(question, then) {
    this.whyLabel.classList.add("listening");
    this.context.announce(`${question} ${REASONS.map((name, at) => `${at + 1} ${name}`).join(", ")}. Any other key: nothing.`);
    this.context.keys.catchNext((_event, name) => {
      this.whyLabel.classList.remove("listening");
      const reason = REASONS[Number(name) - 1];
      if (reason !== undefined) then(reason);
      // A digit without a reason must not become a verdict either.
      return reason !== undefined || /^\d$/.test(name) || name === "Escape";
    });
  }

  /** @param {string | null} label */
  judge(label) {
    const one = this.current;
    // A verdict belongs to what the eye has seen.
    if (one === undefined || document.body.dataset.painted !== one.spectrum_id) {
      if (one !== undefined) this.context.announce("No verdict: the spectrum was not on the screen yet.");
      return;
    }
    const { outbox, session, announce } = this.context;
    const { choice } = this.panel;
    const answerId = crypto.randomUUID();
    const reasons = REASONS.filter((name) => this.reasons.has(name));
    const [comment, at] = [this.comment.value.trim(), new Date().toISOString()];
    outbox.put({
      answer_id: answerId,
      spectrum_id: one.spectrum_id,
      label,
      purpose: "verify",
      flags: reasons,
      comment,
      // What somebody selected elsewhere is no random part of all, whatever the order.
      shown: { ...this.look.told(), label: one.label, order: this.filters.chosen.order, selected_in: choice?.by ?? "" },
      shown_at: this.shownAt,
      answered_at: at,
    });
    this.given.push({ answerId, id: one.spectrum_id, before: one.verdict });
    const verdict = verdictOf(label, reasons, one.label, this.classes);
    one.verdict = { label, verdict, reasons, comment, annotator: session.annotator, at, velocity: {} };
    this.retell(one);
    announce(`${shortName(one)}: ${told(one.verdict)}`);
    this.comment.blur();
    this.verification.renew();
    this.onward();
  }

  onward() {
    const { outbox } = this.context;
    if (this.place + 1 < this.items.length) this.go(this.place + 1);
    else if (this.filters.chosen.state === "open") {
      // What was just verified leaves the list: what is left begins at its start.
      this.offset = 0;
      void outbox.drained().then(() => this.load("first"));
    } else if (this.offset + PAGE < this.n) this.turn(PAGE);
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
    this.verification.renew();
    const at = this.items.findIndex(({ spectrum_id: id }) => id === last.id);
    announce("The verdict is taken back.");
    if (at < 0) return void outbox.drained().then(() => this.load("first"));
    this.items[at].verdict = last.before;
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
    const { keys, go } = this.context;
    this.programs.onchange = () => this.panel.show();
    this.programs.showIn({ shown: () => this.current, show: (id) => void this.showFrom(id) });
    const open = () => {
      const one = this.current;
      if (one !== undefined) go(`#/queue/${encodeURIComponent(one.spectrum_id)}?purpose=verify`);
    };
    const others = KEYS.filter(({ group, id }) => group === "See" || id === "image");
    return [
      ...others.map(({ id }) => keys.on(id, () => void this.look.act(id))),
      // The page's own way leads to the programs of whoever sits here; the server's to those beside the server.
      keys.on("samp", () => (this.programs.state === "on" ? this.sendSpectrum() : void this.look.act("samp"))),
      keys.on("next", () => this.go(this.place + 1)),
      keys.on("back", () => this.go(this.place - 1)),
      keys.on("undo", () => this.undo()),
      keys.on("keep", () => this.judge(this.current?.label ?? null)),
      keys.on("reject", () => this.reject()),
      keys.on("unsure", () => this.judge(null)),
      keys.on("comment", () => this.comment.focus()),
      keys.on("flags", () => this.ask("Which reason?", (reason) => this.toggle(reason))),
      keys.on("open", open),
      ...this.classes.slice(0, 9).map(({ name }, at) => keys.on(`class-${at + 1}`, () => this.judge(name))),
    ];
  }
}
