// @ts-check
/**
 * Radial velocity by mirroring a profile, as SPLAT-VO does it: `spectrove.measure.mirror` and `.combine`, for the page.
 *
 * The shift at which a profile agrees best with its mirror image about the rest wavelength is twice the displacement of the line.
 */

import { toVelocity } from "./velocity.js";

export const PARTS = /** @type {readonly Part[]} */ (["whole", "wings", "core"]);
/** Share of the peak above which the core begins. */
const HALF = 0.5;
/** Points of the grid in velocity a pixel. */
const OVERSAMPLED = 4;
/** Share of the peak at which a line is taken to end, where the noise does not end it before. */
const EXTENT = 0.05;
/** A line stands so many standard deviations out of the noise. */
const SIGNIFICANCE = 3;
/** Fewer pixels are no line. */
const FEWEST = 5;
const N_DRAWS = 60;

/** @typedef {"whole" | "wings" | "core"} Part */
/**
 * A velocity by mirroring, in km/s in the frame of the wavelengths, its standard error, and the correlation of the profile with
 * its image at most 1.
 * @typedef {{rv: number, error: number, part: Part, agreement: number}} MirrorVelocity
 */

/**
 * Return the velocity at which a profile agrees best with its mirror image, or null where no line stands out of the noise. Its
 * error is the scatter of the same over draws of the noise; the draws are the same for the same profile.
 * @param {ArrayLike<number>} wave in Å
 * @param {Float64Array} relative flux over continuum, finite
 * @param {Float64Array} noise its standard deviation
 * @param {number} restWave in Å
 * @param {Part} part
 * @param {number} [levelError] standard deviation of the continuum, as a share of it
 * @returns {MirrorVelocity | null}
 */
export function mirrorVelocity(wave, relative, noise, restWave, part, levelError = 0) {
  const normal = normals(relative.length);
  const drawn = Array.from({ length: N_DRAWS }, () => {
    const level = 1 + levelError * normal();
    return relative.map((value, i) => (value + noise[i] * normal()) / level);
  });
  return mirrorDraws(wave, [relative, ...drawn], noise, restWave, part);
}

/**
 * Return the velocity of a line with all of its error, as a catalog has it: the noise, what no exposure time removes, and that
 * wings and core disagree beyond their errors.
 * @param {{wave: ArrayLike<number>, relative: Float64Array, noise: Float64Array, levelError?: number}} profile
 * @param {number} restWave
 * @param {Part} part
 * @param {number} floor km/s
 * @returns {MirrorVelocity | null}
 */
export function lineVelocity({ wave, relative, noise, levelError }, restWave, part, floor) {
  const [whole, wings, core] = PARTS.map((one) => mirrorVelocity(wave, relative, noise, restWave, one, levelError));
  if (whole === null || wings === null || core === null) return null;
  const excess = (wings.rv - core.rv) ** 2 - wings.error ** 2 - core.error ** 2;
  const found = { whole, wings, core }[part];
  return { ...found, error: Math.sqrt(found.error ** 2 + floor ** 2 + Math.max(excess, 0)) };
}

/**
 * Return the velocity of a profile, with its error from draws of the same.
 * @param {ArrayLike<number>} wave
 * @param {Float64Array[]} profiles flux over continuum; the measured profile first
 * @param {Float64Array} noise
 * @param {number} restWave
 * @param {Part} part
 * @returns {MirrorVelocity | null}
 */
export function mirrorDraws(wave, profiles, noise, restWave, part) {
  const excess = profiles.map((one) => one.map((value) => value - 1));
  const found = extent(excess[0], noise);
  if (found === null) return null;
  const [first, last] = found;
  const velocity = toVelocity(Array.prototype.slice.call(wave, first, last), restWave);
  const grid = gridOf(velocity);
  const laid = excess.map((one) => onGrid(velocity, one.slice(first, last), grid));
  const half = HALF * laid[0].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const results = laid.map((one) => symmetryOf(partOf(one, part, half), grid));
  const [{ rv, agreement }, ...others] = results;
  return { rv, error: spreadAbout(rv, Float64Array.from(others, (one) => one.rv)), part, agreement };
}

/**
 * Return where a line begins and ends: the first pixel and the one after the last.
 * @param {Float64Array} excess flux over continuum, minus 1
 * @param {Float64Array} noise
 * @returns {[number, number] | null} null if the line is within the noise, or too narrow
 */
export function extent(excess, noise) {
  let extreme = 0;
  for (let i = 1; i < excess.length; i++) if (Math.abs(excess[i]) > Math.abs(excess[extreme])) extreme = i;
  const high = Math.abs(excess[extreme]);
  if (!(high > SIGNIFICANCE * noise[extreme])) return null;
  const isQuiet = (/** @type {number} */ i) => Math.abs(excess[i]) < Math.max(noise[i], EXTENT * high);
  let first = 0;
  let last = excess.length;
  // It ends where two pixels in a row are in the noise.
  for (let i = extreme - 1; i >= 0 && first === 0; i--) if (isQuiet(i) && isQuiet(i + 1)) first = i;
  for (let i = extreme; i + 1 < excess.length && last === excess.length; i++) if (isQuiet(i) && isQuiet(i + 1)) last = i + 2;
  return last - first >= FEWEST ? [first, last] : null;
}

/**
 * Return a part of a profile: wings are cut off at half of the peak, the core is what is cut off there.
 * @param {Float64Array} excess
 * @param {Part} part
 * @param {number} half
 * @returns {Float64Array}
 */
function partOf(excess, part, half) {
  if (part === "whole") return excess;
  const wings = excess.map((value) => Math.min(Math.max(value, -half), half));
  return part === "wings" ? wings : excess.map((value, i) => value - wings[i]);
}

/**
 * @param {Float64Array} velocity
 * @returns {Float64Array} even steps from its first to its last
 */
function gridOf(velocity) {
  const n = OVERSAMPLED * velocity.length;
  const step = (velocity[velocity.length - 1] - velocity[0]) / (n - 1);
  return Float64Array.from({ length: n }, (_, i) => (i === n - 1 ? velocity[velocity.length - 1] : velocity[0] + i * step));
}

/**
 * @param {Float64Array} velocity
 * @param {Float64Array} values
 * @param {Float64Array} grid
 * @returns {Float64Array} by the cubic through the four nearest pixels (Catmull & Rom 1974)
 */
function onGrid(velocity, values, grid) {
  const at = (/** @type {number} */ i) => values[Math.min(Math.max(i, 0), values.length - 1)];
  let left = 0;
  return grid.map((wanted) => {
    while (left < velocity.length - 2 && velocity[left + 1] <= wanted) left++;
    const beyond = (wanted - velocity[left]) / (velocity[left + 1] - velocity[left]);
    const [before, here, after, further] = [at(left - 1), at(left), at(left + 1), at(left + 2)];
    const second = 2 * before - 5 * here + 4 * after - further;
    const third = 3 * (here - after) + further - before;
    return here + 0.5 * beyond * (after - before + beyond * (second + beyond * third));
  });
}

/**
 * Return about which velocity a profile is most symmetric: half of the shift at which it correlates best with its image.
 * @param {Float64Array} profile
 * @param {Float64Array} grid
 * @returns {{rv: number, agreement: number}}
 */
function symmetryOf(profile, grid) {
  const n = profile.length;
  const correlation = new Float64Array(2 * n - 1);
  for (let i = 0; i < n; i++) {
    correlation[2 * i] += profile[i] * profile[i];
    for (let j = i + 1; j < n; j++) correlation[i + j] += 2 * profile[i] * profile[j];
  }
  let best = 0;
  for (let i = 1; i < correlation.length; i++) if (correlation[i] > correlation[best]) best = i;
  best = Math.min(Math.max(best, 1), 2 * n - 3);
  const [before, here, after] = [correlation[best - 1], correlation[best], correlation[best + 1]];
  const bend = before - 2 * here + after;
  const peak = best + (bend < 0 ? (0.5 * (before - after)) / bend : 0);
  const power = profile.reduce((sum, value) => sum + value * value, 0);
  return { rv: grid[0] + 0.5 * peak * (grid[1] - grid[0]), agreement: power > 0 ? here / power : NaN };
}

/**
 * Return the standard deviation of draws, from the middle two thirds of them, so that a few that went astray do not count.
 * @param {number} center
 * @param {Float64Array} values
 * @returns {number}
 */
function spreadAbout(center, values) {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted();
  const at = (/** @type {number} */ percent) => {
    const place = (percent / 100) * (sorted.length - 1);
    const below = Math.floor(place);
    return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
  };
  return Math.max((at(84.135) - at(15.865)) / 2, Math.abs(at(50) - center) / 2);
}

/**
 * Return the mean of the velocities of several lines, weighted by their inverse variances.
 * @param {readonly {rv: number, error: number}[]} lines
 * @returns {{mean: number, error: number, scatter: number, chi2: number, n: number} | null} null without a line; the error is
 *   raised where the lines disagree more than their errors allow; the scatter of one line is NaN
 */
export function combine(lines) {
  const used = lines.filter(({ rv, error }) => Number.isFinite(rv) && Number.isFinite(error) && error > 0);
  const n = used.length;
  if (n === 0) return null;
  const weight = used.reduce((sum, { error }) => sum + 1 / error ** 2, 0);
  const mean = used.reduce((sum, { rv, error }) => sum + rv / error ** 2, 0) / weight;
  const chi2 = used.reduce((sum, { rv, error }) => sum + ((rv - mean) / error) ** 2, 0);
  const plain = used.reduce((sum, { rv }) => sum + rv, 0) / n;
  const scatter = n > 1 ? Math.sqrt(used.reduce((sum, { rv }) => sum + (rv - plain) ** 2, 0) / (n - 1)) : NaN;
  const raised = n > 1 ? Math.max(1, Math.sqrt(chi2 / (n - 1))) : 1;
  return { mean, error: raised / Math.sqrt(weight), scatter, chi2: n > 1 ? chi2 : 0, n };
}

/**
 * Return a generator of normal deviates (Box & Muller 1958) from even ones (mulberry32, by Tommy Ettinger, public domain).
 * @param {number} seed
 * @returns {() => number}
 */
function normals(seed) {
  let state = seed;
  const even = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even());
}
