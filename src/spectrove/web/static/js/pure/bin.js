// @ts-check
/** Pixels taken together, for noisy spectra. */

/**
 * Return every `n` pixels as one, the last of fewer where the number does not go up. The flux is the mean weighted by inverse
 * variance; its inverse variance is their sum.
 *
 * Where the survey trusts no pixel of a bin, the flux is their plain mean and the inverse variance 0; where none is finite, the
 * flux is NaN.
 * @param {ArrayLike<number>} wave
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar
 * @param {number} n
 * @returns {{wave: Float64Array, flux: Float32Array, ivar: Float32Array | null}}
 */
export function rebin(wave, flux, ivar, n) {
  const size = Math.max(1, Math.floor(n));
  const length = Math.ceil(flux.length / size);
  const result = {
    wave: new Float64Array(length),
    flux: new Float32Array(length),
    ivar: ivar === null ? null : new Float32Array(length),
  };
  for (let i = 0; i < length; i++) {
    const from = i * size;
    const to = Math.min(from + size, flux.length);
    const bin = binned(wave, flux, ivar, from, to);
    result.wave[i] = bin.wave;
    result.flux[i] = bin.flux;
    if (result.ivar !== null) result.ivar[i] = bin.ivar;
  }
  return result;
}

/**
 * @param {ArrayLike<number>} wave
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number> | null} ivar
 * @param {number} from
 * @param {number} to
 */
function binned(wave, flux, ivar, from, to) {
  let sumWave = 0;
  let plain = 0;
  let nFinite = 0;
  let weighted = 0;
  let weight = 0;
  for (let i = from; i < to; i++) {
    sumWave += wave[i];
    if (!Number.isFinite(flux[i])) continue;
    plain += flux[i];
    nFinite += 1;
    if (ivar === null || !(ivar[i] > 0)) continue;
    weighted += ivar[i] * flux[i];
    weight += ivar[i];
  }
  return { wave: sumWave / (to - from), flux: weight > 0 ? weighted / weight : plain / nFinite, ivar: weight };
}
