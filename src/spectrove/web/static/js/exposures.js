// @ts-check
/** Curves of other spectra, to be laid over the one on the screen. */

import { addressOf } from "./api.js";
import { levelRatio } from "./panels.js";
import { rebin } from "./pure/bin.js";
import { decodeSpectrum } from "./pure/spectrum.js";

/** Pixels taken together in neighbors, which are often noisy. */
const BIN = 2;
/** So many are shown of each kind. */
export const MOST = 6;

/**
 * @typedef {{wave: ArrayLike<number>, flux: ArrayLike<number>}} Curve
 * @typedef {{spectrum_id: string, url?: string, mjd?: number | null, [fact: string]: any}} Other
 */

/**
 * Return another spectrum as a curve, or null where it does not come.
 * @param {import("./api.js").Api} api
 * @param {import("./loader.js").Loader} loader
 * @param {Other} one
 * @param {AbortSignal} signal
 * @returns {Promise<Curve | null>}
 */
export async function curveOf(api, loader, one, signal) {
  if (signal.aborted) return null;
  try {
    const body = loader.get(one.spectrum_id) ?? (await api.binary(one.url ?? addressOf("spectra", one.spectrum_id), signal));
    const { wave, flux, ivar, grid, features } = decodeSpectrum(body);
    if (wave.length === 0) return { wave: grid, flux: features };
    return rebin(wave, flux, ivar, BIN);
  } catch {
    return null;
  }
}

/**
 * Return a curve at the level of the spectrum on the screen.
 * @param {import("./prepare.js").Prepared} prepared
 * @param {Curve} curve
 * @param {[number, number]} window between these wavelengths
 * @returns {Curve}
 */
export function levelled(prepared, curve, [from, to]) {
  const ratio = prepared.fromPool ? 1 : levelRatio(prepared, curve, from, to);
  return { wave: curve.wave, flux: Float32Array.from(curve.flux, (value) => value * ratio) };
}
