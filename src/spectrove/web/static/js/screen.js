// @ts-check
/**
 * The screen of the queue: draws the spectrum that the queue stands at, and says what the desk says of it.
 *
 * A key press draws the two plots and nothing else. Everything beside them waits until the person has rested on a spectrum, and
 * is dropped when they go on.
 */

import { ApiError } from "./api.js";
import { Aside } from "./aside.js";
import { makeDesk } from "./desk.js";
import { h } from "./dom.js";
import { freshDraft, told } from "./given.js";
import { Loader } from "./loader.js";
import { SpectrumPlots } from "./plot.js";
import { binned, prepare, smoothen } from "./prepare.js";
import * as decide from "./pure/decide.js";
import { press } from "./tools.js";
import { Templates } from "./templates.js";
import { Velocities } from "./velocities.js";

/** Rest on a spectrum before anything but the plots is made, in ms. */
const REST = 150;
/** Ask again for what did not come, in ms. */
export const ASK_AGAIN = 1500;
/** Spectra kept ready to be drawn. */
const PREPARED = 12;

/** Draws; what the keys do stands in `queue.js`. */
export class Screen {
  /** @type {decide.Queue} */ queue = decide.createQueue([]);
  /** @type {import("./given.js").Draft} */ draft = freshDraft();
  /** @type {Map<string, import("./prepare.js").Prepared>} */ prepared = new Map();
  /** What the server said of the queue last. */
  server = { n_left: 0, n_done: 0, is_meanwhile: false, iteration: 0, phase: "", loaded: 0 };
  /** Answers given since then. */
  answeredHere = 0;
  drawnId = "";
  shownAt = "";
  settled = 0;
  stopped = false;
  /** Whether this frame has a picture already … */
  frame = false;
  /** … and another one is wanted. */
  dirty = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ restTimer;

  /**
   * @param {HTMLElement} root
   * @param {import("./main.js").Context} context
   * @param {import("./desk.js").Actions} actions
   */
  constructor(root, context, actions) {
    const { api, campaign, keys, settings } = context;
    this.context = context;
    this.settings = settings;
    this.presets = /** @type {import("./plot.js").Preset[]} */ (campaign.lines);
    if (settings.preset >= this.presets.length) settings.preset = 0;
    this.classes = /** @type {import("./desk.js").ClassOf[]} */ (campaign.classes);
    this.loader = new Loader(api);
    this.templates = new Templates(api);
    this.velocities = new Velocities(keys, null, actions.onToggle);
    this.desk = makeDesk(this.classes, this.presets, keys, actions, this.velocities.element);
    root.replaceChildren(this.desk.root);
    const { line_list: lines = [], sky_lines: sky = [], tellurics = [] } = campaign;
    this.plots = new SpectrumPlots(
      this.desk.lineHost,
      this.desk.wholeHost,
      this.desk.readout,
      { presets: this.presets, lines, sky, tellurics },
      { ...settings, preset: this.presets[settings.preset], rv: 0 },
    );
    this.velocities.plots = this.plots;
    this.aside = new Aside(this.desk, this.plots, this.loader, api, settings);
  }

  /**
   * Say that nothing is left.
   * @param {string} [_problem]
   */
  end(_problem) {}

  /**
   * Find an earlier answer.
   * @param {decide.Item} _item
   */
  async earlier(_item) {}

  /** Another spectrum is current: nothing of the last one may stay. */
  changed() {
    const item = decide.current(this.queue);
    const saved = item && told.get(item.spectrum_id);
    const { flags = new Set(), velocities = [] } = saved ?? {};
    this.draft = saved ? { ...saved, flags: new Set(flags), velocities: [...velocities] } : freshDraft();
    this.shownAt = "";
    clearTimeout(this.restTimer);
    this.aside.cancel();
    this.velocities.clear();
    this.velocities.kept = [...this.draft.velocities];
    if (this.desk.reveal.firstChild !== null) this.desk.reveal.replaceChildren();
    this.render();
  }

  /** Draw now, or in the next frame where this one has a picture already. */
  render() {
    if (this.frame) {
      this.dirty = true;
      return;
    }
    const id = this.draw();
    this.frame = true;
    requestAnimationFrame(() => {
      this.frame = false;
      if (this.stopped) return;
      if (this.dirty) {
        this.dirty = false;
        this.render();
      } else if (id !== null) {
        this.painted(id);
      }
    });
  }

  /**
   * @returns {string | null} the id of what was drawn
   */
  draw() {
    const item = decide.current(this.queue);
    if (item === null) {
      this.end();
      return null;
    }
    const id = item.spectrum_id;
    this.desk.ending.hidden = true;
    this.desk.main.hidden = false;
    const prepared = this.ready(item);
    this.showDraft(item);
    this.showProgress();
    if (prepared === null) {
      this.wait(item);
      return null;
    }
    this.desk.veil.hidden = true;
    if (this.drawnId !== id) {
      this.plots.overlays = [];
      this.plots.template = null;
    }
    this.plots.view.rv = this.draft.rv;
    this.drawnId = id;
    const shown = binned(prepared, this.settings.bin);
    smoothen(shown, this.settings.smoothing);
    this.plots.show(shown);
    this.showHead(item, prepared);
    return id;
  }

  /**
   * Return a spectrum ready to be drawn, or null while it is on its way.
   * @param {decide.Item} item
   * @returns {import("./prepare.js").Prepared | null}
   */
  ready(item) {
    const id = item.spectrum_id;
    let prepared = this.prepared.get(id);
    if (prepared === undefined) {
      const body = this.loader.get(id);
      if (body === undefined) return null;
      prepared = prepare(id, body, this.settings.smoothing);
      this.prepared.set(id, prepared);
      for (const old of this.prepared.keys()) {
        if (this.prepared.size <= PREPARED) break;
        this.prepared.delete(old);
      }
    }
    smoothen(prepared, this.settings.smoothing);
    return prepared;
  }

  /**
   * Say that a spectrum is on its way, and draw it when it is there.
   * @param {decide.Item} item
   */
  wait(item) {
    const { veil, title, facts, source } = this.desk;
    this.plots.clear();
    this.drawnId = "";
    // What it said of this spectrum stands until there is something else to say.
    if (veil.hidden || veil.dataset.of !== item.spectrum_id) veil.textContent = "Loading the spectrum …";
    veil.dataset.of = item.spectrum_id;
    veil.hidden = false;
    title.textContent = nameOf(item);
    facts.replaceChildren();
    source.textContent = "";
    const still = () => !this.stopped && decide.current(this.queue)?.spectrum_id === item.spectrum_id;
    this.loader.load(item).then(
      () => still() && this.render(),
      (error) => {
        if (!still()) return;
        const gone = error instanceof ApiError && error.status >= 400;
        veil.textContent = gone
          ? `This spectrum cannot be shown: ${error.detail}`
          : "No answer from the server; the spectrum is asked for again.";
        if (gone && error.status === 404) return;
        setTimeout(() => still() && this.render(), ASK_AGAIN);
      },
    );
  }

  /**
   * The picture is on the screen: from now on a key may label it.
   * @param {string} id
   */
  painted(id) {
    this.queue = decide.paint(this.queue, id);
    if (this.queue.painted !== id) {
      this.render();
      return;
    }
    if (this.shownAt === "") this.shownAt = new Date().toISOString();
    document.body.dataset.painted = id;
    document.body.dataset.settled = String(++this.settled);
    performance.mark("settled", { detail: id });
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(id), REST);
    // After the frame: what is likely to come next is ready before its key is pressed.
    this.prepareLater(this.queue.items[this.queue.index + 1]);
  }

  /**
   * The person rests on a spectrum: fill what stands beside it, and make the next ones ready.
   * @param {string} id
   */
  rest(id) {
    const item = decide.current(this.queue);
    const prepared = this.prepared.get(id);
    if (item?.spectrum_id !== id || prepared === undefined) return;
    this.aside.show(item, prepared, this.draft, this.queue.answered.has(id));
    this.velocities.show(prepared, this.draft.rv);
    void this.layTemplate(id, prepared);
    if (item.jumped && !this.queue.answered.has(id)) void this.earlier(item);
    const { index, items } = this.queue;
    for (const other of [items[index + 2], items[index - 1]]) this.prepareLater(other);
  }

  /**
   * Lay the chosen template over the spectrum.
   * @param {string} id
   * @param {import("./prepare.js").Prepared} prepared
   */
  async layTemplate(id, prepared) {
    const name = this.settings.template;
    const [over, plain] = [await this.templates.over(name, prepared), await this.templates.of(name)];
    if (this.stopped || this.drawnId !== id || this.settings.template !== name) return;
    this.plots.template = over;
    this.plots.moved();
    this.aside.template(plain);
  }

  /** @param {decide.Item | undefined} item */
  prepareLater(item) {
    if (item === undefined || this.prepared.has(item.spectrum_id)) return;
    setTimeout(() => {
      if (this.stopped) return;
      try {
        this.ready(item);
      } catch {
        // Said when its turn comes.
      }
    }, 0);
  }

  /**
   * @param {decide.Item} item
   * @param {import("./prepare.js").Prepared} prepared
   */
  showHead(item, prepared) {
    const { title, facts, source } = this.desk;
    const { head } = prepared.spectrum;
    const known = { ...item.facts, ...head.facts };
    title.textContent = known.designation || item.spectrum_id;
    const said = [
      typeof known.snr === "number" ? `S/N ${known.snr.toFixed(0)}` : "",
      known.mjd ? `MJD ${known.mjd}` : "",
      typeof known.ra === "number" && typeof known.dec === "number"
        ? `${known.ra.toFixed(5)} ${known.dec < 0 ? "−" : "+"}${Math.abs(known.dec).toFixed(5)}`
        : "",
      prepared.fromPool ? "" : `${prepared.wave.length} pixels${prepared.nBad > 0 ? `, ${prepared.nBad} untrusted` : ""}`,
    ].filter(Boolean);
    facts.replaceChildren(...said.map((text) => h("span", {}, text)));
    source.textContent = head.problem ? `${prepared.fromPool ? "The network's points only. " : ""}${head.problem}` : "";
  }

  /**
   * Show what is said of the spectrum so far.
   * @param {decide.Item} item
   */
  showDraft(item) {
    const { desk, draft, queue } = this;
    const answered = queue.answered.has(item.spectrum_id);
    const label = queue.answered.get(item.spectrum_id);
    for (const button of desk.labels) {
      const isChosen = answered && button.dataset.label === (label ?? "");
      if ((button.getAttribute("aria-pressed") === "true") !== isChosen) button.setAttribute("aria-pressed", String(isChosen));
    }
    const yours = answered ? `Your answer: ${label ?? "unsure"}. Another key changes it.` : "";
    if (desk.yours.textContent !== yours) desk.yours.textContent = yours;
    for (const button of desk.flags) press(button, draft.flags.has(button.dataset.flag ?? ""));
    for (const button of desk.quality) press(button, draft.quality === Number(button.dataset.quality));
    if (desk.comment.value !== draft.comment) desk.comment.value = draft.comment;
    this.showRv();
    this.aside.clear();
  }

  showRv() {
    this.desk.tools.showRv(this.draft.rv);
  }

  showProgress() {
    const { bar, count, banner } = this.desk;
    const total = this.server.n_left + this.server.n_done;
    const done = Math.min(total, this.server.n_done + this.answeredHere);
    bar.max = Math.max(1, total);
    bar.value = done;
    count.textContent = total > 0 ? `${done} of ${total}` : "";
    const said = this.server.is_meanwhile ? "The machine trains; meanwhile, more spectra to look at." : "";
    if (banner.textContent !== said) banner.textContent = said;
  }

  showSettings() {
    this.desk.tools.show(this.settings);
    this.desk.stack.classList.toggle("whole", this.settings.whole);
  }
}

/**
 * @param {decide.Item} item
 * @returns {string}
 */
export function nameOf(item) {
  return String(item.facts?.designation || item.spectrum_id);
}
