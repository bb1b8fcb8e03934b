// @ts-check
/** The keys: one table, that the help lists, the handlers read, and the tests compare. */

/**
 * @typedef {{
 *   id: string, keys: readonly string[], what: string, group: "Move" | "Answer" | "See" | "Other", repeats?: boolean,
 * }} Key
 */

/** @type {readonly Key[]} */
export const KEYS = [
  { id: "next", keys: ["ArrowRight", "n"], what: "next spectrum, without an answer", group: "Move", repeats: true },
  { id: "back", keys: ["ArrowLeft", "b"], what: "back to the one before", group: "Move", repeats: true },
  { id: "undo", keys: ["u", "Ctrl+z"], what: "undo the last answer and go back to it", group: "Move" },
  { id: "open", keys: ["N"], what: "next spectrum that has no answer", group: "Move", repeats: true },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({
    id: `class-${n}`,
    keys: [String(n)],
    what: `class ${n}, and on`,
    group: /** @type {"Answer"} */ ("Answer"),
  })),
  { id: "unsure", keys: ["Space", "0"], what: "unsure, and on", group: "Answer" },
  { id: "keep", keys: ["Enter", "k"], what: "candidates: keep it as it is listed, and on", group: "Answer" },
  { id: "reject", keys: ["r"], what: "candidates: reject it; the next digit says why, and on", group: "Answer" },
  { id: "comment", keys: ["c"], what: "write a comment (Enter or Esc: back to the keys)", group: "Answer" },
  { id: "flag", keys: ["f"], what: "flag for a second look, on or off", group: "Answer" },
  { id: "flags", keys: ["F"], what: "the next digit sets or removes a flag", group: "Answer" },
  ...[0, 1, 2, 3, 4].map((n) => ({
    id: `quality-${n}`,
    keys: [`Shift+${n}`],
    what: `quality ${n}`,
    group: /** @type {"Answer"} */ ("Answer"),
  })),
  { id: "preset", keys: ["h"], what: "next line: Hα, Hβ, He I, Na D, …", group: "See", repeats: true },
  { id: "preset-back", keys: ["H"], what: "previous line", group: "See", repeats: true },
  { id: "narrower", keys: ["+", "="], what: "narrower line window", group: "See", repeats: true },
  { id: "wider", keys: ["-"], what: "wider line window", group: "See", repeats: true },
  { id: "whole", keys: ["g"], what: "whole spectrum large or small", group: "See" },
  { id: "velocity", keys: ["v"], what: "velocity or wavelength below the line window", group: "See" },
  { id: "smoother", keys: ["s"], what: "smooth more", group: "See", repeats: true },
  { id: "rougher", keys: ["S"], what: "smooth less", group: "See", repeats: true },
  { id: "errors", keys: ["e"], what: "error band", group: "See" },
  { id: "lines", keys: ["l"], what: "line list", group: "See" },
  { id: "mirror", keys: ["m"], what: "profile mirrored about the line, at the chosen velocity", group: "See" },
  { id: "exposures", keys: ["x"], what: "other exposures of the object over the line", group: "See" },
  { id: "rv-down", keys: ["["], what: "radial velocity −5 km/s: line list and mirrored profile", group: "See", repeats: true },
  { id: "rv-up", keys: ["]"], what: "radial velocity +5 km/s", group: "See", repeats: true },
  { id: "rv-down-coarse", keys: ["{"], what: "radial velocity −50 km/s", group: "See", repeats: true },
  { id: "rv-up-coarse", keys: ["}"], what: "radial velocity +50 km/s", group: "See", repeats: true },
  { id: "rv-down-fine", keys: ["Shift+ArrowLeft"], what: "radial velocity −1 km/s", group: "See", repeats: true },
  { id: "rv-up-fine", keys: ["Shift+ArrowRight"], what: "radial velocity +1 km/s", group: "See", repeats: true },
  { id: "rv-part", keys: ["w"], what: "mirrored: whole profile, wings or core", group: "See" },
  { id: "rv-take", keys: ["a"], what: "go to the velocity that the mirrored profile suggests", group: "See" },
  { id: "rv-keep", keys: ["y"], what: "keep this line's velocity, for the mean over lines", group: "See" },
  { id: "rv-drop", keys: ["Y"], what: "drop this line's velocity", group: "See" },
  { id: "bin", keys: ["B"], what: "take more pixels together, and single ones again", group: "See" },
  { id: "template", keys: ["o"], what: "median of labeled examples over the spectrum: class by class, then none", group: "See" },
  { id: "image", keys: ["i"], what: "sky image (asks the CDS in Strasbourg)", group: "Other" },
  { id: "reveal", keys: ["p"], what: "reveal the prediction (this is recorded)", group: "Other" },
  { id: "samp", keys: ["t"], what: "send by SAMP", group: "Other" },
  { id: "dark", keys: ["d"], what: "dark or light", group: "Other" },
  { id: "help", keys: ["?"], what: "this help", group: "Other" },
];

const STORED = "spectrove.keys";
/** What a control does with these keys itself. */
const OWN = new Set(["Space", "Enter"]);
const OF_SLIDER = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/**
 * Return how the table names the key of an event. Caps Lock changes nothing. The row of digits gives digits, and with Shift the
 * quality, also on keyboards that have letters or signs there without Shift, as Czech and French ones.
 * @param {KeyboardEvent} event
 * @returns {string}
 */
export function nameOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  // AltGr, with which some keyboards write brackets, is told as Ctrl and Alt by some systems.
  const isWritten = event.getModifierState("AltGraph");
  if (digit !== undefined && event.code.startsWith("Digit") && !event.altKey && !event.ctrlKey && !event.metaKey && !isWritten)
    return event.shiftKey ? `Shift+${digit}` : digit;
  let name = event.key === " " ? "Space" : event.key;
  if (event.shiftKey && name.startsWith("Arrow")) name = `Shift+${name}`;
  const isLetter = /^\p{L}$/u.test(name);
  if (isLetter && event.getModifierState("CapsLock")) name = event.shiftKey ? name.toUpperCase() : name.toLowerCase();
  if (isLetter && (event.ctrlKey || event.metaKey)) name = name.toLowerCase();
  if (isWritten) return name;
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey && name.length > 1 ? "Alt+" : ""}${name}`;
}

/**
 * Return a key's name as it is printed on it.
 * @param {string} key
 * @returns {string}
 */
export function printed(key) {
  const names = /** @type {Record<string, string>} */ ({
    ArrowRight: "→",
    ArrowLeft: "←",
    ArrowUp: "↑",
    ArrowDown: "↓",
    "Ctrl+z": "Ctrl+Z",
    "Shift+ArrowRight": "Shift+→",
    "Shift+ArrowLeft": "Shift+←",
  });
  return names[key] ?? (/^[A-Z]$/.test(key) ? `Shift+${key}` : key);
}

/** The keys as this person has them, and who listens to them. */
export class Keys {
  /** @type {Map<string, readonly string[]>} */ #own = new Map();
  /** @type {Map<string, ((event: KeyboardEvent) => void)[]>} */ #handlers = new Map();
  /** @type {((event: KeyboardEvent, name: string) => boolean) | null} */ #catcher = null;

  /** @param {Document} [target] */
  constructor(target = document) {
    try {
      const stored = JSON.parse(localStorage.getItem(STORED) ?? "{}");
      for (const { id } of KEYS) if (Array.isArray(stored[id])) this.#own.set(id, stored[id].map(String));
    } catch {
      // Damaged or forbidden storage: the keys of the table.
    }
    target.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /**
   * @param {string} id
   * @returns {readonly string[]}
   */
  of(id) {
    return this.#own.get(id) ?? KEYS.find((key) => key.id === id)?.keys ?? [];
  }

  /**
   * Listen to a key; the newest listener alone hears it.
   * @param {string} id
   * @param {(event: KeyboardEvent) => void} handler
   * @returns {() => void} stops listening
   */
  on(id, handler) {
    const handlers = this.#handlers.get(id) ?? [];
    this.#handlers.set(id, [...handlers, handler]);
    return () =>
      this.#handlers.set(
        id,
        (this.#handlers.get(id) ?? []).filter((one) => one !== handler),
      );
  }

  /**
   * Give the next key to a function before all others; it says whether it took it.
   * @param {((event: KeyboardEvent, name: string) => boolean) | null} catcher
   */
  catchNext(catcher) {
    this.#catcher = catcher;
  }

  /**
   * Set the keys of one row. A key that another row has is taken from it, for one key must not mean two things.
   * @param {string} id
   * @param {readonly string[]} keys
   */
  remap(id, keys) {
    for (const other of KEYS) {
      const left = this.of(other.id).filter((key) => !keys.includes(key));
      if (other.id !== id && left.length !== this.of(other.id).length) this.#own.set(other.id, left);
    }
    this.#own.set(id, keys);
    this.#keep();
  }

  /** Back to the table. */
  reset() {
    this.#own.clear();
    this.#keep();
  }

  #keep() {
    try {
      localStorage.setItem(STORED, JSON.stringify(Object.fromEntries(this.#own)));
    } catch {
      // The keys hold until the page is closed.
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const name = nameOf(event);
    const catcher = this.#catcher;
    if (catcher !== null && !["Shift", "Control", "Alt", "Meta"].includes(event.key)) {
      this.#catcher = null;
      if (catcher(event, name)) {
        event.preventDefault();
        return;
      }
    }
    if (isTaken(event.target, name) || document.querySelector("dialog[open]") !== null) return;
    const key = KEYS.find(({ id }) => this.of(id).includes(name));
    const handler = key && this.#handlers.get(key.id)?.at(-1);
    if (key === undefined || handler === undefined) return;
    event.preventDefault();
    // A held key moves on, and never answers.
    if (event.repeat && key.repeats !== true) return;
    handler(event);
  }
}

/**
 * Tell whether the element that has the focus needs the key itself.
 * @param {EventTarget | null} target
 * @param {string} name
 * @returns {boolean}
 */
function isTaken(target, name) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && target.type === "range") return OF_SLIDER.has(name);
  if (target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type)) return OWN.has(name);
  if (target.isContentEditable || target.matches("input, textarea, select")) return true;
  if (target.matches("a")) return name === "Enter";
  return target.matches("button, summary") && OWN.has(name);
}
