// @ts-check
/** What NumPy computed, written by tests/web/test_pure_modules.py into the folder that SPECTROVE_FIXTURES names. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = process.env.SPECTROVE_FIXTURES;

/**
 * Return the cases of a module.
 * @param {string} name
 * @returns {any[]}
 */
export function cases(name) {
  return JSON.parse(body(`${name}.json`).toString());
}

/**
 * Return a file as it is.
 * @param {string} file
 * @returns {Buffer}
 */
export function body(file) {
  if (FOLDER === undefined) throw new Error("these tests are run by pytest, which computes what they compare with: pytest tests/web");
  return readFileSync(join(FOLDER, file));
}

/**
 * Return numbers with NaN where JSON has null.
 * @param {(number | null)[]} values
 * @returns {Float64Array}
 */
export function floats(values) {
  return Float64Array.from(values, (value) => value ?? NaN);
}

/**
 * Compare numbers one by one; NaN equals NaN only.
 * @param {ArrayLike<number>} actual
 * @param {ArrayLike<number>} expected
 * @param {string} what
 * @param {number} [tolerance] relative to the largest number expected
 */
export function assertClose(actual, expected, what, tolerance = 1e-6) {
  assert.equal(actual.length, expected.length, `${what}: length`);
  let scale = Number.MIN_VALUE;
  for (let i = 0; i < expected.length; i++) if (Number.isFinite(expected[i])) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const same = Number.isNaN(expected[i]) ? Number.isNaN(actual[i]) : Math.abs(actual[i] - expected[i]) <= tolerance * scale;
    assert.ok(same, `${what}: number ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

/**
 * Return a generator of numbers in [0, 1), the same for the same seed (mulberry32, by Tommy Ettinger, public domain).
 * @param {number} seed
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
