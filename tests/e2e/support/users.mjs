// What tests of the second document's families have in common: clients with names, and payloads with timestamps.
import assert from "node:assert/strict";
import { Client, withClients } from "./clients.mjs";

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
// Stands in expected payloads for the hub's time.
export const NOW = "(now)";

export const FAMILIES = "messaging, rooms, heartbeat, users, direct, typing, notifications";
// Settings of a hub with these families and no limit on the rate.
export const settings = (more = {}) => ({ "limits.events_per_second": 0, "plugins.enabled": FAMILIES, ...more });

// The payload with NOW for its timestamp, which is one and is about now.
export function blurred(payload) {
  assert.match(payload?.timestamp ?? "", TIMESTAMP, JSON.stringify(payload));
  assert.ok(Math.abs(Date.parse(payload.timestamp) - Date.now()) < 60_000, payload.timestamp);
  return { ...payload, timestamp: NOW };
}

// The same fields, in the same order, and no others.
export function assertPayload(actual, expected) {
  assert.deepStrictEqual("timestamp" in expected ? blurred(actual) : actual, expected);
  assert.deepEqual(Object.keys(actual), Object.keys(expected), "order of fields");
}

// This event arrives next; gives its payload.
export async function gets(client, event, expected) {
  const [name, ...args] = await client.next(`${event} ${JSON.stringify(expected).slice(0, 200)}`);
  assert.equal(name, event, JSON.stringify(args).slice(0, 300));
  assert.equal(args.length, 1);
  assertPayload(args[0], expected);
  return args[0];
}

// A request that is confirmed: the event first, then the ack with the same object.
export async function confirmed(client, request, data, event, expected) {
  const ack = await client.ask(request, data);
  const payload = await gets(client, event, expected);
  assert.deepStrictEqual(await client.next("the ack"), ["(ack)", request, ...ack]);
  assert.deepStrictEqual(ack, [payload]);
}

// A request that is refused without a failure object: the standard ack; system:error says the same.
export async function refusedPlainly(client, code, request, ...args) {
  const [ack, ...more] = await client.ask(request, ...args);
  client.inbox.splice(client.inbox.findIndex((entry) => entry[0] === "(ack)"), 1);
  assert.deepEqual(more, []);
  const message = await client.getsError(code);
  assert.deepStrictEqual(ack, { status: "error", code, message }, JSON.stringify(args));
  client.tell(request, ...args); // and without an ack
  assert.equal(await client.getsError(code), message);
}

// One that is refused with a failure object, in an event of its own and as the ack.
export async function refusedWith(client, code, request, data, event, expected) {
  for (const withAck of [true, false]) {
    const acks = withAck ? await client.ask(request, data) : (client.tell(request, data), []);
    await client.holds(withAck ? 3 : 2);
    const entries = client.inbox.splice(0, withAck ? 3 : 2);
    const of = (name) => entries.filter((entry) => entry[0] === name);
    assert.equal(of(event).length, 1, JSON.stringify(entries));
    const [, payload, ...more] = of(event)[0];
    assert.deepEqual(more, []);
    assertPayload(payload, expected);
    assert.deepStrictEqual(of("system:error").map((entry) => entry[1]?.code), [code]);
    const error = of("system:error")[0][1];
    assert.deepEqual(Object.keys(error), ["code", "message"]);
    assert.ok(typeof error.message === "string" && error.message !== "");
    if (withAck) assert.deepStrictEqual(acks, [payload]);
  }
}

// Gives the client a name, and takes what confirms it.
export async function name(client, username, rest = {}) {
  const data = { username, ...rest };
  const fields = ["username", ...Object.keys(rest)];
  await confirmed(client, "system:setData", data, "system:dataSet", { success: true, updatedFields: fields, timestamp: NOW });
}

export const sender = (client, username, profile = {}) => ({ id: client.id, username, profile });

let names = 0;
// A name that nobody had before.
export const fresh = (stem = "user") => `${stem}-${++names}`;

// As withClients, each with a fresh name; `use` gets [client, username] pairs.
export function withUsers(hub, how, count, use) {
  return withClients(hub, how, count, async (...clients) => {
    const users = [];
    for (const client of clients) {
      users.push([client, fresh()]);
      await name(...users.at(-1));
    }
    await use(...users);
  });
}

export { Client, withClients };
