// @ts-check
/** One spectrum, looked at without the queue: what the network sees, the line in full resolution, and the whole spectrum. */

import { addressOf } from "../api.js";
import { curveSummary, drawCurve } from "../curve.js";
import { h } from "../dom.js";
import { decodeSpectrum } from "../pure/spectrum.js";

const HALF_WINDOW = 60;
const KEPT = 80;

/** Drawings of one spectrum at a time; fetched ones are kept, so that going back and forth costs nothing. */
export class Look {
  /** @type {Map<string, Promise<import("../pure/spectrum.js").Spectrum>>} */ #fetched = new Map();
  /** @type {import("../pure/spectrum.js").Spectrum | null} */ #now = null;
  #wanted = "";
  #draw = () => this.#paint();

  /**
   * @param {import("../api.js").Api} api
   * @param {{label: string, wave: number}[]} lines
   * @param {number} restWave of the line that is looked at
   */
  constructor(api, lines, restWave) {
    this.api = api;
    // The line itself first: its name is written before those of its neighbors.
    this.lines = lines.toSorted((one, other) => Math.abs(one.wave - restWave) - Math.abs(other.wave - restWave));
    this.restWave = restWave;
    this.seen = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": "What the network sees, to come" }));
    this.line = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": "The line, on its way" }));
    this.whole = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": "The whole spectrum, on its way" }));
    this.caption = h("figcaption", {}, "the line in full resolution");
    this.element = h(
      "div",
      { class: "look" },
      h("figure", {}, h("figcaption", {}, "what the network sees"), this.seen),
      h("figure", {}, this.caption, this.line),
      h("figure", { class: "wide" }, h("figcaption", {}, "the whole spectrum"), this.whole),
    );
    document.addEventListener("themechange", this.#draw);
    addEventListener("resize", this.#draw);
  }

  /** Stop listening. */
  close() {
    document.removeEventListener("themechange", this.#draw);
    removeEventListener("resize", this.#draw);
  }

  /**
   * Fetch a spectrum, for it may be shown next.
   * @param {string} id
   */
  fetch(id) {
    let promise = this.#fetched.get(id);
    if (promise === undefined) {
      promise = this.api.binary(addressOf("spectra", id)).then(decodeSpectrum);
      promise.catch(() => this.#fetched.delete(id));
      this.#fetched.set(id, promise);
      if (this.#fetched.size > KEPT) this.#fetched.delete(/** @type {string} */ (this.#fetched.keys().next().value));
    }
    return promise;
  }

  /**
   * Draw a spectrum.
   * @param {string} id
   * @returns {Promise<boolean>} whether it is on the screen; false if another one was asked for meanwhile
   */
  async show(id) {
    this.#wanted = id;
    const spectrum = await this.fetch(id);
    if (this.#wanted !== id) return false;
    this.#now = spectrum;
    this.#paint();
    return true;
  }

  /** Show nothing. */
  clear() {
    this.#wanted = "";
    this.#now = null;
    for (const canvas of [this.seen, this.line, this.whole]) canvas.width = canvas.clientWidth;
  }

  #paint() {
    const spectrum = this.#now;
    if (spectrum === null) return;
    const { grid, features, wave, flux, head } = spectrum;
    const marks = this.lines;
    drawCurve(this.seen, { wave: grid, flux: features, marks });
    const [from, to] = [this.restWave - HALF_WINDOW, this.restWave + HALF_WINDOW];
    const isThere = wave.length > 1 && wave[0] < this.restWave && wave[wave.length - 1] > this.restWave;
    this.caption.textContent = isThere ? "the line in full resolution" : (head.problem ?? "the file does not hold the line");
    this.caption.classList.toggle("warn", !isThere);
    if (isThere) drawCurve(this.line, { wave, flux, from, to, marks });
    else this.line.width = this.line.clientWidth;
    if (wave.length > 1) drawCurve(this.whole, { wave, flux, marks });
    else this.whole.width = this.whole.clientWidth;
    const whole = wave.length > 1 ? `The whole spectrum: ${curveSummary(wave, flux)}.` : "Nothing in full resolution.";
    this.whole.setAttribute("aria-label", whole);
    this.seen.setAttribute("aria-label", `What the network sees: ${curveSummary(grid, features)}.`);
    const near = isThere ? within(wave, flux, from, to) : null;
    this.line.setAttribute(
      "aria-label",
      near === null ? "Nothing in full resolution." : `The line: ${curveSummary(near.wave, near.flux)}.`,
    );
  }
}

/**
 * @param {Float32Array} wave
 * @param {Float32Array} flux
 * @param {number} from
 * @param {number} to
 */
function within(wave, flux, from, to) {
  return {
    wave: wave.filter((at) => at >= from && at <= to),
    flux: flux.filter((_, place) => wave[place] >= from && wave[place] <= to),
  };
}
