// @ts-check
/** Medians of labeled examples of each class, to be laid over a spectrum. The person chooses the class: nothing is predicted. */

import { fitTemplate } from "./pure/template.js";

/** @typedef {{grid: number[], classes: {name: string, n: number, median: number[]}[]}} Told */

/** Templates, asked for once. */
export class Templates {
  /** @type {Promise<Told> | null} */ #asked = null;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * Return a class's template as it is.
   * @param {string} name
   * @returns {Promise<{wave: number[], flux: number[]} | null>} null where there is none
   */
  async of(name) {
    if (name === "") return null;
    this.#asked ??= this.api.get("/api/v1/templates");
    try {
      const { grid, classes } = await this.#asked;
      const found = classes.find((one) => one.name === name);
      return found === undefined ? null : { wave: grid, flux: found.median };
    } catch {
      // Asked again when it is wanted again.
      this.#asked = null;
      return null;
    }
  }

  /**
   * Return a class's template on the flux scale of a spectrum.
   * @param {string} name
   * @param {import("./prepare.js").Prepared} prepared
   * @returns {Promise<{wave: ArrayLike<number>, flux: ArrayLike<number>} | null>}
   */
  async over(name, { wave, flux, ivar, fromPool }) {
    const found = await this.of(name);
    if (found === null || fromPool) return found;
    const fitted = fitTemplate(wave, flux, ivar, found.wave, found.flux);
    return fitted === null ? null : { wave: found.wave, flux: fitted };
  }
}
