// @ts-check
/** Spectra fetched ahead: the whole batch, a few at a time, in the order of the queue. */

import { addressOf, ApiError } from "./api.js";

const PARALLEL = 6;
/** Bytes kept; a spectrum of 4,000 pixels has 52 kB. */
const LIMIT = 96 * 1024 * 1024;
const WAIT = 1500;

/**
 * @typedef {{spectrum_id: string, url?: string, [fact: string]: any}} Wanted
 */

/** Bodies of spectra by id. */
export class Loader {
  /** @type {import("./api.js").Api} */ #api;
  /** @type {Map<string, ArrayBuffer>} */ #bodies = new Map();
  /** @type {Map<string, Promise<ArrayBuffer>>} */ #loading = new Map();
  /** @type {Wanted[]} */ #wanted = [];
  /** @type {Set<string>} */ #broken = new Set();
  #bytes = 0;
  #stopped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * Fetch these in this order; what is here is not fetched again.
   * @param {readonly Wanted[]} items
   */
  want(items) {
    this.#wanted = items.filter(({ spectrum_id: id }) => !this.#bodies.has(id));
    // The first two alone: the person waits for them.
    void Promise.allSettled(this.#wanted.slice(0, 2).map((item) => this.load(item))).then(() => this.#pump());
  }

  /**
   * @param {string} id
   * @returns {ArrayBuffer | undefined}
   */
  get(id) {
    return this.#bodies.get(id);
  }

  /**
   * @param {Wanted} item
   * @returns {Promise<ArrayBuffer>}
   */
  load(item) {
    const id = item.spectrum_id;
    const here = this.#bodies.get(id);
    if (here !== undefined) return Promise.resolve(here);
    const under = this.#loading.get(id);
    if (under !== undefined) return under;
    const promise = this.#api.binary(item.url ?? addressOf("spectra", id)).then((body) => {
      this.#keep(id, body);
      return body;
    });
    this.#loading.set(id, promise);
    promise
      .catch((error) => {
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) this.#broken.add(id);
      })
      .finally(() => this.#loading.delete(id));
    return promise;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #pump() {
    clearTimeout(this.#timer);
    while (!this.#stopped && this.#loading.size < PARALLEL) {
      const item = this.#wanted.find(
        ({ spectrum_id: id }) => !this.#bodies.has(id) && !this.#loading.has(id) && !this.#broken.has(id),
      );
      if (item === undefined || this.#bytes > LIMIT * 0.9) return;
      this.load(item).then(
        () => this.#pump(),
        () => {
          // Perhaps no network: later again.
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => this.#pump(), WAIT);
        },
      );
    }
  }

  /**
   * @param {string} id
   * @param {ArrayBuffer} body
   */
  #keep(id, body) {
    this.#bodies.set(id, body);
    this.#bytes += body.byteLength;
    for (const [old, bytes] of this.#bodies) {
      if (this.#bytes <= LIMIT || old === id) break;
      this.#bodies.delete(old);
      this.#bytes -= bytes.byteLength;
    }
  }
}
