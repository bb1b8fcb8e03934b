// @ts-check
/**
 * Who answers in this tab. The server's session is one for all tabs of the browser and ends with the server; so the name is kept
 * here, too, and goes with every request.
 */

import { ApiError } from "./api.js";
import { h } from "./dom.js";

/**
 * `usual` is who answers here while nobody gives another name; empty where everybody has to.
 * @typedef {{annotator: string, usual: string, csrf_token: string}} Session
 */

const KEY = "spectrove.annotator";

/**
 * Return the name that was given last: in this tab, or else in this browser. It counts as long as the page is served for the
 * same person.
 * @param {string} usual
 * @returns {string} empty if none was
 */
function stored(usual) {
  for (const storage of [() => sessionStorage, () => localStorage]) {
    try {
      const told = JSON.parse(storage().getItem(KEY) ?? "null");
      if (told?.usual === usual && typeof told.name === "string") return told.name;
    } catch {
      // A browser that keeps nothing, or something else than we did.
    }
  }
  return "";
}

/**
 * @param {Session} session
 */
function store({ annotator: name, usual }) {
  for (const storage of [() => sessionStorage, () => localStorage]) {
    try {
      storage().setItem(KEY, JSON.stringify({ name, usual }));
    } catch {
      // The server's session knows it.
    }
  }
}

/**
 * Ask for a name until the server takes it.
 * @param {import("./api.js").Api} api
 * @param {string} current
 * @param {boolean} isRequired
 * @returns {Promise<Session | null>} null if nothing was changed
 */
function ask(api, current, isRequired) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      id: "annotator",
      type: "text",
      required: true,
      maxlength: "100",
      autocomplete: "off",
      value: current,
      "aria-describedby": "name-problem",
    })
  );
  const problem = h("p", { id: "name-problem", class: "bad", role: "alert" });
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog",
      { class: "help small", "aria-labelledby": "name-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "name-title" }, "Who labels?"),
        h("p", { class: "note" }, "Answers are kept under this name. Everybody who labels here needs one of their own."),
        h("label", { for: "annotator" }, "Name "),
        input,
        problem,
        h("button", { type: "submit" }, "Go on"),
      ),
    )
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    /** @type {Session | null} */
    let given = null;
    if (isRequired) dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      const annotator = input.value.trim();
      try {
        if (annotator !== "" && annotator !== current) given = await api.put("/api/v1/session", { annotator });
        else if (annotator !== "" && isRequired) given = await api.put("/api/v1/session", { annotator });
        else if (annotator === "") return;
        dialog.close();
      } catch (error) {
        problem.textContent = error instanceof ApiError ? error.detail : String(error);
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (given !== null) store(given);
      resolve(given);
    });
  });
}

/**
 * Begin a session, under the name that was given here before, if there is one.
 * @param {import("./api.js").Api} api
 * @returns {Promise<Session>}
 */
export async function logIn(api) {
  let session = /** @type {Session} */ (await api.get("/api/v1/session"));
  api.setToken(session.csrf_token);
  const before = stored(session.usual);
  if (session.annotator === "") {
    while (session.annotator === "") session = (await ask(api, before, true)) ?? session;
  } else if (before !== "") {
    session = { ...session, annotator: before };
  }
  api.setAnnotator(session.annotator);
  return session;
}

/**
 * Show who answers, and let another name be given.
 * @param {import("./api.js").Api} api
 * @param {Session} session
 */
export function showWho(api, { annotator }) {
  const host = document.getElementById("who");
  if (host === null) return;
  const button = h(
    "button",
    { type: "button", class: "quiet", "aria-label": `Labeling as ${annotator}. Change the name.` },
    annotator,
  );
  button.addEventListener("click", async () => {
    // Another person has another order, another outbox, and nothing to undo.
    if ((await ask(api, annotator, false)) !== null) location.reload();
  });
  host.replaceChildren(button);
}
