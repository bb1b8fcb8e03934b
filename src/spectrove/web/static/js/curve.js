// @ts-check
/** A spectrum drawn on a canvas with an axis of wavelengths, for the views beside the queue. */

import { robustRange } from "./pure/range.js";

const ROOM = 18;
const TICKS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000];

/**
 * @typedef {{
 *   wave: ArrayLike<number>, flux: ArrayLike<number | null>, from?: number, to?: number, marks?: {label: string, wave: number}[],
 *   axis?: boolean,
 * }} Curve
 */

/**
 * Draw a spectrum between two wavelengths, on a flux range that holds its lines.
 * @param {HTMLCanvasElement} canvas as large as its style says
 * @param {Curve} curve
 */
export function drawCurve(canvas, { wave, flux, from = wave[0], to = wave[wave.length - 1], marks = [], axis = true }) {
  const context = prepared(canvas);
  if (context === null) return;
  const { clientWidth: width, clientHeight } = canvas;
  const height = clientHeight - (axis ? ROOM : 0);
  const style = getComputedStyle(canvas);
  const x = (/** @type {number} */ at) => ((at - from) / (to - from)) * width;
  context.font = `11px ${style.fontFamily}`;
  if (axis) drawAxis(context, style, { from, to, x, width, height });
  drawMarks(
    context,
    style,
    marks.filter((mark) => mark.wave > from && mark.wave < to),
    x,
    height,
  );
  const kept = indices(wave, from, to);
  const values = Float32Array.from(kept, (place) => flux[place] ?? NaN);
  const [low, high] = robustRange(
    values,
    { from, to },
    Float32Array.from(kept, (place) => wave[place]),
  );
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  context.strokeStyle = style.color;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.beginPath();
  let isDown = false;
  values.forEach((value, number) => {
    const isThere = Number.isFinite(value);
    const at = /** @type {[number, number]} */ ([
      x(wave[kept[number]]),
      height - 2 - ((value - low) / (high - low)) * (height - 4),
    ]);
    if (isThere && isDown) context.lineTo(...at);
    else if (isThere) context.moveTo(...at);
    isDown = isThere;
  });
  context.stroke();
}

/**
 * Empty a canvas and fit it to the screen's pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D | null}
 */
function prepared(canvas) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const context = canvas.getContext("2d");
  context?.scale(ratio, ratio);
  return context;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {CSSStyleDeclaration} style
 * @param {{from: number, to: number, x: (at: number) => number, width: number, height: number}} frame
 */
function drawAxis(context, style, { from, to, x, width, height }) {
  const step = TICKS.find((one) => (to - from) / one <= width / 70) ?? TICKS[TICKS.length - 1];
  context.fillStyle = style.getPropertyValue("--muted");
  context.strokeStyle = style.getPropertyValue("--rule");
  context.textAlign = "center";
  context.beginPath();
  context.moveTo(0, height + 0.5);
  context.lineTo(width, height + 0.5);
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    context.moveTo(Math.round(x(at)) + 0.5, height);
    context.lineTo(Math.round(x(at)) + 0.5, height + 4);
    if (x(at) > 16 && x(at) < width - 16) context.fillText(String(at), x(at), height + 15);
  }
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {CSSStyleDeclaration} style
 * @param {{label: string, wave: number}[]} marks
 * @param {(at: number) => number} x
 * @param {number} height
 */
function drawMarks(context, style, marks, x, height) {
  context.save();
  context.strokeStyle = style.getPropertyValue("--muted");
  context.fillStyle = style.getPropertyValue("--muted");
  context.setLineDash([2, 3]);
  context.textAlign = "left";
  /** @type {[number, number][]} */
  const taken = [];
  for (const { label, wave } of marks) {
    context.beginPath();
    context.moveTo(Math.round(x(wave)) + 0.5, 0);
    context.lineTo(Math.round(x(wave)) + 0.5, height);
    context.stroke();
    const [left, right] = [x(wave), x(wave) + context.measureText(label).width + 8];
    // Of names that would lie on each other the first is written.
    if (taken.some(([from, to]) => left < to && right > from)) continue;
    taken.push([left, right]);
    context.fillText(label, left + 4, 10);
  }
  context.restore();
}

/**
 * @param {ArrayLike<number>} wave
 * @param {number} from
 * @param {number} to
 * @returns {number[]}
 */
function indices(wave, from, to) {
  const kept = [];
  for (let place = 0; place < wave.length; place++) if (wave[place] >= from && wave[place] <= to) kept.push(place);
  return kept;
}

/**
 * Return what a curve shows in words, for who does not see it.
 * @param {ArrayLike<number>} wave
 * @param {ArrayLike<number | null>} flux
 * @returns {string}
 */
export function curveSummary(wave, flux) {
  let best = -1;
  const seen = [];
  for (let place = 0; place < wave.length; place++) {
    const value = flux[place];
    if (value === null || !Number.isFinite(value)) continue;
    seen.push(value);
    if (best < 0 || value > /** @type {number} */ (flux[best])) best = place;
  }
  if (best < 0) return "no data";
  seen.sort((one, other) => one - other);
  const [low, middle, high] = [seen[0], seen[seen.length >> 1], seen[seen.length - 1]];
  const share = (high - middle) / (high - low || 1);
  const below = share < 0.25 ? "absorption below the continuum" : "neither clear emission nor absorption";
  const word = share > 0.6 ? "emission stands above the continuum" : below;
  return `highest at ${wave[best].toFixed(0)} Å; ${word}`;
}
