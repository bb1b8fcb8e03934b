// @ts-check
/** A template laid over a spectrum: both have a scale of their own, so that the template is brought to the spectrum's. */

/** Fewer points tell no scale. */
const FEWEST = 5;

/**
 * Return a template on the flux scale of a spectrum, a + b · template by least squares over its points; null where the spectrum
 * has too few trusted pixels there.
 * @param {ArrayLike<number>} wave of the spectrum, increasing
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar pixels of 0 are left out, unless all are 0
 * @param {ArrayLike<number>} grid of the template, increasing
 * @param {ArrayLike<number>} template
 * @returns {Float64Array | null}
 */
export function fitTemplate(wave, flux, ivar, grid, template) {
  const found = meansAt(wave, flux, ivar, grid);
  /** @type {number[]} */
  const kept = [];
  for (let i = 0; i < grid.length; i++) if (Number.isFinite(found[i]) && Number.isFinite(template[i])) kept.push(i);
  if (kept.length < FEWEST) return null;
  const mean = (/** @type {(i: number) => number} */ value) => kept.reduce((sum, i) => sum + value(i), 0) / kept.length;
  const [x, y] = [mean((i) => template[i]), mean((i) => found[i])];
  const spread = mean((i) => (template[i] - x) ** 2);
  // A template upside down fits nothing: where the spectrum does not follow it, it stays level.
  const slope = spread > 0 ? Math.max(0, mean((i) => (template[i] - x) * (found[i] - y)) / spread) : 0;
  return Float64Array.from(template, (value) => y + slope * (value - x));
}

/**
 * Return the mean flux of the pixels nearer to each point of a grid than to any other.
 * @param {ArrayLike<number>} wave
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar
 * @param {ArrayLike<number>} grid
 * @returns {Float64Array} NaN where there is none
 */
function meansAt(wave, flux, ivar, grid) {
  const n = grid.length;
  const sums = new Float64Array(n);
  const counts = new Float64Array(n);
  const hasTrust = ivar !== null && Array.prototype.some.call(ivar, (/** @type {number} */ value) => value > 0);
  const reach = n > 1 ? (grid[1] - grid[0]) / 2 : 0;
  let at = 0;
  for (let i = 0; i < wave.length; i++) {
    if (wave[i] < grid[0] - reach || wave[i] > grid[n - 1] + reach) continue;
    if (!Number.isFinite(flux[i]) || (hasTrust && ivar !== null && !(ivar[i] > 0))) continue;
    while (at + 1 < n && Math.abs(grid[at + 1] - wave[i]) <= Math.abs(grid[at] - wave[i])) at++;
    sums[at] += flux[i];
    counts[at] += 1;
  }
  return sums.map((sum, i) => sum / counts[i]);
}
