// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { mirrored } from "../../../src/spectrove/web/static/js/pure/mirror.js";
import { assertClose, cases, floats } from "./fixtures.js";

for (const { name, velocity, flux, center, expected } of cases("mirror")) {
  test(`${name}, mirrored about ${center} km/s, is as NumPy has it`, () => {
    assertClose(mirrored(floats(velocity), floats(flux), center), floats(expected), name, 1e-9);
  });
}

test("a symmetric profile falls on itself", () => {
  const velocity = Float64Array.from({ length: 201 }, (_, i) => 10 * (i - 100));
  const flux = velocity.map((v) => Math.exp(-0.5 * (v / 200) ** 2));
  assertClose(mirrored(velocity, flux, 0), flux, "mirrored");
});

test("mirrored twice is the profile again, where it was not cut off", () => {
  const velocity = Float64Array.from({ length: 101 }, (_, i) => i);
  const flux = velocity.map((v) => Math.sin(v));
  const twice = mirrored(velocity, mirrored(velocity, flux, 60), 60);
  assertClose(twice.subarray(20), flux.subarray(20), "twice");
  assert.ok(twice.subarray(0, 20).every(Number.isNaN));
});

test("nothing and one pixel are mirrored too", () => {
  assert.equal(mirrored([], [], 3).length, 0);
  assert.deepEqual([...mirrored([5], [2], 5)], [2]);
  assert.ok(Number.isNaN(mirrored([5], [2], 6)[0]));
});
