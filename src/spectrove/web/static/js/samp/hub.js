// @ts-check
/**
 * The SAMP hub of the user's machine, as pages reach it (Taylor et al. 2012, SAMP 1.3, sect. 5: the Web Profile): by promises,
 * and never without end. The protocol itself is that of sampjs, which is loaded when somebody wants to connect.
 */

const SAMPJS = "../../vendor/sampjs.js";

/** What the hub has for an answer that no person has to give, in ms. */
const PATIENCE = 5000;
/** What somebody has to let the page in: the hub asks in a window of its own. */
const CONSENT = 120_000;
/** Least time between two questions for news, in ms. Some hubs answer at once, as pyvo's, instead of waiting for news. */
const PULSE = 150;

/** @typedef {Record<string, any>} Params */
/** @typedef {{"samp.mtype": string, "samp.params": Params}} Message */
/** @typedef {{"samp.status": string, "samp.result"?: Params, "samp.error"?: Params}} Answer */
/**
 * What is used of sampjs.
 * @typedef {{
 *   receiveNotification: (sender: string, message: Message) => void,
 *   receiveCall: (sender: string, id: string, message: Message) => void,
 *   receiveResponse: (responder: string, tag: string, answer: Answer) => void,
 * }} Callable
 * @typedef {{regInfo?: Params, close: () => void, closed?: boolean, unregister: () => void, privateKey?: string,
 *   setCallable: (client: Callable, done: () => void) => void, xClient: {execute: Execute}} & Record<string, any>} Connection
 * @typedef {(request: {methodName: string}, done: Function, failed: Function) => {abort: () => void}} Execute
 * @typedef {{register: (name: string, done: (connection: Connection) => void, failed: (error: unknown) => void) => void}} Samp
 */

/** Nothing answered where the hub should be. */
export class NoHubError extends Error {}

/** The hub, or the person before it, does not let the page in. */
export class RefusedError extends Error {}

/**
 * Register at the hub.
 * @param {string} name of the page, as the hub asks for consent
 * @returns {Promise<Hub>}
 */
export async function register(name) {
  const { samp } = /** @type {{samp: Samp}} */ (await import(SAMPJS));
  /** @type {Connection} */
  const connection = await new Promise((done, fail) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      fail(new RefusedError("nobody let the page in for two minutes"));
    }, CONSENT);
    const failed = (/** @type {unknown} */ error) => {
      clearTimeout(timer);
      // A fault is what a hub says; anything else means that nobody answered.
      const fault = /** @type {{faultString?: string} | null} */ (error)?.faultString;
      fail(fault === undefined ? new NoHubError("no hub answers") : new RefusedError(fault));
    };
    const registered = (/** @type {Connection} */ made) => {
      clearTimeout(timer);
      // Nobody waits for it any more: its name is not to stay at the hub.
      if (isLate) made.unregister();
      else done(made);
    };
    try {
      samp.register(name, registered, failed);
    } catch (error) {
      failed(error);
    }
  });
  return new Hub(connection);
}

/** A page at the hub. */
export class Hub {
  /** What is done with messages, by their type. @type {Map<string, (params: Params, sender: string) => void>} */
  #takers = new Map();
  /** @type {Map<string, (responder: string, answer: Answer) => void>} */ #waiting = new Map();
  /** @type {Map<string, Promise<string>>} */ #names = new Map();
  #tags = 0;
  #isClosed = false;

  /** @param {Connection} connection */
  constructor(connection) {
    this.connection = connection;
    /** Called once, when the hub is gone or the page has left. @type {() => void} */
    this.onend = () => {};
    // The close() of sampjs sets a variable that it never declared, which a module may not do.
    connection.close = () => this.close();
    calmly(connection);
  }

  /**
   * Call the hub.
   * @param {string} name of the hub's method
   * @param {...unknown} args
   * @returns {Promise<any>}
   */
  #ask(name, ...args) {
    if (this.#isClosed) return Promise.reject(new NoHubError("the page is not at the hub"));
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new NoHubError("the hub does not answer")), PATIENCE);
      const ended = (/** @type {(value: any) => void} */ then) => (/** @type {unknown} */ value) => {
        clearTimeout(timer);
        then(value);
      };
      this.connection[name](args, ended(done), ended((error) => fail(new Error(String(error)))));
    });
  }

  /**
   * Say who the page is, and listen.
   * @param {Params} metadata
   * @param {Record<string, (params: Params, sender: string) => void>} takers by type of message
   */
  async listen(metadata, takers) {
    for (const [mtype, take] of Object.entries(takers)) this.#takers.set(mtype, take);
    await this.#ask("declareMetadata", metadata);
    await new Promise((done, fail) => {
      setTimeout(() => fail(new NoHubError("the hub does not answer")), PATIENCE);
      this.connection.setCallable(
        {
          receiveNotification: (sender, message) => this.#take(sender, message),
          receiveCall: (sender, id, message) => this.#answer(sender, id, message),
          receiveResponse: (responder, tag, answer) => this.#waiting.get(tag)?.(responder, answer),
        },
        () => done(null),
      );
    });
    await this.#ask("declareSubscriptions", Object.fromEntries(Object.keys(takers).map((mtype) => [mtype, {}])));
  }

  /**
   * @param {string} sender
   * @param {Message} message
   * @returns {boolean} whether the page takes such messages
   */
  #take(sender, message) {
    const take = this.#takers.get(message["samp.mtype"]);
    take?.(message["samp.params"] ?? {}, sender);
    return take !== undefined;
  }

  /**
   * @param {string} sender
   * @param {string} id
   * @param {Message} message
   */
  #answer(sender, id, message) {
    /** @type {Answer} */
    let answer = { "samp.status": "samp.ok", "samp.result": {} };
    try {
      if (!this.#take(sender, message)) answer = failure("samp.warning", `nothing is done with ${message["samp.mtype"]}`);
    } catch (error) {
      answer = failure("samp.error", String(error));
    }
    this.#ask("reply", id, answer).catch(() => {});
  }

  /**
   * Return the programs that take a type of message.
   * @param {string} mtype
   * @returns {Promise<string[]>} their ids
   */
  async takersOf(mtype) {
    return Object.keys(await this.#ask("getSubscribedClients", mtype));
  }

  /**
   * Return how a program calls itself.
   * @param {string} client
   * @returns {Promise<string>}
   */
  nameOf(client) {
    const known = this.#names.get(client);
    if (known !== undefined) return known;
    const asked = this.#ask("getMetadata", client).then(
      (/** @type {Params} */ told) => String(told["samp.name"] ?? client),
      () => client,
    );
    this.#names.set(client, asked);
    return asked;
  }

  /**
   * Tell everybody who takes such messages.
   * @param {string} mtype
   * @param {Params} params texts alone
   */
  async notify(mtype, params) {
    await this.#ask("notifyAll", message(mtype, params));
  }

  /**
   * Call a program, or everybody who takes such messages.
   * @param {string} mtype
   * @param {Params} params texts alone
   * @param {(client: string, problem: string) => void} answered what each answers; no problem is an empty one
   * @param {string} [client] everybody unless given
   */
  async call(mtype, params, answered, client) {
    const tag = `page-${++this.#tags}`;
    this.#waiting.set(tag, (responder, answer) => answered(responder, problemOf(answer)));
    if (client === undefined) await this.#ask("callAll", tag, message(mtype, params));
    else await this.#ask("call", client, tag, message(mtype, params));
  }

  /** Leave the hub. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      if (this.connection.regInfo) this.connection.unregister();
    } catch {
      // It is gone already.
    }
    this.onend();
  }
}

/**
 * Ask a hub for news with a pause, where it answers at once although it has none.
 * @param {Connection} connection
 */
function calmly(connection) {
  const { xClient } = connection;
  const execute = /** @type {Execute} */ (xClient.execute.bind(xClient));
  let asked = 0;
  xClient.execute = (request, done, failed) => {
    if (!request.methodName.endsWith("pullCallbacks")) return execute(request, done, failed);
    const pause = Math.max(0, asked + PULSE - Date.now());
    /** @type {{abort: () => void} | undefined} */
    let running;
    const timer = setTimeout(() => {
      asked = Date.now();
      if (connection.regInfo) running = execute(request, done, failed);
    }, pause);
    return {
      abort: () => {
        clearTimeout(timer);
        running?.abort();
      },
    };
  };
}

/**
 * @param {string} mtype
 * @param {Params} params
 * @returns {Message}
 */
function message(mtype, params) {
  return { "samp.mtype": mtype, "samp.params": params };
}

/**
 * @param {string} status
 * @param {string} text
 * @returns {Answer}
 */
function failure(status, text) {
  return { "samp.status": status, "samp.result": {}, "samp.error": { "samp.errortxt": text } };
}

/**
 * @param {Answer} answer
 * @returns {string}
 */
function problemOf(answer) {
  if (answer["samp.status"] !== "samp.error") return "";
  return String(answer["samp.error"]?.["samp.errortxt"] ?? "no reason is given");
}
