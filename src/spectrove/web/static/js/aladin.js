// @ts-check
/** In the frame: Aladin Lite shows the place that the page around it tells, and tells what is clicked. */

/** @typedef {import("./sky.js").Spot} Spot */
/** @typedef {{kind: "show", ra: number, dec: number, fov: number, name: string, spots: Spot[]}} Show */

/** @param {string} name of what the program that serves the page tells the frame */
const told = (name) => /** @type {HTMLMetaElement} */ (document.querySelector(`meta[name="${name}"]`)).content;

const source = told("aladin");
const survey = told("survey");

/** @param {Record<string, unknown>} message */
function tell(message) {
  parent.postMessage(message, location.origin);
}

/** @param {any} A what the script of Aladin Lite exports */
async function begin(A) {
  await A.init;
  const quiet = { log: false, showCooGridControl: false, showSimbadPointerControl: false, showStatusBar: false };
  const shown = { showFrame: false, showProjectionControl: false, showShareControl: false, showSettingsControl: false };
  const aladin = A.aladin("#sky", { survey, cooFrame: "ICRS", fov: 2 / 60, ...quiet, ...shown });
  aladin.on("objectClicked", (/** @type {any} */ one) => {
    const id = one?.data?.id;
    if (typeof id === "string") tell({ kind: "chosen", id });
  });
  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source !== parent || event.data?.kind !== "show") return;
    show(A, aladin, event.data);
    tell({ kind: "shown" });
  });
  tell({ kind: "ready" });
}

/**
 * @param {any} A
 * @param {any} aladin
 * @param {Show} told
 */
function show(A, aladin, { ra, dec, fov, name, spots }) {
  aladin.gotoRaDec(ra, dec);
  aladin.setFoV(fov);
  aladin.removeLayers();
  const here = A.catalog({ name: "this spectrum", shape: "plus", color: "#ffe14d", sourceSize: 22 });
  const others = A.catalog({ name: "spectra of the pool", shape: "circle", color: "#5ecdb6", sourceSize: 12 });
  aladin.addCatalog(here);
  aladin.addCatalog(others);
  here.addSources([A.source(ra, dec, { name })]);
  others.addSources(spots.map((one) => A.source(one.ra, one.dec, { name: one.name, id: one.spectrum_id })));
}

import(source).then(({ default: A }) => begin(A)).catch((error) => tell({ kind: "failed", why: String(error) }));
