// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { C, shifted, toVelocity, toWave } from "../../../src/spectrove/web/static/js/pure/velocity.js";
import { assertClose, cases, floats } from "./fixtures.js";

for (const { rest_wave: restWave, wave, velocity } of cases("velocity")) {
  test(`wavelengths and velocities about ${restWave} Å are astropy's`, () => {
    assertClose(toVelocity(floats(wave), restWave), floats(velocity), "velocity", 1e-12);
    assertClose(toWave(floats(velocity), restWave), floats(wave), "wave", 1e-12);
  });
}

test("a number gives a number, and there and back is the same", () => {
  for (const velocity of [-C / 2, -300, -0.1, 0, 12.5, 2000]) {
    assert.ok(Math.abs(toVelocity(toWave(velocity, 6564.6), 6564.6) - velocity) < 1e-9);
    assert.equal(shifted(6564.6, velocity), toWave(velocity, 6564.6));
  }
});

test("a line at rest stands at its rest wavelength", () => {
  assert.equal(toVelocity(6564.6, 6564.6), 0);
  assert.equal(shifted(6564.6, 0), 6564.6);
});
