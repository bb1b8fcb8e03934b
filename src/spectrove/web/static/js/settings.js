// @ts-check
/**
 * How the person likes the plots. Kept in the browser; nothing here belongs to a spectrum, so nothing here can leak from one to
 * the next.
 */

const STORED = "spectrove.settings";

/**
 * @typedef {{
 *   preset: number, halfWidth: number, smoothing: number, velocity: boolean, mirror: boolean, lines: boolean, errors: boolean,
 *   whole: boolean, exposures: boolean, compact: boolean, bin: number, template: string,
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
  bin: 1,
  template: "",
};

/** Half the width of the line window, in Å. */
export const HALF_WIDTHS = [15, 25, 50, 100, 200, 400];

/** Standard deviations of the smoothing, in pixels. */
export const SMOOTHINGS = [0, 1, 2, 3, 5, 8];

/** Pixels taken together. */
export const BINS = [1, 2, 3, 5, 8];

/**
 * Return what a key changes in how a spectrum is shown.
 * @param {string} id of a row of KEYS, or of a button
 * @param {Settings} settings
 * @param {number} nPresets
 * @param {readonly string[]} templates names of the classes that have one
 * @returns {Partial<Settings> | null} null where the key is no such one
 */
export function changeBy(id, settings, nPresets, templates) {
  if (id === "preset" || id === "preset-back")
    return { preset: (settings.preset + (id === "preset" ? 1 : nPresets - 1)) % nPresets };
  if (id === "narrower" || id === "wider")
    return { halfWidth: stepped(HALF_WIDTHS, settings.halfWidth, id === "wider" ? 1 : -1) };
  if (id === "smoother" || id === "rougher")
    return { smoothing: stepped(SMOOTHINGS, settings.smoothing, id === "smoother" ? 1 : -1) };
  if (id === "bin") return { bin: BINS[(BINS.indexOf(settings.bin) + 1) % BINS.length] };
  if (id === "template") {
    const names = ["", ...templates];
    return { template: names[(names.indexOf(settings.template) + 1) % names.length] };
  }
  if (["velocity", "mirror", "lines", "errors", "whole", "exposures"].includes(id)) {
    const name = /** @type {"velocity"} */ (id);
    return { [name]: !settings[name] };
  }
  return null;
}

/** By how much the keys of the radial velocity change it, in km/s. */
const RV_STEPS = /** @type {Record<string, number>} */ ({
  "rv-down": -5,
  "rv-up": 5,
  "rv-down-coarse": -50,
  "rv-up-coarse": 50,
  "rv-down-fine": -1,
  "rv-up-fine": 1,
});
const RV_LIMIT = 3000;

/**
 * Return the radial velocity after a key.
 * @param {string} id
 * @param {number} rv km/s
 * @returns {number | null} null where the key is no such one
 */
export function rvBy(id, rv) {
  return id in RV_STEPS ? limitedRv(rv + RV_STEPS[id]) : null;
}

/**
 * @param {number} rv km/s
 * @returns {number}
 */
export function limitedRv(rv) {
  return Math.min(Math.max(rv, -RV_LIMIT), RV_LIMIT);
}

/**
 * Return what is kept with an answer of how its spectrum was shown.
 * @param {Settings} settings
 * @param {string} preset its key
 * @returns {Record<string, unknown>}
 */
export function shownBy({ whole, smoothing, velocity, mirror, lines, errors, bin, template }, preset) {
  return { preset, view: whole ? "whole" : "line", smoothing, velocity, mirror, lines, errors, bin, template };
}

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
