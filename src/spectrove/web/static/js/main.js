// @ts-check
/** The page: who is here, which view is shown, and what the machine does meanwhile. */

import { announce } from "./announce.js";
import { ApiError, createApi } from "./api.js";
import { h } from "./dom.js";
import { openHelp } from "./help.js";
import { Keys } from "./keys.js";
import { Outbox } from "./outbox.js";
import { belongTo } from "./given.js";
import { loadSettings } from "./settings.js";
import { toggleTheme } from "./theme.js";
import { showOutbox } from "./unsent.js";
import { logIn, showWho } from "./who.js";

/**
 * What every view gets.
 * @typedef {{
 *   api: import("./api.js").Api, campaign: any, session: import("./who.js").Session, outbox: Outbox,
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
  const [session, campaign] = await Promise.all([logIn(api), api.get("/api/v1/campaign")]);
  belongTo(campaign.id, session.annotator);
  const outbox = new Outbox(api, campaign.id, session.annotator);
  await outbox.open();
  showWho(api, session);
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
  // Keys are printed all over a view.
  document.addEventListener("keyschange", () => void route(base));
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
