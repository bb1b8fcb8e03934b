// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { bitsOf, idOf, nearest, placeOf, rowsOf, separation } from "../../../src/spectrove/web/static/js/pure/rows.js";

/** @type {import("../../../src/spectrove/web/static/js/pure/rows.js").Sent} */
const SENT = {
  version: "v",
  table_id: "table-v",
  url: "http://127.0.0.1/vo/candidates.vot?v=v",
  name: "candidates",
  ids: ["a", "b", "c", "d"],
  positions: [[10, 20], [10, 20 + 3 / 3600], null, [359.9999, -89.5]],
};

test("a row is the spectrum of the table that was sent, and of no other", () => {
  assert.equal(idOf(SENT, "table-v", "2"), "c");
  assert.equal(idOf(SENT, "table-v", " 0 "), "a");
  for (const row of ["4", "-1", "1.5", "", "one", "1e0", 1, null, undefined, "99999999999"]) {
    assert.equal(idOf(SENT, "table-v", row), null, String(row));
  }
  assert.equal(idOf(SENT, "table-w", "2"), null);
  assert.equal(idOf(SENT, undefined, "2"), null);
  assert.equal(idOf(null, "table-v", "2"), null);
});

test("a list of rows is taken once each and in order, whatever else stands in it", () => {
  assert.deepEqual(rowsOf(SENT, "table-v", ["3", "0", "3", "x", "7"]), [0, 3]);
  assert.deepEqual(rowsOf(SENT, "table-v", []), []);
  assert.equal(rowsOf(SENT, "table-w", ["0"]), null);
  assert.equal(rowsOf(SENT, "table-v", "0"), null);
});

const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

test("rows as bits come back as they were", () => {
  for (const rows of [[], [0], [7], [8], [0, 1, 9, 4400], Array.from({ length: 5000 }, (_, at) => 2 * at)]) {
    const bits = bitsOf(rows);
    assert.match(bits, /^[\w-]*$/);
    const bytes = Buffer.from(bits, "base64url");
    const found = [...bytes].flatMap((byte, at) => BITS.filter((bit) => byte & (0x80 >> bit)).map((bit) => 8 * at + bit));
    assert.deepEqual(found, rows);
  }
});

test("distances are those on the sphere", () => {
  assert.ok(Math.abs(separation([10, 60], [10 + 1 / 1800, 60]) - 1) < 1e-6);
  assert.ok(Math.abs(separation([0, -90], [180, -90])) < 1e-6);
  assert.ok(Math.abs(separation([359.9999, 0], [0.0001, 0]) - 0.72) < 1e-6);
  assert.ok(Math.abs(separation([0, 0], [180, 0]) / 3600 - 180) < 1e-9);
});

test("the nearest candidate is found, and the one on the screen stays if it is near too", () => {
  assert.equal(nearest(SENT, [10, 20 + 1 / 3600], ""), "a");
  assert.equal(nearest(SENT, [10, 20 + 2 / 3600], ""), "b");
  assert.equal(nearest(SENT, [10, 20 + 1 / 3600], "b"), "b");
  assert.equal(nearest(SENT, [10, 20], "d"), "a");
  assert.equal(nearest(SENT, [10, 20.01], ""), null);
  assert.equal(nearest(SENT, [0.0001, -89.5], ""), "d");
  assert.equal(nearest(null, [10, 20], ""), null);
});

test("a place is two finite numbers, as texts", () => {
  assert.deepEqual(placeOf({ ra: "10.5", dec: "-3" }), [10.5, -3]);
  const texts = [["", "1"], ["x", "1"], ["1", "91"], ["NaN", "1"], ["1", ""]].map(([ra, dec]) => ({ ra, dec }));
  for (const params of [{}, { ra: 1, dec: 2 }, ...texts]) {
    assert.equal(placeOf(params), null, JSON.stringify(params));
  }
});
