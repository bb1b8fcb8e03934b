// @ts-check
/** The profile mirrored about a velocity, to be laid over itself: where both agree, the velocity is the star's. */

/**
 * Return the mirrored profile on the same velocities, by linear interpolation; NaN where it would have to be extrapolated or a
 * neighbor is NaN.
 * @param {ArrayLike<number>} velocity increasing, in km/s
 * @param {ArrayLike<number>} flux
 * @param {number} center in km/s
 * @returns {Float64Array}
 */
export function mirrored(velocity, flux, center) {
  const n = velocity.length;
  const result = new Float64Array(n).fill(NaN);
  // The mirrored velocities decrease while i grows, so the interval that holds them only moves to the left.
  let right = n - 1;
  for (let i = 0; i < n; i++) {
    const wanted = 2 * center - velocity[i];
    while (right > 0 && velocity[right - 1] >= wanted) right--;
    if (right === 0 ? velocity[0] !== wanted : velocity[right] < wanted) continue;
    result[i] = velocity[right] === wanted ? flux[right] : between(velocity, flux, right, wanted);
  }
  return result;
}

/**
 * @param {ArrayLike<number>} velocity
 * @param {ArrayLike<number>} flux
 * @param {number} right
 * @param {number} wanted
 * @returns {number}
 */
function between(velocity, flux, right, wanted) {
  const share = (wanted - velocity[right - 1]) / (velocity[right] - velocity[right - 1]);
  return flux[right - 1] * (1 - share) + flux[right] * share;
}
