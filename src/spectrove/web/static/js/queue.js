// @ts-check
/**
 * The queue: one spectrum after another, one key for each answer.
 *
 * An answer is taken only for the spectrum that was painted (see `pure/decide.js`), and what belongs to one spectrum (flags,
 * comment, quality, radial velocity, a revealed prediction) is cleared before the next is drawn.
 */

import { ApiError } from "./api.js";
import { FLAGS, QUALITY } from "./desk.js";
import { h } from "./dom.js";
import { endingOf } from "./ending.js";
import { keepGiven, storedGiven, told, undoneElsewhere } from "./given.js";
import { openHelp } from "./help.js";
import { KEYS, printed } from "./keys.js";
import * as decide from "./pure/decide.js";
import { copyFacts, reveal, sendBySamp } from "./requests.js";
import { ASK_AGAIN, nameOf, press, Screen } from "./screen.js";
import { HALF_WIDTHS, SMOOTHINGS, stepped, storeSettings } from "./settings.js";
import { toggleTheme } from "./theme.js";

/** Ask the server for more when fewer than this are left here. */
const FEW = 40;
const RV_LIMIT = 3000;

/** @typedef {{purpose: string, spectrum_id: string} | null} Jump */

/**
 * Show the queue.
 * @param {HTMLElement} root
 * @param {import("./main.js").Context} context
 * @returns {Promise<() => void>} cleans up
 */
export async function show(root, context) {
  const view = new QueueView(root, context);
  await view.start();
  return () => view.stop();
}

class QueueView extends Screen {
  /** @type {Jump} */ jump = null;
  /** Whether the server is being asked for the queue. */
  asking = false;
  /** Whether the next batch waits for the answer to the spectrum on the screen. */
  renewed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ askTimer;
  /** @type {(() => void)[]} */ offs = [];

  /**
   * @param {HTMLElement} root
   * @param {import("./main.js").Context} context
   */
  constructor(root, context) {
    super(root, context, {
      onLabel: (label) => this.label(label),
      onFlag: (flag) => this.flag(flag),
      onQuality: (quality) => this.quality(quality),
      onRv: (rv) => this.setRv(rv),
      onPreset: (index) => this.setPreset(index),
      onToggle: (id) => this.act(id),
      onMove: (id) => this.act(id),
      onCopy: () => void copyFacts(this),
    });
  }

  async start() {
    this.bind();
    this.showSettings();
    await this.refill();
    const { id, query } = this.context.route;
    if (id !== "" && !this.stopped) {
      this.jump = { spectrum_id: id, purpose: query.get("purpose") ?? "vote" };
      this.move(decide.visit(this.queue, { spectrum_id: id, jumped: true }));
    }
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.restTimer);
    clearTimeout(this.askTimer);
    for (const off of this.offs) off();
    this.aside.cancel();
    this.loader.stop();
    this.plots.destroy();
    delete document.body.dataset.painted;
  }

  bind() {
    const { keys, outbox } = this.context;
    for (const { id } of KEYS) {
      if (/^class-/.test(id)) this.offs.push(keys.on(id, () => this.labelBy(Number(id.slice(6)))));
      else if (/^quality-/.test(id)) this.offs.push(keys.on(id, () => this.quality(Number(id.slice(8)))));
      else this.offs.push(keys.on(id, () => this.act(id)));
    }
    /** @type {(target: EventTarget, type: string, listener: (event: any) => void) => void} */
    const listen = (target, type, listener) => {
      target.addEventListener(type, listener);
      this.offs.push(() => target.removeEventListener(type, listener));
    };
    listen(document, "themechange", () => {
      this.plots.recolor();
      this.aside.redraw();
    });
    listen(document, "work", (event) => this.worked(event.detail));
    listen(outbox, "change", () => {
      if (decide.current(this.queue) === null) this.end();
    });
    const { comment } = this.desk;
    listen(comment, "input", () => {
      this.draft.comment = comment.value;
    });
    listen(comment, "keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      comment.blur();
    });
  }

  // ---- The queue ----

  /** Ask for the queue, and begin with what is open in it. */
  async refill() {
    if (this.asking || this.stopped) return;
    this.asking = true;
    clearTimeout(this.askTimer);
    try {
      const got = await this.context.api.get("/api/v1/queue?limit=200");
      if (this.stopped) return;
      this.take(got);
    } catch (error) {
      this.end(error instanceof ApiError ? error.detail : String(error));
      this.askTimer = setTimeout(() => void this.refill(), ASK_AGAIN);
    } finally {
      this.asking = false;
    }
  }

  /** @param {any} got the server's queue */
  take(got) {
    const waiting = this.waiting();
    this.server = { ...got, loaded: got.items.length };
    this.answeredHere = got.items.filter((/** @type {decide.Item} */ { spectrum_id: id }) => waiting.has(id)).length;
    const kept = decide.current(this.queue);
    // The spectrum on the screen stays there until it is answered.
    const stays = kept !== null && !this.queue.answered.has(kept.spectrum_id) && this.queue.painted === kept.spectrum_id;
    const items = stays ? [kept, ...got.items] : got.items;
    const queue = decide.createQueue(items, waiting);
    const given = this.queue.given.length > 0 ? this.queue.given : storedGiven();
    this.queue = { ...queue, given };
    if (stays) this.queue = decide.paint(this.queue, kept.spectrum_id);
    this.renewed = false;
    this.loader.want(this.queue.items.slice(this.queue.index));
    if (stays) this.showProgress();
    else this.changed();
    if (decide.current(this.queue) === null) this.askTimer = setTimeout(() => void this.refill(), ASK_AGAIN);
  }

  /** Ask for what comes behind the last that is here. */
  async extend() {
    if (this.asking || this.stopped) return;
    this.asking = true;
    try {
      const got = await this.context.api.get("/api/v1/queue?limit=200");
      if (this.stopped) return;
      const before = this.queue.items.length;
      this.queue = decide.extend(this.queue, got.items);
      this.server.loaded += this.queue.items.length - before;
      if (this.queue.items.length === before) this.server.loaded = this.server.n_left;
      this.loader.want(this.queue.items.slice(this.queue.index));
    } catch {
      // Asked again with the next answer.
    } finally {
      this.asking = false;
    }
  }

  /**
   * Answers that the server does not have yet, by spectrum.
   * @returns {Map<string, string | null>}
   */
  waiting() {
    const waiting = new Map();
    for (const { spectrum_id: id, label, undoes } of this.context.outbox.pending) {
      if (undoes) waiting.delete(id);
      else waiting.set(id, label);
    }
    return waiting;
  }

  /**
   * Go to where another queue stands.
   * @param {decide.Queue} queue
   */
  move(queue) {
    const before = decide.current(this.queue)?.spectrum_id;
    this.queue = queue;
    if (decide.current(queue)?.spectrum_id !== before || queue.painted === null) this.changed();
  }

  /**
   * A spectrum that was jumped to may have an answer of an earlier day.
   * @override
   * @param {decide.Item} item
   */
  async earlier(item) {
    try {
      const { items } = await this.context.api.get(`/api/v1/overview?search=${encodeURIComponent(item.spectrum_id)}&limit=5`);
      const found = items.find((/** @type {any} */ one) => one.spectrum_id === item.spectrum_id);
      if (found?.state === "answered" || found?.state === "unsure") {
        this.queue = { ...this.queue, answered: new Map(this.queue.answered).set(item.spectrum_id, found.label ?? null) };
        if (decide.current(this.queue)?.spectrum_id === item.spectrum_id) {
          this.showDraft(item);
          this.aside.answered();
        }
      }
    } catch {
      // It is shown without.
    }
  }

  // ---- What keys and buttons do ----

  /** @param {string} id of a row of KEYS, or of a button */
  act(id) {
    const { settings } = this;
    performance.mark("press");
    if (id === "next") this.move(decide.next(this.queue));
    else if (id === "back") this.move(decide.back(this.queue));
    else if (id === "open") this.move(decide.nextOpen(this.queue));
    else if (id === "undo") this.undo();
    else if (id === "unsure") this.label(null);
    else if (id === "comment") this.desk.comment.focus();
    else if (id === "flag") this.flag(FLAGS[0]);
    else if (id === "flags") this.flagByDigit();
    else if (id === "preset" || id === "preset-back")
      this.setPreset((settings.preset + (id === "preset" ? 1 : this.presets.length - 1)) % this.presets.length);
    else if (id === "narrower" || id === "wider")
      this.set({ halfWidth: stepped(HALF_WIDTHS, settings.halfWidth, id === "wider" ? 1 : -1) });
    else if (id === "smoother") this.set({ smoothing: stepped(SMOOTHINGS, settings.smoothing, 1) });
    else if (id === "rougher") this.set({ smoothing: stepped(SMOOTHINGS, settings.smoothing, -1) });
    else if (id === "velocity") this.set({ velocity: !settings.velocity });
    else if (id === "mirror") this.set({ mirror: !settings.mirror });
    else if (id === "lines") this.set({ lines: !settings.lines });
    else if (id === "errors") this.set({ errors: !settings.errors });
    else if (id === "whole") this.set({ whole: !settings.whole });
    else if (id === "exposures") this.set({ exposures: !settings.exposures });
    else if (id.startsWith("rv-")) this.setRv(this.draft.rv + (id.includes("up") ? 1 : -1) * (id.includes("coarse") ? 50 : 5));
    else this.ask(id);
  }

  /** @param {string} id */
  ask(id) {
    const item = decide.current(this.queue);
    if (id === "dark") toggleTheme();
    else if (id === "help") this.help();
    else if (item === null) return;
    else if (id === "image") void this.aside.image(item, () => decide.current(this.queue)?.spectrum_id === item.spectrum_id);
    else if (id === "reveal") void reveal(this, item);
    else if (id === "samp") void sendBySamp(this.context, item);
  }

  help() {
    openHelp(
      this.context.keys,
      this.classes.map(({ name }, i) => ({ name, key: String(i + 1) })),
    );
  }

  /** @param {Partial<import("./settings.js").Settings>} change */
  set(change) {
    Object.assign(this.settings, change);
    storeSettings(this.settings);
    const { preset: _, ...shown } = this.settings;
    Object.assign(this.plots.view, shown, { preset: this.presets[this.settings.preset] });
    this.showSettings();
    if ("whole" in change) this.plots.resize();
    const item = decide.current(this.queue);
    if (item === null) return;
    if ("exposures" in change) this.aside.overlay();
    const onlyAbove = Object.keys(change).every((name) => ["mirror", "exposures"].includes(name));
    if (onlyAbove) this.plots.moved();
    else this.render();
    if ("preset" in change) this.aside.remeasure(this.draft);
  }

  /** @param {number} index */
  setPreset(index) {
    this.set({ preset: index });
  }

  /** @param {number} rv km/s */
  setRv(rv) {
    this.draft.rv = Math.min(Math.max(rv, -RV_LIMIT), RV_LIMIT);
    this.plots.view.rv = this.draft.rv;
    this.showRv();
    this.plots.moved();
    this.aside.remeasure(this.draft);
  }

  /** @param {string} flag */
  flag(flag) {
    const item = decide.current(this.queue);
    if (item === null) return;
    if (!this.draft.flags.delete(flag)) this.draft.flags.add(flag);
    for (const button of this.desk.flags) press(button, this.draft.flags.has(button.dataset.flag ?? ""));
    this.context.announce(`${flag}: ${this.draft.flags.has(flag) ? "flagged" : "flag removed"}`);
  }

  flagByDigit() {
    const { flagsLabel } = this.desk;
    flagsLabel.classList.add("listening");
    this.context.announce(`Which flag? ${FLAGS.map((flag, i) => `${i + 1} ${flag}`).join(", ")}. Any other key: none.`);
    this.context.keys.catchNext((_event, name) => {
      flagsLabel.classList.remove("listening");
      const flag = FLAGS[Number(name) - 1];
      if (flag !== undefined) this.flag(flag);
      // A digit without a flag must not become an answer either.
      return flag !== undefined || /^\d$/.test(name) || name === "Escape";
    });
  }

  /** @param {number} quality */
  quality(quality) {
    if (decide.current(this.queue) === null) return;
    this.draft.quality = this.draft.quality === quality ? null : quality;
    for (const button of this.desk.quality) press(button, this.draft.quality === Number(button.dataset.quality));
    this.context.announce(this.draft.quality === null ? "No quality" : `Quality ${quality}: ${QUALITY[quality]}`);
  }

  /** @param {number} n */
  labelBy(n) {
    const one = this.classes[n - 1];
    if (one === undefined) this.context.announce(`There is no class ${n}.`);
    else this.label(one.name);
  }

  /** @param {string | null} value */
  label(value) {
    performance.mark("press");
    const item = decide.current(this.queue);
    const wasAnswered = item !== null && this.queue.answered.has(item.spectrum_id);
    const { queue, answer, refused } = decide.label(this.queue, value, crypto.randomUUID());
    if (answer === null) {
      if (refused === "not painted yet") this.context.announce("Not answered: the spectrum was not on the screen yet.");
      return;
    }
    this.context.outbox.put(this.answerOf(answer));
    told.set(answer.spectrum_id, this.draft);
    if (!wasAnswered && item && !item.jumped) this.answeredHere += 1;
    const name = item ? nameOf(item) : answer.spectrum_id;
    this.desk.last.textContent = `${name}: ${value ?? "unsure"}`;
    this.desk.comment.blur();
    this.leaveJump(answer.spectrum_id);
    this.move(queue);
    keepGiven(this.queue.given);
    this.context.announce(`${value ?? "unsure"}`);
    this.more();
  }

  /**
   * @param {decide.Given} given
   * @returns {import("./outbox.js").Answer}
   */
  answerOf({ spectrum_id: id, label, answerId }) {
    const { settings, draft } = this;
    const prepared = this.prepared.get(id);
    return {
      answer_id: answerId,
      spectrum_id: id,
      label,
      purpose: this.jump?.spectrum_id === id ? this.jump.purpose : "vote",
      quality: draft.quality,
      flags: [...draft.flags],
      comment: draft.comment.trim(),
      shown_at: this.shownAt,
      answered_at: new Date().toISOString(),
      shown: {
        preset: this.presets[settings.preset].key,
        view: settings.whole ? "whole" : "line",
        smoothing: settings.smoothing,
        velocity: settings.velocity,
        mirror: settings.mirror,
        lines: settings.lines,
        errors: settings.errors,
        rv: draft.rv,
        revealed: draft.revealed,
        source: prepared?.spectrum.head.source ?? "",
        window: this.plots.window(),
      },
    };
  }

  undo() {
    while (undoneElsewhere.has(this.queue.given.at(-1)?.answerId ?? ""))
      this.queue = { ...this.queue, given: this.queue.given.slice(0, -1) };
    const { queue, undone } = decide.undo(this.queue);
    if (undone === null) {
      this.context.announce("There is nothing to undo.");
      return;
    }
    this.context.outbox.put({
      answer_id: crypto.randomUUID(),
      spectrum_id: undone.spectrum_id,
      label: null,
      undoes: undone.answerId,
      answered_at: new Date().toISOString(),
    });
    undoneElsewhere.add(undone.answerId);
    if (this.answeredHere > 0 && !queue.answered.has(undone.spectrum_id)) this.answeredHere -= 1;
    this.desk.last.textContent = `undone: ${undone.label ?? "unsure"}`;
    keepGiven(queue.given);
    this.move(queue);
    this.context.announce(`Undone: ${undone.label ?? "unsure"}. Its spectrum is shown again.`);
  }

  /**
   * After a spectrum that was jumped to, the queue goes on.
   * @param {string} id
   */
  leaveJump(id) {
    if (this.jump?.spectrum_id !== id) return;
    this.jump = null;
    history.replaceState(null, "", "#/queue");
  }

  /** See whether more must be asked for. */
  more() {
    if (this.renewed) {
      void this.refill();
      return;
    }
    const left = this.queue.items.length - this.queue.index;
    if (left < FEW && this.server.loaded < this.server.n_left) void this.extend();
  }

  // ---- The end of a batch ----

  /** @param {any} state the work's */
  worked(state) {
    if (decide.current(this.queue) === null) {
      this.end();
      if (state.kind !== "running") void this.refill();
    } else if (this.server.is_meanwhile && state.kind !== "running" && state.iteration > this.server.iteration) {
      // The next batch is there: begin it after the spectrum on the screen.
      this.renewed = true;
    }
  }

  /**
   * @override
   * @param {string} [problem]
   */
  end(problem = "") {
    const { desk, context } = this;
    const state = context.work();
    const skipped = decide.countOpen(this.queue);
    desk.main.hidden = true;
    desk.ending.hidden = false;
    delete document.body.dataset.painted;
    this.showProgress();
    if (skipped === 0 && !this.asking && !this.stopped && this.queue.items.length > 0 && context.outbox.size === 0) {
      clearTimeout(this.askTimer);
      this.askTimer = setTimeout(() => void this.refill(), 50);
      this.queue = { ...decide.createQueue([]), given: this.queue.given };
    }
    const children = endingOf({
      problem,
      skipped,
      unsent: context.outbox.size,
      state,
      finished: Boolean(context.campaign.finished) || state?.kind === "finished",
    });
    desk.ending.replaceChildren(...children);
    if (skipped > 0) {
      const button = h("button", { type: "button" }, `Go to the first of them (${printed(context.keys.of("open")[0] ?? "N")})`);
      button.addEventListener("click", () => this.act("open"));
      desk.ending.append(button);
    }
  }
}
