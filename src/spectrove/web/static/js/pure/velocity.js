// @ts-check
/** Wavelengths as velocities and back: v = c (λ/λ₀ − 1), the optical convention, in km/s. */

/** The speed of light in km/s. */
export const C = 299792.458;

/**
 * Return the velocity of each wavelength relative to a rest wavelength of the same medium.
 * @overload
 * @param {number} wave
 * @param {number} restWave
 * @returns {number}
 */
/**
 * @overload
 * @param {ArrayLike<number>} wave
 * @param {number} restWave
 * @returns {Float64Array}
 */
/**
 * @param {number | ArrayLike<number>} wave
 * @param {number} restWave
 * @returns {number | Float64Array}
 */
export function toVelocity(wave, restWave) {
  const one = (/** @type {number} */ value) => C * (value / restWave - 1);
  return typeof wave === "number" ? one(wave) : Float64Array.from(wave, one);
}

/**
 * Return the wavelength of each velocity.
 * @overload
 * @param {number} velocity
 * @param {number} restWave
 * @returns {number}
 */
/**
 * @overload
 * @param {ArrayLike<number>} velocity
 * @param {number} restWave
 * @returns {Float64Array}
 */
/**
 * @param {number | ArrayLike<number>} velocity
 * @param {number} restWave
 * @returns {number | Float64Array}
 */
export function toWave(velocity, restWave) {
  const one = (/** @type {number} */ value) => restWave * (1 + value / C);
  return typeof velocity === "number" ? one(velocity) : Float64Array.from(velocity, one);
}

/**
 * Return where a line stands in a star of this radial velocity.
 * @param {number} restWave
 * @param {number} rvKms
 * @returns {number}
 */
export function shifted(restWave, rvKms) {
  return toWave(rvKms, restWave);
}
