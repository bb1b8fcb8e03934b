// @ts-check
/** Fills what stands beside the plots, once the person rests on a spectrum; dropped as soon as they go on. */

import { addressOf } from "./api.js";
import { drawChart, fillLinks, fillList, listedFacts, measuredRows, showSky } from "./panels.js";
import { h } from "./dom.js";
import { drawFinder, showAladin } from "./sky.js";
import { curveOf, levelled, MOST } from "./exposures.js";
import { measureLine, summary } from "./pure/measures.js";
import { shifted } from "./pure/velocity.js";
import { believed } from "./prepare.js";

/** Half the width of the small charts about the line, in Å. */
const AROUND = 60;

/**
 * @typedef {import("./exposures.js").Curve} Curve
 * @typedef {import("./pure/decide.js").Item} Item
 */

export class Aside {
  /** @type {AbortController} */ #control = new AbortController();
  /** @type {Item | null} */ #item = null;
  /** @type {import("./prepare.js").Prepared | null} */ #prepared = null;
  /** @type {Curve[]} */ #exposures = [];
  /** @type {{fiberid: string, curve: Curve}[]} */ #fibers = [];
  /** @type {number[] | null} */ #occlusion = null;
  /** @type {any} */ #context = null;
  /** @type {Curve | null} */ #template = null;
  /** @type {import("./sky.js").Sky | null} */ #sky = null;
  /** The person asked for the picture: the chart does not come over it. */
  #pictured = false;
  #filled = false;
  #measureQueued = false;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./plot.js").SpectrumPlots} plots
   * @param {import("./loader.js").Loader} loader
   * @param {import("./api.js").Api} api
   * @param {import("./settings.js").Settings} settings
   */
  constructor(desk, plots, loader, api, settings) {
    this.desk = desk;
    this.plots = plots;
    this.loader = loader;
    this.api = api;
    this.settings = settings;
  }

  /** Stop what is under way. */
  cancel() {
    this.#control.abort();
    this.#control = new AbortController();
    this.#item = null;
    this.#prepared = null;
  }

  /** Take away what belongs to the last spectrum. Cheap when there is nothing. */
  clear() {
    if (!this.#filled || this.#item !== null) return;
    this.#filled = false;
    const { desk } = this;
    this.#exposures = [];
    this.#fibers = [];
    this.#occlusion = null;
    this.#context = null;
    this.#sky = null;
    this.#pictured = false;
    this.#template = null;
    for (const canvas of [desk.seen, desk.exposures]) canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
    for (const list of [desk.fibers, desk.sky, desk.measured, desk.metadata, desk.links, desk.reveal, desk.alike])
      list.replaceChildren();
    for (const note of [desk.seenNote, desk.exposuresNote, desk.fibersNote, desk.summary]) note.textContent = "";
    desk.alikeCard.hidden = true;
  }

  /**
   * Fill everything for a spectrum.
   * @param {Item} item
   * @param {import("./prepare.js").Prepared} prepared
   * @param {{rv: number}} draft
   * @param {boolean} isAnswered
   */
  show(item, prepared, draft, isAnswered) {
    if (this.#item?.spectrum_id === item.spectrum_id && this.#prepared === prepared) {
      this.measure(draft.rv);
      return;
    }
    this.cancel();
    this.clear();
    this.#filled = true;
    this.#item = item;
    this.#prepared = prepared;
    fillList(this.desk.metadata, listedFacts({ ...item.facts, ...prepared.spectrum.head.facts, spectrum_id: item.spectrum_id }));
    this.measure(draft.rv);
    this.#drawSeen();
    void this.#surroundings(item, prepared, this.#control.signal);
    if (isAnswered) this.answered();
  }

  /**
   * Lay a class's template over what the network saw: both are on one scale there.
   * @param {Curve | null} template
   */
  template(template) {
    if (this.#template === template) return;
    this.#template = template;
    this.#drawSeen();
  }

  /** Draw the small charts in the colors as they are now. */
  redraw() {
    if (this.#prepared === null) return;
    this.#drawSeen();
    this.#drawExposures();
    this.#drawFibers();
  }

  /**
   * Measure again, once a frame at most.
   * @param {{rv: number}} draft
   */
  remeasure(draft) {
    if (this.#measureQueued || this.#prepared === null) return;
    this.#measureQueued = true;
    requestAnimationFrame(() => {
      this.#measureQueued = false;
      this.measure(draft.rv);
      this.#drawExposures();
      this.#drawFibers();
    });
  }

  /** @param {number} rv */
  measure(rv) {
    const prepared = this.#prepared;
    if (prepared === null) return;
    const { preset } = this.plots.view;
    const { wave, flux, ivar, spectrum } = prepared;
    this.desk.measuredTitle.textContent = `Measured at ${preset.label}`;
    if (prepared.fromPool) {
      // The network's points are scaled: heights over a continuum mean nothing.
      fillList(this.desk.measured, [["", "not without the survey's pixels"]]);
      const name = spectrum.head.facts.designation || prepared.id;
      this.desk.summary.textContent = `${name}: only the network's points; nothing is measured.`;
      return;
    }
    const measures = measureLine(wave, believed(wave, flux, ivar, preset.wave), ivar, shifted(preset.wave[0], rv));
    fillList(this.desk.measured, measuredRows(measures));
    const said = summary(measures, { spectrum_id: prepared.id, ...spectrum.head.facts }, preset.label);
    const parts = [said, prepared.nBad > 0 ? `${prepared.nBad} of ${wave.length} pixels are not trusted.` : ""];
    this.desk.summary.textContent = parts.filter(Boolean).join(" ");
  }

  /** The spectrum is answered: where the network looked and what looks alike may be shown. */
  answered() {
    const item = this.#item;
    if (item !== null) void this.#insight(item, this.#control.signal);
  }

  /** Show or hide the other exposures over the line window. */
  overlay() {
    this.plots.overlays = this.settings.exposures && this.#prepared?.fromPool === false ? this.#exposures : [];
    this.plots.moved();
  }

  /**
   * Draw the chart of the sky: from the pool alone, nobody else is asked.
   * @param {Item} item
   * @param {AbortSignal} signal
   */
  async #finder(item, signal) {
    try {
      const sky = await this.api.get(addressOf("sky", item.spectrum_id), signal);
      if (signal.aborted) return;
      this.#sky = sky;
      if (!this.#pictured && sky.ra !== null) drawFinder(this.desk.sky, sky);
    } catch {
      // The spectrum is labeled without a chart.
    }
  }

  /**
   * @param {Item} item
   * @param {() => boolean} isCurrent
   */
  async image(item, isCurrent) {
    const { sky } = this.desk;
    const isHere = () => this.#context !== null && this.#item?.spectrum_id === item.spectrum_id;
    if (!isHere()) sky.replaceChildren(h("p", { class: "note" }, "One moment: the position is on its way."));
    this.#filled = true;
    this.#pictured = true;
    for (let i = 0; i < 50 && !isHere() && isCurrent(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    if (!isCurrent()) return;
    this.#pictured = true; // what was asked for before the spectrum was all there has been cleared since
    const context = isHere() ? this.#context : null;
    const name = String(item.facts?.designation ?? item.spectrum_id);
    if (this.#sky?.aladin && this.#sky.ra !== null) showAladin(sky, this.#sky, name);
    else showSky(sky, context?.sky_image ?? null, name);
  }

  #drawSeen() {
    const spectrum = this.#prepared?.spectrum;
    if (!spectrum) return;
    const { colors, view } = this.plots;
    const template = this.#template;
    const under = template === null ? [] : [{ x: template.wave, y: template.flux, color: colors.template, width: 2 }];
    const bars = this.#occlusion === null ? null : { x: spectrum.grid, y: this.#occlusion, color: colors.mirror };
    drawChart(this.desk.seen, {
      curves: [
        ...under,
        { x: spectrum.grid, y: spectrum.features, color: colors.flux },
      ],
      marks: view.preset.wave,
      markColor: colors.rest,
      bars,
    });
    this.desk.seenNote.textContent = this.#occlusion === null ? `${spectrum.grid.length} points` : "bars: where it looked";
  }

  /**
   * @param {Item} item
   * @param {import("./prepare.js").Prepared} prepared
   * @param {AbortSignal} signal
   */
  async #surroundings(item, prepared, signal) {
    const { desk } = this;
    try {
      const context = await this.api.get(addressOf("context", item.spectrum_id), signal);
      if (signal.aborted) return;
      this.#context = context;
      fillLinks(desk.links, context.links ?? {});
      await this.#finder(item, signal);
      if (signal.aborted) return;
      const exposures = context.exposures ?? [];
      const fibers = context.fibers ?? [];
      desk.exposuresNote.textContent = exposures.length === 0 ? "none" : `${exposures.length} more`;
      desk.fibersNote.textContent = fibers.length === 0 ? "none" : "";
      for (const one of exposures.slice(0, MOST)) {
        const curve = await this.#curve(one, signal);
        if (curve === null) continue;
        this.#exposures.push(levelled(prepared, curve, this.plots.window()));
      }
      if (signal.aborted) return;
      this.#drawExposures();
      if (this.settings.exposures) this.overlay();
      for (const one of fibers.slice(0, MOST)) {
        const curve = await this.#curve(one, signal);
        if (curve !== null) this.#fibers.push({ fiberid: String(one.fiberid ?? ""), curve });
      }
      if (!signal.aborted) this.#drawFibers();
    } catch {
      if (!signal.aborted) desk.exposuresNote.textContent = "not at hand";
    }
  }

  /**
   * @param {import("./exposures.js").Other} one
   * @param {AbortSignal} signal
   */
  #curve(one, signal) {
    return curveOf(this.api, this.loader, one, signal);
  }

  #drawExposures() {
    const prepared = this.#prepared;
    if (prepared === null || this.#exposures.length === 0) return;
    const own = prepared.fromPool ? [] : [{ x: prepared.wave, y: prepared.flux, color: this.plots.colors.flux }];
    const { colors, view } = this.plots;
    const rest = view.preset.wave[0];
    drawChart(this.desk.exposures, {
      curves: [...this.#exposures.map(({ wave, flux }) => ({ x: wave, y: flux, color: colors.exposure })), ...own],
      from: rest - AROUND,
      to: rest + AROUND,
      marks: view.preset.wave,
      markColor: colors.rest,
    });
  }

  #drawFibers() {
    if (this.#fibers.length === 0) return;
    const { colors, view } = this.plots;
    const rest = view.preset.wave[0];
    const cells = this.#fibers.map(({ fiberid }) => {
      const canvas = /** @type {HTMLCanvasElement} */ (
        h("canvas", { role: "img", "aria-label": `Fiber ${fiberid} at ${view.preset.label}` })
      );
      return { canvas, cell: h("div", { class: "cell" }, canvas, h("span", { class: "note" }, fiberid)) };
    });
    this.desk.fibers.replaceChildren(...cells.map(({ cell }) => cell));
    cells.forEach(({ canvas }, i) => {
      const { wave, flux } = this.#fibers[i].curve;
      drawChart(canvas, {
        curves: [{ x: wave, y: flux, color: colors.flux }],
        from: rest - AROUND,
        to: rest + AROUND,
        marks: [rest],
        markColor: colors.rest,
      });
    });
  }

  /**
   * @param {Item} item
   * @param {AbortSignal} signal
   */
  async #insight(item, signal) {
    const { desk } = this;
    try {
      const { occlusion, lookalikes } = await this.api.get(addressOf("insight", item.spectrum_id), signal);
      if (signal.aborted) return;
      this.#occlusion = occlusion ?? null;
      this.#drawSeen();
      const alike = /** @type {{spectrum_id: string, url?: string}[]} */ (lookalikes ?? []).slice(0, MOST);
      desk.alikeCard.hidden = alike.length === 0;
      for (const one of alike) {
        const curve = await this.#curve(one, signal);
        if (signal.aborted) return;
        const canvas = /** @type {HTMLCanvasElement} */ (
          h("canvas", { role: "img", "aria-label": `Look-alike ${one.spectrum_id}` })
        );
        desk.alike.append(
          h("a", { class: "cell", href: `#/queue/${encodeURIComponent(one.spectrum_id)}`, title: one.spectrum_id }, canvas),
        );
        const rest = this.plots.view.preset.wave[0];
        if (curve !== null)
          drawChart(canvas, {
            curves: [{ x: curve.wave, y: curve.flux, color: this.plots.colors.flux }],
            from: rest - AROUND,
            to: rest + AROUND,
            marks: [rest],
            markColor: this.plots.colors.rest,
          });
      }
    } catch {
      // Not answered yet as the server sees it, or no network: nothing is shown.
    }
  }
}
