// @ts-check
/** What was answered in this tab: to be undone, and to be there again when the person goes back. */

/** @typedef {import("./pure/decide.js").Given} Given */
/**
 * What was said of one spectrum beside its class.
 * @typedef {{flags: Set<string>, quality: number | null, comment: string, rv: number, revealed: boolean,
 *   velocities: import("./velocities.js").Kept[]}} Draft
 */

let place = "spectrove.given";

/** What was said of the spectra answered in this page, to be there again when the person goes back. @type {Map<string, Draft>} */
export const told = new Map();
/** Answers taken back somewhere else, such as in the history. @type {Set<string>} */
export const undoneElsewhere = new Set();

/**
 * Say whose answers, and to which campaign, are given from now on: nothing of others is there to be undone.
 * @param {string} campaign
 * @param {string} annotator
 */
export function belongTo(campaign, annotator) {
  place = `spectrove.given ${campaign} ${annotator}`;
}

/**
 * Remember that an answer was taken back.
 * @param {string} answerId
 */
export function noteUndone(answerId) {
  undoneElsewhere.add(answerId);
}

/** @returns {Draft} */
export function freshDraft() {
  return { flags: new Set(), quality: null, comment: "", rv: 0, revealed: false, velocities: [] };
}

/**
 * Return what was answered in this tab before it was loaded again, so that it can still be undone.
 * @returns {Given[]}
 */
export function storedGiven() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(place) ?? "[]");
    return Array.isArray(stored) ? stored.filter(({ answerId }) => !undoneElsewhere.has(answerId)) : [];
  } catch {
    return [];
  }
}

/** @param {readonly Given[]} given */
export function keepGiven(given) {
  try {
    sessionStorage.setItem(place, JSON.stringify(given.slice(-100)));
  } catch {
    // Undo then ends at a reload.
  }
}
