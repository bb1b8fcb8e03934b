// @ts-check
/**
 * The server's REST interface. Errors come as `application/problem+json` and are thrown as `ApiError`; no network is an
 * `ApiError` of status 0.
 */

/** What the server, or the lack of one, said. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 if nothing answered
   * @param {string} detail
   */
  constructor(status, detail) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
  }
}

/**
 * @typedef {{
 *   get: (path: string, signal?: AbortSignal) => Promise<any>,
 *   put: (path: string, body: unknown) => Promise<any>,
 *   post: (path: string, body?: unknown) => Promise<any>,
 *   binary: (path: string, signal?: AbortSignal) => Promise<ArrayBuffer>,
 *   setToken: (token: string) => void,
 *   setAnnotator: (name: string) => void,
 * }} Api
 */

/**
 * Return the interface. The CSRF token comes with the session and goes with every write, and the annotator's name with every
 * request: the session is one for all tabs, and a restart of the server begins a new one.
 * @returns {Api}
 */
export function createApi() {
  let token = "";
  let annotator = "";

  /**
   * @param {string} path
   * @param {RequestInit} options
   * @returns {Promise<Response>}
   */
  async function call(path, options) {
    let response;
    const headers = annotator === "" ? options.headers : { ...options.headers, "X-Annotator": encodeURIComponent(annotator) };
    try {
      response = await fetch(path, { credentials: "same-origin", ...options, headers });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ApiError(0, "The server does not answer.");
    }
    if (!response.ok) throw new ApiError(response.status, await detailOf(response));
    return response;
  }

  /**
   * @param {"PUT" | "POST"} method
   * @returns {(path: string, body?: unknown) => Promise<any>}
   */
  const writer = (method) => async (path, body) => {
    let used = "";
    const send = () => {
      used = token;
      /** @type {Record<string, string>} */
      const headers = { "X-CSRF-Token": token };
      if (body !== undefined) headers["Content-Type"] = "application/json";
      return call(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    };
    let response;
    try {
      response = await send();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      // The session is over, as after a restart of the server: the next one has another token.
      token = (await get("/api/v1/session")).csrf_token;
      if (token === used) throw error;
      response = await send();
    }
    return response.status === 204 ? null : response.json();
  };

  /** @type {Api["get"]} */
  const get = async (path, signal) => (await call(path, { signal })).json();

  return {
    get,
    put: writer("PUT"),
    post: writer("POST"),
    binary: async (path, signal) => (await call(path, { signal })).arrayBuffer(),
    setToken: (value) => {
      token = value;
    },
    setAnnotator: (value) => {
      annotator = value;
    },
  };
}

/**
 * Return the address of a spectrum's part: an id may hold slashes and anything else.
 * @param {"spectra" | "context" | "insight" | "samp" | "sky"} part
 * @param {string} spectrumId
 * @returns {string}
 */
export function addressOf(part, spectrumId) {
  return `/api/v1/${part}/${spectrumId.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function detailOf(response) {
  try {
    const problem = await response.json();
    return String(problem.detail ?? problem.title ?? response.statusText);
  } catch {
    return response.statusText || `The server answered ${response.status}.`;
  }
}
