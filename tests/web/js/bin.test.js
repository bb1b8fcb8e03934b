// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { rebin } from "../../../src/spectrove/web/static/js/pure/bin.js";
import { assertClose, cases, floats } from "./fixtures.js";

for (const { name, wave, flux, ivar, n, expected } of cases("bin")) {
  test(`${name}, ${n} pixels as one, is as NumPy has it`, () => {
    const binned = rebin(floats(wave), floats(flux), ivar && floats(ivar), n);
    assertClose(binned.wave, floats(expected.wave), "wave", 1e-12);
    assertClose(binned.flux, floats(expected.flux), "flux");
    assert.equal(binned.ivar === null, ivar === null);
    if (binned.ivar !== null) assertClose(binned.ivar, floats(expected.ivar), "ivar");
  });
}

test("one pixel as one changes nothing", () => {
  const binned = rebin([1, 2, 3], [4, NaN, 6], [1, 1, 0], 1);
  assertClose(binned.flux, [4, NaN, 6], "flux");
  assertClose(/** @type {Float32Array} */ (binned.ivar), [1, 0, 0], "ivar");
});

test("nothing gives nothing", () => {
  assert.equal(rebin([], [], null, 3).flux.length, 0);
});
