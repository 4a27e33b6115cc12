// Node's socket.io serving the events of the contract that tests/bench measures: what wshub is compared with, and a
// server with known mistakes for the load generator's own test.
//
//   node node_server.mjs [--port N] [--drop-every K] [--duplicate-every K] [--swap-every K]
//
// --drop-every, --duplicate-every, --swap-every: of the deliveries of broadcasts, each K-th is left out, sent twice, or
// sent behind the one that follows it to the same client.
// Says "listening http://127.0.0.1:PORT/socket.io/" when it is ready. GET /stats: what it counted. POST /gc: collects
// garbage (with node --expose-gc).
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const { Server } = createRequire(import.meta.url)("socket.io");

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "drop-every": { type: "string", default: "0" },
    "duplicate-every": { type: "string", default: "0" },
    "swap-every": { type: "string", default: "0" },
  },
});
const mistakes = {
  drop: Number(values["drop-every"]),
  duplicate: Number(values["duplicate-every"]),
  swap: Number(values["swap-every"]),
};
const makesMistakes = mistakes.drop + mistakes.duplicate + mistakes.swap > 0;

const stats = { connections: 0, events: {}, deliveries: 0, dropped: 0, duplicated: 0, swapped: 0 };

const http = createServer((request, response) => {
  if (request.url === "/stats") {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(stats));
  } else if (request.url === "/gc" && request.method === "POST") {
    globalThis.gc?.();
    globalThis.gc?.();
    response.end(globalThis.gc ? "done" : "started without --expose-gc");
  } else {
    response.statusCode = 404;
    response.end();
  }
});
// Its defaults: no compression of messages, every packet written at once.
const io = new Server(http);

io.on("connection", (socket) => {
  ++stats.connections;
  const on = (event, handler) =>
    socket.on(event, (...args) => {
      stats.events[event] = (stats.events[event] ?? 0) + 1;
      const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
      handler(args[0] ?? null, ack);
    });

  on("message", (data, ack) => {
    deliver(null, "message", { from: socket.id, data }, () => io);
    ack({ status: "received", sid: socket.id });
  });
  on("broadcast", (data, ack) => {
    deliver(socket, "broadcast", { from: socket.id, data }, () => socket.broadcast);
    ack({ status: "broadcasted" });
  });
  on("join_room", (room, ack) => {
    const isNew = !socket.rooms.has(room);
    socket.join(room);
    if (isNew) io.to(room).emit("room_joined", { room, sid: socket.id });
    ack({ status: "joined", room });
  });
  on("leave_room", (room, ack) => {
    const wasIn = socket.rooms.has(room);
    socket.leave(room);
    if (wasIn) io.to(room).emit("room_left", { room, sid: socket.id });
    ack({ status: "left", room });
  });
  on("room_message", (request, ack) => {
    const { room, message } = request ?? {};
    if (!room || message === undefined || message === null) {
      ack({ status: "error", message: "Missing room or message" });
      return;
    }
    deliver(socket, "room_message", { from: socket.id, room, message }, () => socket.to(room), room);
    ack({ status: "sent", room });
  });
  on("ping", (_, ack) => ack({ status: "pong", sid: socket.id }));
});

// As the library does it; one by one only when mistakes are to be made.
function deliver(except, event, data, target, room) {
  const members = room === undefined ? io.of("/").adapter.sids : io.of("/").adapter.rooms.get(room);
  const receivers = (members?.size ?? 0) - (except && (room === undefined || except.rooms.has(room)) ? 1 : 0);
  stats.deliveries += receivers;
  if (!makesMistakes) {
    target().emit(event, data);
    return;
  }
  for (const socket of io.of("/").sockets.values()) {
    if (socket === except || (room !== undefined && !socket.rooms.has(room))) continue;
    deliverWithMistakes(socket, event, data);
  }
}

let delivery = 0;
const heldBack = new Map();

function deliverWithMistakes(socket, event, data) {
  ++delivery;
  if (mistakes.drop && delivery % mistakes.drop === 0) {
    ++stats.dropped;
    --stats.deliveries;
    return;
  }
  if (mistakes.swap && delivery % mistakes.swap === 0 && !heldBack.has(socket)) {
    heldBack.set(socket, [event, data]);
    setTimeout(() => release(socket), 100); // nothing followed it
    return;
  }
  socket.emit(event, data);
  if (mistakes.duplicate && delivery % mistakes.duplicate === 0) {
    ++stats.duplicated;
    socket.emit(event, data);
  }
  if (release(socket)) ++stats.swapped;
}

function release(socket) {
  const held = heldBack.get(socket);
  if (!held) return false;
  heldBack.delete(socket);
  socket.emit(...held);
  return true;
}

http.listen(Number(values.port), "127.0.0.1", () => {
  console.log(`listening http://127.0.0.1:${http.address().port}/socket.io/`);
});
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
