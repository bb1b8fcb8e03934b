// @ts-check
/**
 * One plot of a spectrum. It is made once and given new data; what moves with the radial velocity (line list, mirrored profile)
 * is on a canvas of its own above, so that the slider draws no spectrum again.
 */

import uPlot from "../vendor/uPlot.esm.js";
import { believed, indexOf } from "./prepare.js";
import { mirrored } from "./pure/mirror.js";
import { robustRange } from "./pure/range.js";
import { shifted, toVelocity, toWave } from "./pure/velocity.js";
import { ticks, writtenAll } from "./ticks.js";

const FONT = "11px system-ui, sans-serif";
/** One plot, and its canvas above. */
export class Panel {
  /** @type {[number, number]} */ x = [0, 1];
  /** @type {[number, number]} */ y = [0, 1];
  /** @type {import("./prepare.js").Prepared | null} */ prepared = null;

  /**
   * @param {HTMLElement} host
   * @param {import("./plot.js").SpectrumPlots} plots
   * @param {boolean} isLine
   */
  constructor(host, plots, isLine) {
    this.host = host;
    this.plots = plots;
    this.isLine = isLine;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "above";
    this.uplot = new uPlot(
      this.#options(),
      [
        [0, 1],
        [null, null],
        [null, null],
      ],
      host,
    );
    this.uplot.over.append(this.canvas);
    // A name and a summary are on the figure; the canvas itself tells nothing.
    this.uplot.root.setAttribute("aria-hidden", "true");
  }

  /** @returns {uPlot.Options} */
  #options() {
    const color = (/** @type {string} */ name) => () => this.plots.colors[name];
    const axis = {
      stroke: color("axis"),
      font: FONT,
      labelFont: FONT,
      grid: { stroke: color("grid"), width: 1 },
      ticks: { stroke: color("grid"), width: 1, size: 4 },
      gap: 3,
    };
    const vertical = {
      ...axis,
      size: 54,
      label: "flux",
      labelSize: 15,
      splits: this.#splits("y"),
      values: (/** @type {uPlot} */ _, /** @type {number[]} */ s) => writtenAll(s),
    };
    const named = this.isLine ? { label: " ", labelSize: 15 } : {};
    const below = { ...axis, ...named, size: 24, splits: this.#splits("below"), values: this.#values("below") };
    const above = {
      ...axis,
      scale: "x",
      side: /** @type {0} */ (0),
      size: 24,
      label: " ",
      labelSize: 15,
      grid: { show: false },
      splits: this.#splits("above"),
      values: this.#values("above"),
    };
    return {
      width: Math.max(this.host.clientWidth, 200),
      height: Math.max(this.host.clientHeight, 80),
      padding: [this.isLine ? 0 : 6, 10, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: () => this.x }, y: { range: () => this.y } },
      cursor: {
        y: false,
        drag: { x: true, y: false, dist: 8 },
        sync: { key: "spectrove", scales: ["x", null] },
        points: { show: false },
      },
      axes: this.isLine ? [below, vertical, above] : [below, vertical],
      series: [
        {},
        { stroke: color("raw"), width: 1, points: { show: false }, spanGaps: false },
        { stroke: color("flux"), width: 1.25, points: { show: false }, spanGaps: false },
      ],
      hooks: {
        drawAxes: [() => this.#drawBelow()],
        draw: [() => this.drawAbove()],
        setSize: [() => this.drawAbove()],
        setCursor: this.isLine
          ? []
          : [
              (u) =>
                this.plots.pointed(u.cursor.left !== undefined && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null),
            ],
      },
    };
  }

  /**
   * @param {"below" | "above" | "y"} which
   * @returns {(u: uPlot, axis: number, low: number, high: number) => number[]}
   */
  #splits(which) {
    return (u, _axis, low, high) => {
      if (which === "y") return ticks(low, high, Math.max(2, u.bbox.height / devicePixelRatio / 42));
      const wanted = Math.max(2, u.bbox.width / devicePixelRatio / 95);
      if (!this.#isVelocity(which)) return ticks(low, high, wanted);
      const rest = this.plots.rest;
      return ticks(toVelocity(low, rest), toVelocity(high, rest), wanted).map((v) => toWave(v, rest));
    };
  }

  /**
   * @param {"below" | "above"} which
   * @returns {(u: uPlot, splits: number[]) => string[]}
   */
  #values(which) {
    return (_u, splits) => writtenAll(this.#isVelocity(which) ? splits.map((wave) => toVelocity(wave, this.plots.rest)) : splits);
  }

  /** @param {"below" | "above"} which */
  #isVelocity(which) {
    return this.isLine && (which === "below") === this.plots.view.velocity;
  }

  /** Name the axes anew. */
  nameAxes() {
    const { preset, velocity } = this.plots.view;
    const medium =
      this.prepared?.spectrum.head.medium === "undeclared"
        ? "wavelength (the survey does not say: vacuum or air), Å"
        : "wavelength in vacuum, Å";
    const speed = `velocity against ${preset.label}${preset.wave.length > 1 ? ` (${preset.wave[0].toFixed(1)} Å)` : ""}, km/s`;
    const [below, , above] = this.uplot.axes;
    if (!this.isLine) return;
    below.label = velocity ? speed : medium;
    above.label = velocity ? medium : speed;
  }

  /**
   * @param {import("./prepare.js").Prepared} prepared
   */
  show(prepared) {
    this.prepared = prepared;
    const { wave, raw, smooth } = prepared;
    this.nameAxes();
    if (this.isLine) {
      this.x = this.plots.window();
      const from = Math.max(0, indexOf(wave, this.x[0]) - 1);
      const to = Math.min(wave.length, indexOf(wave, this.x[1]) + 1);
      this.y = this.#roomy(this.#lineRange(prepared, from, to));
      const strong = (smooth ?? raw).slice(from, to);
      this.uplot.setData([wave.subarray(from, to), smooth === null ? empty(to - from) : raw.slice(from, to), strong]);
    } else {
      this.x = wave.length > 1 ? [wave[0], wave[wave.length - 1]] : [0, 1];
      this.y = this.#roomy(prepared.range);
      this.uplot.setData([wave, smooth === null ? empty(wave.length) : raw, smooth ?? raw]);
    }
  }

  /**
   * Leave room for the names of the lines above the spectrum.
   * @param {[number, number]} range
   * @returns {[number, number]}
   */
  #roomy([low, high]) {
    return this.plots.view.lines ? [low, high + (this.isLine ? 0.08 : 0.2) * (high - low)] : [low, high];
  }

  /**
   * @param {import("./prepare.js").Prepared} prepared
   * @param {number} from
   * @param {number} to
   * @returns {[number, number]}
   */
  #lineRange({ wave, flux, ivar }, from, to) {
    if (to - from < 2) return [0, 1];
    const window = { from: this.x[0], to: this.x[1] };
    const waves = wave.subarray(from, to);
    const part = flux.slice(from, to);
    const kept = believed(waves, part, ivar === null ? null : ivar.slice(from, to), this.plots.view.preset.wave);
    return robustRange(kept, window, waves);
  }

  /** Draw what lies under the spectrum: untrusted pixels, sky, the atmosphere, the error band. */
  #drawBelow() {
    const { uplot: u, prepared, plots } = this;
    if (prepared === null) return;
    const { ctx, bbox } = u;
    const low = u.scales.x.min ?? 0;
    const high = u.scales.x.max ?? 1;
    const place = (/** @type {number} */ wave) => u.valToPos(wave, "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    this.#fill(
      prepared.bad.filter(([from, to]) => to >= low && from <= high),
      plots.colors.bad,
      place,
    );
    const bands = plots.lists.tellurics.filter(({ from, to }) => to >= low && from <= high);
    this.#fill(
      bands.map(({ from, to }) => [from, to]),
      plots.colors.telluric,
      place,
    );
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = "bottom";
    ctx.fillStyle = plots.colors.sky;
    const bottom = bbox.top + bbox.height - 2 * devicePixelRatio;
    for (const { from, to } of bands)
      ctx.fillText("⊕", Math.max(place(from), bbox.left) + 2, bottom, place(to) - place(from) + 20);
    this.#drawSky(place, low, high, bottom);
    if (plots.view.errors && prepared.ivar !== null) this.#drawErrors(prepared, low, high);
    ctx.restore();
  }

  /**
   * @param {[number, number][]} runs
   * @param {string} color
   * @param {(wave: number) => number} place
   */
  #fill(runs, color, place) {
    const { ctx, bbox } = this.uplot;
    ctx.fillStyle = color;
    for (const [from, to] of runs) {
      const left = place(from);
      ctx.fillRect(left, bbox.top, Math.max(place(to) - left, devicePixelRatio), bbox.height);
    }
  }

  /**
   * @param {(wave: number) => number} place
   * @param {number} low
   * @param {number} high
   * @param {number} bottom
   */
  #drawSky(place, low, high, bottom) {
    const { ctx, bbox } = this.uplot;
    ctx.strokeStyle = this.plots.colors.sky;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    let said = -Infinity;
    ctx.globalAlpha = 0.6;
    for (const { wave } of this.plots.lists.sky) {
      if (wave < low || wave > high) continue;
      const at = Math.round(place(wave)) + 0.5;
      ctx.moveTo(at, bbox.top + bbox.height * (this.isLine ? 0.45 : 0.75));
      ctx.lineTo(at, bbox.top + bbox.height);
      // Crowded lines share a word.
      if (this.isLine && at > said) ctx.fillText("sky", at + 3, bottom);
      if (at > said) said = at + 48 * devicePixelRatio;
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
  }

  /**
   * Fill flux ± 1σ; by columns of the screen where there are more pixels than columns.
   * @param {import("./prepare.js").Prepared} prepared
   * @param {number} low
   * @param {number} high
   */
  #drawErrors({ wave, flux, ivar }, low, high) {
    if (ivar === null) return;
    const { ctx, bbox, scales } = this.uplot;
    const [yLow, yHigh] = [scales.y.min ?? 0, scales.y.max ?? 1];
    const xScale = bbox.width / (high - low);
    const yScale = bbox.height / (yHigh - yLow);
    const from = Math.max(0, indexOf(wave, low) - 1);
    const to = Math.min(wave.length, indexOf(wave, high) + 1);
    const dense = to - from > 0.5 * bbox.width;
    ctx.fillStyle = this.plots.colors.error;
    /** @type {number[]} */ let columns = [];
    /** @type {number[]} */ let tops = [];
    /** @type {number[]} */ let bottoms = [];
    const flush = () => {
      if (columns.length > 1) {
        ctx.beginPath();
        for (let i = 0; i < columns.length; i++) ctx.lineTo(columns[i], tops[i]);
        for (let i = columns.length - 1; i >= 0; i--) ctx.lineTo(columns[i], bottoms[i]);
        ctx.fill();
      }
      columns = [];
      tops = [];
      bottoms = [];
    };
    const [first, last] = [bbox.top - bbox.height, bbox.top + 2 * bbox.height];
    for (let i = from; i < to; i++) {
      const sigma = ivar[i] > 0 ? 1 / Math.sqrt(ivar[i]) : NaN;
      const middle = bbox.top + (yHigh - flux[i]) * yScale;
      if (!Number.isFinite(middle) || !Number.isFinite(sigma)) {
        flush();
        continue;
      }
      const x = bbox.left + (wave[i] - low) * xScale;
      const top = Math.max(first, middle - sigma * yScale);
      const bottom = Math.min(last, middle + sigma * yScale);
      const n = columns.length;
      if (dense && n > 0 && x - columns[n - 1] < 2) {
        tops[n - 1] = Math.min(tops[n - 1], top);
        bottoms[n - 1] = Math.max(bottoms[n - 1], bottom);
      } else {
        columns.push(x);
        tops.push(top);
        bottoms.push(bottom);
      }
    }
    flush();
  }

  /** Draw what lies above the spectrum and moves with the radial velocity. */
  drawAbove() {
    const { uplot: u, canvas, plots } = this;
    const ratio = devicePixelRatio;
    const width = u.bbox.width / ratio;
    const height = u.bbox.height / ratio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    if (this.prepared === null) return;
    if (!this.isLine) this.#drawWindow(ctx, height);
    if (this.isLine && plots.overlays.length > 0) this.#drawOverlays(ctx);
    if (plots.template !== null) this.#drawTemplate(ctx, plots.template);
    if (this.isLine) this.#drawRest(ctx, height);
    if (plots.view.lines) this.#drawLines(ctx, width);
    if (this.isLine && plots.view.mirror) this.#drawMirror(ctx);
  }

  /**
   * Mark the line window in the whole spectrum.
   * @param {CanvasRenderingContext2D} ctx
   * @param {number} height
   */
  #drawWindow(ctx, height) {
    const [from, to] = this.plots.window().map((wave) => this.uplot.valToPos(wave, "x"));
    ctx.strokeStyle = this.plots.colors.rest;
    ctx.lineWidth = 1;
    ctx.strokeRect(Math.round(from) + 0.5, 0.5, Math.max(3, Math.round(to - from)), height - 1);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {number} height
   */
  #drawRest(ctx, height) {
    ctx.strokeStyle = this.plots.colors.rest;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const wave of this.plots.view.preset.wave) {
      const at = Math.round(this.uplot.valToPos(shifted(wave, this.plots.view.rv), "x")) + 0.5;
      ctx.moveTo(at, 0);
      ctx.lineTo(at, height);
    }
    ctx.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {number} width
   */
  #drawLines(ctx, width) {
    const { lists, view, colors } = this.plots;
    ctx.font = FONT;
    ctx.textBaseline = "top";
    ctx.strokeStyle = colors.line;
    ctx.fillStyle = colors.line;
    ctx.lineWidth = 1;
    // Labels that would lie over one another go to the next row, and are left out below the last.
    const ends = this.isLine ? [-Infinity, -Infinity, -Infinity] : [-Infinity, -Infinity];
    ctx.beginPath();
    for (const { label, wave } of lists.lines) {
      const at = Math.round(this.uplot.valToPos(shifted(wave, view.rv), "x")) + 0.5;
      if (at < 0 || at > width) continue;
      const row = ends.findIndex((end) => at > end + 4);
      const top = row < 0 ? 0 : 2 + 12 * row;
      ctx.moveTo(at, row < 0 ? 0 : top);
      ctx.lineTo(at, row < 0 ? 4 : top + 13);
      if (row < 0) continue;
      const long = ctx.measureText(label).width;
      const flips = at + 3 + long > width;
      ctx.fillText(label, flips ? at - 3 - long : at + 3, top);
      ends[row] = flips ? at : at + 3 + long;
    }
    ctx.stroke();
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #drawMirror(ctx) {
    const [wave, , strong] = this.uplot.data;
    const velocity = toVelocity(/** @type {ArrayLike<number>} */ (wave), this.plots.rest);
    const flux = mirrored(
      velocity,
      Float64Array.from(/** @type {ArrayLike<number | null>} */ (strong), (value) => value ?? NaN),
      this.plots.view.rv,
    );
    ctx.strokeStyle = this.plots.colors.mirror;
    ctx.lineWidth = 1.25;
    ctx.setLineDash([5, 3]);
    this.#trace(ctx, /** @type {ArrayLike<number>} */ (wave), flux);
    ctx.setLineDash([]);
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #drawOverlays(ctx) {
    ctx.strokeStyle = this.plots.colors.exposure;
    ctx.lineWidth = 1;
    for (const { wave, flux } of this.plots.overlays) this.#trace(ctx, wave, flux);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {import("./plot.js").Overlay} template
   */
  #drawTemplate(ctx, { wave, flux }) {
    ctx.strokeStyle = this.plots.colors.template;
    ctx.lineWidth = 2;
    ctx.setLineDash([2, 2]);
    this.#trace(ctx, wave, flux);
    ctx.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {ArrayLike<number>} wave
   * @param {ArrayLike<number>} flux
   */
  #trace(ctx, wave, flux) {
    const u = this.uplot;
    let pen = false;
    ctx.beginPath();
    for (let i = Math.max(0, indexOf(wave, this.x[0]) - 1); i < wave.length && wave[i] <= this.x[1]; i++) {
      if (!Number.isFinite(flux[i])) {
        pen = false;
        continue;
      }
      const [x, y] = [u.valToPos(wave[i], "x"), u.valToPos(flux[i], "y")];
      if (pen) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      pen = true;
    }
    ctx.stroke();
  }

  /** Take the size of the host. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width > 50 && height > 40 && (width !== this.uplot.width || height !== this.uplot.height))
      this.uplot.setSize({ width, height });
  }
}

/** @type {(null)[]} */
let nothing = [];

/**
 * @param {number} n
 * @returns {null[]}
 */
function empty(n) {
  if (nothing.length < n) nothing = new Array(2 * n).fill(null);
  return nothing.slice(0, n);
}
