// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import * as decide from "../../../src/spectrove/web/static/js/pure/decide.js";
import { seeded } from "./fixtures.js";

/** @typedef {import("../../../src/spectrove/web/static/js/pure/decide.js").Queue} Queue */

/** @param {string[]} ids */
const itemsOf = (...ids) => ids.map((id) => ({ spectrum_id: id }));

/** @param {Queue} queue */
const currentId = (queue) => decide.current(queue)?.spectrum_id ?? null;

/** Paint what the queue stands at and label it. @param {Queue} queue @param {string | null} value @param {string} [answerId] */
function seeAndLabel(queue, value, answerId = "") {
  return decide.label(decide.paint(queue, currentId(queue) ?? ""), value, answerId).queue;
}

test("a label goes to the painted spectrum, and the queue goes on", () => {
  const queue = decide.paint(decide.createQueue(itemsOf("a", "b")), "a");
  const { queue: after, answer } = decide.label(queue, "emission", "1");
  assert.deepEqual(answer, { spectrum_id: "a", label: "emission", answerId: "1" });
  assert.equal(currentId(after), "b");
  assert.equal(after.answered.get("a"), "emission");
  assert.equal(queue.answered.size, 0, "the queue before is as it was");
});

test("before the picture no label is taken, and after it only one", () => {
  const queue = decide.createQueue(itemsOf("a", "b"));
  assert.equal(decide.label(queue, "x", "1").refused, "not painted yet");
  const once = decide.label(decide.paint(queue, "a"), "x", "1").queue;
  assert.equal(decide.label(once, "x", "2").refused, "not painted yet");
  assert.equal(decide.label(decide.paint(once, "a"), "x", "3").refused, "not painted yet", "the picture of the one before came late");
});

test("a picture that comes late covers the right one, so nothing is labeled until that is painted again", () => {
  const queue = decide.paint(decide.paint(decide.next(decide.createQueue(itemsOf("a", "b"))), "b"), "a");
  assert.equal(decide.label(queue, "x", "1").refused, "not painted yet");
});

test("behind the last there is nothing to label", () => {
  const queue = seeAndLabel(decide.createQueue(itemsOf("a")), "x");
  assert.equal(decide.current(queue), null);
  assert.equal(decide.label(queue, "x", "2").refused, "nothing to label");
  assert.equal(decide.label(decide.createQueue([]), "x", "2").refused, "nothing to label");
  assert.equal(decide.next(queue).index, 1);
  assert.equal(currentId(decide.back(queue)), "a");
});

test("at the first, back changes nothing, and the picture still counts", () => {
  const queue = decide.back(decide.paint(decide.createQueue(itemsOf("a", "b")), "a"));
  assert.equal(decide.label(queue, "x", "1").refused, null);
});

test("away and back again, the picture must come again", () => {
  const queue = decide.back(decide.next(decide.paint(decide.createQueue(itemsOf("a", "b")), "a")));
  assert.equal(decide.label(queue, "x", "1").refused, "not painted yet");
});

test("undo goes back to the spectrum, and an earlier answer to it stands again", () => {
  const first = seeAndLabel(decide.createQueue(itemsOf("a", "b", "c")), "x", "1");
  const changed = seeAndLabel(decide.back(first), null, "2");
  assert.equal(changed.answered.get("a"), null);
  const moved = decide.next(decide.next(changed));
  const { queue, undone } = decide.undo(moved);
  assert.deepEqual(undone, { spectrum_id: "a", label: null, answerId: "2" });
  assert.equal(currentId(queue), "a");
  assert.equal(queue.answered.get("a"), "x");
  const again = decide.undo(queue);
  assert.equal(again.undone?.answerId, "1");
  assert.equal(again.queue.answered.has("a"), false);
  assert.equal(decide.undo(again.queue).undone, null);
});

test("a queue begins at the first open spectrum, and finds the next open one around the end", () => {
  const queue = decide.createQueue(itemsOf("a", "b", "c"), [["a", "x"]]);
  assert.equal(currentId(queue), "b");
  assert.equal(decide.countOpen(queue), 2);
  const last = seeAndLabel(decide.next(queue), "x");
  assert.equal(decide.current(last), null);
  assert.equal(currentId(decide.nextOpen(last)), "b");
  assert.equal(decide.current(decide.nextOpen(seeAndLabel(decide.nextOpen(last), "x"))), null);
});

test("a visit puts what is not in the queue where the queue stands", () => {
  const queue = decide.next(decide.createQueue(itemsOf("a", "b")));
  assert.equal(decide.visit(queue, { spectrum_id: "a" }).items.length, 2);
  const visited = decide.visit(queue, { spectrum_id: "z", purpose: "verify" });
  assert.deepEqual(visited.items.map((item) => item.spectrum_id), ["a", "z", "b"]);
  assert.equal(decide.current(visited)?.purpose, "verify");
});

test("the next batch comes behind, twice the same only once, and disturbs nothing", () => {
  const queue = decide.paint(decide.createQueue(itemsOf("a", "b", "a")), "a");
  const extended = decide.extend(queue, itemsOf("b", "c"));
  assert.deepEqual(extended.items.map((item) => item.spectrum_id), ["a", "b", "c"]);
  assert.equal(decide.label(extended, "x", "1").refused, null);
});

/**
 * What a person, a slow page and a server do to a queue, in any order. `screen` is what is on it; `late` what will still be painted.
 * @param {number} seed
 */
function chaos(seed) {
  const random = seeded(seed);
  const pick = (/** @type {number} */ n) => Math.floor(random() * n);
  let queue = decide.createQueue(itemsOf(...Array.from({ length: 1 + pick(6) }, (_, i) => `s${i}`)));
  /** @type {string | null} */
  let screen = null;
  /** @type {string[]} */
  const late = [];
  /** @type {string | null} the spectrum labeled by the press before, unless there was a move */
  let justLabeled = null;
  /** @type {import("../../../src/spectrove/web/static/js/pure/decide.js").Given[]} */
  const given = [];
  let n = 0;
  for (let step = 0; step < 120; step++) {
    const before = queue;
    const seen = currentId(queue);
    const move = pick(10);
    if (move < 3 && seen !== null) late.push(seen); // the page begins to draw
    else if (move < 6 && late.length > 0) {
      screen = late.splice(random() < 0.5 ? late.length - 1 : pick(late.length), 1)[0]; // pictures come in any order
      queue = decide.paint(queue, screen);
      justLabeled = null;
    } else if (move < 8) {
      const { queue: after, answer, refused } = decide.label(queue, random() < 0.2 ? null : "x", String(step));
      queue = after;
      if (answer === null) assert.ok(refused !== null && after === before, "what is refused changes nothing");
      else {
        assert.equal(answer.spectrum_id, screen, "labeled what is on the screen");
        assert.equal(answer.spectrum_id, seen, "labeled what the queue stands at");
        assert.notEqual(answer.spectrum_id, justLabeled, "labeled twice without a new picture");
        justLabeled = answer.spectrum_id;
        given.push(answer);
        n += 1;
      }
    } else if (move === 8) {
      const moves = [decide.next, decide.back, decide.nextOpen];
      queue = moves[pick(3)](queue);
    } else if (random() < 0.5) {
      const { queue: after, undone } = decide.undo(queue);
      queue = after;
      assert.deepEqual(undone, given.pop() ?? null, "undone is what was given last");
      if (undone !== null) assert.equal(currentId(queue), undone.spectrum_id);
    } else queue = decide.extend(queue, itemsOf(`s${pick(9)}`, `s${pick(9)}`));
    assert.ok(queue.index >= 0 && queue.index <= queue.items.length);
    assert.equal(new Set(queue.items.map((item) => item.spectrum_id)).size, queue.items.length);
    const standing = new Map(given.map((answer) => [answer.spectrum_id, answer.label]));
    assert.deepEqual(Object.fromEntries(queue.answered), Object.fromEntries(standing), "what stands is what was given");
  }
  return n;
}

test("whatever keys are pressed and whenever pictures come, a label goes to what is on the screen, once", () => {
  let n = 0;
  for (let seed = 0; seed < 2000; seed++) n += chaos(seed);
  assert.ok(n > 5000, `only ${n} labels were given; the test tests little`);
});

test("what others have answered meanwhile is shown no more, and nothing moves", () => {
  const start = decide.createQueue(itemsOf("a", "b", "c", "d", "e"));
  const queue = decide.next(decide.next(seeAndLabel(start, "x"))); // "a" is answered, "b" and "c" were passed
  const seen = decide.renew(decide.paint(queue, "d"), itemsOf("b", "e", "f"));
  assert.deepEqual(
    seen.items.map(({ spectrum_id: id }) => id),
    ["a", "b", "d", "e", "f"],
  );
  assert.equal(currentId(seen), "d", "the spectrum on the screen stays, whoever has answered it");
  assert.equal(decide.label(seen, "y", "2").refused, null);
  const behind = decide.renew(decide.next(decide.next(queue)), itemsOf("b", "f"));
  assert.equal(currentId(behind), "f", "behind the last, what is new comes");
});
