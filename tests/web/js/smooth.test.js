// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { gaussianSmooth } from "../../../src/spectrove/web/static/js/pure/smooth.js";
import { assertClose, cases, floats } from "./fixtures.js";

for (const { name, flux, ivar, sigma, expected } of cases("smooth")) {
  test(`${name}, smoothed by ${sigma} pixels, is as SciPy has it`, () => {
    assertClose(gaussianSmooth(floats(flux), ivar && floats(ivar), sigma), floats(expected), name);
  });
}

test("no smoothing changes nothing and copies", () => {
  const flux = new Float32Array([1, NaN, 3]);
  const smooth = gaussianSmooth(flux, null, 0);
  assert.deepEqual(smooth, flux);
  assert.notEqual(smooth, flux);
});

test("a pixel that the survey does not trust leaves its neighbors alone", () => {
  const flux = [1, 1, 1, 1000, 1, 1, 1];
  const smooth = gaussianSmooth(flux, [1, 1, 1, 0, 1, 1, 1], 1);
  assertClose(smooth, [1, 1, 1, 1, 1, 1, 1], "smooth");
});

test("a flat spectrum stays flat up to its ends", () => {
  assertClose(gaussianSmooth(new Float32Array(50).fill(2.5), null, 7), new Float32Array(50).fill(2.5), "smooth");
});

test("nothing gives nothing", () => {
  assert.equal(gaussianSmooth([], [], 2).length, 0);
});
