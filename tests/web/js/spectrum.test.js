// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { decodeSpectrum } from "../../../src/spectrove/web/static/js/pure/spectrum.js";
import { assertClose, body, cases, floats } from "./fixtures.js";

/** @param {string} file @returns {ArrayBuffer} */
const bufferOf = (file) => new Uint8Array(body(file)).buffer;

for (const { name, file, head, wave, flux, ivar, grid, features, mask } of cases("spectrum")) {
  test(`${name} is what Python wrote`, () => {
    const spectrum = decodeSpectrum(bufferOf(file));
    assert.deepEqual(spectrum.head, head);
    assertClose(spectrum.wave, floats(wave), "wave");
    assertClose(spectrum.flux, floats(flux), "flux");
    assertClose(spectrum.grid, floats(grid), "grid");
    assertClose(spectrum.features, floats(features), "features");
    assert.equal(spectrum.ivar === null, ivar === null);
    if (spectrum.ivar !== null) assertClose(spectrum.ivar, floats(ivar), "ivar");
    assert.deepEqual(spectrum.mask && [...spectrum.mask], mask);
  });

  test(`${name}, cut off anywhere, is refused`, () => {
    const whole = bufferOf(file);
    for (const n of [0, 3, 7, 8, 11, 40, whole.byteLength - 4, whole.byteLength - 1]) {
      assert.throws(() => decodeSpectrum(whole.slice(0, n)), RangeError, `${n} bytes`);
    }
  });
}

test("something else is refused by name", () => {
  const page = /** @type {ArrayBuffer} */ (new TextEncoder().encode("<!doctype html><title>Not found</title>").buffer);
  assert.throws(() => decodeSpectrum(page), /this is no spectrum/);
});
