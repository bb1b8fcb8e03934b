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
 * }} Api
 */

/**
 * Return the interface. The CSRF token comes with the session and goes with every write.
 * @returns {Api}
 */
export function createApi() {
  let token = "";

  /**
   * @param {string} path
   * @param {RequestInit} options
   * @returns {Promise<Response>}
   */
  async function call(path, options) {
    let response;
    try {
      response = await fetch(path, { credentials: "same-origin", ...options });
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
    /** @type {Record<string, string>} */
    const headers = { "X-CSRF-Token": token };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await call(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    return response.status === 204 ? null : response.json();
  };

  return {
    get: async (path, signal) => (await call(path, { signal })).json(),
    put: writer("PUT"),
    post: writer("POST"),
    binary: async (path, signal) => (await call(path, { signal })).arrayBuffer(),
    setToken: (value) => {
      token = value;
    },
  };
}

/**
 * Return the address of a spectrum's part: an id may hold slashes and anything else.
 * @param {"spectra" | "context" | "insight" | "samp"} part
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
