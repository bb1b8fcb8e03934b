// @ts-check
/** Elements from plain data. Text is always text: nothing that somebody wrote is ever read as HTML. */

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 */

/**
 * Return an element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `dataset` takes an object, `on…` a listener; true is an empty attribute, false and
 *   null are none
 * @param {...Child} children text and elements; what is null or false is left out
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "dataset") Object.assign(node.dataset, value);
    else if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) node.append(typeof child === "number" ? String(child) : child);
  }
  return node;
}

/**
 * Return a number with a fixed count of digits, or a dash.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 * @returns {string}
 */
export function number(value, digits = 2) {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/**
 * Return a moment as people say it, in UTC.
 * @param {string} iso
 * @returns {string}
 */
export function moment(iso) {
  return iso ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : "–";
}

/**
 * Return a table.
 * @param {string} caption
 * @param {string[]} columns
 * @param {Child[][]} rows
 * @returns {HTMLElement}
 */
export function table(caption, columns, rows) {
  const head = h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)));
  const cells = (/** @type {Child[]} */ [first, ...others]) => [
    h("th", { scope: "row" }, first),
    ...others.map((one) => h("td", {}, one)),
  ];
  const body = rows.map((row) => h("tr", {}, ...cells(row)));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body)),
  );
}

/**
 * Return a designation without the name of its survey, which all of a page share, or the id where there is none.
 * @param {{designation?: string | null, spectrum_id: string}} one
 * @returns {string}
 */
export function shortName({ designation, spectrum_id: id }) {
  return designation ? designation.replace(/^\S+\s+(?=J\d)/, "") : id;
}
