// @ts-check
/** The page: who is here, which view is shown, and what the machine does meanwhile. */

import { announce } from "./announce.js";
import { ApiError, createApi } from "./api.js";
import { h } from "./dom.js";
import { openHelp } from "./help.js";
import { Keys } from "./keys.js";
import { Outbox } from "./outbox.js";
import { noteUndone } from "./given.js";
import { loadSettings } from "./settings.js";
import { toggleTheme } from "./theme.js";

/**
 * What every view gets.
 * @typedef {{
 *   api: import("./api.js").Api, campaign: any, session: {annotator: string, csrf_token: string}, outbox: Outbox,
 *   announce: (text: string) => void, go: (hash: string) => void, keys: Keys, settings: import("./settings.js").Settings,
 *   route: {view: string, id: string, query: URLSearchParams}, work: () => any,
 * }} Context
 * @typedef {{show: (root: HTMLElement, context: any) => Promise<(() => void) | void>}} View
 */

/** @type {Record<string, () => Promise<View>>} */
const VIEWS = {
  queue: () => import("./queue.js"),
  overview: () => import("./views/overview.js"),
  history: () => import("./views/history.js"),
  progress: () => import("./views/progress.js"),
  candidates: () => import("./views/candidates.js"),
  disagreements: () => import("./views/disagreements.js"),
  criteria: () => import("./views/criteria.js"),
};

const RUNNING = 1000;
const RESTING = 4000;

const api = createApi();
const keys = new Keys();
const settings = loadSettings();
const root = /** @type {HTMLElement} */ (document.getElementById("view"));

/** @type {any} */
let work = null;
/** @type {(() => void) | void} */
let leave;
let showing = 0;

/**
 * @param {string} hash
 * @returns {Context["route"]}
 */
function routeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  let id = rest.join("/");
  try {
    id = decodeURIComponent(id);
  } catch {
    // An id with a bare per cent sign is taken as it is.
  }
  return { view: view in VIEWS ? view : "queue", id, query: new URLSearchParams(query) };
}

/**
 * Show the view of the address.
 * @param {Omit<Context, "route">} base
 */
async function route(base) {
  const mine = ++showing;
  const where = routeOf(location.hash);
  leave?.();
  leave = undefined;
  document.body.dataset.view = where.view;
  for (const link of document.querySelectorAll("nav a[href^='#/']")) {
    if (link.getAttribute("href") === `#/${where.view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  root.replaceChildren();
  announce("");
  try {
    const view = await VIEWS[where.view]();
    const cleanup = await view.show(root, { ...base, route: where });
    if (mine !== showing) {
      cleanup?.();
      return;
    }
    leave = cleanup;
    // Whoever came by a link goes on in the view: keys and screen readers begin there.
    if (document.activeElement?.closest("nav")) root.focus({ preventScroll: true });
  } catch (error) {
    if (mine !== showing) return;
    root.replaceChildren(
      h(
        "section",
        { class: "problem", role: "alert" },
        h("h1", {}, "This view cannot be shown"),
        h("p", {}, error instanceof Error ? error.message : String(error)),
      ),
    );
  }
}

/**
 * Ask for the annotator's name where the server does not know it.
 * @param {string} current
 * @param {boolean} isRequired
 * @returns {Promise<string | null>}
 */
function askName(current, isRequired) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { id: "annotator", type: "text", required: true, maxlength: "80", autocomplete: "off", value: current })
  );
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
        h("button", { type: "submit" }, "Go on"),
      ),
    )
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    if (isRequired) dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value.trim() === "") return;
      dialog.returnValue = input.value.trim();
      dialog.close(input.value.trim());
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
  });
}

/** @returns {Promise<Context["session"]>} */
async function logIn() {
  let session = await api.get("/api/v1/session");
  api.setToken(session.csrf_token);
  while (!session.annotator) {
    const annotator = await askName("", true);
    session = await api.put("/api/v1/session", { annotator });
    api.setToken(session.csrf_token);
  }
  return session;
}

/** @param {string} annotator */
function showWho(annotator) {
  const host = document.getElementById("who");
  if (host === null) return;
  const button = h(
    "button",
    { type: "button", class: "quiet", "aria-label": `Labeling as ${annotator}. Change the name.` },
    annotator,
  );
  button.addEventListener("click", async () => {
    const name = await askName(annotator, false);
    if (name === null || name === annotator) return;
    await api.put("/api/v1/session", { annotator: name });
    // Another person has another order, another outbox, and nothing to undo.
    sessionStorage.removeItem("spectrove.given");
    location.reload();
  });
  host.replaceChildren(button);
}

/** @param {Outbox} outbox */
function showOutbox(outbox) {
  const host = document.getElementById("outbox");
  if (host === null) return;
  let refusedShown = -1;
  let said = "";
  const update = () => {
    const { size, problem, refused } = outbox;
    // Answers on their way are no news; those that stay here are.
    const text = size > 0 && problem !== "" ? `${size} ${size === 1 ? "answer" : "answers"} not sent yet, kept here` : "";
    if (text === said && refused.length === refusedShown) return;
    said = text;
    refusedShown = refused.length;
    host.replaceChildren(text);
    if (refused.length === 0) return;
    const again = h("button", { type: "button", class: "quiet" }, "Send again");
    again.addEventListener("click", () => outbox.retryRefused());
    host.append(
      h(
        "details",
        { class: "refused" },
        h("summary", {}, `${refused.length} not accepted`),
        h(
          "ul",
          {},
          ...refused.map(({ answer, refused: why }) =>
            h("li", {}, `${answer.spectrum_id}, ${answer.undoes ? "undo" : (answer.label ?? "unsure")}: ${why}`),
          ),
        ),
        again,
      ),
    );
  };
  outbox.addEventListener("change", update);
  outbox.addEventListener("refused", (event) =>
    announce(`An answer was not accepted: ${/** @type {CustomEvent} */ (event).detail.refused}`),
  );
  outbox.addEventListener("recorded", (event) => {
    const { undoes } = /** @type {CustomEvent} */ (event).detail;
    if (undoes) noteUndone(undoes);
  });
  update();
}

/** Show what the machine does, and tell the views. */
function showWork() {
  const host = document.getElementById("work");
  if (host === null || work === null) return;
  if (work.kind === "running") {
    const bar = h(
      "progress",
      work.total
        ? { max: String(work.total), value: String(work.done), "aria-label": "The machine's work" }
        : { "aria-label": "The machine's work" },
    );
    host.replaceChildren(h("span", {}, work.what || "The machine trains"), bar);
  } else if (work.kind === "failed") {
    host.replaceChildren(h("a", { href: "#/progress", class: "bad" }, `The machine stopped: ${work.error}`));
  } else {
    host.replaceChildren();
  }
}

async function watchWork() {
  let next = RESTING;
  try {
    work = await api.get("/api/v1/work");
    if (work.kind === "running") next = RUNNING;
    showWork();
    document.dispatchEvent(new CustomEvent("work", { detail: work }));
  } catch {
    // The outbox says it when there is no network.
  }
  setTimeout(
    () => void watchWork(),
    document.body.dataset.view === "queue" && document.body.dataset.painted === undefined ? RUNNING : next,
  );
}

async function start() {
  root.replaceChildren(h("p", { class: "note", role: "status" }, "Loading …"));
  const [session, campaign] = await Promise.all([logIn(), api.get("/api/v1/campaign")]);
  const outbox = new Outbox(api, session.annotator);
  await outbox.open();
  showWho(session.annotator);
  showOutbox(outbox);
  /** @type {Omit<Context, "route">} */
  const base = {
    api,
    campaign,
    session,
    outbox,
    announce,
    keys,
    settings,
    work: () => work,
    go: (hash) => {
      location.hash = hash;
    },
  };
  const help = () =>
    openHelp(
      keys,
      campaign.classes.map((/** @type {{name: string}} */ { name }, /** @type {number} */ i) => ({ name, key: String(i + 1) })),
    );
  keys.on("help", help);
  keys.on("dark", () => toggleTheme());
  document.getElementById("help-button")?.addEventListener("click", help);
  addEventListener("hashchange", () => void route(base));
  await route(base);
  void watchWork();
}

start().catch((error) => {
  const detail = error instanceof ApiError || error instanceof Error ? error.message : String(error);
  root.replaceChildren(
    h(
      "section",
      { class: "problem", role: "alert" },
      h("h1", {}, "The page cannot start"),
      h("p", {}, detail),
      h("p", {}, "Load it again when the server runs."),
    ),
  );
});
