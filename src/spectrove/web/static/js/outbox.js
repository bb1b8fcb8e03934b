// @ts-check
/**
 * Answers on their way to the server. They are stored in the browser before they are sent, in order, and leave it when the
 * server has them; so neither a network gap nor a reload loses one. A PUT may arrive twice: the answer's id was made here, and
 * the server records it once. The browser keeps them for all tabs, people and campaigns of one address; sent are those of this
 * campaign and this annotator alone.
 */

import { ApiError } from "./api.js";

/**
 * @typedef {{answer_id: string, spectrum_id: string, label: string | null, [field: string]: any}} Answer
 * @typedef {{
 *   id: string, order: number, campaign: string, annotator: string, answer: Answer, refused: string | null,
 * }} Entry `id` is the answer's: two tabs never write over each other's
 */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const TIME_OUT = 20_000;

/** The queue of answers not yet recorded. */
export class Outbox extends EventTarget {
  /** @type {import("./api.js").Api} */ #api;
  /** @type {string} */ #campaign;
  /** @type {string} */ #annotator;
  /** @type {IDBDatabase | null} */ #database = null;
  /** @type {Entry[]} */ #entries = [];
  /** @type {Promise<unknown>} */ #stored = Promise.resolve();
  #order = 0;
  #sending = false;
  #wait = FIRST_WAIT;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** What went wrong last; empty while all is well. */
  problem = "";
  /** The status that came with it; 0 where nothing answered. */
  status = 0;
  /** Whether the browser keeps what is not sent yet. */
  isKept = true;

  /**
   * @param {import("./api.js").Api} api
   * @param {string} campaign where the answers go; those to another one wait for it
   * @param {string} annotator whose answers are sent; another person's wait for them
   */
  constructor(api, campaign, annotator) {
    super();
    this.#api = api;
    this.#campaign = campaign;
    this.#annotator = annotator;
  }

  /** Read what an earlier page left, and begin to send. */
  async open() {
    this.#database = await openDatabase();
    this.isKept = this.#database !== null;
    this.#entries = this.#database === null ? [] : (await readAll(this.#database)).sort((one, other) => one.order - other.order);
    this.#order = Math.max(0, ...this.#entries.map(({ order }) => order));
    addEventListener("online", () => this.flush());
    this.#changed();
    this.flush();
  }

  /** Answers of this annotator that the server has not recorded, in order. */
  get pending() {
    return this.#mine().map(({ answer }) => answer);
  }

  /** Answers that the server did not accept, with its reason. */
  get refused() {
    return this.#entries.filter((entry) => this.#isOurs(entry) && entry.refused !== null);
  }

  /** Who has answers to this campaign here that wait for their name, and how many answers wait for other campaigns. */
  get elsewhere() {
    const others = this.#entries.filter((entry) => !this.#isOurs(entry));
    const here = others.filter(({ campaign }) => campaign === this.#campaign);
    return { people: [...new Set(here.map(({ annotator }) => annotator))], n: here.length, foreign: others.length - here.length };
  }

  /** How many wait to be sent. */
  get size() {
    return this.#mine().length;
  }

  /**
   * Keep an answer and send it. Returns at once.
   * @param {Answer} answer
   */
  put(answer) {
    // By the clock, so that what two tabs stored is sent in the order in which it was said.
    this.#order = Math.max(this.#order + 1, Date.now());
    const entry = {
      id: answer.answer_id,
      order: this.#order,
      campaign: this.#campaign,
      annotator: this.#annotator,
      answer,
      refused: null,
    };
    this.#entries.push(entry);
    this.#store("put", entry);
    this.#changed();
    this.flush();
  }

  /** Send now what waits. */
  flush() {
    clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT;
    void this.#send();
  }

  /** Send once more what the server did not accept. */
  retryRefused() {
    for (const entry of this.refused) {
      entry.refused = null;
      this.#store("put", entry);
    }
    this.#changed();
    this.flush();
  }

  /** Give up what the server did not accept. */
  dropRefused() {
    const given = new Set(this.refused);
    this.#entries = this.#entries.filter((entry) => !given.has(entry));
    for (const entry of given) this.#store("delete", entry);
    this.#changed();
  }

  /** Resolve when nothing waits any more. */
  async drained() {
    while (this.size > 0) await new Promise((resolve) => this.addEventListener("change", resolve, { once: true }));
  }

  #mine() {
    return this.#entries.filter((entry) => this.#isOurs(entry) && entry.refused === null);
  }

  /** @param {Entry} entry */
  #isOurs({ campaign, annotator }) {
    return campaign === this.#campaign && annotator === this.#annotator;
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      // One after the other: an answer and what takes it back must arrive in order.
      for (let entry = this.#mine()[0]; entry !== undefined; entry = this.#mine()[0]) {
        if (!(await this.#sendOne(entry))) break;
      }
    } finally {
      this.#sending = false;
    }
  }

  /**
   * @param {Entry} entry
   * @returns {Promise<boolean>} whether to go on
   */
  async #sendOne(entry) {
    const { answer_id: id, ...body } = entry.answer;
    let told;
    try {
      told = await inTime(this.#api.put(`/api/v1/answers/${encodeURIComponent(id)}`, body));
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      const detail = error instanceof Error ? error.message : String(error);
      // 401 and 403: the session ended; 408, 425 and 429: later. None says anything about the answer itself.
      if (status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status)) {
        entry.refused = detail;
        this.#store("put", entry);
        this.#changed();
        this.dispatchEvent(new CustomEvent("refused", { detail: entry }));
        return true;
      }
      this.problem = detail;
      this.status = status;
      this.#changed();
      this.#timer = setTimeout(() => void this.#send(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
      return false;
    }
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    this.#store("delete", entry);
    this.#wait = FIRST_WAIT;
    this.problem = "";
    this.status = 0;
    this.#changed();
    this.dispatchEvent(new CustomEvent("recorded", { detail: { ...entry.answer, told } }));
    return true;
  }

  /**
   * @param {"put" | "delete"} what
   * @param {Entry} entry
   */
  #store(what, entry) {
    const database = this.#database;
    if (database === null) return;
    const copy = { ...entry };
    this.#stored = this.#stored
      .then(() => written(database, what, copy))
      .catch(() => {
        // The browser's disk is full, say; the answer is sent all the same.
        this.isKept = false;
        this.#changed();
      });
  }

  #changed() {
    document.body.dataset.outbox = String(this.size);
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function inTime(promise) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const late = /** @type {Promise<T>} */ (
    new Promise((_, reject) => {
      timer = setTimeout(() => reject(new ApiError(0, "The server does not answer.")), TIME_OUT);
    })
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Return the browser's database, or null where it is forbidden: labeling goes on, but a reload loses what was not sent.
 * @returns {Promise<IDBDatabase | null>}
 */
function openDatabase() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("spectrove-outbox", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

/**
 * @param {IDBDatabase} database
 * @returns {Promise<Entry[]>}
 */
function readAll(database) {
  return new Promise((resolve, reject) => {
    const request = database.transaction("outbox").objectStore("outbox").getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {IDBDatabase} database
 * @param {"put" | "delete"} what
 * @param {Entry} entry
 * @returns {Promise<void>}
 */
function written(database, what, entry) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("outbox", "readwrite");
    const store = transaction.objectStore("outbox");
    if (what === "put") store.put(entry);
    else store.delete(entry.id);
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
  });
}
