// @ts-check
/** Smoothing that leaves gaps alone and lets nothing untrusted leak into its neighbors. */

/** Beyond so many sigmas the Gaussian is taken for zero, as SciPy does. */
const TRUNCATE = 4;

/**
 * Return the flux convolved with a Gaussian, over the pixels that are finite and, where there are inverse variances, trusted.
 *
 * Where the flux is not finite it stays NaN: a gap is not filled. Where it is but nothing trusted is in reach, it becomes NaN.
 * Where the survey trusts no pixel at all, its inverse variances say nothing and are left out.
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar
 * @param {number} sigmaPixels standard deviation; 0 or less smooths nothing
 * @returns {Float32Array}
 */
export function gaussianSmooth(flux, ivar, sigmaPixels) {
  if (!(sigmaPixels > 0)) return Float32Array.from(flux);
  const n = flux.length;
  const trusts = ivar !== null && Array.prototype.some.call(ivar, (value) => value > 0) ? ivar : null;
  const kernel = gaussian(sigmaPixels);
  const radius = kernel.length - 1;
  const weights = Uint8Array.from(flux, (value, i) => Number(Number.isFinite(value) && (trusts === null || trusts[i] > 0)));
  const result = new Float32Array(n).fill(NaN);
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(flux[i])) continue;
    let sum = 0;
    let weight = 0;
    for (let j = Math.max(0, i - radius); j <= Math.min(n - 1, i + radius); j++) {
      if (weights[j] === 0) continue;
      const share = kernel[Math.abs(i - j)];
      sum += share * flux[j];
      weight += share;
    }
    if (weight > 0) result[i] = sum / weight;
  }
  return result;
}

/**
 * Return the right half of a Gaussian, from its middle.
 * @param {number} sigma
 * @returns {Float64Array}
 */
function gaussian(sigma) {
  return Float64Array.from({ length: Math.floor(TRUNCATE * sigma + 0.5) + 1 }, (_, i) => Math.exp(-0.5 * (i / sigma) ** 2));
}
