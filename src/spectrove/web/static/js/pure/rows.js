// @ts-check
/**
 * Rows of a table that was sent to other programs, and the spectra that they mean. A program names a table by its id and a row by
 * its number, as text; which spectrum that is, says the list that was sent with the table, never the one on the screen.
 */

/**
 * What was sent.
 * @typedef {{
 *   version: string, table_id: string, url: string, name: string, ids: string[], positions: ([number, number] | null)[],
 * }} Sent
 */

/** Whoever points at the sky means a spectrum within so many arc seconds: the aperture of a fiber and some blur. */
export const NEAR = 10;

/**
 * Return the spectrum of a row.
 * @param {Sent | null} sent
 * @param {unknown} tableId
 * @param {unknown} row
 * @returns {string | null} null if it is a row of another table, or of none
 */
export function idOf(sent, tableId, row) {
  if (sent === null || tableId !== sent.table_id || typeof row !== "string" || !/^\s*\d{1,9}\s*$/.test(row)) return null;
  return sent.ids[Number(row)] ?? null;
}

/**
 * Return the rows that a message lists, each once, in rising order.
 * @param {Sent | null} sent
 * @param {unknown} tableId
 * @param {unknown} list
 * @returns {number[] | null} null if they are of another table; rows that it does not have are left out
 */
export function rowsOf(sent, tableId, list) {
  if (sent === null || tableId !== sent.table_id || !Array.isArray(list)) return null;
  const rows = new Set(list.filter((row) => idOf(sent, tableId, row) !== null).map(Number));
  return [...rows].sort((a, b) => a - b);
}

/**
 * Return rows as one bit each, in base 64 for addresses.
 * @param {readonly number[]} rows
 * @returns {string}
 */
export function bitsOf(rows) {
  const bytes = new Uint8Array(rows.length === 0 ? 0 : Math.floor(Math.max(...rows) / 8) + 1);
  for (const row of rows) bytes[row >> 3] |= 0x80 >> (row & 7);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Return how far two places are from each other on the sky.
 * @param {readonly [number, number]} one right ascension and declination, degrees
 * @param {readonly [number, number]} other
 * @returns {number} arc seconds
 */
export function separation([ra1, dec1], [ra2, dec2]) {
  const radians = Math.PI / 180;
  const [down, across] = [Math.sin(((dec2 - dec1) * radians) / 2), Math.sin(((ra2 - ra1) * radians) / 2)];
  // Haversine: near zero the arc cosine would lose all digits.
  const chord = down * down + Math.cos(dec1 * radians) * Math.cos(dec2 * radians) * across * across;
  return (3600 * 2 * Math.asin(Math.min(1, Math.sqrt(chord)))) / radians;
}

/**
 * Return the place that a message points at.
 * @param {Record<string, unknown>} params
 * @returns {[number, number] | null} degrees; null if it says none
 */
export function placeOf({ ra, dec }) {
  if (typeof ra !== "string" || typeof dec !== "string" || ra.trim() === "" || dec.trim() === "") return null;
  const place = /** @type {[number, number]} */ ([Number(ra), Number(dec)]);
  return place.every(Number.isFinite) && Math.abs(place[1]) <= 90 ? place : null;
}

/**
 * Return the spectrum that is nearest to a place.
 * @param {Sent | null} sent
 * @param {readonly [number, number]} place degrees
 * @param {string} shown the spectrum on the screen: it stays if it is at the place too, as are all exposures of an object
 * @returns {string | null} null if none is near
 */
export function nearest(sent, place, shown) {
  if (sent === null) return null;
  /** @type {string | null} */
  let found = null;
  let least = NEAR;
  sent.positions.forEach((position, row) => {
    // Most are far away, which the declination tells at once.
    if (position === null || Math.abs(position[1] - place[1]) * 3600 > NEAR) return;
    const distance = separation(position, place);
    if (distance > NEAR || (found === shown && shown !== "")) return;
    if (sent.ids[row] === shown || distance < least || found === null) [found, least] = [sent.ids[row], distance];
  });
  return found;
}
