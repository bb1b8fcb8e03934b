// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { measureLine, profileOf, summary } from "../../../src/spectrove/web/static/js/pure/measures.js";
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

test("a profile is the flux over a sloped continuum, with the noise of its photons", () => {
  const wave = Float64Array.from({ length: 160 }, (_, i) => 6485 + i);
  const continuum = wave.map((at) => 100 + 0.5 * (at - 6565));
  const flux = wave.map((at, i) => continuum[i] * (1 + 3 * Math.exp(-0.5 * ((at - 6565) / 4) ** 2)));
  // The survey trusts no pixel of the peak, and has none at one place.
  const ivar = wave.map((at) => (Math.abs(at - 6565) < 5 ? 0 : 0.25));
  flux[85] = 0;
  const found = profileOf(wave, flux, ivar, 6565, { halfWindow: 20, bands: [25, 60] });
  assert.ok(found !== null);
  assert.equal(found.wave.length, 40);
  assert.ok(!found.wave.includes(wave[85]));
  assertClose([Math.max(...found.relative)], [4], "peak", 1e-9);
  const top = found.relative.indexOf(Math.max(...found.relative));
  assertClose([found.noise[top], found.noise[0]], [0.04, 0.02], "noise", 0.01);
  assert.ok(found.levelError > 0.004 && found.levelError < 0.006);
  assert.equal(profileOf(wave, flux, ivar, 5000), null);
});
