// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { isChanged, isOver } from "../../../src/spectrove/web/static/js/pure/company.js";

test("own answers alone are no company, second looks among them", () => {
  assert.equal(isChanged({ open: 9, own: 1 }, 8), false);
  assert.equal(isChanged({ open: 9, own: 3 }, 7), false);
});

test("more answers than one's own are somebody else's, and more questions another round's", () => {
  assert.equal(isChanged({ open: 9, own: 1 }, 7), true);
  assert.equal(isChanged({ open: 1, own: 1 }, 130), true);
});

test("a round is over when another one has begun, and second looks when questions are there", () => {
  const round = { iteration: 3, phase: "ASK", is_meanwhile: false };
  assert.equal(isOver(round, { kind: "idle", iteration: 3, phase: "ASK" }), false);
  assert.equal(isOver(round, { kind: "running", iteration: 4, phase: "TRAIN" }), true);
  assert.equal(isOver(round, { kind: "idle", iteration: 0, phase: "" }), false, "a page that runs no work knows of no round");
  const between = { iteration: 4, phase: "TRAIN", is_meanwhile: true };
  assert.equal(isOver(between, { kind: "running", iteration: 4, phase: "SCORE" }), false);
  assert.equal(isOver(between, { kind: "idle", iteration: 4, phase: "ASK" }), true);
  assert.equal(isOver({ ...between, iteration: 3 }, { kind: "idle", iteration: 4, phase: "ASK" }), true);
  assert.equal(isOver({ ...between, phase: "ASK" }, { kind: "idle", iteration: 4, phase: "ASK" }), false);
});
