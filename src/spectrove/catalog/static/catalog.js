// @ts-check
/**
 * A table of the catalog: sorted, filtered, and a row's details on top of it. A plain script, as a page from a disk may load no
 * module. Whatever it shows it takes from the page and from the files beside it, as text, never as markup. Only the rows in view
 * are elements: thousands of them would take a browser many seconds, each time that they are sorted.
 */
"use strict";

(() => {
  /**
   * @typedef {{key: string, title: string, told: string, values: (number | null)[] | null, texts: string[], small: string[]}} Column
   * @typedef {{name: string, start: string, end: string, middles: (string | null)[]}} Links
   * @typedef {{texts: string[], line: string | null, whole: string | null, exposures: [string, string][]}} Details
   * @typedef {{
   *   page: string, chunk: number, sections: {title: string, items: [string, number][]}[],
   *   lines: {quantities: string[], rows: [string, number[]][]},
   *   ids: string[], titles: string[], pictures: (string | null)[], links: Links[], columns: Column[],
   * }} Content
   * @typedef {{column: Column, holds: (value: number | null) => boolean}} Condition
   */

  const table = /** @type {HTMLTableElement | null} */ (document.getElementById("table"));
  const body = table?.tBodies[0];
  if (!table?.tHead || !body) return;

  const ROW = 74; // px, as in the style sheet
  const AROUND = 8; // rows above and below the view that are elements, too
  const STAMP = 108; // px; so narrow a picture has no axes
  const [CHARACTER, BOLD] = [7.4, 9.4]; // px, about, at the size of a cell
  const [LEAST, MOST] = [7, 24]; // characters of a column
  const LONGEST = 36; // characters of a name
  const PAUSE = 120; // ms without a key after which the filter is applied
  const CONDITION = /^([a-z_0-9]+)(<=|>=|<|>|=)([-+−]?[0-9.]+(?:e[-+]?[0-9]+)?)$/;
  /** @type {Record<string, (value: number, limit: number) => boolean>} */
  const COMPARE = {
    "<": (value, limit) => value < limit,
    ">": (value, limit) => value > limit,
    "<=": (value, limit) => value <= limit,
    ">=": (value, limit) => value >= limit,
    "=": (value, limit) => value === limit,
  };

  /** @param {string} id */
  const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  /** @type {Content} */
  const content = JSON.parse(at("content").textContent ?? "");
  const { ids, titles, pictures, columns } = content;
  /** @type {Column} */
  const object = { key: "designation", title: "Object", told: "", values: null, texts: titles, small: ids };
  const sortable = [object, ...columns];
  const view = at("rows");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  /** Places of rows as they were written, in the order of the table, and those of them that pass the filter. */
  let order = ids.map((_, place) => place);
  let shown = order;

  /**
   * @param {string} name
   * @param {Record<string, string>} attributes
   * @param {...(Node | string)} children
   */
  function h(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** @param {string} path */
  const address = (path) => path.split("/").map(encodeURIComponent).join("/");

  // The rows in view.

  /** @type {Map<number, HTMLTableRowElement>} */
  const made = new Map();
  const [above, below] = [h("tr", { "aria-hidden": "true" }), h("tr", { "aria-hidden": "true" })];
  let isPrinted = false;

  /** @param {number} row */
  function linksOf(row) {
    return content.links.flatMap(({ name, start, end, middles }) =>
      middles[row] === null ? [] : [h("a", { href: start + middles[row] + end, rel: "noreferrer" }, name), " "],
    );
  }

  /**
   * @param {string} text
   * @param {string} small
   */
  function cell(text, small) {
    return h("div", { class: "c" }, text, ...(small === "" ? [] : [h("small", {}, small)]));
  }

  /** @param {number} row */
  function element(row) {
    const path = pictures[row];
    const size = { width: String(STAMP), height: String(ROW - 8) };
    const picture = path ? [h("img", { src: address(path), alt: "", ...size })] : [];
    const name = h("button", { type: "button" }, titles[row]);
    const id = ids[row] === titles[row] ? [] : [h("small", {}, ids[row])];
    const cells = columns.map(({ values, texts, small }) =>
      h("td", values ? { class: "n" } : {}, cell(texts[row], small[row])),
    );
    const links = h("td", { class: "l" }, h("div", { class: "c" }, ...linksOf(row)));
    const head = h("th", { scope: "row" }, h("div", { class: "c" }, name, ...id));
    return /** @type {HTMLTableRowElement} */ (
      h("tr", { "data-row": String(row) }, h("td", { class: "p" }, ...picture), head, ...cells, links)
    );
  }

  function draw() {
    const first = isPrinted ? 0 : Math.max(0, Math.floor(view.scrollTop / ROW) - AROUND);
    const n = isPrinted ? shown.length : Math.ceil(view.clientHeight / ROW) + 2 * AROUND;
    const wanted = shown.slice(first, first + n);
    const isWanted = new Set(wanted);
    for (const [row, one] of made) {
      if (isWanted.has(row)) continue;
      one.remove();
      made.delete(row);
    }
    above.style.height = `${first * ROW}px`;
    below.style.height = `${Math.max(0, shown.length - first - wanted.length) * ROW}px`;
    let next = above.nextSibling;
    for (const [place, row] of wanted.entries()) {
      let one = made.get(row);
      if (!one) {
        one = element(row);
        made.set(row, one);
      }
      one.setAttribute("aria-rowindex", String(first + place + 2));
      // What stands where it is to stand is not touched, so that it keeps the focus.
      if (one === next) next = next.nextSibling;
      else body?.insertBefore(one, next);
    }
  }

  /**
   * @param {number} row
   * @returns {HTMLButtonElement | null}
   */
  function reach(row) {
    const place = shown.indexOf(row);
    if (place < 0) return null;
    const [top, bottom] = [place * ROW, (place + 1) * ROW - view.clientHeight + 2 * ROW];
    if (view.scrollTop > top) view.scrollTop = top;
    else if (view.scrollTop < bottom) view.scrollTop = bottom;
    draw();
    return made.get(row)?.querySelector("button") ?? null;
  }

  // Order and filter.

  /** @type {string[] | null} */
  let words = null;
  function wordsOf() {
    words ??= ids.map((_, row) => sortable.map(({ texts, small }) => `${texts[row]}\n${small[row]}`).join("\n").toLowerCase());
    return words;
  }

  /**
   * Rows in the order of a column; those without a value stand behind, whichever the direction.
   * @param {Column} column
   * @param {number} direction
   */
  function sorted(column, direction) {
    const { texts, values } = column;
    const isEmpty = values ? values.map((value) => value === null) : texts.map((text) => text === "");
    return ids
      .map((_, place) => place)
      .sort((a, b) => {
        if (isEmpty[a] || isEmpty[b]) return Number(isEmpty[a]) - Number(isEmpty[b]);
        return direction * (values ? Number(values[a]) - Number(values[b]) : collator.compare(texts[a], texts[b]));
      });
  }

  /**
   * @param {Column} column
   * @param {HTMLElement} head
   */
  function sortBy(column, head) {
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const one of table?.querySelectorAll("[aria-sort]") ?? []) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    order = sorted(column, direction === "ascending" ? 1 : -1);
    filter(`sorted by ${column.title}, ${direction}`);
  }

  /** @param {string} text */
  function parsed(text) {
    /** @type {string[]} */
    const plain = [];
    /** @type {Condition[]} */
    const conditions = [];
    for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
      const found = CONDITION.exec(word);
      const column = columns.find((one) => one.key === found?.[1] && one.values);
      if (found && column) {
        const limit = Number(found[3].replace("−", "-"));
        conditions.push({ column, holds: (value) => value !== null && COMPARE[found[2]](value, limit) });
      } else plain.push(word);
    }
    return { plain, conditions };
  }

  const input = /** @type {HTMLInputElement} */ (at("words"));
  const selects = /** @type {HTMLSelectElement[]} */ ([...document.querySelectorAll("#filters select")]);

  /** @param {string} [told] */
  function filter(told) {
    const { plain, conditions } = parsed(input.value);
    const texts = plain.length > 0 ? wordsOf() : [];
    const chosen = selects
      .filter((one) => one.value !== "*")
      .map((one) => ({ column: columns[Number(one.dataset.place)], value: one.value.slice(1) }));
    shown = order.filter(
      (row) =>
        plain.every((word) => texts[row].includes(word)) &&
        conditions.every(({ column, holds }) => holds(column.values?.[row] ?? null)) &&
        chosen.every(({ column, value }) => column.texts[row] === value),
    );
    const n = `${shown.length.toLocaleString("en")} of ${ids.length.toLocaleString("en")} rows`;
    at("count").textContent = told ? `${n}, ${told}` : n;
    table?.setAttribute("aria-rowcount", String(shown.length + 1));
    view.scrollTop = 0;
    draw();
  }

  // The details of a row.

  const dialog = /** @type {HTMLDialogElement} */ (at("details"));
  /** @type {Map<number, Promise<Details[]>>} */
  const chunks = new Map();
  /** @type {Map<number, (found: Details[]) => void>} */
  const awaited = new Map();
  let open = -1;

  // The files of details call this.
  Object.assign(window, { spectroveRows: (/** @type {number} */ number, /** @type {Details[]} */ found) => awaited.get(number)?.(found) });

  /** @param {number} number */
  function chunk(number) {
    let found = chunks.get(number);
    if (!found) {
      found = new Promise((resolve, reject) => {
        awaited.set(number, resolve);
        const script = document.createElement("script");
        script.src = `static/rows/${content.page}-${number}.js`;
        script.addEventListener("error", () => {
          chunks.delete(number);
          reject(new Error(`${script.getAttribute("src")} is missing. Keep the folder static beside the pages.`));
        });
        document.head.append(script);
      });
      chunks.set(number, found);
    }
    return found;
  }

  /** @param {number} row */
  async function show(row) {
    open = row;
    const [id, title] = [ids[row], titles[row]];
    at("details-title").textContent = title === id ? title : `${title} (${id})`;
    const place = shown.indexOf(row);
    at("details-place").textContent = place < 0 ? "not among the rows shown" : `${place + 1} of ${shown.length}`;
    for (const button of dialog.querySelectorAll("[data-by]")) {
      const next = place + Number(/** @type {HTMLElement} */ (button).dataset.by);
      button.toggleAttribute("disabled", place < 0 || next < 0 || next >= shown.length);
    }
    if (!dialog.open) dialog.showModal();
    history.replaceState(null, "", `#${encodeURIComponent(id)}`);
    const told = at("details-body");
    try {
      const details = (await chunk(Math.floor(row / content.chunk)))[row % content.chunk];
      if (open !== row) return;
      told.replaceChildren(...contents(row, title, details));
      told.scrollTop = 0;
      dialog.dataset.shown = id;
    } catch (error) {
      told.replaceChildren(h("p", {}, error instanceof Error ? error.message : String(error)));
    }
  }

  /**
   * @param {number} row
   * @param {string} title
   * @param {Details} details
   */
  function contents(row, title, details) {
    const pictures = h("div", { class: "pictures" });
    const kinds = [["line", details.line, "360"], ["whole", details.whole, "720"]];
    for (const [kind, path, width] of kinds) {
      if (!path) continue;
      const alt = kind === "line" ? `Window of the line of ${title}` : `Whole spectrum of ${title}`;
      pictures.append(h("img", { src: address(path), alt, width: width ?? "", height: "220" }));
    }
    const links = h("p", { class: "to" }, ...linksOf(row));
    const parts = [pictures, links];
    if (details.exposures.length > 0) {
      const others = details.exposures.map(([page, id]) => h("a", { href: `${page}#${encodeURIComponent(id)}` }, id));
      parts.push(h("p", { class: "to" }, "Other spectra of the object: ", ...others));
    }
    const measured = lines(details);
    if (measured) parts.push(h("h3", {}, "Lines"), measured);
    const sections = content.sections.map(({ title: name, items }) => {
      const told = items.filter(([, place]) => details.texts[place] !== "");
      const list = h("dl", {}, ...told.flatMap(([what, place]) => [h("dt", {}, what), h("dd", {}, details.texts[place])]));
      return told.length > 0 ? [h("section", {}, h("h3", {}, name), list)] : [];
    });
    parts.push(h("div", { class: "sections" }, ...sections.flat()));
    return parts;
  }

  /** Where nothing else is told of a line, it was not measured. */
  const NOTHING = new Set(["", "none"]);

  /** @param {Details} details */
  function lines({ texts }) {
    const told = content.lines.rows.filter(([, places]) => places.some((place) => place >= 0 && !NOTHING.has(texts[place])));
    if (told.length === 0) return null;
    const head = ["Line", ...content.lines.quantities].map((name) => h("th", { scope: "col" }, name));
    const all = told.map(([name, places]) => {
      const cells = places.map((place) => h("td", {}, place < 0 ? "" : texts[place]));
      return h("tr", {}, h("th", { scope: "row" }, name), ...cells);
    });
    return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...all));
  }

  /** @param {number} by */
  function move(by) {
    const place = shown.indexOf(open);
    const next = shown[place + by];
    if (place >= 0 && next !== undefined) void show(next);
  }

  function fromAddress() {
    const id = decodeURIComponent(location.hash.slice(1));
    const row = ids.indexOf(id);
    if (row >= 0 && row !== open) void show(row);
  }

  // The head, and what is pressed.

  /** @param {Column} column */
  function width({ title, texts, small }) {
    const most = (/** @type {string[]} */ all) => all.reduce((longest, text) => Math.max(longest, text.length), 0);
    const n = Math.max(title.length + 2, Math.min(MOST, Math.max(LEAST, most(texts), most(small) * 0.8)));
    return Math.round(n * CHARACTER) + 18;
  }

  /** @param {Column} column */
  function head(column) {
    const button = h("button", { type: "button" }, column.title);
    const one = h("th", { scope: "col", "data-key": column.key }, button);
    if (column.values) one.className = "n";
    if (column.told !== "") button.title = column.told;
    button.addEventListener("click", () => sortBy(column, one));
    return one;
  }

  const longest = Math.min(LONGEST, Math.max(12, ...new Set(titles.map((title) => title.length))));
  const widths = [STAMP + 14, Math.round(longest * BOLD) + 18, ...columns.map(width), 128];
  const total = widths.reduce((sum, one) => sum + one, 0);
  table.style.minWidth = `${total}px`;
  const sized = widths.map((one) => {
    const col = document.createElement("col");
    col.style.width = `${((100 * one) / total).toFixed(3)}%`;
    return col;
  });
  table.querySelector("colgroup")?.append(...sized);
  table.tHead.rows[0].append(h("th", { scope: "col" }, "Line"), ...sortable.map(head), h("th", { scope: "col" }, "Links"));
  table.tHead.rows[0].setAttribute("aria-rowindex", "1");
  body.append(above, below);
  view.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(view);
  for (const [event, is] of /** @type {[string, boolean][]} */ ([["beforeprint", true], ["afterprint", false]])) {
    window.addEventListener(event, () => {
      isPrinted = is;
      draw();
    });
  }

  /** @param {Event} event */
  const rowOf = ({ target }) => /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-row]"))?.dataset.row;
  body.addEventListener("click", (event) => {
    const row = rowOf(event);
    const target = /** @type {Element} */ (event.target);
    const isSelected = !document.getSelection()?.isCollapsed;
    if (row && !target.closest("a") && (target.closest("button") || !isSelected)) void show(Number(row));
  });
  view.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const row = rowOf(event);
    const place = row ? shown.indexOf(Number(row)) + (event.key === "ArrowDown" ? 1 : -1) : Math.ceil(view.scrollTop / ROW);
    if (shown[place] === undefined) return;
    event.preventDefault();
    reach(shown[place])?.focus({ preventScroll: true });
  });
  dialog.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target === dialog || target.closest("[data-close]")) dialog.close();
    const by = /** @type {HTMLElement | null} */ (target.closest("[data-by]"))?.dataset.by;
    if (by) move(Number(by));
  });
  dialog.addEventListener("close", () => {
    if (open >= 0) reach(open)?.focus({ preventScroll: true });
    open = -1;
    delete dialog.dataset.shown;
    history.replaceState(null, "", location.pathname + location.search);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      move(event.key === "ArrowLeft" ? -1 : 1);
    }
  });
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => filter(), PAUSE);
  });
  for (const one of selects) one.addEventListener("change", () => filter());
  const form = /** @type {HTMLFormElement} */ (at("filters"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  form.addEventListener("reset", () => setTimeout(() => filter()));
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !dialog.open && !target.matches("input, select")) {
      event.preventDefault();
      input.focus();
    }
  });
  window.addEventListener("hashchange", fromAddress);
  form.hidden = false;
  at("syntax").hidden = false;
  view.hidden = false;
  filter();
  fromAddress();
  document.body.dataset.ready = "";
})();
