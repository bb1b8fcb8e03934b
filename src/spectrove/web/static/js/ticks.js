// @ts-check
/** Where the ticks of an axis stand, and what they say. */

/** Steps between the ticks of an axis are these times a power of ten. */
const STEPS = [1, 2, 5, 10];

/**
 * Return round values between two limits, about `wanted` of them.
 * @param {number} low
 * @param {number} high
 * @param {number} wanted
 * @returns {number[]}
 */
export function ticks(low, high, wanted) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = power * (STEPS.find((factor) => span / (factor * power) <= wanted) ?? 10);
  const result = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) result.push(i * step);
  return result;
}

/**
 * @param {number} value
 * @param {number} step
 * @returns {string}
 */
function written(value, step) {
  const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(Math.abs(step) || 1) + 1e-9)));
  if (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(step) < 1e-6)) return value.toExponential(1).replace("-", "−");
  return (Math.abs(value) < 1e-12 ? 0 : value).toFixed(digits).replace("-", "−");
}

/**
 * @param {readonly number[]} splits
 * @returns {string[]}
 */
export function writtenAll(splits) {
  const step = splits.length > 1 ? splits[1] - splits[0] : 1;
  return splits.map((value) => written(value, step));
}
