// @ts-check
/** The elements of the queue: made once, filled for every spectrum. */

import { h } from "./dom.js";
import { printed } from "./keys.js";
import { keyed, makeStack, makeTools } from "./tools.js";

/** What can be flagged; the first is the one of the flag key. */
export const FLAGS = ["second look", "interesting", "artefact", "nebular", "sky residual", "wrong redshift"];

/** How sure the answer is, as in DESI's visual inspections; the criteria say more. */
export const QUALITY = ["nothing can be said", "too poor to tell", "possible", "probable", "certain"];

/**
 * @typedef {{name: string, key: string, is_target: boolean, criterion: string}} ClassOf
 * @typedef {{
 *   onLabel: (label: string | null) => void, onFlag: (flag: string) => void, onQuality: (quality: number) => void,
 *   onMove: (id: "next" | "back" | "undo" | "open") => void, onCopy: () => void,
 * } & import("./tools.js").ToolActions} Actions
 */

/** @param {...unknown} parts */
const part = (...parts) => h("section", { class: "part" }, .../** @type {any[]} */ (parts));

/**
 * @param {string} name
 * @param {string} [className]
 * @returns {HTMLCanvasElement}
 */
function canvas(name, className = "") {
  return /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": name, class: className }));
}

/**
 * Make the desk.
 * @param {readonly ClassOf[]} classes
 * @param {readonly {label: string}[]} presets
 * @param {import("./keys.js").Keys} keys
 * @param {Actions} actions
 * @param {HTMLElement} velocities what is measured by mirroring
 */
export function makeDesk(classes, presets, keys, actions, velocities) {
  const key = (/** @type {string} */ id) => keys.of(id)[0] ?? "";

  // Above: how far, what was last, what goes on.
  const bar = /** @type {HTMLProgressElement} */ (
    h("progress", { max: "1", value: "0", "aria-label": "Answered in this batch" })
  );
  const count = h("span", { class: "count" });
  const banner = h("span", { class: "banner", role: "status" });
  const last = h("span", { class: "last" });
  const undo = keyed("Undo", key("undo"), { class: "quiet" }, () => actions.onMove("undo"));
  const back = keyed("Back", key("back"), { class: "quiet" }, () => actions.onMove("back"));
  const next = keyed("Skip", key("next"), { class: "quiet" }, () => actions.onMove("next"));
  const top = h("div", { class: "q-top" }, bar, count, banner, last, back, next, undo);

  // Left: the plots.
  const title = h("h2", { class: "q-name" });
  const facts = h("span", { class: "q-facts" });
  const source = h("span", { class: "q-source" });
  const readout = h("span", { class: "q-readout", "aria-hidden": "true" });
  const summary = h("p", { id: "spectrum-summary", class: "q-summary" });
  const tools = makeTools(classes, presets, keys, actions);
  const { stack, lineHost, wholeHost, lineFigure, veil } = makeStack("spectrum-summary");

  // Below: what else helps.
  const seen = canvas("What the network saw: its points of this spectrum");
  const seenNote = h("span", { class: "note" });
  const exposures = canvas("Other exposures of the same object at the line");
  const exposuresNote = h("span", { class: "note" });
  const fibers = h("div", { class: "fibers" });
  const fibersNote = h("span", { class: "note" });
  const sky = h("div", { class: "sky-host" });
  const strip = h(
    "div",
    { class: "q-strip" },
    h("section", { class: "card" }, h("h3", {}, "What the network saw ", seenNote), seen),
    h("section", { class: "card" }, h("h3", {}, "Exposures within 5″ ", exposuresNote), exposures),
    h("section", { class: "card wide" }, h("h3", {}, "Neighboring fibers ", fibersNote), fibers),
    h("section", { class: "card" }, h("h3", {}, "Sky ", h("kbd", { "aria-hidden": "true" }, printed(key("image")))), sky),
  );

  // Right: the answer.
  const labels = classes.map(({ name, criterion }, i) => {
    const button = /** @type {HTMLButtonElement} */ (
      h(
        "button",
        { type: "button", class: "class", dataset: { label: name }, "aria-describedby": criterion ? `criterion-${i}` : null },
        h("kbd", { "aria-hidden": "true" }, printed(key(`class-${i + 1}`))),
        h("span", { class: "name" }, name),
      )
    );
    button.addEventListener("click", (event) => {
      if (event.detail > 0) button.blur();
      actions.onLabel(name);
    });
    return h("li", {}, button, criterion ? h("p", { id: `criterion-${i}`, class: "q-criterion" }, criterion) : null);
  });
  const unsure = /** @type {HTMLButtonElement} */ (
    h(
      "button",
      { type: "button", class: "class", dataset: { label: "" }, id: "unsure" },
      h("kbd", { "aria-hidden": "true" }, printed(key("unsure"))),
      h("span", { class: "name" }, "unsure"),
    )
  );
  unsure.addEventListener("click", (event) => {
    if (event.detail > 0) unsure.blur();
    actions.onLabel(null);
  });
  const yours = h("p", { class: "yours", role: "status" });
  const flags = FLAGS.map((flag, i) =>
    keyed(flag, i === 0 ? key("flag") : "", { class: "toggle", "aria-pressed": "false", dataset: { flag } }, () =>
      actions.onFlag(flag),
    ),
  );
  const quality = QUALITY.map((said, n) =>
    keyed(
      String(n),
      "",
      {
        class: "toggle",
        "aria-pressed": "false",
        "aria-label": `Quality ${n}: ${said}`,
        title: `${said} (${printed(key(`quality-${n}`))})`,
        dataset: { quality: String(n) },
      },
      () => actions.onQuality(n),
    ),
  );
  const comment = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "comment",
      type: "text",
      maxlength: "4000",
      autocomplete: "off",
      placeholder: `Comment (${printed(key("comment"))})`,
      "aria-label": "Comment",
    })
  );
  const flagsLabel = h(
    "h3",
    {},
    "Flags ",
    h("kbd", { "aria-hidden": "true" }, printed(key("flags"))),
    h("span", { class: "note" }, " then 1–6"),
  );
  const answer = part(
    h("h3", { class: "unseen" }, "Answer"),
    h(
      "ul",
      { class: "classes" },
      ...labels,
      h("li", {}, unsure, h("p", { class: "q-criterion" }, "An answer too: nothing is guessed.")),
    ),
    yours,
  );
  const notes = part(
    flagsLabel,
    h("div", { class: "flags", role: "group", "aria-label": "Flags" }, ...flags),
    h("div", { class: "quality", role: "group", "aria-label": "Quality of the spectrum" }, h("span", {}, "Quality"), ...quality),
    comment,
  );

  // Right: the numbers.
  const measured = h("dl", { class: "rows" });
  const measuredTitle = h("h3", {}, "Measured");
  const metadata = h("dl", { class: "rows" });
  const links = h("p", { class: "links" });
  const reveal = h("div", { class: "reveal", role: "status" });
  const revealButton = keyed("Reveal the prediction", key("reveal"), { class: "quiet", dataset: { action: "reveal" } }, () =>
    actions.onToggle("reveal"),
  );
  const alike = h("div", { class: "fibers" });
  const alikeCard = h("section", { class: "part", hidden: true }, h("h3", {}, "Look-alikes"), alike);
  const copy = keyed("Copy", "", { class: "quiet" }, actions.onCopy);
  const samp = keyed("SAMP", key("samp"), { class: "quiet", "aria-label": "Send by SAMP" }, () => actions.onToggle("samp"));
  const side = h(
    "aside",
    { class: "q-side", "aria-label": "Answer and measurements" },
    answer,
    notes,
    part(measuredTitle, measured),
    velocities,
    alikeCard,
    part(h("h3", {}, "Spectrum ", copy, samp), metadata, links),
    part(
      h("h3", {}, "Prediction"),
      h("p", { class: "note" }, "Hidden, so that the answer is yours. A reveal is recorded."),
      revealButton,
      reveal,
    ),
  );

  const ending = h("div", { class: "q-ending", hidden: true });
  const heading = h("div", { class: "q-title" }, title, facts, source, readout);
  const left = h("section", { class: "q-plots", "aria-label": "Spectrum" }, heading, tools.element, stack, summary, strip);
  const root = h(
    "div",
    { class: "queue" },
    h("h1", { class: "unseen" }, "Label spectra"),
    top,
    h("div", { class: "q-main" }, left, side),
    ending,
  );
  return {
    root,
    bar,
    count,
    banner,
    last,
    undo,
    title,
    facts,
    source,
    readout,
    summary,
    tools,
    lineHost,
    wholeHost,
    lineFigure,
    veil,
    stack,
    seen,
    seenNote,
    exposures,
    exposuresNote,
    fibers,
    fibersNote,
    sky,
    yours,
    flags,
    flagsLabel,
    quality,
    comment,
    measured,
    measuredTitle,
    metadata,
    links,
    reveal,
    revealButton,
    alike,
    alikeCard,
    copy,
    ending,
    main: /** @type {HTMLElement} */ (left.parentElement),
    labels: [...labels.map((li) => /** @type {HTMLButtonElement} */ (li.querySelector("button"))), unsure],
  };
}

/** @typedef {ReturnType<typeof makeDesk>} Desk */
