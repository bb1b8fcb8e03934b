// @ts-check
/** Numbers of one line, as they are read off a plot. They help the eye and screen readers; no catalog is made from them. */

import { isSpike, percentile, sortedFinite } from "./range.js";
import { gaussianSmooth } from "./smooth.js";
import { toVelocity } from "./velocity.js";

/** Half the width of the window that the line is measured in, in Å. */
const HALF_WINDOW = 25;
/** The side bands of the continuum, in Å from the line's rest wavelength on both sides. */
const BANDS = /** @type {[number, number]} */ ([25, 60]);
/** Fewer pixels in all side bands tell no continuum. */
const FEWEST = 5;
/** Without a pixel for so many Å, what is between them cannot be integrated. */
const LONGEST_GAP = 5;
/** Peaks are sought in the profile smoothed by a Gaussian of so many pixels … */
const SIGMA = 1;
/** … which lowers white noise by this factor: the root of the sum of the squares of its weights, 1/(2 √π σ). */
const LOWERED = 1 / Math.sqrt(2 * Math.sqrt(Math.PI) * SIGMA);
/** A peak must rise above the valleys beside it by so many standard deviations of the noise … */
const SIGNIFICANCE = 3;
/** … and by this share of the highest peak over the continuum. */
const SHARE = 0.05;
/** By how much the error of a median is larger than that of a mean, the root of π/2. */
const OF_MEDIAN = Math.sqrt(Math.PI / 2);
/** Error of a continuum that no exposure time removes, as a share of it; as `spectrove.measure.MeasureConfig` has it. */
const CONTINUUM_FLOOR = 0.004;
/** A pixel that stands alone and so many standard deviations above the continuum is a cosmic ray, no peak. */
const SPIKE_SIGNIFICANCE = 5;

/**
 * The numbers of a line. `peakOverContinuum` is the highest flux in the window over the continuum there; `equivalentWidth` in Å,
 * emission negative; `snr` the signal over the noise of one pixel in the side bands; `peaks` the wavelengths of up to two
 * emission peaks, in Å; `separation`, km/s; `vOverR` the height of the violet peak above the continuum over the red one's.
 * `null` where something cannot be measured.
 * @typedef {{
 *   continuum: number | null, peakOverContinuum: number | null, equivalentWidth: number | null, snr: number | null,
 *   peaks: number[], separation: number | null, vOverR: number | null,
 * }} Measures
 */

/** @type {Measures} */
const NOTHING = {
  continuum: null,
  peakOverContinuum: null,
  equivalentWidth: null,
  snr: null,
  peaks: [],
  separation: null,
  vOverR: null,
};

/** @typedef {{wave: Float64Array, flux: Float64Array, ivar: Float64Array | null}} Piece */
/** @typedef {{wave: number, height: number}} Peak */

/**
 * Measure a line against the straight line through the medians of the side bands on both sides of it.
 * @param {ArrayLike<number>} wave increasing, in Å
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar
 * @param {number} restWave where the line stands, in Å, shifted by the radial velocity already
 * @param {{halfWindow?: number, bands?: [number, number]}} [options]
 * @returns {Measures}
 */
export function measureLine(wave, flux, ivar, restWave, { halfWindow = HALF_WINDOW, bands = BANDS } = {}) {
  const [near, far] = bands;
  const violet = piece(wave, flux, ivar, restWave - far, restWave - near);
  const red = piece(wave, flux, ivar, restWave + near, restWave + far);
  const line = piece(wave, flux, ivar, restWave - halfWindow, restWave + halfWindow);
  const continuum = continuumOf(violet, red);
  if (continuum === null) return { ...NOTHING };
  const level = continuum(restWave);
  const noise = noiseOf(violet, red);
  const snr = noise === null ? null : level / noise;
  // Over a continuum that is zero or less, nothing can be said.
  if (!(level > 0) || line.wave.length === 0) return { ...NOTHING, continuum: level, snr };
  const relative = line.flux.map((value, i) => value / continuum(line.wave[i]));
  const peaks = peaksOf(line.wave, relative, (noise ?? 0) / level);
  const [first, second] = peaks;
  return {
    continuum: level,
    peakOverContinuum: highest(relative),
    equivalentWidth: widthOf(line.wave, relative),
    snr,
    peaks: peaks.map((peak) => peak.wave),
    separation: second ? toVelocity(second.wave, restWave) - toVelocity(first.wave, restWave) : null,
    vOverR: second ? first.height / second.height : null,
  };
}

/**
 * Return the profile of a line over its continuum, with the noise of each pixel; null where there is no continuum to divide by. A
 * brighter pixel has the noise of more photons; pixels that the survey does not trust are kept, as some distrust the very peaks.
 * @param {ArrayLike<number>} wave increasing, in Å
 * @param {ArrayLike<number>} flux NaN or 0 where there is none
 * @param {ArrayLike<number> | null} ivar
 * @param {number} restWave
 * @param {{halfWindow?: number, bands?: [number, number]}} [options]
 * @returns {{wave: Float64Array, relative: Float64Array, noise: Float64Array, levelError: number} | null}
 */
export function profileOf(wave, flux, ivar, restWave, { halfWindow = HALF_WINDOW, bands = BANDS } = {}) {
  const [near, far] = bands;
  const there = Float64Array.from(flux, (value) => (value === 0 ? NaN : value));
  const violet = piece(wave, there, ivar, restWave - far, restWave - near);
  const red = piece(wave, there, ivar, restWave + near, restWave + far);
  const line = piece(wave, there, null, restWave - halfWindow, restWave + halfWindow);
  const continuum = continuumOf(violet, red);
  const noise = noiseOf(violet, red);
  if (continuum === null || noise === null || line.wave.length === 0 || !(continuum(restWave) > 0)) return null;
  const relative = line.flux.map((value, i) => value / continuum(line.wave[i]));
  const level = continuum(restWave);
  return {
    wave: line.wave,
    relative,
    noise: relative.map((value) => (noise / level) * Math.sqrt(Math.max(1, value))),
    levelError: Math.hypot(CONTINUUM_FLOOR, (OF_MEDIAN * noise) / level / Math.sqrt(violet.flux.length + red.flux.length)),
  };
}

/**
 * Return one sentence that tells what the plot shows.
 * @param {Measures} measures
 * @param {Record<string, any>} facts the head's; `designation` or `spectrum_id` names the object
 * @param {string} [line] the name of the line
 * @returns {string}
 */
export function summary(measures, facts, line = "Hα") {
  const name = facts.designation || facts.spectrum_id || "This spectrum";
  if (measures.continuum === null) return `${name}: nothing could be measured at ${line}.`;
  const said = [];
  if (measures.peakOverContinuum !== null) said.push(`peak ${measures.peakOverContinuum.toFixed(2)} times the continuum`);
  if (measures.equivalentWidth !== null) said.push(`equivalent width ${signed(measures.equivalentWidth, 1)} Å`);
  if (measures.separation !== null) said.push(`two peaks ${measures.separation.toFixed(0)} km/s apart`);
  if (measures.vOverR !== null) said.push(`V/R ${measures.vOverR.toFixed(2)}`);
  if (measures.peaks.length === 1) said.push(`one peak at ${measures.peaks[0].toFixed(1)} Å`);
  if (measures.snr !== null) said.push(`signal-to-noise ratio ${signed(measures.snr, 0)} a pixel`);
  if (measures.peakOverContinuum === null) said.push("no flux to compare the line with");
  return `${name}: ${line} ${said.join(", ")}.`;
}

/**
 * @param {number} value
 * @param {number} digits
 * @returns {string}
 */
function signed(value, digits) {
  return value.toFixed(digits).replace(/^-/, "−").replace(/^−(0(?:\.0+)?)$/, "$1");
}

/**
 * Return the pixels with finite flux between two wavelengths, both included.
 * @param {ArrayLike<number>} wave
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar
 * @param {number} from
 * @param {number} to
 * @returns {Piece}
 */
function piece(wave, flux, ivar, from, to) {
  const kept = [];
  for (let i = 0; i < wave.length; i++) {
    if (wave[i] >= from && wave[i] <= to && Number.isFinite(flux[i])) kept.push(i);
  }
  return {
    wave: Float64Array.from(kept, (i) => wave[i]),
    flux: Float64Array.from(kept, (i) => flux[i]),
    ivar: ivar === null ? null : Float64Array.from(kept, (i) => ivar[i]),
  };
}

/**
 * Return the continuum as a function of wavelength: level where there is one side band only, null where there is none.
 * @param {Piece} violet
 * @param {Piece} red
 * @returns {((wave: number) => number) | null}
 */
function continuumOf(violet, red) {
  if (violet.flux.length + red.flux.length < FEWEST) return null;
  const [left, right] = [violet, red].map(({ wave, flux }) => ({ wave: median(wave), flux: median(flux) }));
  if (violet.flux.length === 0) return () => right.flux;
  if (red.flux.length === 0) return () => left.flux;
  const slope = (right.flux - left.flux) / (right.wave - left.wave);
  return (wave) => left.flux + slope * (wave - left.wave);
}

/**
 * Return the standard deviation of a pixel in the side bands: the survey's own if it trusts any, else from the scatter.
 * @param {Piece} violet
 * @param {Piece} red
 * @returns {number | null}
 */
function noiseOf(violet, red) {
  const trusted = [violet, red].flatMap(({ ivar }) => [...(ivar ?? [])].filter((value) => value > 0 && Number.isFinite(value)));
  if (trusted.length > 0) return 1 / Math.sqrt(median(Float64Array.from(trusted)));
  // Stoehr et al. 2008, ASPC 394, 505 (DER_SNR): third differences see noise, not the slope of the continuum.
  const differences = [violet, red].flatMap(({ flux }) =>
    Array.from(flux.subarray(4), (last, i) => Math.abs(2 * flux[i + 2] - flux[i] - last)),
  );
  const noise = differences.length > 0 ? (1.482602 / Math.sqrt(6)) * median(Float64Array.from(differences)) : 0;
  return noise > 0 ? noise : null;
}

/**
 * @param {Float64Array} values finite
 * @returns {number}
 */
function median(values) {
  return percentile(sortedFinite(values), 50);
}

/**
 * Return the highest flux over the continuum that is no cosmic ray.
 * @param {Float64Array} relative
 * @returns {number | null}
 */
function highest(relative) {
  const values = relative.filter((value, i) => value <= 1 || !isSpike(relative, i, 1));
  return values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b));
}

/**
 * Return the equivalent width by the trapezoidal rule, in Å.
 * @param {Float64Array} wave
 * @param {Float64Array} relative
 * @returns {number | null}
 */
function widthOf(wave, relative) {
  let width = 0;
  for (let i = 1; i < wave.length; i++) {
    const step = wave[i] - wave[i - 1];
    if (step > LONGEST_GAP) return null;
    width += step * (1 - (relative[i] + relative[i - 1]) / 2);
  }
  return wave.length < 2 ? null : width;
}

/**
 * Return the two highest peaks above the continuum that stand out of the noise, by wavelength; fewer where there are fewer.
 * @param {Float64Array} wave
 * @param {Float64Array} relative
 * @param {number} noise of one pixel, over the continuum
 * @returns {Peak[]}
 */
function peaksOf(wave, relative, noise) {
  const trusted = relative.map((value, i) => Number(value <= 1 + SPIKE_SIGNIFICANCE * noise || !isSpike(relative, i, 1)));
  const smooth = gaussianSmooth(relative, trusted, SIGMA);
  const top = smooth.reduce((a, b) => Math.max(a, b), -Infinity) - 1;
  const rise = Math.max(SIGNIFICANCE * LOWERED * noise, SHARE * top);
  const found = [];
  for (let i = 1; i + 1 < smooth.length; i++) {
    const isTop = smooth[i] > 1 && smooth[i] > smooth[i - 1] && smooth[i] >= smooth[i + 1];
    if (isTop && prominence(smooth, i) >= rise) found.push(vertex(wave, smooth, i));
  }
  return found
    .toSorted((a, b) => b.height - a.height)
    .slice(0, 2)
    .toSorted((a, b) => a.wave - b.wave);
}

/**
 * Return how far a peak rises above the higher of the valleys that divide it from higher peaks or the ends.
 * @param {Float32Array} values
 * @param {number} peak
 * @returns {number}
 */
function prominence(values, peak) {
  const valley = (/** @type {1 | -1} */ step) => {
    let lowest = values[peak];
    for (let i = peak + step; i >= 0 && i < values.length && values[i] <= values[peak]; i += step) {
      lowest = Math.min(lowest, values[i]);
    }
    return lowest;
  };
  return values[peak] - Math.max(valley(-1), valley(1));
}

/**
 * Return the vertex of the parabola through a peak and its neighbors, its height above the continuum.
 * @param {Float64Array} wave
 * @param {Float32Array} values
 * @param {number} i
 * @returns {Peak}
 */
function vertex(wave, values, i) {
  const [left, right] = [wave[i - 1] - wave[i], wave[i + 1] - wave[i]];
  const [fall, drop] = [(values[i - 1] - values[i]) / left, (values[i + 1] - values[i]) / right];
  const bend = (drop - fall) / (right - left);
  const slope = fall - bend * left;
  const offset = bend < 0 ? -slope / (2 * bend) : 0;
  return { wave: wave[i] + offset, height: values[i] + (slope + bend * offset) * offset - 1 };
}
