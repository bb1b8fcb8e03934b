// @ts-check
/** What every view of a spectrum has: the two plots, and the bar that says how they are drawn. */

import { h } from "./dom.js";
import { printed } from "./keys.js";

/**
 * What the bar of tools calls.
 * @typedef {{onRv: (rv: number) => void, onPreset: (index: number) => void, onToggle: (id: string) => void,
 *   onTemplate: (name: string) => void}} ToolActions
 */

/**
 * A button that shows its key.
 * @param {string} text
 * @param {string} key
 * @param {Record<string, any>} attributes
 * @param {() => void} action
 * @returns {HTMLButtonElement}
 */
export function keyed(text, key, attributes, action) {
  const button = /** @type {HTMLButtonElement} */ (
    h(
      "button",
      { type: "button", ...attributes },
      h("span", {}, text),
      key === "" ? null : h("kbd", { "aria-hidden": "true" }, printed(key)),
    )
  );
  button.addEventListener("click", (event) => {
    action();
    // A click leaves no focus behind: the next Space would press the button again.
    if (event.detail > 0) button.blur();
  });
  return button;
}

/**
 * Make the bar that says how a spectrum is drawn.
 * @param {readonly {name: string}[]} classes that a template may be of
 * @param {readonly {label: string}[]} presets
 * @param {import("./keys.js").Keys} keys
 * @param {ToolActions} actions
 */
export function makeTools(classes, presets, keys, actions) {
  const key = (/** @type {string} */ id) => keys.of(id)[0] ?? "";
  const toggle = (/** @type {string} */ id, /** @type {string} */ text) =>
    keyed(text, key(id), { class: "toggle", "aria-pressed": "false", dataset: { toggle: id } }, () => actions.onToggle(id));
  const presetButtons = presets.map(({ label }, index) =>
    keyed(label, "", { class: "toggle", "aria-pressed": "false", dataset: { preset: String(index) } }, () =>
      actions.onPreset(index),
    ),
  );
  const width = h("span", { class: "width" });
  const rv = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "rv",
      type: "range",
      min: "-1000",
      max: "1000",
      step: "1",
      value: "0",
      "aria-label": "Radial velocity of the line list and of the mirrored profile, km/s",
    })
  );
  const rvSaid = h("output", { for: "rv", class: "rv" }, "0 km/s");
  rv.addEventListener("input", () => actions.onRv(Number(rv.value)));
  // A slider left with the focus would take the arrow keys.
  rv.addEventListener("pointerup", () => rv.blur());
  const [smooth, smoothing] = counted("smooth", "Smooth more", key("smoother"), () => actions.onToggle("smoother"));
  const [bin, binning] = counted("bin", "Take more pixels together", key("bin"), () => actions.onToggle("bin"));
  const template = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { "aria-label": "Template: the median of labeled examples of a class", title: `Template (${printed(key("template"))})` },
      h("option", { value: "" }, "no template"),
      ...classes.map(({ name }) => h("option", { value: name }, name)),
    )
  );
  template.addEventListener("change", () => {
    actions.onTemplate(template.value);
    template.blur();
  });
  const toggles = ["velocity", "mirror", "lines", "errors", "exposures", "whole"].map((id) => toggle(id, id));
  const element = h(
    "div",
    { class: "q-tools", role: "toolbar", "aria-label": "How the spectrum is shown" },
    h("span", { class: "group" }, ...presetButtons, h("kbd", { "aria-hidden": "true" }, printed(key("preset")))),
    h(
      "span",
      { class: "group" },
      keyed("−", "", { class: "toggle", "aria-label": "Narrower line window" }, () => actions.onToggle("narrower")),
      width,
      keyed("+", "", { class: "toggle", "aria-label": "Wider line window" }, () => actions.onToggle("wider")),
    ),
    h("span", { class: "group slider" }, h("label", { for: "rv" }, "RV"), rv, rvSaid),
    h("span", { class: "group" }, smooth, bin, ...toggles, template),
  );

  /**
   * Say how spectra are shown.
   * @param {import("./settings.js").Settings} settings
   */
  function show(settings) {
    for (const button of presetButtons) press(button, Number(button.dataset.preset) === settings.preset);
    for (const button of toggles) press(button, Boolean(settings[/** @type {"lines"} */ (button.dataset.toggle)]));
    press(smooth, settings.smoothing > 0);
    press(bin, settings.bin > 1);
    width.textContent = `±${settings.halfWidth} Å`;
    smoothing.textContent = settings.smoothing > 0 ? ` σ ${settings.smoothing} px` : " off";
    binning.textContent = settings.bin > 1 ? ` ${settings.bin} px` : " off";
    if (template.value !== settings.template) template.value = settings.template;
  }

  /**
   * Say the radial velocity.
   * @param {number} kms
   */
  function showRv(kms) {
    const said = `${signed(kms)} km/s`;
    if (rv.value !== String(kms)) rv.value = String(kms);
    if (rvSaid.textContent !== said) rvSaid.textContent = said;
  }

  return { element, show, showRv };
}

/**
 * @param {string} text
 * @param {string} name
 * @param {string} key
 * @param {() => void} action
 * @returns {[HTMLButtonElement, HTMLElement]} the button, and where its number stands
 */
function counted(text, name, key, action) {
  const number = h("span", {});
  const button = keyed(text, key, { class: "toggle", "aria-label": name }, action);
  button.insertBefore(number, button.lastChild);
  return [button, number];
}

/**
 * Make the figures of the line window and the whole spectrum.
 * @param {string} describedBy id of what tells them in words
 */
export function makeStack(describedBy) {
  const lineHost = h("div", { class: "plot" });
  const wholeHost = h("div", { class: "plot" });
  const lineFigure = h(
    "figure",
    { class: "q-line", role: "group", "aria-label": "Line window", "aria-describedby": describedBy, tabindex: "-1" },
    lineHost,
  );
  const wholeFigure = h(
    "figure",
    { class: "q-whole", role: "group", "aria-label": "Whole spectrum", "aria-describedby": describedBy },
    wholeHost,
  );
  const veil = h("div", { class: "q-veil", role: "status", hidden: true });
  return { stack: h("div", { class: "q-stack" }, lineFigure, wholeFigure, veil), lineHost, wholeHost, lineFigure, veil };
}

/**
 * @param {HTMLElement} button
 * @param {boolean} isPressed
 */
export function press(button, isPressed) {
  const value = String(isPressed);
  if (button.getAttribute("aria-pressed") !== value) button.setAttribute("aria-pressed", value);
}

/**
 * Return a number with its sign.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function signed(value, digits = 0) {
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(?=0(\.0*)?$)/, "").replace("-", "−");
}
