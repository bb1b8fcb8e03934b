// @ts-check
/** A spectrum made ready to be drawn, before it is asked for: what a key press costs is then the drawing alone. */

import { rebin } from "./pure/bin.js";
import { robustRange } from "./pure/range.js";
import { gaussianSmooth } from "./pure/smooth.js";
import { decodeSpectrum } from "./pure/spectrum.js";

/**
 * `raw` and `smooth` have null where there is no flux; `smooth` is null where nothing is smoothed. `bad` are the untrusted runs
 * of wavelengths. `fromPool` says that the survey's file could not be read and the network's points stand in.
 * @typedef {{
 *   id: string, spectrum: import("./pure/spectrum.js").Spectrum, fromPool: boolean, wave: Float32Array, flux: Float32Array,
 *   ivar: Float32Array | null, raw: (number | null)[], smooth: (number | null)[] | null, smoothing: number,
 *   bad: [number, number][], nBad: number, range: [number, number], binned?: {n: number, shown: Prepared},
 * }} Prepared
 */

/**
 * @param {string} id
 * @param {ArrayBuffer} buffer
 * @param {number} smoothing
 * @returns {Prepared}
 */
export function prepare(id, buffer, smoothing) {
  const spectrum = decodeSpectrum(buffer);
  const fromPool = spectrum.wave.length === 0;
  const wave = fromPool ? spectrum.grid : spectrum.wave;
  const flux = fromPool ? spectrum.features : spectrum.flux;
  const ivar = fromPool ? null : spectrum.ivar;
  const { bad, nBad } = fromPool ? { bad: [], nBad: 0 } : badRuns(wave, flux, ivar, spectrum.mask);
  /** @type {Prepared} */
  const prepared = {
    id,
    spectrum,
    fromPool,
    wave,
    flux,
    ivar,
    raw: gapped(flux),
    smooth: null,
    smoothing: 0,
    bad,
    nBad,
    range: robustRange(trusted(flux, ivar)),
  };
  smoothen(prepared, smoothing);
  return prepared;
}

/**
 * @param {Prepared} prepared changed in place
 * @param {number} smoothing
 */
export function smoothen(prepared, smoothing) {
  if (prepared.smoothing === smoothing) return;
  prepared.smoothing = smoothing;
  prepared.smooth = smoothing > 0 ? gapped(gaussianSmooth(prepared.flux, prepared.ivar, smoothing)) : null;
}

/**
 * Return a spectrum with pixels taken together, to be drawn; nothing is measured in it, and what is not trusted stays marked.
 * @param {Prepared} prepared keeps what was made last
 * @param {number} n
 * @returns {Prepared} itself where single pixels are shown, or only the network's points are there
 */
export function binned(prepared, n) {
  if (n <= 1 || prepared.fromPool) return prepared;
  if (prepared.binned?.n !== n) {
    const { flux, ivar, wave } = rebin(prepared.wave, prepared.flux, prepared.ivar, n);
    const shown = { ...prepared, wave: Float32Array.from(wave), flux, ivar, raw: gapped(flux), smooth: null, smoothing: 0 };
    prepared.binned = { n, shown: { ...shown, range: robustRange(trusted(flux, ivar)), binned: undefined } };
  }
  return prepared.binned.shown;
}

/**
 * Return the first index whose wavelength is at least `wanted`.
 * @param {ArrayLike<number>} wave increasing
 * @param {number} wanted
 * @returns {number}
 */
export function indexOf(wave, wanted) {
  let low = 0;
  let high = wave.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (wave[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Return the flux with untrusted pixels left out, unless none is trusted.
 * @param {Float32Array} flux
 * @param {Float32Array | null} ivar
 * @returns {Float32Array}
 */
export function trusted(flux, ivar) {
  if (ivar === null || !ivar.some((value) => value > 0)) return flux;
  return flux.map((value, i) => (ivar[i] > 0 ? value : NaN));
}

/** Å about a line in which untrusted pixels may be its peak … */
const NEAR = 15;
/** … if so many follow one another: fewer are a cosmic ray. */
const RUN = 3;

/**
 * Return the flux with untrusted pixels left out, but for runs of them on a line: LAMOST's first release trusts no pixel of the
 * very peak of a strong Hα.
 * @param {ArrayLike<number>} wave
 * @param {Float32Array} flux
 * @param {Float32Array | null} ivar
 * @param {readonly number[]} lines
 * @returns {Float32Array}
 */
export function believed(wave, flux, ivar, lines) {
  const result = trusted(flux, ivar).slice();
  let start = 0;
  for (let i = 0; i <= flux.length; i++) {
    const isRun = i < flux.length && Number.isNaN(result[i]) && Number.isFinite(flux[i]) && flux[i] !== 0;
    if (isRun) continue;
    const isLine = i - start >= RUN && lines.some((line) => wave[start] < line + NEAR && wave[i - 1] > line - NEAR);
    for (let j = start; isLine && j < i; j++) if (Math.abs(nearest(lines, wave[j]) - wave[j]) < NEAR) result[j] = flux[j];
    start = i + 1;
  }
  return result;
}

/**
 * @param {readonly number[]} lines
 * @param {number} wave
 */
function nearest(lines, wave) {
  return lines.reduce((best, one) => (Math.abs(one - wave) < Math.abs(best - wave) ? one : best), Infinity);
}

/**
 * @param {Float32Array} flux
 * @returns {(number | null)[]}
 */
function gapped(flux) {
  return Array.from(flux, (value) => (Number.isFinite(value) ? value : null));
}

/**
 * @param {Float32Array} wave
 * @param {Float32Array} flux
 * @param {Float32Array | null} ivar
 * @param {Uint8Array | null} mask
 * @returns {{bad: [number, number][], nBad: number}}
 */
function badRuns(wave, flux, ivar, mask) {
  /** @type {[number, number][]} */
  const bad = [];
  let nBad = 0;
  let start = -1;
  for (let i = 0; i <= flux.length; i++) {
    const isBad =
      i < flux.length && (!Number.isFinite(flux[i]) || (ivar !== null && !(ivar[i] > 0)) || (mask !== null && mask[i] !== 0));
    if (isBad) nBad += 1;
    if (isBad && start < 0) start = i;
    if (!isBad && start >= 0) {
      const left = start > 0 ? (wave[start - 1] + wave[start]) / 2 : wave[start];
      const right = i < wave.length ? (wave[i - 1] + wave[i]) / 2 : wave[i - 1];
      bad.push([left, right]);
      start = -1;
    }
  }
  return { bad, nBad };
}
