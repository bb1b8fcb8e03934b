// @ts-check
/** How the campaign goes: rounds, what is known with which limits, the stopping rule, the pace, the people. */

import { h, number, table } from "../dom.js";
import { chart } from "./chart.js";

const REFRESH = 5000;
const SENTENCES = 6;

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, { api, announce, campaign, work }) {
  let told = await api.get("/api/v1/progress");
  let isHere = true;
  const machine = h("section", { class: "machine", "aria-label": "The machine" });
  const body = h("div", {});
  root.replaceChildren(h("h1", {}, "Progress"), machine, body);

  function render() {
    const isOpen = new Set([...body.querySelectorAll("details[open]")].map((one) => one.id));
    const focused = document.activeElement?.id ?? "";
    body.replaceChildren(
      ...[tiles(told), closing(), estimates(told), rule(told), rounds(told), people(told, campaign.classes)].filter(
        (one) => one !== null,
      ),
    );
    for (const one of body.querySelectorAll("details")) one.open = isOpen.has(one.id);
    if (focused !== "" && document.activeElement === document.body) document.getElementById(focused)?.focus();
  }

  async function refresh() {
    const fresh = await api.get("/api/v1/progress");
    if (!isHere || JSON.stringify({ ...fresh, work: null }) === JSON.stringify({ ...told, work: null })) return;
    told = fresh;
    render();
  }

  /** @param {any} state */
  function showMachine(state) {
    if (machine.contains(document.activeElement) && state.kind === "failed") return;
    machine.replaceChildren(...machineOf(state, retry));
    machine.toggleAttribute("hidden", machine.childElementCount === 0);
  }

  async function retry() {
    try {
      showMachine(await api.post("/api/v1/work/retry", {}));
      announce("It is tried again.");
    } catch (error) {
      announce(error instanceof Error ? error.message : String(error));
    }
  }

  function closing() {
    if (told.n_open === 0 || told.finished) return null;
    return h(
      "p",
      {},
      h("button", { type: "button", id: "close-round", onclick: askToClose }, "Close this round with questions open …"),
    );
  }

  function askToClose() {
    const dialog = closeDialog(told.iteration, told.n_open);
    document.body.append(dialog);
    dialog.addEventListener("close", async () => {
      dialog.remove();
      document.getElementById("close-round")?.focus();
      if (dialog.returnValue !== "close") return;
      try {
        await api.post("/api/v1/rounds/close", { iteration: told.iteration });
        announce(`Round ${told.iteration} is being closed.`);
      } catch (error) {
        announce(error instanceof Error ? error.message : String(error));
      }
      await refresh();
    });
    dialog.showModal();
  }

  const heard = (/** @type {Event} */ event) => showMachine(/** @type {CustomEvent} */ (event).detail);
  document.addEventListener("work", heard);
  showMachine(work() ?? told.work);
  render();
  const timer = setInterval(() => void refresh().catch(() => undefined), REFRESH);
  return () => {
    isHere = false;
    document.removeEventListener("work", heard);
    clearInterval(timer);
  };
}

/**
 * Return what the machine does.
 * @param {any} work
 * @param {() => void} retry
 * @returns {HTMLElement[]}
 */
function machineOf(work, retry) {
  const parts = [];
  if (work.kind === "running") {
    const size = work.total ? { max: String(work.total), value: String(work.done) } : {};
    const bar = h("progress", { ...size, "aria-label": "The machine's work" });
    const share = work.total ? ` ${Math.floor((100 * work.done) / work.total)} %` : "";
    parts.push(h("p", { class: "working" }, h("span", {}, work.what || "The machine is between two steps"), bar, share));
  }
  if (work.kind === "failed") {
    const again = h("button", { type: "button", id: "retry", onclick: retry }, "Try again");
    parts.push(h("p", { class: "bad", role: "alert" }, `The machine stopped: ${work.error} `, again));
  }
  const said = (work.said ?? []).slice(-SENTENCES);
  if (said.length > 0)
    parts.push(h("ul", { class: "muted small" }, ...said.map((/** @type {string} */ text) => h("li", {}, text))));
  return parts;
}

/** @param {any} told */
function tiles(told) {
  const tile = (/** @type {string} */ name, /** @type {string | number} */ value, /** @type {string} */ note = "") =>
    h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, h("strong", {}, value), note === "" ? null : h("span", {}, note)));
  const { pace } = told;
  const phases = /** @type {Record<string, string>} */ ({
    TRAIN: "the network is trained",
    SCORE: "the pool is scored",
    ASK: "questions are asked",
    AUDIT: "audit questions are asked",
    CLOSED: "closed",
  });
  const what = told.finished
    ? "the campaign is finished; verify its candidates"
    : (phases[told.phase] ?? told.phase.toLowerCase());
  return h(
    "dl",
    { class: "tiles" },
    tile("Round", told.iteration, what),
    tile("Open questions", told.n_open, told.n_open === 0 ? "nothing waits for an answer" : "that nobody has answered"),
    tile("Answered spectra", told.n_answers),
    tile(
      "Your pace",
      pace === null ? "–" : `${number(pace.seconds_median, 1)} s`,
      pace === null ? "known after some answers" : "a spectrum, the median",
    ),
    tile("Left of this round", pace === null ? "–" : lasting(pace.hours_left), pace === null ? "" : "at your pace"),
  );
}

/**
 * @param {number} iteration
 * @param {number} n
 * @returns {HTMLDialogElement}
 */
function closeDialog(iteration, n) {
  const dialog = h(
    "dialog",
    { class: "ask", "aria-labelledby": "close-title", "aria-describedby": "close-text" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "close-title" }, `Close round ${iteration}?`),
      h(
        "p",
        { id: "close-text" },
        `${n} ${n === 1 ? "question is" : "questions are"} open. They would count as abstentions for good. ` +
          "Whoever closes a round chooses what is counted, so rules that promise something do not stop at such a round.",
      ),
      h(
        "p",
        { class: "decide" },
        h("button", { value: "", autofocus: true }, "Go on labeling"),
        h("button", { value: "close", class: "bad" }, "Close the round"),
      ),
    ),
  );
  return /** @type {HTMLDialogElement} */ (dialog);
}

/** @param {any} told */
function estimates(told) {
  const closed = told.iterations.filter((/** @type {any} */ row) => row.precision !== null);
  const heading = h("h2", {}, "What is known");
  if (closed.length === 0)
    return h("section", {}, heading, h("p", { class: "muted" }, "Nothing yet: estimates come when the first round is answered."));
  const precision = closed.map((/** @type {any} */ row) => ({ round: row.number, ...row.precision }));
  const recalled = closed.filter((/** @type {any} */ row) => row.recall?.[""]);
  const recall = recalled.map((/** @type {any} */ row) => ({ round: row.number, ...row.recall[""] }));
  const bullets = (/** @type {string[]} */ texts) =>
    h("ul", { class: "sentences" }, ...texts.map((text) => h("li", { class: /^\s/.test(text) ? "deeper" : "" }, text.trim())));
  return h(
    "section",
    {},
    heading,
    h(
      "div",
      { class: "charts" },
      chart("Precision by round, with its limits", precision),
      chart("Recall by round, with its limits", recall),
    ),
    bullets(told.sentences),
    told.plan === null
      ? null
      : h("details", { id: "plan" }, h("summary", {}, "What more labels would bring"), bullets(told.plan)),
  );
}

/** @param {any} told */
function rule({ stopping }) {
  return h(
    "section",
    {},
    h("h2", {}, "Stopping rule"),
    h(
      "p",
      {},
      h("strong", {}, stopping.stop ? "Stop" : "Go on"),
      h("span", { class: "muted" }, ` (${stopping.rule}) `),
      stopping.reason,
    ),
  );
}

/** @param {any} told */
function rounds(told) {
  const share = (/** @type {any} */ one) => {
    if (!one) return "–";
    return one.estimate === null ? "unknown" : `${number(one.estimate)} (${number(one.lower)} to ${number(one.upper)})`;
  };
  const decision = (/** @type {any} */ one) => (one === null ? "–" : one.stop ? "stop" : "go on");
  const rows = told.iterations.map((/** @type {any} */ row) => [
    `${row.number}${row.kind === "final" ? ", last training" : ""}`,
    row.phase.toLowerCase(),
    row.trained?.n_examples ?? "–",
    row.population?.n_predicted_targets ?? "–",
    share(row.precision),
    share(row.recall?.[""]),
    decision(row.decision),
  ]);
  return h(
    "section",
    {},
    table("Rounds", ["round", "phase", "trained on", "predicted targets", "precision", "recall", "rule"], rows),
  );
}

/**
 * @param {any} told
 * @param {{name: string}[]} classes
 */
function people({ agreement, annotators }, classes) {
  const counts = (/** @type {any[]} */ list, /** @type {string} */ name) =>
    new Map(list.filter(({ n }) => n > 0).map((one) => [one.annotator, `${one[name]} of ${one.n}`]));
  const repeats = counts(agreement.repeats, "n_same");
  const gold = counts(agreement.gold, "n_right");
  const rows = annotators.map((/** @type {any} */ { name, n }) => [name, n, repeats.get(name) ?? "–", gold.get(name) ?? "–"]);
  const kappa = (/** @type {any} */ one) =>
    one.kappa === null ? "one class only" : `${number(one.kappa)} (${number(one.lower)} to ${number(one.upper)})`;
  const pairs = agreement.pairs.map((/** @type {any} */ one) => [
    `${one.first} and ${one.second}`,
    one.n,
    number(one.observed),
    kappa(one),
  ]);
  const others = agreement.people.filter((/** @type {any} */ one) => one.n_settled > 0);
  const none = h("p", { class: "muted" }, "How people agree is told when two of them have labeled the same spectra.");
  return h(
    "section",
    {},
    h("h2", {}, "People"),
    table("Who answered", ["who", "answers", "the same on a second look", "right where the label is known"], rows),
    pairs.length === 0 ? none : table("Agreement of blind votes", ["who", "spectra", "same label", "Cohen's κ (95 %)"], pairs),
    agreement.alpha === null ? null : h("p", {}, "Krippendorff's α of all votes: ", h("strong", {}, number(agreement.alpha))),
    others.length === 0
      ? null
      : h(
          "details",
          { id: "confusion" },
          h("summary", {}, "Each person against the settled labels"),
          ...others.map((/** @type {any} */ one) =>
            table(
              `${one.annotator}: rows are what ${one.annotator} said, columns the settled label`,
              ["", ...classes.map(({ name }) => name)],
              one.matrix.map((/** @type {number[]} */ row, /** @type {number} */ at) => [classes[at].name, ...row]),
            ),
          ),
        ),
  );
}

/**
 * @param {number} hours
 * @returns {string}
 */
function lasting(hours) {
  return hours < 1 ? `${Math.ceil(60 * hours)} min` : `${hours.toFixed(1)} h`;
}
