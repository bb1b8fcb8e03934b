// @ts-check
/** Estimates with their limits, drawn round by round. */

import { h, number } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [400, 170, 34, 22, 8, 8];

/** @typedef {{round: number, estimate: number | null, lower: number | null, upper: number | null}} Point */

/**
 * Return a drawing of shares between 0 and 1 with their intervals. The numbers stand in a table beside it.
 * @param {string} title
 * @param {readonly Point[]} points
 * @returns {HTMLElement | null} null if there is nothing to draw
 */
export function chart(title, points) {
  if (points.length === 0) return null;
  const x = (/** @type {number} */ place) => LEFT + ((place + 0.5) / points.length) * (WIDTH - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => TOP + (1 - value) * (HEIGHT - BOTTOM - TOP);
  const words = points.map(
    ({ round, estimate, lower, upper }) => `round ${round}: ${number(estimate)} (${number(lower)} to ${number(upper)})`,
  );
  const svg = node("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${title}. ${words.join("; ")}.`,
    class: "chart",
  });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(node("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "rule" }));
    if (value % 0.5 === 0) svg.append(node("text", { x: LEFT - 6, y: y(value) + 4, class: "tick end" }, value.toFixed(1)));
  }
  const every = Math.ceil(points.length / 12);
  points.forEach(({ round, estimate, lower, upper }, place) => {
    if (lower !== null && upper !== null) {
      svg.append(node("line", { x1: x(place), x2: x(place), y1: y(lower), y2: y(upper), class: "bar" }));
      for (const value of [lower, upper]) {
        svg.append(node("line", { x1: x(place) - 4, x2: x(place) + 4, y1: y(value), y2: y(value), class: "bar" }));
      }
    }
    if (estimate !== null) svg.append(node("circle", { cx: x(place), cy: y(estimate), r: 4, class: "dot" }));
    if (place % every === 0) svg.append(node("text", { x: x(place), y: HEIGHT - 6, class: "tick middle" }, String(round)));
  });
  return h("figure", {}, h("figcaption", {}, title), svg);
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
function node(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== "") made.textContent = text;
  return made;
}
