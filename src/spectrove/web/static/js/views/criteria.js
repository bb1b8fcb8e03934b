// @ts-check
/** What a spectrum must show to be of each class, with examples; and the keys. */

import { curveSummary, drawCurve } from "../curve.js";
import { h } from "../dom.js";
import { KEYS, printed } from "../keys.js";

/**
 * @typedef {{spectrum_id: string, features: (number | null)[]}} Example
 * @typedef {{name: string, is_target: boolean, criterion: string, examples: Example[]}} ClassOf
 * @typedef {{classes: ClassOf[], grid: number[], unsure: string, quality: string[]}} Criteria
 */

const UNWRITTEN = "Nobody has written down what makes this class. The settings hold it: criteria, in [classes].";

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, { api, campaign, keys }) {
  const told = /** @type {Criteria} */ (await api.get("/api/v1/criteria"));
  const keyNamed = (/** @type {string} */ id) => printed(keys.of(id)[0] ?? "");
  /** @type {Map<string, string>} */
  const keyOf = new Map(
    campaign.classes.map((/** @type {{name: string}} */ { name }, /** @type {number} */ at) => {
      return [name, keyNamed(`class-${at + 1}`)];
    }),
  );
  /** @type {[HTMLCanvasElement, (number | null)[]][]} */
  const drawn = [];
  const example = (/** @type {string} */ name, /** @type {Example} */ { spectrum_id: id, features }) => {
    const label = `Example of ${name}, ${id}: ${curveSummary(told.grid, features)}.`;
    const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": label }));
    drawn.push([canvas, features]);
    return h("li", {}, canvas, h("span", { class: "name" }, id));
  };
  const [from, to] = [told.grid[0], told.grid[told.grid.length - 1]].map((wave) => wave.toFixed(0));
  root.replaceChildren(
    h("h1", {}, "Criteria"),
    h(
      "p",
      { class: "muted note" },
      `The examples are what the network sees of labeled spectra: ${told.grid.length} points from ${from} to ${to} Å ` +
        "in vacuum, each scaled to its own range; the dotted line is the rest wavelength.",
    ),
    ...told.classes.map((one) =>
      h(
        "section",
        { class: "criterion" },
        h(
          "h2",
          {},
          h("kbd", {}, keyOf.get(one.name) ?? ""),
          ` ${one.name}`,
          one.is_target ? h("span", { class: "tag" }, "searched for") : null,
        ),
        h("p", {}, one.criterion || UNWRITTEN),
        one.examples.length === 0
          ? h("p", { class: "muted" }, "There is no labeled example.")
          : h(
              "ul",
              { class: "examples", "aria-label": `Examples of ${one.name}` },
              ...one.examples.map((each) => example(one.name, each)),
            ),
      ),
    ),
    h(
      "div",
      { class: "pair" },
      h("section", {}, h("h2", {}, h("kbd", {}, keyNamed("unsure")), " unsure"), h("p", {}, told.unsure)),
      h(
        "section",
        {},
        h("h2", {}, "Quality"),
        h(
          "dl",
          { class: "rows" },
          ...told.quality.flatMap((text, value) => [
            h("dt", {}, h("kbd", {}, keyNamed(`quality-${value}`))),
            h("dd", {}, text.replace(/^\d:\s*/, "")),
          ]),
        ),
      ),
    ),
    h(
      "section",
      { class: "keys" },
      h("h2", {}, "Keys"),
      h("p", { class: "muted" }, "The help (?) changes them."),
      h("div", { class: "columns" }, ...["Move", "Answer", "See", "Other"].map((group) => keyTable(group, keys))),
    ),
  );
  const marks = [{ label: "", wave: campaign.shared.rest_wave }];
  const draw = () =>
    drawn.forEach(([canvas, features]) => drawCurve(canvas, { wave: told.grid, flux: features, marks, axis: false }));
  draw();
  document.addEventListener("themechange", draw);
  addEventListener("resize", draw);
  // Nothing in it has the focus, and it is scrolled by keys.
  root.tabIndex = 0;
  return () => {
    document.removeEventListener("themechange", draw);
    removeEventListener("resize", draw);
    root.tabIndex = -1;
  };
}

/**
 * @param {string} group
 * @param {import("../keys.js").Keys} keys
 */
function keyTable(group, keys) {
  // Nine classes and five qualities stand above.
  const rows = KEYS.filter((key) => key.group === group && !/^(class|quality)-/.test(key.id));
  const caps = (/** @type {string} */ id) => keys.of(id).flatMap((key) => [h("kbd", {}, printed(key)), " "]);
  return h(
    "section",
    { class: "group" },
    h("h3", {}, group),
    h("dl", { class: "rows" }, ...rows.flatMap(({ id, what }) => [h("dt", {}, ...caps(id)), h("dd", {}, what)])),
  );
}
