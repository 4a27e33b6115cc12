// The line to the hub: one Socket.IO connection that asks the admin plugin's events, comes back by itself, and says what
// has become of it.
import { io } from "./lib/socket.io.esm.min.js";

const PATIENCE = 15_000; // milliseconds that an answer may take
const STATS_EVERY = 2000; // milliseconds

// A request that was refused or lost. `code` is the hub's, or OFFLINE, or TIMEOUT.
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// The hub sends `admin:stats` every now and then, one answer for all who look at it; listen() gets it.
// Events: "state", whenever `state` has changed; "forbidden", when the hub does not take this client for an admin any more.
export class Hub extends EventTarget {
  // "off": nobody has signed in. "connecting": for the first time. "live". "lost": it tries to come back.
  // "ended": the hub closed this connection, and it stays closed until resume().
  state = "off";
  #socket = null;
  #listeners = [];

  // Where to connect, as config.json has it.
  constructor({ path, namespace }) {
    super();
    this.path = path;
    this.namespace = namespace;
  }

  get id() {
    return this.#socket?.id;
  }

  // Signs in, with a token or without one. Throws Refused if the hub does not take this client for an admin; the first
  // answer of `stats` otherwise.
  async connect(token) {
    this.leave();
    const socket = io(location.origin + this.namespace, {
      path: this.path,
      forceNew: true,
      auth: token ? { token } : {},
      reconnectionDelay: 500,
      reconnectionDelayMax: 4000,
    });
    this.#socket = socket;
    this.#become("connecting");
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
    try {
      await new Promise((resolve, reject) => {
        socket.once("connect", resolve);
        // Without `active` the server has refused; else it is only not there yet, and the client tries again.
        socket.once("connect_error", (error) => reject(new Refused(socket.active ? "OFFLINE" : "REFUSED", error.message)));
      });
      const stats = await this.#subscribe();
      this.#keep(socket);
      return stats;
    } catch (error) {
      if (this.#socket === socket) this.leave();
      throw error;
    }
  }

  leave() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.disconnect();
    if (this.state !== "off") this.#become("off");
  }

  // After "ended".
  resume() {
    this.#socket?.connect();
    this.#become("lost");
  }

  // One operation: the answer's fields. Throws Refused; nothing is sent later, when the line is back.
  ask(operation, args = {}) {
    const socket = this.#socket;
    if (!socket?.connected) return Promise.reject(new Refused("OFFLINE", "There is no connection to the hub."));
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Refused("OFFLINE", "The connection was lost before the hub answered."));
      socket.once("disconnect", lost);
      socket.timeout(PATIENCE).emit(`admin:${operation}`, args, (late, answer) => {
        socket.off("disconnect", lost);
        if (late) return reject(new Refused("TIMEOUT", "The hub did not answer in time."));
        if (answer?.success === true) return resolve(answer);
        const { code, message } = answer?.error ?? answer ?? {};
        reject(new Refused(code ?? "INTERNAL", message ?? "The hub's answer makes no sense."));
      });
    });
  }

  // Events of the hub, on every connection from now on.
  listen(event, listener) {
    this.#listeners.push([event, listener]);
    this.#socket?.on(event, listener);
  }
  tell(event, ...args) {
    if (this.#socket?.connected) this.#socket.emit(event, ...args);
  }

  #keep(socket) {
    socket.on("connect", () => this.#returned(socket));
    socket.on("connect_error", () => {
      if (!socket.active) this.dispatchEvent(new Event("forbidden"));
    });
    socket.on("disconnect", (reason) => {
      if (this.#socket !== socket) return;
      this.#become(reason === "io server disconnect" ? "ended" : "lost");
    });
    if (socket.connected) this.#become("live");
    else this.#become("lost");
  }

  // It may be another process with another token that answers now.
  async #returned(socket) {
    try {
      await this.#subscribe();
      if (this.#socket === socket && socket.connected) this.#become("live");
    } catch (error) {
      if (error.code === "FORBIDDEN") this.dispatchEvent(new Event("forbidden"));
      // Else the line was lost again, or the hub is busy: the next attempt will tell.
      else if (this.#socket === socket && socket.connected) setTimeout(() => this.#returned(socket), 1000);
    }
  }

  async #subscribe() {
    const stats = await this.ask("stats");
    await this.ask("subscribe", { topics: ["stats"], interval: STATS_EVERY });
    return stats;
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
