// The official client, with what tests ask of it: an ordered record of all that arrives, and waits that end.
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { soon } from "./hub.mjs";

const TRANSPORTS = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgraded: ["polling", "websocket"],
};
export const HOW = Object.keys(TRANSPORTS);

let markers = 0;
const brief = (value) => JSON.stringify(value)?.slice(0, 300);

export class Client {
  // Connected, on the transport that `how` ends with. Other options are the official client's.
  static async connect(hub, how = "websocket", { nsp = "/", ...options } = {}) {
    const client = new Client(hub, how, { nsp, ...options });
    await client.connected();
    await client.onTransport(how === "polling" ? "polling" : "websocket");
    return client;
  }

  constructor(hub, how = "websocket", { nsp = "/", ...options } = {}) {
    this.inbox = []; // [event, ...arguments], in the order of arrival
    this.reasons = []; // of disconnects
    this.waiting = [];
    this.socket = options.socket ?? io(hub.url + nsp, { transports: TRANSPORTS[how], forceNew: true, reconnection: false, ...options });
    this.#record();
  }
  // Another namespace over the same connection.
  static async beside(other, nsp, options = {}) {
    const client = new Client(undefined, undefined, { socket: other.socket.io.socket(nsp, options) });
    await client.connected();
    return client;
  }
  #record() {
    this.socket.onAny((...entry) => {
      this.inbox.push(entry);
      this.waiting.splice(0).forEach((wake) => wake());
    });
    this.socket.on("disconnect", (reason) => {
      this.reasons.push(reason);
      this.waiting.splice(0).forEach((wake) => wake());
    });
  }
  get id() {
    return this.socket.id;
  }
  get transport() {
    return this.socket.io.engine.transport.name;
  }

  connected() {
    if (this.socket.connected) return Promise.resolve();
    const answer = new Promise((resolve, reject) => {
      const settle = (act) => (value) => {
        this.socket.off("connect", onConnect).off("connect_error", onError);
        act(value);
      };
      const onConnect = settle(resolve);
      const onError = settle(reject);
      this.socket.on("connect", onConnect).on("connect_error", onError);
    });
    return soon(answer, "connect");
  }
  // Connected again, by itself, after as many attempts as it takes.
  reconnected() {
    if (this.socket.connected) return Promise.resolve();
    return soon(new Promise((resolve) => this.socket.once("connect", resolve)), "connect, again");
  }
  // What connect_error says.
  refused() {
    return soon(new Promise((resolve) => this.socket.once("connect_error", resolve)), "connect_error");
  }
  async onTransport(name) {
    const { engine } = this.socket.io;
    if (engine.transport.name !== name) await soon(new Promise((resolve) => engine.once("upgrade", resolve)), "upgrade");
    assert.equal(engine.transport.name, name);
  }

  // Emits with an acknowledgement and gives its arguments; leaves ["(ack)", event, ...arguments] in the inbox, for order.
  ask(event, ...args) {
    const answer = new Promise((resolve) => {
      this.socket.emit(event, ...args, (...values) => {
        this.inbox.push(["(ack)", event, ...values]);
        resolve(values);
      });
    });
    return soon(answer, `the ack of ${event}`);
  }
  // The one value a request is acknowledged with; the inbox is left without it.
  async acked(event, ...args) {
    const values = await this.ask(event, ...args);
    this.inbox.splice(this.inbox.findIndex((entry) => entry[0] === "(ack)" && entry[1] === event), 1);
    assert.equal(values.length, 1, `arguments of the ack of ${event}: ${brief(values)}`);
    return values[0];
  }
  tell(event, ...args) {
    this.socket.emit(event, ...args);
  }

  async #until(condition, what) {
    while (!condition()) {
      await soon(new Promise((resolve) => this.waiting.push(resolve)), () => `${what}; so far: ${brief(this.inbox)}`);
    }
  }
  // Takes the next thing that arrived: [event, ...arguments].
  async next(what = "an event") {
    await this.#until(() => this.inbox.length > 0, what);
    return this.inbox.shift();
  }
  async holds(count) {
    await this.#until(() => this.inbox.length >= count, `${count} events`);
  }
  // Exactly these arrive, in this order. Whether more follows is for `quiet` to say.
  async gets(...expected) {
    for (const entry of expected) assert.deepStrictEqual(await this.next(brief(entry)), entry);
  }
  // A refusal: system:error with exactly the code and a message; gives the message.
  async getsError(code) {
    const [event, ...args] = await this.next(`system:error ${code}`);
    assert.equal(event, "system:error", brief(args));
    assert.equal(args.length, 1);
    assert.deepStrictEqual(args[0], { code, message: args[0].message });
    assert.equal(typeof args[0].message, "string");
    assert.notEqual(args[0].message, "");
    return args[0].message;
  }
  // Why it was disconnected.
  async disconnected() {
    await this.#until(() => this.reasons.length > 0, "a disconnect");
    return this.reasons.shift();
  }
  close() {
    this.socket.disconnect();
  }
}

// The standard refusal: the ack and the event say the same.
export async function refused(client, code, event, ...args) {
  const ack = await client.acked(event, ...args);
  const message = await client.getsError(code);
  assert.deepStrictEqual(ack, { status: "error", code, message });
}

// Nothing else has reached these clients because of what `sender` did so far: its next message arrives first.
export async function quiet(sender, ...receivers) {
  const marker = `marker ${++markers}`;
  sender.tell("message", marker);
  for (const receiver of new Set([sender, ...receivers])) {
    await receiver.gets(["message", { from: sender.id, data: marker }]);
  }
}

// Connects one client for each name and closes all when `use` is done.
export async function withClients(hub, how, count, use, options = {}) {
  const clients = [];
  try {
    for (let i = 0; i < count; ++i) clients.push(await Client.connect(hub, how, options));
    return await use(...clients);
  } finally {
    for (const client of clients) client.close();
  }
}
