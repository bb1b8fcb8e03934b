// @ts-check
/** The binary body of a spectrum, as `spectrove.web.binary` writes it: little-endian, every part at a multiple of four bytes. */

const MAGIC = "SPV1";

/**
 * What the head says; see `spectrove.web.binary`.
 * @typedef {{
 *   spectrum_id: string, n_pixels: number, n_features: number, has_ivar: boolean, has_mask: boolean,
 *   medium: "vacuum" | "undeclared", source: "file" | "pool", problem: string | null,
 *   frame: "barycentric" | "heliocentric" | "topocentric" | "undeclared",
 *   facts: Record<string, string | number | null>, [more: string]: any,
 * }} Head
 */

/**
 * A decoded spectrum. The arrays are views of the body, not copies. `wave` and `grid` in Å; `flux` may hold NaN; `features` are
 * what the network saw.
 * @typedef {{
 *   head: Head, wave: Float32Array, flux: Float32Array, ivar: Float32Array | null, mask: Uint8Array | null,
 *   grid: Float32Array, features: Float32Array,
 * }} Spectrum
 */

/**
 * Return the head and the arrays of a spectrum.
 * @param {ArrayBuffer} buffer
 * @returns {Spectrum}
 * @throws {RangeError} if the body is no spectrum, or is not whole
 */
export function decodeSpectrum(buffer) {
  const { head, start } = decodeHead(buffer);
  let offset = start;
  const { n_pixels: nPixels, n_features: nFeatures } = head;
  const length = start + 4 * (nPixels * (head.has_ivar ? 3 : 2) + 2 * nFeatures) + (head.has_mask ? nPixels : 0);
  if (buffer.byteLength !== length) {
    const found = `the body has ${buffer.byteLength} bytes, expected ${length}`;
    throw new RangeError(`${head.spectrum_id}: ${found}. Load the page again.`);
  }
  const floats = (/** @type {number} */ n) => {
    offset += 4 * n;
    return new Float32Array(buffer, offset - 4 * n, n);
  };
  // In the order of the body.
  const wave = floats(nPixels);
  const flux = floats(nPixels);
  const ivar = head.has_ivar ? floats(nPixels) : null;
  const grid = floats(nFeatures);
  const features = floats(nFeatures);
  const mask = head.has_mask ? new Uint8Array(buffer, offset, nPixels) : null;
  return { head, wave, flux, ivar, mask, grid, features };
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {{head: Head, start: number}}
 */
function decodeHead(buffer) {
  const text = (/** @type {number} */ from, /** @type {number} */ n) => new TextDecoder().decode(new Uint8Array(buffer, from, n));
  if (buffer.byteLength < 8 || text(0, 4) !== MAGIC) throw new RangeError(`this is no spectrum: it does not begin with ${MAGIC}`);
  const nHead = new DataView(buffer).getUint32(4, true);
  if (nHead % 4 !== 0 || 8 + nHead > buffer.byteLength) {
    throw new RangeError(`the head of the spectrum is not whole: ${nHead} bytes of it in a body of ${buffer.byteLength}`);
  }
  return { head: JSON.parse(text(8, nHead)), start: 8 + nHead };
}
