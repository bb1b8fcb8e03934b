// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { measureLine, summary } from "../../../src/spectrove/web/static/js/pure/measures.js";
import { assertClose, cases, floats } from "./fixtures.js";

const NUMBERS = /** @type {const} */ (["continuum", "peakOverContinuum", "equivalentWidth", "snr", "separation", "vOverR"]);

for (const { name, wave, flux, ivar, rest_wave: restWave, expected, sentence } of cases("measures")) {
  test(`${name}: its numbers are as NumPy and SciPy have them`, () => {
    const measures = measureLine(floats(wave), floats(flux), ivar && floats(ivar), restWave);
    for (const key of NUMBERS) {
      assert.equal(measures[key] === null, expected[key] === null, `${key}: ${measures[key]}, expected ${expected[key]}`);
      if (measures[key] !== null) assertClose([measures[key]], [expected[key]], key, 1e-4);
    }
    assertClose(measures.peaks, expected.peaks, "peaks");
    if (sentence) assert.equal(summary(measures, { designation: name }), sentence);
  });
}

test("the sentence names the object, by its key where it has no designation", () => {
  const measures = measureLine([], [], null, 6564.6);
  assert.equal(summary(measures, { spectrum_id: "lamost:1" }), "lamost:1: nothing could be measured at Hα.");
  assert.equal(summary(measures, {}, "Hβ"), "This spectrum: nothing could be measured at Hβ.");
});
