// @ts-check
/** What stands beside the plots: the network's points, other exposures, neighboring fibers, sky, measured values, metadata. */

import { h } from "./dom.js";
import { robustRange } from "./pure/range.js";

/**
 * @typedef {{x: ArrayLike<number>, y: ArrayLike<number>, color: string, width?: number}} Curve
 * @typedef {{
 *   curves: Curve[], from?: number, to?: number, marks?: number[], markColor?: string,
 *   bars?: {x: ArrayLike<number>, y: ArrayLike<number>, color: string} | null,
 * }} Chart
 */

/**
 * Draw small curves without axes, on a flux range that holds all of them.
 * @param {HTMLCanvasElement} canvas
 * @param {Chart} chart
 */
export function drawChart(canvas, { curves, from, to, marks = [], bars = null, markColor = "gray" }) {
  const ratio = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const ctx = canvas.getContext("2d");
  const shown = curves.map((curve) => cut(curve, from, to)).filter(({ x }) => x.length > 1);
  if (ctx === null || shown.length === 0) return;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const left = from ?? Math.min(...shown.map(({ x }) => x[0]));
  const right = to ?? Math.max(...shown.map(({ x }) => x[x.length - 1]));
  const ranges = shown.map(({ x, y }) => robustRange(y, { from: left, to: right }, x));
  const low = Math.min(...ranges.map(([one]) => one));
  const high = Math.max(...ranges.map(([, one]) => one));
  const place = (/** @type {number} */ wave) => ((wave - left) / (right - left)) * width;
  ctx.strokeStyle = markColor;
  for (const wave of marks) {
    if (wave < left || wave > right) continue;
    ctx.beginPath();
    ctx.moveTo(Math.round(place(wave)) + 0.5, 0);
    ctx.lineTo(Math.round(place(wave)) + 0.5, height);
    ctx.stroke();
  }
  if (bars !== null) drawBars(ctx, bars, place, width, height);
  for (const { x, y, color, width: pen = 1 } of shown) {
    ctx.strokeStyle = color;
    ctx.lineWidth = pen;
    ctx.beginPath();
    let down = false;
    for (let i = 0; i < x.length; i++) {
      if (!Number.isFinite(y[i])) {
        down = false;
        continue;
      }
      const at = /** @type {[number, number]} */ ([place(x[i]), (1 - (y[i] - low) / (high - low)) * height]);
      if (down) ctx.lineTo(...at);
      else ctx.moveTo(...at);
      down = true;
    }
    ctx.stroke();
  }
}

/**
 * Draw how much each point mattered, from the bottom up.
 * @param {CanvasRenderingContext2D} ctx
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>, color: string}} bars
 * @param {(wave: number) => number} place
 * @param {number} width
 * @param {number} height
 */
function drawBars(ctx, { x, y, color }, place, width, height) {
  const top = Math.max(1e-9, ...Array.from(y, (value) => Math.abs(value)));
  ctx.fillStyle = color;
  const wide = Math.max(1, width / y.length);
  for (let i = 0; i < y.length; i++) {
    const tall = (Math.max(0, y[i]) / top) * height * 0.45;
    ctx.fillRect(place(x[i]) - wide / 2, height - tall, wide, tall);
  }
}

/**
 * @param {Curve} curve
 * @param {number | undefined} from
 * @param {number | undefined} to
 * @returns {Curve}
 */
function cut(curve, from, to) {
  if (from === undefined || to === undefined) return curve;
  const kept = [];
  for (let i = 0; i < curve.x.length; i++) if (curve.x[i] >= from && curve.x[i] <= to) kept.push(i);
  return { ...curve, x: Float64Array.from(kept, (i) => curve.x[i]), y: Float64Array.from(kept, (i) => curve.y[i]) };
}

/**
 * Return the factor that brings one spectrum to the level of another between two wavelengths.
 * @param {{wave: ArrayLike<number>, flux: ArrayLike<number>}} one
 * @param {{wave: ArrayLike<number>, flux: ArrayLike<number>}} other
 * @param {number} from
 * @param {number} to
 * @returns {number}
 */
export function levelRatio(one, other, from, to) {
  const level = (/** @type {{wave: ArrayLike<number>, flux: ArrayLike<number>}} */ { wave, flux }) => {
    const kept = [];
    for (let i = 0; i < wave.length; i++) if (wave[i] >= from && wave[i] <= to && Number.isFinite(flux[i])) kept.push(flux[i]);
    kept.sort((a, b) => a - b);
    return kept.length > 0 ? kept[kept.length >> 1] : NaN;
  };
  const ratio = level(one) / level(other);
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}

/** What each fact is called, in the order in which they stand. */
const NAMES = /** @type {const} */ ([
  ["spectrum_id", "spectrum"],
  ["designation", "object"],
  ["obsid", "obsid"],
  ["ra", "RA, °"],
  ["dec", "Dec, °"],
  ["mjd", "MJD"],
  ["snr", "S/N"],
  ["planid", "plan"],
  ["plate", "plate"],
  ["spid", "spectrograph"],
  ["fiberid", "fiber"],
  ["spectral_class", "class"],
  ["subclass", "subclass"],
  ["survey", "survey"],
  ["release", "release"],
]);

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function writtenFact(value, name) {
  if (typeof value !== "number") return String(value);
  if (name === "ra" || name === "dec") return value.toFixed(6).replace("-", "−");
  return Number.isInteger(value) ? String(value) : value.toFixed(name === "snr" ? 1 : 4);
}

/**
 * @param {Record<string, any>} facts
 * @returns {[string, string, unknown][]} name, value as written, value
 */
export function listedFacts(facts) {
  return NAMES.filter(([name]) => facts[name] !== undefined && facts[name] !== null && facts[name] !== "").map(([name, said]) => [
    said,
    writtenFact(facts[name], name),
    facts[name],
  ]);
}

/**
 * @param {Record<string, any>} facts
 * @returns {string} to be pasted
 */
export function pasted(facts) {
  return listedFacts(facts)
    .map(([name, , value]) => `${name}\t${String(value)}`)
    .join("\n");
}

/**
 * Fill a description list.
 * @param {HTMLElement} list
 * @param {readonly (readonly [string, string, ...unknown[]])[]} rows
 */
export function fillList(list, rows) {
  list.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/**
 * Return measured values as rows.
 * @param {import("./pure/measures.js").Measures} measures
 * @returns {[string, string][]}
 */
export function measuredRows(measures) {
  const number = (/** @type {number | null} */ value, /** @type {number} */ digits, unit = "") =>
    value === null || !Number.isFinite(value) ? "–" : `${value.toFixed(digits).replace("-", "−")}${unit}`;
  return [
    ["peak / continuum", number(measures.peakOverContinuum, 2)],
    ["equivalent width", number(measures.equivalentWidth, 2, " Å")],
    ["S/N a pixel", number(measures.snr, 0)],
    ["peaks", measures.peaks.length === 0 ? "–" : measures.peaks.map((wave) => wave.toFixed(1)).join(", ")],
    ["peak separation", number(measures.separation, 0, " km/s")],
    ["V/R", number(measures.vOverR, 2)],
  ];
}

const LINK_NAMES = /** @type {Record<string, string>} */ ({
  simbad: "SIMBAD",
  vizier: "VizieR",
  aladin: "Aladin Lite",
  survey: "survey's page",
  sdss: "SDSS",
});

/**
 * @param {HTMLElement} host
 * @param {Record<string, string | null>} links
 */
export function fillLinks(host, links) {
  const safe = Object.entries(links).filter(([, url]) => typeof url === "string" && /^https?:\/\//.test(url));
  host.replaceChildren(
    ...safe.map(([name, url]) =>
      h("a", { href: String(url), target: "_blank", rel: "noopener noreferrer" }, LINK_NAMES[name] ?? name),
    ),
  );
}

/**
 * Show the sky about the object, or say why not. Nothing is asked of anybody before this is called.
 * @param {HTMLElement} host
 * @param {{url: string, host: string, note: string} | null} sky
 * @param {string} name
 */
export function showSky(host, sky, name) {
  if (sky === null || !/^https?:\/\//.test(sky.url)) {
    host.replaceChildren(h("p", { class: "note" }, sky?.note || "No position, so no image."));
    return;
  }
  const image = /** @type {HTMLImageElement} */ (
    h("img", {
      alt: `Sky about ${name}; a cross-hair marks the position of the spectrum.`,
      width: "160",
      height: "160",
      referrerpolicy: "no-referrer",
    })
  );
  const note = h("p", { class: "note", role: "status" }, `Asking ${sky.host} …`);
  image.addEventListener("load", () => {
    note.textContent = sky.note || `Image: ${sky.host}`;
  });
  image.addEventListener("error", () => {
    host.replaceChildren(
      h("p", { class: "note", role: "status" }, `No image: ${sky.host} does not answer, or there is no network.`),
    );
  });
  host.replaceChildren(h("div", { class: "sky" }, image, h("span", { class: "cross", "aria-hidden": "true" })), note);
  image.src = sky.url;
}
