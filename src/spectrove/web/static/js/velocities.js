// @ts-check
/**
 * Radial velocities measured by mirroring the profile, line by line: what the mirrored copy suggests, what the person keeps, and
 * the mean over lines. Everything here belongs to one spectrum and is gone with it.
 */

import { h } from "./dom.js";
import { printed } from "./keys.js";
import { profileOf } from "./pure/measures.js";
import { combine, lineVelocity, PARTS } from "./pure/rv.js";
import { keyed, press, signed } from "./tools.js";

/** A velocity set by hand is read off to the step of its keys: this much is added to its error, 5 km/s over the root of 12. */
const READING = 5 / Math.sqrt(12);
/** A kept velocity within this of the suggestion is the suggestion, in km/s. */
const SAME = 0.5;

/** What is said of the frame of the wavelengths, and so of the velocities. @type {Record<string, string>} */
const FRAMES = {
  barycentric: "Barycentric: the file's wavelengths are corrected for the motion of the Earth.",
  heliocentric: "Heliocentric: the file's wavelengths are corrected for the motion of the Earth.",
  topocentric: "Not corrected for the motion of the Earth, which is up to 30 km/s.",
  undeclared: "The file does not say whether its wavelengths are corrected for the motion of the Earth, up to 30 km/s.",
};

/**
 * A line's velocity as it was kept, in km/s.
 * @typedef {{line: string, rest: number, rv: number, error: number | null, part: import("./pure/rv.js").Part,
 *   how: "mirrored by hand" | "suggested"}} Kept
 */

/** The panel, and what is measured of the spectrum on the screen. */
export class Velocities {
  /** @type {Kept[]} */ kept = [];
  /** @type {import("./pure/rv.js").Part} */ part = "whole";
  /** @type {import("./prepare.js").Prepared | null} */ #prepared = null;
  /** @type {Map<string, import("./pure/rv.js").MirrorVelocity | null>} */ #suggested = new Map();
  #rv = 0;

  /**
   * @param {import("./keys.js").Keys} keys
   * @param {import("./plot.js").SpectrumPlots | null} plots set by whoever has them
   * @param {(id: string) => void} act what the buttons do
   */
  constructor(keys, plots, act) {
    this.plots = plots;
    const key = (/** @type {string} */ id) => keys.of(id)[0] ?? "";
    this.now = h("p", { class: "rv-now", role: "status" });
    this.parts = PARTS.map((name) =>
      keyed(name, "", { class: "toggle", "aria-pressed": "false", dataset: { part: name } }, () => this.setPart(name)),
    );
    this.lines = h("ul", { class: "rv-lines", "aria-label": "Velocities kept" });
    this.mean = h("p", { class: "rv-mean" });
    this.frame = h("p", { class: "note" });
    this.element = h(
      "section",
      { class: "part velocities", "aria-label": "Radial velocity by mirroring" },
      h("h3", {}, "Radial velocity, mirrored ", h("kbd", { "aria-hidden": "true" }, printed(key("mirror")))),
      this.now,
      h(
        "div",
        { class: "rv-tools" },
        h(
          "span",
          { class: "group", role: "group", "aria-label": "Part of the profile" },
          ...this.parts,
          h("kbd", { "aria-hidden": "true" }, printed(key("rv-part"))),
        ),
        keyed("go there", key("rv-take"), { class: "quiet", "aria-label": "Go to the suggested velocity" }, () => act("rv-take")),
        keyed("keep", key("rv-keep"), { class: "quiet", "aria-label": "Keep this line's velocity" }, () => act("rv-keep")),
        keyed("drop", key("rv-drop"), { class: "quiet", "aria-label": "Drop this line's velocity" }, () => act("rv-drop")),
      ),
      this.lines,
      this.mean,
      this.frame,
    );
  }

  /** Another spectrum: nothing of the last one stays. */
  clear() {
    this.kept = [];
    this.#prepared = null;
    this.#suggested.clear();
    this.#rv = 0;
    for (const one of [this.now, this.lines, this.mean, this.frame]) if (one.firstChild !== null) one.replaceChildren();
  }

  /**
   * Show a spectrum.
   * @param {import("./prepare.js").Prepared} prepared
   * @param {number} rv the velocity that is set, km/s
   */
  show(prepared, rv) {
    if (this.#prepared !== prepared) this.#suggested.clear();
    this.#prepared = prepared;
    const { frame, medium } = prepared.spectrum.head;
    const axis = medium === "undeclared" ? " The file does not say whether they are of vacuum or air." : "";
    this.frame.textContent = `${FRAMES[frame] ?? FRAMES.undeclared}${axis}`;
    this.moved(rv);
  }

  /**
   * The velocity or the line is another one.
   * @param {number} rv
   */
  moved(rv) {
    this.#rv = rv;
    for (const button of this.parts) press(button, button.dataset.part === this.part);
    const line = this.plots?.view.preset.label ?? "";
    const suggested = this.plots?.view.mirror ? this.#suggests() : "mirror the profile to measure it";
    this.now.textContent = this.#prepared === null ? "" : `${line}: set to ${signed(rv)} km/s; ${suggested}.`;
    this.tell();
  }

  /** What the mirrored profile suggests, in words. */
  #suggests() {
    if (this.#profile() === null) return "the spectrum does not hold the line";
    const found = this.suggestion();
    if (found === null) return "no line stands out of the noise";
    return `the ${this.part === "whole" ? "whole profile" : this.part} suggests ${withError(found.rv, found.error)}`;
  }

  /** Say what is kept. */
  tell() {
    this.lines.replaceChildren(
      ...this.kept.map(({ line, rv, error, part, how }) =>
        h("li", {}, h("strong", {}, line), ` ${withError(rv, error)} · ${part}, ${how === "suggested" ? how : "by hand"}`),
      ),
    );
    const found = this.combined();
    this.mean.textContent =
      found === null
        ? ""
        : `mean ${withError(found.mean, found.error)} of ${found.n} ${found.n === 1 ? "line" : "lines"}` +
          (found.n > 1 ? `, scatter ${found.scatter.toFixed(1)} km/s` : "");
  }

  /**
   * Return what the mirrored profile of the line on the screen suggests.
   * @returns {import("./pure/rv.js").MirrorVelocity | null}
   */
  suggestion() {
    const profile = this.#profile();
    if (profile === null || this.plots === null) return null;
    const { label, wave, velocity_floor: floor } = this.plots.view.preset;
    const name = `${label} ${this.part}`;
    const known = this.#suggested.get(name);
    if (known !== undefined) return known;
    const found = lineVelocity(profile, wave[0], this.part, floor);
    this.#suggested.set(name, found);
    return found;
  }

  /** The profile of the line on the screen, null where the spectrum does not hold it. */
  #profile() {
    const [prepared, plots] = [this.#prepared, this.plots];
    if (prepared === null || plots === null || prepared.fromPool) return null;
    const { wave, half_window: halfWindow, bands } = plots.view.preset;
    return profileOf(prepared.wave, prepared.flux, prepared.ivar, wave[0], { halfWindow, bands });
  }

  /** @returns {number | null} the velocity to go to, km/s */
  take() {
    const found = this.suggestion();
    return found === null ? null : Math.round(found.rv);
  }

  /** Keep the velocity that is set, of the line on the screen; null where the spectrum does not hold it. */
  keep() {
    const { preset } = this.plots?.view ?? {};
    if (preset === undefined || this.#profile() === null) return null;
    const found = this.suggestion();
    const isSuggested = found !== null && Math.abs(found.rv - this.#rv) <= SAME;
    /** @type {Kept} */
    const one = {
      line: preset.label,
      rest: preset.wave[0],
      rv: isSuggested ? rounded(found.rv) : this.#rv,
      // Whoever mirrors by hand sees the same noise as the computer, and reads the shift off besides.
      error: found === null ? null : rounded(isSuggested ? found.error : Math.hypot(found.error, READING)),
      part: this.part,
      how: isSuggested ? "suggested" : "mirrored by hand",
    };
    this.drop();
    this.kept.push(one);
    this.tell();
    return one;
  }

  /** Drop the velocity of the line on the screen. */
  drop() {
    const line = this.plots?.view.preset.label;
    const left = this.kept.filter((one) => one.line !== line);
    const hadOne = left.length < this.kept.length;
    this.kept = left;
    this.tell();
    return hadOne;
  }

  /** @param {import("./pure/rv.js").Part} name */
  setPart(name) {
    this.part = name;
    this.moved(this.#rv);
  }

  nextPart() {
    this.setPart(PARTS[(PARTS.indexOf(this.part) + 1) % PARTS.length]);
    return this.part;
  }

  combined() {
    return combine(this.kept.map(({ rv, error }) => ({ rv, error: error ?? NaN })));
  }

  /**
   * Return what goes with the answer: the velocity that was set, and where some were kept, those with their mean.
   * @param {number} rv the velocity that is set, km/s
   * @param {string} [frame] of the wavelengths
   * @returns {number | Record<string, unknown>}
   */
  told(rv, frame = "undeclared") {
    if (this.kept.length === 0) return rv;
    const found = this.combined();
    const whole = found === null ? {} : { mean: rounded(found.mean), error: rounded(found.error), n: found.n };
    const scatter = found !== null && found.n > 1 ? { scatter: rounded(found.scatter) } : {};
    return { kms: rv, lines: this.kept.map((one) => ({ ...one })), ...whole, ...scatter, frame };
  }

  /**
   * Do what a key of the velocities says.
   * @param {string} id
   * @param {(rv: number) => void} set sets a velocity
   * @param {(text: string) => void} announce
   * @returns {boolean} whether it was such a key
   */
  act(id, set, announce) {
    if (id === "rv-part") announce(`mirrored: ${this.nextPart()}`);
    else if (id === "rv-take") {
      const found = this.take();
      if (found !== null) set(found);
      announce(found === null ? "No velocity is suggested: no line stands out of the noise." : `${signed(found)} km/s`);
    } else if (id === "rv-keep") {
      const one = this.keep();
      const said = one === null ? "" : `${one.line}: ${withError(one.rv, one.error)} kept`;
      announce(said || "No velocity: the spectrum does not hold the line.");
    } else if (id === "rv-drop") announce(this.drop() ? "dropped" : "no velocity of this line is kept");
    else return false;
    return true;
  }
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 100) / 100;
}

/**
 * @param {number} rv
 * @param {number | null} error
 * @returns {string}
 */
function withError(rv, error) {
  return `${signed(rv)}${error === null ? "" : ` ± ${error < 9.95 ? error.toFixed(1) : error.toFixed(0)}`} km/s`;
}
