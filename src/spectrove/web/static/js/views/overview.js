// @ts-check
/** Everything that was asked about, as small pictures: filtered, searched, and entered by a click or Enter. */

import { h, number, shortName } from "../dom.js";
import { drawThumbnail, thumbnailSummary } from "../thumbnail.js";

const PAGE = 60;
/** @type {readonly [string, string][]} */
const STATES = [
  ["all", "everything"],
  ["open", "no answer of mine"],
  ["answered", "answered"],
  ["unsure", "unsure"],
  ["flagged", "flagged"],
  ["disagreed", "disagreed about"],
];
/** No state is told by color alone. */
const SIGNS = /** @type {Record<string, string>} */ ({ open: "○", answered: "●", unsure: "?", "not asked": "–" });

/**
 * @typedef {{
 *   spectrum_id: string, designation: string | null, snr: number | null, state: string, label: string | null, flags: string[],
 *   iteration: number | null, thumbnail: number[],
 * }} Item
 */

/**
 * @param {HTMLElement} root
 * @param {import("../main.js").Context} context
 */
export async function show(root, { api, campaign, announce, keys, route }) {
  // What is wanted stands in the address: going back from a spectrum comes to the same place.
  const wanted = new URLSearchParams(route.query);
  const page = () => Math.max(0, Number(wanted.get("offset")) || 0);
  const filters = makeForm(campaign.classes, wanted, set);
  const count = h("p", { class: "muted count" });
  const grid = h("ul", { class: "grid", "aria-label": "Spectra. Arrow keys move, Enter opens." });
  const pages = h("p", { class: "pages" });
  root.replaceChildren(h("h1", {}, "Overview"), filters.form, count, grid, pages);
  let n = 0;
  let asked = 0;

  /**
   * @param {Record<string, string>} changes
   * @param {"first" | "last" | null} [focus] which picture is to have the focus then
   */
  function set(changes, focus = null) {
    for (const [name, value] of Object.entries({ offset: "", ...changes })) {
      if (value === "") wanted.delete(name);
      else wanted.set(name, value);
    }
    history.replaceState(null, "", `#/overview${wanted.size > 0 ? `?${wanted}` : ""}`);
    void load(focus).catch((error) => announce(error instanceof Error ? error.message : String(error)));
  }

  /** @param {"first" | "last" | null} [focus] */
  async function load(focus = null) {
    const mine = ++asked;
    const found = await api.get(`/api/v1/overview?${new URLSearchParams([["limit", String(PAGE)], ...wanted])}`);
    if (mine !== asked) return;
    n = found.n;
    filters.fillRounds(found.iterations);
    const last = Math.min(page() + PAGE, n);
    count.textContent = n === 0 ? nothing() : `${page() + 1} to ${last} of ${n}`;
    announce(count.textContent);
    grid.replaceChildren(...found.items.map(card));
    draw();
    pages.replaceChildren(
      h("button", { type: "button", disabled: page() === 0, onclick: () => turn(-PAGE, "first") }, "← earlier"),
      h("button", { type: "button", disabled: last >= n, onclick: () => turn(PAGE, "first") }, "later →"),
    );
    pages.toggleAttribute("hidden", n <= PAGE);
    // One stop for Tab; the arrow keys do the rest.
    cards().forEach((one, place) => one.setAttribute("tabindex", place === 0 ? "0" : "-1"));
    if (focus !== null || (wanted.has("search") && n === 1))
      cards()
        .at(focus === "last" ? -1 : 0)
        ?.focus();
    else root.scrollTop = 0;
  }

  function nothing() {
    const search = wanted.get("search");
    return search
      ? `No spectrum of the pool has the id, designation or obsid “${search}”. They are compared as a whole.`
      : "None.";
  }

  /**
   * @param {number} by
   * @param {"first" | "last"} focus
   */
  function turn(by, focus) {
    const offset = page() + by;
    if (offset >= 0 && offset < n) set({ offset: offset === 0 ? "" : String(offset) }, focus);
  }

  /** @type {WeakMap<HTMLCanvasElement, number[]>} */
  const pictures = new WeakMap();
  const draw = () => grid.querySelectorAll("canvas").forEach((canvas) => drawThumbnail(canvas, pictures.get(canvas) ?? []));
  const cards = () => /** @type {HTMLElement[]} */ ([...grid.querySelectorAll("a")]);

  /** @param {Item} item */
  function card(item) {
    const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: "150", height: "64", "aria-hidden": "true" }));
    pictures.set(canvas, item.thumbnail);
    const said = item.state === "answered" ? item.label : item.state;
    const flags = item.flags.length > 0 ? `, flags: ${item.flags.join(", ")}` : "";
    const link = h(
      "a",
      {
        class: `card ${item.state.replace(" ", "-")}`,
        href: `#/queue/${encodeURIComponent(item.spectrum_id)}`,
        title: `${item.designation ?? ""} ${item.spectrum_id}${flags}`.trim(),
        "aria-label": `${item.designation ?? item.spectrum_id}: ${said}${flags}; ${thumbnailSummary(item.thumbnail)}`,
      },
      canvas,
      h("span", { class: "name" }, shortName(item)),
      h(
        "span",
        { class: "said" },
        h("span", { class: "sign" }, SIGNS[item.state] ?? ""),
        ` ${said}`,
        item.flags.length > 0 ? " ⚑" : null,
        h("span", { class: "aside" }, item.snr === null ? "" : `S/N ${number(item.snr, 0)}`),
      ),
    );
    return h("li", {}, link);
  }

  const columns = () => {
    const tops = cards().map((one) => one.getBoundingClientRect().top);
    return Math.max(1, tops.filter((top) => top === tops[0]).length);
  };
  grid.addEventListener("keydown", (event) => {
    const all = cards();
    const place = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const { key } = event;
    if (key === "PageDown" || key === "PageUp") turn(key === "PageDown" ? PAGE : -PAGE, "first");
    else {
      const step = {
        ArrowRight: 1,
        ArrowLeft: -1,
        ArrowDown: columns(),
        ArrowUp: -columns(),
        Home: -place,
        End: all.length - 1 - place,
      }[key];
      if (step === undefined) return;
      const to = place + step;
      if (to >= all.length && key !== "ArrowDown") turn(PAGE, "first");
      else if (to < 0 && key !== "ArrowUp") turn(-PAGE, "last");
      else all[Math.min(Math.max(to, 0), all.length - 1)].focus();
    }
    event.preventDefault();
    event.stopPropagation();
  });
  grid.addEventListener("focusin", (event) => {
    for (const one of cards()) one.setAttribute("tabindex", one === event.target ? "0" : "-1");
  });
  const toSearch = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    filters.search.focus();
  };
  document.addEventListener("themechange", draw);
  document.addEventListener("keydown", toSearch);
  const enter = () => (cards().find((one) => one.tabIndex === 0) ?? filters.search).focus();
  const offs = ["next", "back"].map((id) => keys.on(id, enter));
  await load();
  return () => {
    document.removeEventListener("themechange", draw);
    document.removeEventListener("keydown", toSearch);
    for (const off of offs) off();
  };
}

/**
 * Return the filters and the search.
 * @param {{name: string}[]} classes
 * @param {URLSearchParams} wanted
 * @param {(changes: Record<string, string>) => void} set
 */
function makeForm(classes, wanted, set) {
  const choose = (
    /** @type {string} */ name,
    /** @type {string} */ label,
    /** @type {readonly (readonly [string, string])[]} */ options,
  ) => {
    const select = /** @type {HTMLSelectElement} */ (
      h("select", { name }, ...options.map(([value, text]) => h("option", { value }, text)))
    );
    select.value = wanted.get(name) ?? options[0][0];
    select.addEventListener("change", () => {
      search.value = "";
      set({ [name]: select.value === "all" ? "" : select.value, search: "" });
    });
    return h("label", {}, `${label} `, select);
  };
  const search = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "search",
      name: "search",
      placeholder: "id, designation or obsid",
      "aria-label": "Find a spectrum of the pool",
      size: "32",
    })
  );
  search.value = wanted.get("search") ?? "";
  const rounds = h("span", {});
  const form = h(
    "form",
    { class: "filters", role: "search" },
    choose("state", "Show", STATES),
    choose("label", "with my answer", [["", "any"], ...classes.map(({ name }) => /** @type {const} */ ([name, name]))]),
    rounds,
    h("span", { class: "grow" }),
    h("kbd", { title: "goes to the search" }, "/"),
    search,
    h("button", { type: "submit" }, "Find"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set({ search: search.value.trim() });
  });
  const fillRounds = (/** @type {number[]} */ iterations) => {
    if (rounds.childElementCount > 0) return;
    rounds.append(
      choose("iteration", "of round", [
        ["", "any"],
        ...iterations.map((one) => /** @type {const} */ ([String(one), String(one)])),
      ]),
    );
  };
  return { form, search, fillRounds };
}
