// @ts-check
/** The two plots, the window of a line and the whole spectrum, and the readout of their common cross-hair. */

import { h } from "./dom.js";
import { Panel } from "./panel.js";
import { indexOf } from "./prepare.js";
import { C, toVelocity } from "./pure/velocity.js";

/**
 * @typedef {{key: string, label: string, wave: number[], half_window: number, bands: [number, number],
 *   velocity_floor: number}} Preset
 * @typedef {{label: string, wave: number}} Line
 * @typedef {{from: number, to: number, label: string}} Band
 * @typedef {{presets: Preset[], lines: Line[], sky: {wave: number}[], tellurics: Band[]}} LineLists
 * @typedef {{
 *   preset: Preset, halfWidth: number, velocity: boolean, mirror: boolean, lines: boolean, errors: boolean, rv: number,
 * }} View
 * @typedef {{wave: ArrayLike<number>, flux: ArrayLike<number>}} Overlay
 * @typedef {Record<string, string>} Colors
 */

const COLORS = "flux raw error bad sky telluric line mirror axis grid rest exposure template".split(" ");

/** Both plots, their readout, and what they are to show. */
export class SpectrumPlots {
  /** @type {Colors} */ colors = {};
  /** @type {Overlay[]} */ overlays = [];
  /** @type {Overlay | null} */ template = null;
  /** @type {import("./prepare.js").Prepared | null} */ prepared = null;

  /**
   * @param {HTMLElement} lineHost
   * @param {HTMLElement} wholeHost
   * @param {HTMLElement} readout
   * @param {LineLists} lists
   * @param {View} view
   */
  constructor(lineHost, wholeHost, readout, lists, view) {
    this.lists = { ...lists, lines: lists.lines.toSorted((a, b) => a.wave - b.wave) };
    this.view = view;
    this.readout = readout;
    this.readColors();
    this.line = new Panel(lineHost, this, true);
    this.whole = new Panel(wholeHost, this, false);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(lineHost);
    this.observer.observe(wholeHost);
  }

  /** The wavelength that velocities are counted from. */
  get rest() {
    return this.view.preset.wave[0];
  }

  /**
   * @returns {[number, number]}
   */
  window() {
    const { preset, halfWidth } = this.view;
    return [Math.min(...preset.wave) - halfWidth, Math.max(...preset.wave) + halfWidth];
  }

  /** @param {import("./prepare.js").Prepared} prepared */
  show(prepared) {
    this.prepared = prepared;
    this.line.show(prepared);
    this.whole.show(prepared);
    this.pointed(null);
  }

  /** Show the same spectrum by another view. */
  again() {
    if (this.prepared !== null) this.show(this.prepared);
  }

  /** Draw only what moves with the radial velocity. */
  moved() {
    this.line.drawAbove();
    this.whole.drawAbove();
  }

  /** Show no spectrum. */
  clear() {
    this.prepared = null;
    this.overlays = [];
    this.template = null;
    for (const panel of [this.line, this.whole]) {
      panel.prepared = null;
      panel.uplot.setData([
        [0, 1],
        [null, null],
        [null, null],
      ]);
    }
  }

  resize() {
    this.line.resize();
    this.whole.resize();
  }

  /** Take the colors of the style sheet. */
  readColors() {
    const style = getComputedStyle(document.documentElement);
    this.colors = Object.fromEntries(COLORS.map((name) => [name, style.getPropertyValue(`--plot-${name}`).trim() || "gray"]));
  }

  /** Draw in the colors of the style sheet as it is now. */
  recolor() {
    this.readColors();
    this.line.uplot.redraw(false);
    this.whole.uplot.redraw(false);
  }

  /**
   * Tell what is under the cross-hair.
   * @param {number | null} wave
   */
  pointed(wave) {
    const prepared = this.prepared;
    if (wave === null || prepared === null || prepared.wave.length === 0) {
      if (this.readout.textContent !== "") this.readout.replaceChildren();
      return;
    }
    const right = Math.min(indexOf(prepared.wave, wave), prepared.wave.length - 1);
    const i = right > 0 && wave - prepared.wave[right - 1] < prepared.wave[right] - wave ? right - 1 : right;
    const at = prepared.wave[i];
    const velocity = toVelocity(at, this.rest);
    const sigma = prepared.ivar !== null && prepared.ivar[i] > 0 ? ` ± ${(1 / Math.sqrt(prepared.ivar[i])).toPrecision(2)}` : "";
    const values = [
      `λ ${at.toFixed(2)} Å`,
      Math.abs(velocity) < C / 10 ? `v ${velocity.toFixed(0).replace("-", "−")} km/s` : "v –",
      `flux ${Number.isFinite(prepared.flux[i]) ? prepared.flux[i].toPrecision(4).replace("-", "−") : "none"}${sigma}`,
    ];
    this.readout.replaceChildren(...values.map((text) => h("span", {}, text)));
  }

  destroy() {
    this.observer.disconnect();
    this.line.uplot.destroy();
    this.whole.uplot.destroy();
  }
}
