// @ts-check
/** The sky about a spectrum: a chart of the pool's own, which needs nobody, and Aladin Lite where it is installed. */

import { h } from "./dom.js";

/**
 * @typedef {{spectrum_id: string, name: string, ra: number, dec: number, east: number, north: number}} Spot
 * @typedef {{ra: number, dec: number, radius: number, spots: Spot[], aladin: string | null}} Sky
 * @typedef {{marks: (id: string) => boolean, pick: (id: string) => void}} Choice what a view lets be chosen
 */

/** Nothing can be chosen: while somebody is asked, no neighbor says what it is taken for. */
const NOTHING = /** @type {Choice} */ ({ marks: () => false, pick: () => {} });

const SIDE = 200;
const NS = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Draw the pool's spectra about a position: north up, east left.
 * @param {HTMLElement} host
 * @param {Sky} sky
 * @param {Choice} [choice]
 */
export function drawFinder(host, sky, { marks, pick } = NOTHING) {
  const half = SIDE / 2;
  const scale = (half - 14) / sky.radius;
  const dots = sky.spots.map((one) => {
    const isMarked = marks(one.spectrum_id);
    const at = { cx: (half - one.east * scale).toFixed(2), cy: (half - one.north * scale).toFixed(2) };
    const dot = svg("circle", { ...at, r: isMarked ? 5 : 2.2, class: isMarked ? "candidate" : "other" });
    dot.append(svg("title", {}, one.name));
    if (isMarked) dot.addEventListener("click", () => pick(one.spectrum_id));
    return dot;
  });
  const n = sky.spots.length;
  const wide = `${(sky.radius / 60).toFixed(0)}′`;
  const ticks = [
    [half - 16, half, half - 5, half],
    [half + 5, half, half + 16, half],
    [half, half - 16, half, half - 5],
    [half, half + 5, half, half + 16],
  ].map(([x1, y1, x2, y2]) => svg("line", { x1, y1, x2, y2, class: "mark" }));
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "finder", role: "img", "aria-label": `${n} other spectra within ${wide}` },
    svg("circle", { cx: half, cy: half, r: half - 14, class: "edge" }),
    ...dots,
    ...ticks,
    svg("text", { x: half, y: 9, "text-anchor": "middle" }, "N"),
    svg("text", { x: 2, y: half + 3 }, "E"),
  );
  host.replaceChildren(chart, h("p", { class: "note" }, `${n === 0 ? "no" : n} other spectra within ${wide}`));
}

/**
 * Show Aladin Lite, in a frame of its own. It asks the CDS for pictures.
 * @param {HTMLElement} host
 * @param {Sky} sky
 * @param {string} name
 * @param {Choice} [choice]
 */
export function showAladin(host, sky, name, { marks, pick } = NOTHING) {
  const frame = /** @type {HTMLIFrameElement} */ (
    h("iframe", { class: "aladin", src: sky.aladin, title: `Aladin Lite at ${name}`, referrerpolicy: "no-referrer" })
  );
  const note = h("p", { class: "note", role: "status" }, "Aladin Lite starts …");
  const listen = (/** @type {MessageEvent} */ event) => {
    if (!frame.isConnected) return removeEventListener("message", listen);
    if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
    const { kind, id, why } = event.data ?? {};
    if (kind === "ready") {
      const { ra, dec, spots } = sky;
      frame.contentWindow?.postMessage({ kind: "show", ra, dec, fov: 2 / 60, name, spots }, location.origin);
    } else if (kind === "shown") {
      note.textContent = "Aladin Lite; pictures from the CDS";
      host.dataset.aladin = name;
    } else if (kind === "failed") note.textContent = `Aladin Lite does not start here: ${String(why)}`;
    else if (kind === "chosen" && typeof id === "string" && marks(id)) pick(id);
  };
  addEventListener("message", listen);
  delete host.dataset.aladin;
  host.replaceChildren(frame, note);
}
