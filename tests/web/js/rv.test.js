// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  combine,
  extent,
  lineVelocity,
  mirrorDraws,
  mirrorVelocity,
} from "../../../src/spectrove/web/static/js/pure/rv.js";
import { profileOf } from "../../../src/spectrove/web/static/js/pure/measures.js";
import { assertClose, cases, floats } from "./fixtures.js";

for (const { name, wave, profiles, noise, rest_wave: restWave, part, expected } of cases("rv")) {
  test(`${name}, ${part}: the velocity and its error are those of the measure room`, () => {
    const found = mirrorDraws(floats(wave), profiles.map(floats), floats(noise), restWave, part);
    if (expected.rv === null) {
      assert.equal(found, null);
      return;
    }
    assert.ok(found !== null);
    assert.equal(found.part, part);
    assertClose([found.rv, found.error], [expected.rv, expected.error], name, 1e-8);
    assertClose([found.agreement], [expected.agreement], name, 1e-8);
    // The page draws noise of its own: the same velocity, and an error of the same size.
    const own = mirrorVelocity(floats(wave), floats(profiles[0]), floats(noise), restWave, part);
    assert.ok(own !== null);
    assertClose([own.rv], [expected.rv], name, 1e-8);
    assert.ok(own.error < 2 * expected.error + 0.1 && own.error > expected.error / 2 - 0.1, `${own.error}, ${expected.error}`);
  });
}

for (const { name, lines, expected } of cases("combine")) {
  test(`${name}: mean, error and scatter are those of the measure room`, () => {
    const found = combine(lines.map((/** @type {any} */ [rv, error]) => ({ rv: rv ?? NaN, error: error ?? NaN })));
    if (expected.n === 0) {
      assert.equal(found, null);
      return;
    }
    assert.ok(found !== null);
    assert.equal(found.n, expected.n);
    const numbers = [found.mean, found.error, found.scatter, found.chi2];
    assertClose(numbers, floats([expected.mean, expected.error, expected.scatter, expected.chi2]), name, 1e-12);
  });
}

for (const { name, wave: pixels, flux, ivar, rest_wave: restWave, expected } of cases("stars")) {
  test(`${name}: the page suggests what a catalog measures`, () => {
    const profile = profileOf(floats(pixels), floats(flux), ivar && floats(ivar), restWave);
    assert.ok(profile !== null);
    const found = lineVelocity(profile, restWave, expected.part, expected.floor);
    assert.ok(found !== null);
    assert.ok(Math.abs(found.rv - expected.rv) < 0.5 * expected.error, `${found.rv}, expected ${expected.rv} ± ${expected.error}`);
    assert.ok(found.error < 2 * expected.error && found.error > expected.error / 2, `${found.error}, expected ${expected.error}`);
  });
}

const wave = Float64Array.from({ length: 80 }, (_, i) => 6534 + 0.8 * i);
const noise = wave.map(() => 0.02);

/** @param {number} center */
function peak(center) {
  return wave.map((at) => 1 + 2 * Math.exp(-0.5 * ((at - center) / 3) ** 2));
}

test("a symmetric line is found where it stands, whatever part is mirrored", () => {
  for (const part of /** @type {const} */ (["whole", "wings", "core"])) {
    const found = mirrorVelocity(wave, peak(6564.6 * (1 + 60 / 299792.458)), noise, 6564.6, part);
    assert.ok(found !== null && Math.abs(found.rv - 60) < 1.5, `${part}: ${found?.rv}`);
    assert.ok(found.error > 0 && found.error < 10);
    assert.ok(found.agreement > 0.98 && found.agreement <= 1 + 1e-12);
  }
});

test("the same profile has the same error each time", () => {
  const profile = peak(6565);
  assert.deepEqual(mirrorVelocity(wave, profile, noise, 6564.6, "whole"), mirrorVelocity(wave, profile, noise, 6564.6, "whole"));
});

test("noise has no velocity, and a line that fills the window no end", () => {
  assert.equal(mirrorVelocity(wave, wave.map(() => 1), noise, 6564.6, "whole"), null);
  assert.equal(extent(Float64Array.of(0, 0.5, 0), Float64Array.of(0.01, 0.01, 0.01)), null);
  assert.deepEqual(extent(Float64Array.of(1, 2, 3, 2, 1), new Float64Array(5).fill(0.1)), [0, 5]);
});

test("the error has a floor, and holds that wings and core disagree", () => {
  const line = { wave, relative: peak(6565), noise };
  const own = mirrorVelocity(wave, line.relative, noise, 6564.6, "core");
  const found = lineVelocity(line, 6564.6, "core", 4);
  assert.ok(own !== null && found !== null);
  assert.equal(found.rv, own.rv);
  assert.ok(Math.abs(found.error - Math.hypot(own.error, 4)) < 0.5);
  // A broad line with a narrow peak on its red flank.
  const lopsided = line.relative.map((value, i) => value + 3 * Math.exp(-0.5 * ((wave[i] - 6569) / 1.2) ** 2));
  const apart = lineVelocity({ wave, relative: lopsided, noise }, 6564.6, "whole", 4);
  assert.ok(apart !== null && apart.error > 20);
  assert.equal(lineVelocity({ wave, relative: wave.map(() => 1), noise }, 6564.6, "whole", 4), null);
});
