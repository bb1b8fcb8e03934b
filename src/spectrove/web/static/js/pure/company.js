// @ts-check
/** What others do meanwhile: whether they answer the same questions, and whether a round has ended. */

/**
 * `open` is how many questions were open when the queue was asked for, `own` how many own answers were recorded since.
 * @typedef {Readonly<{open: number, own: number}>} Company
 */

/**
 * Tell whether others must have answered, or another round begun: an own answer closes one question, or none where it was a
 * second look.
 * @param {Company} company
 * @param {number} nOpen how many are open after the last own answer
 * @returns {boolean}
 */
export function isChanged({ open, own }, nOpen) {
  return nOpen > open || nOpen < open - own;
}

const ASKING = ["ASK", "AUDIT"];

/**
 * Tell whether what a page shows belongs to a moment that is over: questions of a round that was closed, or second looks while
 * the machine worked.
 * @param {{iteration: number, phase: string, is_meanwhile: boolean}} queue as the server gave it
 * @param {{kind: string, iteration: number, phase: string}} work what the machine does now
 * @returns {boolean}
 */
export function isOver(queue, work) {
  if (!queue.is_meanwhile) return work.iteration > queue.iteration;
  if (work.kind === "running") return false;
  return work.iteration > queue.iteration || (ASKING.includes(work.phase) && !ASKING.includes(queue.phase));
}
