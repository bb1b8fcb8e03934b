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
import { earlierAnswer, jumpOf, NOT_ASKED } from "./jump.js";
import { KEYS, printed } from "./keys.js";
import { isChanged, isOver } from "./pure/company.js";
import * as decide from "./pure/decide.js";
import { copyFacts, reveal, sendBySamp } from "./requests.js";
import { ASK_AGAIN, nameOf, Screen } from "./screen.js";
import { changeBy, limitedRv, rvBy, shownBy, storeSettings } from "./settings.js";
import { toggleTheme } from "./theme.js";
import { press } from "./tools.js";

/** Ask the server for more when fewer than this are left here. */
const FEW = 40;

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
  /** @type {import("./jump.js").Jump | null} */ jump = null;
  /** Spectra that were never asked about. @type {Set<string>} */ unasked = new Set();
  company = { open: 0, own: 0 };
  /** Whether the server is being asked for the queue. */
  asking = false;
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
      onTemplate: (template) => this.set({ template }),
      onMove: (id) => this.act(id),
      onCopy: () => void copyFacts(this),
    });
  }

  async start() {
    this.bind();
    this.showSettings();
    await this.refill();
    this.jump = jumpOf(this.context.route);
    if (this.jump !== null && !this.stopped)
      this.move(decide.visit(this.queue, { spectrum_id: this.jump.spectrum_id, jumped: true }));
  }

  stop() {
    this.stopped = true;
    const here = decide.current(this.queue);
    if (here !== null) told.set(here.spectrum_id, this.draft); // a comment half written is there again after a look elsewhere
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
    listen(outbox, "recorded", ({ detail }) => this.recorded(detail.told?.n_open));
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
    this.counted(got);
    const kept = decide.current(this.queue);
    // The spectrum on the screen stays there until it is answered.
    const stays = kept !== null && !this.queue.answered.has(kept.spectrum_id) && this.queue.painted === kept.spectrum_id;
    const items = stays ? [kept, ...got.items] : got.items;
    const queue = decide.createQueue(items, waiting);
    const given = this.queue.given.length > 0 ? this.queue.given : storedGiven();
    this.queue = { ...queue, given };
    if (stays) this.queue = decide.paint(this.queue, kept.spectrum_id);
    this.loader.want(this.queue.items.slice(this.queue.index));
    if (stays) this.showProgress();
    else this.changed();
    if (decide.current(this.queue) === null) this.askTimer = setTimeout(() => void this.refill(), ASK_AGAIN);
  }

  /** Ask what is still open: for what comes behind the last that is here, and without what others have answered meanwhile. */
  async extend() {
    if (this.asking || this.stopped) return;
    this.asking = true;
    try {
      const got = await this.context.api.get("/api/v1/queue?limit=200");
      if (this.stopped) return;
      if (got.iteration !== this.server.iteration || got.is_meanwhile !== this.server.is_meanwhile) {
        this.take(got);
        return;
      }
      this.queue = decide.renew(this.queue, got.items);
      this.counted(got);
      this.loader.want(this.queue.items.slice(this.queue.index));
      this.showProgress();
    } catch {
      // Asked again with the next answer.
    } finally {
      this.asking = false;
    }
  }

  /** @param {any} got the server's queue */
  counted(got) {
    const waiting = this.waiting();
    this.server = { ...got, loaded: got.items.length };
    this.answeredHere = got.items.filter((/** @type {decide.Item} */ { spectrum_id: id }) => waiting.has(id)).length;
    this.company = { open: got.n_open, own: 0 };
  }

  /**
   * An answer is recorded; where others answer too, what they did is not to be shown once more.
   * @param {number | undefined} nOpen
   */
  recorded(nOpen) {
    if (nOpen === undefined) return;
    this.company = { ...this.company, own: this.company.own + 1 };
    if (isChanged(this.company, nOpen) && decide.current(this.queue) !== null) void this.extend();
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
    const found = await earlierAnswer(this.context.api, item.spectrum_id);
    if (this.stopped || found === null || decide.current(this.queue)?.spectrum_id !== item.spectrum_id) return;
    if (found.state === "answered" || found.state === "unsure") {
      this.queue = { ...this.queue, answered: new Map(this.queue.answered).set(item.spectrum_id, found.label) };
      this.showDraft(item);
      this.aside.answered();
    } else if (found.state === "not asked" && this.jump?.purpose !== "verify") {
      this.unasked.add(item.spectrum_id);
      this.desk.yours.textContent = NOT_ASKED;
    }
  }

  // ---- What keys and buttons do ----

  /** @param {string} id of a row of KEYS, or of a button */
  act(id) {
    performance.mark("press");
    if (id === "next") this.move(decide.next(this.queue));
    else if (id === "back") this.move(decide.back(this.queue));
    else if (id === "open") this.move(decide.nextOpen(this.queue));
    else if (id === "undo") this.undo();
    else if (id === "unsure") this.label(null);
    else if (id === "comment") this.desk.comment.focus();
    else if (id === "flag") this.flag(FLAGS[0]);
    else if (id === "flags") this.flagByDigit();
    else this.see(id);
  }

  /**
   * What keys and buttons change in how the spectrum is shown.
   * @param {string} id
   */
  see(id) {
    const names = this.classes.map(({ name }) => name);
    const change = changeBy(id, this.settings, this.presets.length, names);
    const rv = rvBy(id, this.draft.rv);
    const here = this.prepared.get(this.queue.painted ?? "");
    // A key may come before the panel was filled.
    if (id.startsWith("rv-") && here) this.velocities.show(here, this.draft.rv);
    if (change !== null) this.set(change);
    else if (rv !== null) this.setRv(rv);
    else if (this.velocities.act(id, (kms) => this.setRv(kms), this.context.announce))
      this.draft.velocities = [...this.velocities.kept];
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
    const onlyAbove = Object.keys(change).every((name) => ["mirror", "exposures", "template"].includes(name));
    if (onlyAbove) this.plots.moved();
    else this.render();
    const prepared = this.prepared.get(item.spectrum_id);
    if ("template" in change && prepared) void this.layTemplate(item.spectrum_id, prepared);
    if ("preset" in change) this.aside.remeasure(this.draft);
    if ("preset" in change || "mirror" in change) this.velocities.moved(this.draft.rv);
  }

  /** @param {number} index */
  setPreset(index) {
    this.set({ preset: index });
  }

  /** @param {number} rv km/s */
  setRv(rv) {
    this.draft.rv = limitedRv(rv);
    this.plots.view.rv = this.draft.rv;
    this.showRv();
    this.plots.moved();
    this.velocities.moved(this.draft.rv);
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
    if (item !== null && this.unasked.has(item.spectrum_id)) {
      this.context.announce(NOT_ASKED);
      return;
    }
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
        ...shownBy(settings, this.presets[settings.preset].key),
        rv: this.velocities.told(draft.rv, prepared?.spectrum.head.frame),
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
    const left = this.queue.items.length - this.queue.index;
    if (left < FEW && this.server.loaded < this.server.n_left) void this.extend();
  }

  // ---- The end of a batch ----

  /** @param {any} state the work's */
  worked(state) {
    if (decide.current(this.queue) === null) {
      this.end();
      if (state.kind !== "running") void this.refill();
    } else if (isOver(this.server, state)) {
      // The next batch is there, or somebody closed this one: what comes now follows the spectrum on the screen.
      void this.refill();
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
