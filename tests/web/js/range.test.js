// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { percentile, robustRange, sortedFinite } from "../../../src/spectrove/web/static/js/pure/range.js";
import { assertClose, cases, floats } from "./fixtures.js";

for (const { name, flux, percent, expected, range } of cases("range")) {
  test(`percentiles and the range of ${name} are as NumPy has them`, () => {
    const sorted = sortedFinite(floats(flux));
    assertClose(percent.map((/** @type {number} */ p) => percentile(sorted, p)), floats(expected), name, 1e-12);
    assertClose(robustRange(floats(flux)), range, name, 1e-12);
  });
}

const WAVE = Float64Array.from({ length: 4000 }, (_, i) => 5000 + i);

/** @param {(wave: number) => number} flux */
const spectrum = (flux) => WAVE.map(flux);
const line = (/** @type {number} */ wave) => 1 + 20 * Math.exp(-0.5 * ((wave - 6564.6) / 1.2) ** 2) + 0.01 * Math.sin(wave);

test("a strong narrow line in the window is kept whole", () => {
  const [low, high] = robustRange(spectrum(line), { from: 6540, to: 6590 }, WAVE);
  assert.ok(high > Math.max(...spectrum(line)) && high < 25 && low < 1 && low > -1.5, `${low} to ${high}`);
});

test("without a window the line is of less account than the rest", () => {
  assert.ok(robustRange(spectrum(line))[1] < 10);
});

test("deep absorption in the window is kept whole", () => {
  const flux = spectrum((wave) => 10 - 9 * Math.exp(-0.5 * ((wave - 6564.6) / 2) ** 2) + 0.01 * Math.sin(wave));
  assert.ok(robustRange(flux, { from: 6540, to: 6590 }, WAVE)[0] < 1.1);
});

test("a cosmic ray does not flatten the spectrum, not even in the window", () => {
  for (const height of [5000, -5000]) {
    const flux = spectrum((wave) => 1 + 0.01 * Math.sin(wave));
    flux[1564] = height;
    const [low, high] = robustRange(flux, { from: 6540, to: 6590 }, WAVE);
    assert.ok(high < 2 && low > 0, `${low} to ${high}`);
  }
});

test("what has no range gets one", () => {
  assert.deepEqual(robustRange([]), [0, 1]);
  assert.deepEqual(robustRange([NaN, NaN, Infinity]), [0, 1]);
  assert.deepEqual(robustRange([0, 0, 0]), [-1, 1]);
  assert.deepEqual(robustRange([2, NaN, 2]), [1.9, 2.1]);
  assert.deepEqual(robustRange([-2, -2]), [-2.1, -1.9]);
});
