// @ts-check
/** What a verdict on a candidate is, and how it is said; as `spectrove.catalog.verification` has it. */

export const REASONS = ["noise", "artefact", "nebular", "cool-star bands", "galaxy", "other"];

/** @type {Record<string, string>} */
export const VERDICT_NAMES = { keep: "kept", "other-class": "other class", reject: "rejected", none: "cannot tell" };

/**
 * @typedef {{
 *   label: string | null, verdict: string, reasons: string[], comment: string, annotator: string, at: string,
 *   velocity: {mean?: number, error?: number, n?: number},
 * }} Verdict
 * @typedef {{
 *   spectrum_id: string, designation: string | null, ra: number, dec: number, label: string, source: string, thumbnail: number[],
 *   url?: string, verdict: Verdict | null,
 * }} Candidate
 */

/**
 * Return what an answer says of a candidate.
 * @param {string | null} label
 * @param {readonly string[]} reasons
 * @param {string} listed the class that it is listed as
 * @param {readonly {name: string, is_target: boolean}[]} classes
 * @returns {string}
 */
export function verdictOf(label, reasons, listed, classes) {
  if (label === null) return reasons.length > 0 ? "reject" : "none";
  if (!classes.some(({ name, is_target: isTarget }) => isTarget && name === label)) return "reject";
  return label === listed ? "keep" : "other-class";
}

/**
 * Return a verdict with its reasons, in words.
 * @param {Verdict} verdict
 * @returns {string}
 */
export function told({ label, verdict, reasons, comment }) {
  const what = verdict === "none" ? "cannot tell" : `${VERDICT_NAMES[verdict]}${label === null ? "" : `, ${label}`}`;
  return `${what}${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}${comment ? `, “${comment}”` : ""}`;
}

/**
 * Return what stands below a candidate's small picture.
 * @param {Candidate} one
 * @returns {string}
 */
export function said({ label: listed, verdict }) {
  if (verdict === null) return listed;
  if (verdict.verdict === "reject") return "✗ rejected";
  return verdict.verdict === "none" ? "? cannot tell" : `✓ ${verdict.label}`;
}
