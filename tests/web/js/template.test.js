// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { fitTemplate } from "../../../src/spectrove/web/static/js/pure/template.js";
import { assertClose } from "./fixtures.js";

const wave = Float64Array.from({ length: 200 }, (_, i) => 6500 + i);
const grid = Float64Array.from({ length: 40 }, (_, i) => 6520 + 4 * i);
const shape = (/** @type {number} */ at) => Math.exp(-0.5 * ((at - 6600) / 25) ** 2);
const template = grid.map(shape);

test("a template is brought to the scale of the spectrum that it fits", () => {
  const found = fitTemplate(wave, wave.map((at) => 300 + 50 * shape(at)), null, grid, template);
  assert.ok(found !== null);
  assertClose(found, template.map((value) => 300 + 50 * value), "fitted", 1e-3);
});

test("what the survey does not trust does not count, unless it trusts nothing", () => {
  const flux = wave.map((at, i) => (i % 2 === 0 ? 1e6 : 3 + shape(at)));
  const ivar = wave.map((_, i) => i % 2);
  const found = fitTemplate(wave, flux, ivar, grid, template);
  assert.ok(found !== null);
  assertClose(found, template.map((value) => 3 + value), "fitted", 0.01);
  assert.ok(fitTemplate(wave, flux, ivar.map(() => 0), grid, template) !== null);
});

test("a template upside down stays level, and one without pixels is not drawn", () => {
  const found = fitTemplate(wave, wave.map((at) => 5 - shape(at)), null, grid, template);
  assert.ok(found !== null && new Set(found).size === 1);
  assert.equal(fitTemplate(wave, wave.map(() => NaN), null, grid, template), null);
  assert.equal(fitTemplate([4000, 4001], [1, 1], null, grid, template), null);
});

test("gaps in the template stay gaps", () => {
  const gapped = template.map((value, i) => (i === 7 ? NaN : value));
  const found = fitTemplate(wave, wave.map(shape), null, grid, gapped);
  assert.ok(found !== null && Number.isNaN(found[7]) && Number.isFinite(found[8]));
});
