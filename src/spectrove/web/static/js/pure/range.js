// @ts-check
/** The range of the flux axis: a cosmic ray must not flatten the spectrum, and a strong line must not be cut off. */

const LOW = 0.5;
const HIGH = 99.5;
const MARGIN = 0.05;
/** A pixel is a spike if neither neighbor reaches this share of its height; in a line of two pixels (FWHM) they reach a half. */
const SPIKE = 1 / 3;

/**
 * Return the lowest and the highest flux to show: percentiles of all pixels, with a margin, widened to hold what stands in the
 * window of the line.
 * @param {ArrayLike<number>} flux
 * @param {{from: number, to: number} | null} [window] the line's, in Å; needs `wave`
 * @param {ArrayLike<number> | null} [wave]
 * @returns {[number, number]} [0, 1] if no pixel is finite
 */
export function robustRange(flux, window = null, wave = null) {
  const values = sortedFinite(flux);
  if (values.length === 0) return [0, 1];
  let low = percentile(values, LOW);
  let high = percentile(values, HIGH);
  if (window !== null && wave !== null) {
    const base = percentile(values, 50);
    for (let i = 0; i < flux.length; i++) {
      if (!(wave[i] >= window.from && wave[i] <= window.to) || !Number.isFinite(flux[i])) continue;
      if ((flux[i] >= low && flux[i] <= high) || isSpike(flux, i, base)) continue;
      low = Math.min(low, flux[i]);
      high = Math.max(high, flux[i]);
    }
  }
  const margin = high > low ? MARGIN * (high - low) : Math.abs(low) * MARGIN || 1;
  return [low - margin, high + margin];
}

/**
 * Tell whether a pixel stands alone, as a cosmic ray does.
 * @param {ArrayLike<number>} flux
 * @param {number} i
 * @param {number} base the level that heights are counted from
 * @returns {boolean}
 */
export function isSpike(flux, i, base) {
  const height = flux[i] - base;
  const reaches = (/** @type {number} */ j) => j >= 0 && j < flux.length && (flux[j] - base) / height >= SPIKE;
  return height !== 0 && !reaches(i - 1) && !reaches(i + 1);
}

/**
 * Return the finite values, in order.
 * @param {ArrayLike<number>} values
 * @returns {Float64Array}
 */
export function sortedFinite(values) {
  return Float64Array.from(values).filter(Number.isFinite).sort();
}

/**
 * Return a percentile by linear interpolation, as NumPy does; NaN of nothing.
 * @param {ArrayLike<number>} sorted
 * @param {number} percent
 * @returns {number}
 */
export function percentile(sorted, percent) {
  const place = ((sorted.length - 1) * percent) / 100;
  const left = Math.floor(place);
  const right = Math.min(left + 1, sorted.length - 1);
  return sorted.length === 0 ? NaN : sorted[left] + (sorted[right] - sorted[left]) * (place - left);
}
