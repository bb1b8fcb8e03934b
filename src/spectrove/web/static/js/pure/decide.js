// @ts-check
/**
 * What a key press means: the state of the queue, and every move in it, as functions without side effects.
 *
 * The one rule: a label belongs to the spectrum that the eye has seen. A spectrum counts as seen when the page has said that it
 * is painted; every move makes it unseen again. So a key that comes before the picture, or twice, is refused and labels nothing.
 */

/**
 * A spectrum in the queue; whatever else the server says of it is kept untouched.
 * @typedef {{spectrum_id: string, [fact: string]: any}} Item
 */

/**
 * An answer given here: `label` is null for unsure, `answerId` what the server knows it by.
 * @typedef {{spectrum_id: string, label: string | null, answerId: string}} Given
 */

/**
 * The queue. `index` may be `items.length`: behind the last. `answered` holds the standing answers, `given` those that can be
 * undone, the newest last.
 * @typedef {Readonly<{
 *   items: readonly Item[], index: number, painted: string | null,
 *   answered: ReadonlyMap<string, string | null>, given: readonly Given[],
 * }>} Queue
 */

/** @typedef {"nothing to label" | "not painted yet"} Refusal */

/**
 * Return a queue that stands at its first open spectrum.
 * @param {readonly Item[]} items
 * @param {Iterable<[string, string | null]>} [answered] what was answered before, such as what still waits in the outbox
 * @returns {Queue}
 */
export function createQueue(items, answered = []) {
  const queue = { items: unique(items), index: 0, painted: null, answered: new Map(answered), given: [] };
  return { ...queue, index: openFrom(queue, 0) };
}

/**
 * Return the spectrum that the queue stands at, or null behind the last.
 * @param {Queue} queue
 * @returns {Item | null}
 */
export function current(queue) {
  return queue.items[queue.index] ?? null;
}

/**
 * Return the queue after the page has painted a spectrum. Where that is not the one the queue stands at (it came late), the
 * screen shows another spectrum than the keys would label, so nothing counts as painted.
 * @param {Queue} queue
 * @param {string} spectrumId
 * @returns {Queue}
 */
export function paint(queue, spectrumId) {
  return { ...queue, painted: current(queue)?.spectrum_id === spectrumId ? spectrumId : null };
}

/**
 * Return the queue one further; behind the last it stays.
 * @param {Queue} queue
 * @returns {Queue}
 */
export function next(queue) {
  return at(queue, queue.index + 1);
}

/**
 * Return the queue one back; at the first it stays.
 * @param {Queue} queue
 * @returns {Queue}
 */
export function back(queue) {
  return at(queue, queue.index - 1);
}

/**
 * Return the queue at its next spectrum without an answer, from here on and then from the beginning; behind the last if there is
 * none.
 * @param {Queue} queue
 * @returns {Queue}
 */
export function nextOpen(queue) {
  const found = openFrom(queue, queue.index);
  return at(queue, found < queue.items.length ? found : openFrom(queue, 0));
}

/**
 * Return the queue at a spectrum; one that is not in the queue is put in where the queue stands.
 * @param {Queue} queue
 * @param {Item} item
 * @returns {Queue}
 */
export function visit(queue, item) {
  const found = queue.items.findIndex(({ spectrum_id }) => spectrum_id === item.spectrum_id);
  if (found >= 0) return at(queue, found);
  return at({ ...queue, items: queue.items.toSpliced(queue.index, 0, item) }, queue.index);
}

/**
 * Return the queue with what is not in it yet behind the last. It stays where it stands, and what is painted stays painted.
 * @param {Queue} queue
 * @param {readonly Item[]} items
 * @returns {Queue}
 */
export function extend(queue, items) {
  return { ...queue, items: unique([...queue.items, ...items]) };
}

/**
 * Return the queue as it is now for the server: without what nobody asks for any longer, as somebody else has answered it, and
 * with what is new behind the last. What has an answer here stays, and the queue stands where it stood.
 * @param {Queue} queue
 * @param {readonly Item[]} items all that is asked for
 * @returns {Queue}
 */
export function renew(queue, items) {
  const wanted = new Set(items.map(({ spectrum_id: id }) => id));
  const here = current(queue);
  const stays = (/** @type {Item} */ item) =>
    item === here || queue.answered.has(item.spectrum_id) || wanted.has(item.spectrum_id);
  const index = queue.items.slice(0, queue.index).filter(stays).length;
  return extend({ ...queue, items: queue.items.filter(stays), index }, items);
}

/**
 * Give the spectrum that the queue stands at an answer, and go one further.
 * @param {Queue} queue
 * @param {string | null} value the class, or null for unsure
 * @param {string} answerId
 * @returns {{queue: Queue, answer: Given, refused: null} | {queue: Queue, answer: null, refused: Refusal}}
 */
export function label(queue, value, answerId) {
  const item = current(queue);
  if (item === null) return { queue, answer: null, refused: "nothing to label" };
  if (queue.painted !== item.spectrum_id) return { queue, answer: null, refused: "not painted yet" };
  const answer = { spectrum_id: item.spectrum_id, label: value, answerId };
  const answered = new Map(queue.answered).set(item.spectrum_id, value);
  return { queue: next({ ...queue, answered, given: [...queue.given, answer] }), answer, refused: null };
}

/**
 * Take the newest answer back, and go to its spectrum. An earlier answer to the same spectrum then stands again.
 * @param {Queue} queue
 * @returns {{queue: Queue, undone: Given | null}} what is undone, for the compensating event; null if there is nothing
 */
export function undo(queue) {
  const undone = queue.given.at(-1);
  if (undone === undefined) return { queue, undone: null };
  const given = queue.given.slice(0, -1);
  const earlier = given.findLast(({ spectrum_id }) => spectrum_id === undone.spectrum_id);
  const answered = new Map(queue.answered);
  if (earlier === undefined) answered.delete(undone.spectrum_id);
  else answered.set(undone.spectrum_id, earlier.label);
  return { queue: visit({ ...queue, answered, given }, { spectrum_id: undone.spectrum_id }), undone };
}

/**
 * Return how many spectra of the queue have no answer.
 * @param {Queue} queue
 * @returns {number}
 */
export function countOpen(queue) {
  return queue.items.filter(({ spectrum_id }) => !queue.answered.has(spectrum_id)).length;
}

/**
 * Every move goes through here: what was painted is not what the queue stands at now, until the page says so.
 * @param {Queue} queue
 * @param {number} index
 * @returns {Queue}
 */
function at(queue, index) {
  const within = Math.min(Math.max(index, 0), queue.items.length);
  if (within === queue.index && current(queue)?.spectrum_id === queue.painted) return queue;
  return { ...queue, index: within, painted: null };
}

/**
 * @param {Queue} queue
 * @param {number} start
 * @returns {number}
 */
function openFrom(queue, start) {
  const found = queue.items.findIndex(({ spectrum_id }, index) => index >= start && !queue.answered.has(spectrum_id));
  return found < 0 ? queue.items.length : found;
}

/**
 * @param {readonly Item[]} items
 * @returns {Item[]} of each spectrum the first
 */
function unique(items) {
  const known = new Set();
  return items.filter(({ spectrum_id: id }) => !known.has(id) && known.add(id));
}
