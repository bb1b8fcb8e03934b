// @ts-check
/** The help: every key from the one table, and a way to choose others. */

import { h } from "./dom.js";
import { KEYS, nameOf, printed } from "./keys.js";

/**
 * Open the help. When it is closed and keys were changed, the document hears `keyschange`.
 * @param {import("./keys.js").Keys} keys
 * @param {readonly {name: string, key: string}[]} classes
 */
export function openHelp(keys, classes) {
  let isChanged = false;
  const before = document.activeElement;
  const body = h("div", { class: "columns" });
  const status = h("p", { role: "status", class: "note" }, "Choose a row's key to set another one.");
  const close = h("button", { type: "button" }, "Close");
  const reset = h("button", { type: "button" }, "All keys as delivered");
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog",
      { class: "help", "aria-labelledby": "help-title" },
      h("header", {}, h("h2", { id: "help-title" }, "Keys"), close),
      body,
      h("footer", {}, status, reset),
    )
  );

  /** @param {string} id */
  function what(id) {
    const n = Number(/^class-(\d)$/.exec(id)?.[1] ?? 0);
    const said = KEYS.find((key) => key.id === id)?.what ?? id;
    if (n === 0) return said;
    const named = classes.find(({ key }) => key === String(n));
    return named === undefined ? null : `${named.name}, and on`;
  }

  function fill() {
    const groups = ["Move", "Answer", "See", "Other"].map((group) =>
      h(
        "section",
        {},
        h("h3", {}, group),
        h(
          "ul",
          {},
          ...KEYS.filter((key) => key.group === group).flatMap(({ id }) => {
            const said = what(id);
            return said === null ? [] : [h("li", {}, h("span", {}, said), chooser(id, said))];
          }),
        ),
      ),
    );
    body.replaceChildren(...groups);
  }

  /**
   * @param {string} id
   * @param {string} said
   */
  function chooser(id, said) {
    const names = keys.of(id).map(printed).join("  ") || "none";
    const label = `${said}: ${names}. Set another key.`;
    const button = h("button", { type: "button", class: "key", dataset: { of: id }, "aria-label": label }, names);
    button.addEventListener("click", () => {
      button.textContent = "press …";
      status.textContent = `Press the key for “${said}”, Esc for none other.`;
      const listen = (/** @type {KeyboardEvent} */ event) => {
        if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
        dialog.removeEventListener("keydown", listen, true);
        if (event.key !== "Escape" && event.key !== "Tab") {
          keys.remap(id, [nameOf(event)]);
          status.textContent = `“${said}” is now ${printed(nameOf(event))}.`;
          isChanged = true;
        }
        fill();
        /** @type {HTMLElement | null} */ (body.querySelector(`[data-of="${id}"]`))?.focus();
      };
      dialog.addEventListener("keydown", listen, true);
    });
    return button;
  }

  reset.addEventListener("click", () => {
    keys.reset();
    isChanged = true;
    fill();
    status.textContent = "All keys are as delivered.";
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (isChanged) document.dispatchEvent(new Event("keyschange"));
    if (before instanceof HTMLElement) before.focus();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "?") dialog.close();
  });
  fill();
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}
