// @ts-check
/** A spectrum that the address names: what an answer to it is for, and what was said of it on an earlier day. */

/** @typedef {{purpose: string, spectrum_id: string}} Jump */

export const NOT_ASKED = "It was never asked about, so it takes no answer.";

/**
 * Return where the address leads to, or null where it names no spectrum.
 * @param {{id: string, query: URLSearchParams}} route
 * @returns {Jump | null}
 */
export function jumpOf({ id, query }) {
  const purpose = query.get("purpose") ?? "";
  return id === "" ? null : { spectrum_id: id, purpose: ["verify", "decision"].includes(purpose) ? purpose : "vote" };
}

/**
 * Return what the server knows of somebody's answer to a spectrum.
 * @param {import("./api.js").Api} api
 * @param {string} id
 * @returns {Promise<{state: string, label: string | null} | null>} null if nothing is at hand
 */
export async function earlierAnswer(api, id) {
  try {
    const { items } = await api.get(`/api/v1/overview?search=${encodeURIComponent(id)}&limit=5`);
    const found = items.find((/** @type {any} */ one) => one.spectrum_id === id);
    return found ? { state: found.state, label: found.label ?? null } : null;
  } catch {
    return null; // it is shown without
  }
}
