// Clients that say exactly what they are told, right or wrong, and show exactly what came back. No Socket.IO library inside.
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";

const PATIENCE = 10_000;

// Fails with `what` if the promise takes longer than anything here should.
export function soon(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${patience} ms: ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One HTTP request on a connection of its own.
export function request(port, { method = "GET", path = "/socket.io/", headers = {}, body, agent = false } = {}) {
  const answer = new Promise((resolve, reject) => {
    const req = http.request({ host: "127.0.0.1", port, method, path, headers, agent }, (res) => {
      const chunks = [];
      res.on("data", (chunk) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: res.statusCode, headers: res.headers, body: bytes.toString("utf8"), bytes });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
  return soon(answer, `${method} ${path}`);
}

// Sends bytes and gives back everything that came until the server ended the connection (or `until` says it is enough).
export function rawTcp(port, bytes, until = () => false) {
  const answer = new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (until(text)) {
        resolve(text);
        socket.destroy();
      }
    });
    socket.on("error", (error) => (error.code === "ECONNRESET" ? resolve(text) : reject(error)));
    socket.on("close", () => resolve(text));
  });
  return soon(answer, "the end of a raw connection");
}

export class Polling {
  static path(query) {
    return "/socket.io/?" + new URLSearchParams({ EIO: "4", transport: "polling", ...query });
  }
  static async open(port, query = {}) {
    const answer = await request(port, { path: Polling.path(query) });
    if (answer.status !== 200) throw new Error(`handshake: ${answer.status} ${answer.body}`);
    const session = new Polling();
    session.port = port;
    session.answer = answer;
    session.open = JSON.parse(answer.body.slice(1));
    session.sid = session.open.sid;
    session.backlog = [];
    return session;
  }
  get() {
    return request(this.port, { path: Polling.path({ sid: this.sid }) });
  }
  post(body, headers = { "Content-Type": "text/plain;charset=UTF-8" }) {
    return request(this.port, { method: "POST", path: Polling.path({ sid: this.sid }), body, headers });
  }
  // The next packet, polling as often as it takes; answers pings.
  async next() {
    while (this.backlog.length === 0) {
      const answer = await this.get();
      if (answer.status !== 200) throw new Error(`poll: ${answer.status} ${answer.body}`);
      for (const packet of answer.body.split("\x1e")) {
        if (packet === "2") await this.post("3");
        else this.backlog.push(packet);
      }
    }
    return this.backlog.shift();
  }
  // True if the server no longer knows the session, or says with the next poll that it is closed.
  async isGone() {
    let answer = await this.get();
    if (answer.status === 200 && answer.body.split("\x1e").includes("1")) answer = await this.get();
    return answer.status === 400 && JSON.parse(answer.body).code === 1;
  }
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export class RawWebSocket {
  // Resolves when the server has answered the handshake; `status` tells how.
  static connect(port, { query = {}, path, headers = {}, key = randomBytes(16).toString("base64"), early } = {}) {
    const ws = new RawWebSocket();
    ws.frames = [];
    ws.waiting = [];
    ws.ended = false;
    ws.buffer = Buffer.alloc(0);
    ws.expectedAccept = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
    const target = path ?? "/socket.io/?" + new URLSearchParams({ EIO: "4", transport: "websocket", ...query });
    const lines = {
      Host: `127.0.0.1:${port}`,
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
      ...headers,
    };
    const head = Object.entries(lines)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
    const answered = new Promise((resolve, reject) => {
      ws.socket = net.connect(port, "127.0.0.1");
      ws.socket.setNoDelay(true);
      ws.socket.on("connect", () => {
        const hello = Buffer.from(`GET ${target} HTTP/1.1\r\n${head}\r\n`);
        ws.socket.write(early ? Buffer.concat([hello, early]) : hello);
      });
      ws.socket.on("data", (chunk) => ws.#onData(chunk, resolve));
      ws.socket.on("error", (error) => (error.code === "ECONNRESET" ? undefined : reject(error)));
      ws.socket.on("close", () => {
        ws.ended = true;
        for (const waiter of ws.waiting.splice(0)) waiter(undefined);
        resolve(ws);
      });
    });
    return soon(answered, "the answer to a WebSocket handshake");
  }
  // A WebSocket-only session that has read its OPEN packet.
  static async open(port, options = {}) {
    const ws = await RawWebSocket.connect(port, options);
    if (ws.status !== 101) throw new Error(`no WebSocket: ${ws.status} ${ws.body}`);
    const packet = await ws.text();
    ws.openPacket = JSON.parse(packet.slice(1));
    return ws;
  }
  // ... and is connected to "/".
  static async joined(port, options = {}) {
    const ws = await RawWebSocket.open(port, options);
    ws.send("40");
    ws.id = JSON.parse((await ws.text()).slice(2)).sid;
    return ws;
  }

  #onData(chunk, resolve) {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    if (this.status === undefined) {
      const end = this.buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const [first, ...rest] = this.buffer.subarray(0, end).toString("latin1").split("\r\n");
      this.status = Number(first.split(" ")[1]);
      this.headers = Object.fromEntries(
        rest.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
      );
      this.buffer = this.buffer.subarray(end + 4);
      if (this.status === 101) resolve(this);
    }
    if (this.status !== 101) {
      this.body = this.buffer.toString("utf8");
      if (this.body.length >= Number(this.headers["content-length"] ?? Infinity)) resolve(this);
      return;
    }
    for (;;) {
      const frame = this.#cutFrame();
      if (!frame) return;
      const waiter = this.waiting.shift();
      if (waiter) waiter(frame);
      else this.frames.push(frame);
    }
  }
  #cutFrame() {
    const b = this.buffer;
    if (b.length < 2) return undefined;
    let length = b[1] & 127;
    let at = 2;
    if (length === 126) {
      if (b.length < 4) return undefined;
      length = b.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (b.length < 10) return undefined;
      length = Number(b.readBigUInt64BE(2));
      at = 10;
    }
    if (b.length < at + length) return undefined;
    const frame = { fin: (b[0] & 128) !== 0, rsv: (b[0] >> 4) & 7, opcode: b[0] & 15, masked: (b[1] & 128) !== 0, payload: b.subarray(at, at + length) };
    this.buffer = b.subarray(at + length);
    return frame;
  }

  static frame(opcode, payload = "", { fin = true, rsv = 0, masked = true, length, form } = {}) {
    const data = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    const size = length ?? data.length;
    const shortest = size < 126 ? 7 : size < 65536 ? 16 : 64;
    const chosen = form ?? shortest;
    const head = Buffer.alloc(chosen === 7 ? 2 : chosen === 16 ? 4 : 10);
    head[0] = (fin ? 128 : 0) | (rsv << 4) | opcode;
    if (chosen === 7) head[1] = size;
    else if (chosen === 16) {
      head[1] = 126;
      head.writeUInt16BE(size, 2);
    } else {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(size), 2);
    }
    if (!masked) return Buffer.concat([head, data]);
    head[1] |= 128;
    const mask = randomBytes(4);
    const hidden = Buffer.from(data);
    for (let i = 0; i < hidden.length; ++i) hidden[i] ^= mask[i & 3];
    return Buffer.concat([head, mask, hidden]);
  }
  sendFrame(opcode, payload, options) {
    this.socket.write(RawWebSocket.frame(opcode, payload, options));
  }
  send(text) {
    this.sendFrame(OPCODE.text, text);
  }
  sendBinary(bytes) {
    this.sendFrame(OPCODE.binary, Buffer.from(bytes));
  }
  // The next frame of any kind; undefined when the connection has ended.
  frame() {
    if (this.frames.length > 0) return Promise.resolve(this.frames.shift());
    if (this.ended) return Promise.resolve(undefined);
    return soon(new Promise((resolve) => this.waiting.push(resolve)), "a frame");
  }
  // The next data frame as text; answers Engine.IO's pings. Throws if the connection ends.
  async text() {
    for (;;) {
      const frame = await this.frame();
      if (!frame) throw new Error("the connection ended");
      if (frame.opcode === OPCODE.text && frame.payload.toString() === "2") {
        this.send("3");
      } else if (frame.opcode === OPCODE.text || frame.opcode === OPCODE.binary) {
        return frame.payload.toString("utf8");
      } else if (frame.opcode === OPCODE.close) {
        throw new Error(`closed with ${closeCode(frame)}`);
      }
    }
  }
  // Reads on until the connection ends. The close frame's code; null for a close frame without one; undefined without a close frame.
  async closed() {
    let code;
    for (;;) {
      const frame = await this.frame();
      if (!frame) return code;
      if (frame.opcode === OPCODE.close) {
        code = closeCode(frame);
        this.socket.end();
      }
    }
  }
  destroy() {
    this.socket.destroy();
  }
}

function closeCode(frame) {
  return frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : null;
}
