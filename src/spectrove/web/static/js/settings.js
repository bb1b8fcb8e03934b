// @ts-check
/**
 * How the person likes the plots. Kept in the browser; nothing here belongs to a spectrum, so nothing here can leak from one to
 * the next.
 */

const STORED = "spectrove.settings";

/**
 * @typedef {{
 *   preset: number, halfWidth: number, smoothing: number, velocity: boolean, mirror: boolean, lines: boolean, errors: boolean,
 *   whole: boolean, exposures: boolean, compact: boolean,
 * }} Settings
 */

/** @type {Settings} */
const DEFAULTS = {
  preset: 0,
  halfWidth: 100,
  smoothing: 0,
  velocity: false,
  mirror: false,
  lines: true,
  errors: true,
  whole: false,
  exposures: false,
  compact: false,
};

/** Half the width of the line window, in Å. */
export const HALF_WIDTHS = [15, 25, 50, 100, 200, 400];

/** Standard deviations of the smoothing, in pixels. */
export const SMOOTHINGS = [0, 1, 2, 3, 5, 8];

/**
 * Return the stored settings; anything missing or of another type is the default.
 * @returns {Settings}
 */
export function loadSettings() {
  /** @type {Record<string, unknown>} */
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem(STORED) ?? "{}") ?? {};
  } catch {
    // Damaged or forbidden storage must not keep anybody from labeling.
  }
  const result = /** @type {Record<string, unknown>} */ ({ ...DEFAULTS });
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (typeof stored[name] === typeof value) result[name] = stored[name];
  }
  return /** @type {Settings} */ (result);
}

/**
 * @param {Settings} settings
 */
export function storeSettings(settings) {
  try {
    localStorage.setItem(STORED, JSON.stringify(settings));
  } catch {
    // As above.
  }
}

/**
 * Return the neighbor of a value in a list, or the value itself at the end.
 * @param {readonly number[]} list
 * @param {number} value
 * @param {1 | -1} step
 * @returns {number}
 */
export function stepped(list, value, step) {
  const at = list.indexOf(value);
  return list[Math.min(Math.max((at < 0 ? 0 : at) + step, 0), list.length - 1)];
}
