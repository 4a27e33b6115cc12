// The load generator counts right: it agrees with what a server counted, and it finds the mistakes that a server makes on
// purpose.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

import { LOAD, load, startFloor, startNode } from "./servers.mjs";

// Messages end a run; the seconds are for when they get stuck.
const SHORT = ["--warm-up", "0", "--seconds", "20"];

// Runs `args` against a server of its own, started with `mistakes`.
async function measure(args, mistakes = []) {
  const server = await startNode(...mistakes);
  try {
    const figures = await load(server, [args[0], ...SHORT, ...args.slice(1)]);
    return { figures, stats: await server.stats() };
  } finally {
    await server.stop();
  }
}

describe("against a server that makes no mistakes", () => {
  for (const transport of ["websocket", "polling", "mixed"]) {
    it(`counts what the server counted in fan-out over ${transport}`, async () => {
      const args = ["fanout", "--transport", transport, "--clients", "40", "--messages", "200", "--in-flight", "5"];
      const { figures, stats } = await measure(args);
      assert.equal(figures.messages_sent, 200);
      assert.equal(figures.messages_acked, 200);
      assert.equal(stats.events.broadcast, 200);
      assert.equal(stats.deliveries, 200 * 40);
      assert.equal(figures.deliveries, stats.deliveries);
      assert.equal(figures.clients_joined, 41);
      assert.equal(stats.connections, 41);
      assert.equal(figures.deliveries_lost + figures.deliveries_duplicated + figures.deliveries_out_of_order, 0);
      assert.equal(figures.clean, true);
      assert.equal(figures.status, 0);
    });

    it(`counts what the server counted in echoes over ${transport}`, async () => {
      const args = ["echo", "--transport", transport, "--clients", "10", "--messages", "500", "--in-flight", "3"];
      const { figures, stats } = await measure(args);
      assert.equal(stats.events.ping, 500);
      assert.equal(figures.echoes_sent, 500);
      assert.equal(figures.echoes_acked, 500);
      assert.equal(figures.status, 0);
    });
  }

  it("counts a message that goes to its sender too", async () => {
    const args = ["fanout", "--event", "message", "--clients", "30", "--senders", "3", "--messages", "90"];
    const { figures, stats } = await measure(args);
    assert.equal(stats.events.message, 90);
    assert.equal(stats.deliveries, 90 * 30);
    assert.equal(figures.deliveries, stats.deliveries);
    assert.equal(figures.status, 0);
  });

  it("counts what the server counted in rooms", async () => {
    const args = ["rooms", "--clients", "40", "--rooms", "10", "--senders", "2", "--messages", "300"];
    const { figures, stats } = await measure(args);
    assert.equal(stats.events.join_room, 40);
    assert.equal(stats.events.room_message, 300);
    assert.equal(stats.deliveries, 300 * 3);
    assert.equal(figures.deliveries, stats.deliveries);
    assert.equal(figures.rooms_joined, 40);
    assert.equal(figures.status, 0);
  });

  it("serves a normal client beside slow headers", async () => {
    const { figures } = await measure(["slow", "--clients", "50", "--seconds", "0"]);
    assert.equal(figures.slow_open_before_probes, 50);
    assert.equal(figures.probes_served, figures.probes);
  });

  it("reads the memory and the processor time of the server", async () => {
    const { figures } = await measure(["idle", "--clients", "100", "--seconds", "1"]);
    assert.ok(figures.server_rss_before_bytes > 1e6);
    assert.ok(figures.server_private_after_bytes > 1e6);
    assert.ok(figures.server_threads >= 1);
    assert.equal(figures.clients_joined, 100);
  });
});

describe("against a server with known mistakes", () => {
  const flow = ["fanout", "--clients", "20", "--messages", "300", "--rate", "1000", "--seconds", "3"];
  const run = (mistake) => measure(flow, mistake);

  it("finds every message that was dropped", async () => {
    const { figures, stats } = await run(["--drop-every", "7"]);
    assert.equal(stats.dropped, Math.floor((300 * 20) / 7));
    assert.equal(figures.deliveries_lost, stats.dropped);
    assert.equal(figures.deliveries, stats.deliveries);
    assert.equal(figures.deliveries_duplicated, 0);
    assert.equal(figures.deliveries_out_of_order, 0);
    assert.equal(figures.status, 1);
  });

  it("finds every message that was sent twice", async () => {
    const { figures, stats } = await run(["--duplicate-every", "11"]);
    assert.equal(stats.duplicated, Math.floor((300 * 20) / 11));
    assert.equal(figures.deliveries_duplicated, stats.duplicated);
    assert.equal(figures.deliveries_lost, 0);
    assert.equal(figures.status, 1);
  });

  it("finds every message that was overtaken", async () => {
    const { figures, stats } = await run(["--swap-every", "13"]);
    assert.ok(stats.swapped > 0);
    assert.equal(figures.deliveries_out_of_order, stats.swapped);
    assert.equal(figures.deliveries_lost, 0);
    assert.equal(figures.deliveries_duplicated, 0);
    assert.equal(figures.status, 1);
  });

  it("sees dropped and doubled ones apart when both happen", async () => {
    const { figures, stats } = await run(["--drop-every", "5", "--duplicate-every", "8"]);
    assert.equal(figures.deliveries_lost, stats.dropped);
    assert.equal(figures.deliveries_duplicated, stats.duplicated);
  });
});

describe("the command line", () => {
  const refused = [
    [["echo"], /--port/],
    [["dance", "--port", "1"], /mode dance/],
    [["echo", "--host", "192.0.2.1", "--port", "80"], /this machine only/],
    [["echo", "--url", "http://example.org:80"], /this machine only/],
    [["echo", "--port", "65536"], /--port 65536/],
    [["echo", "--port", "80", "--clients", "1e9"], /--clients 1e9/],
    [["fanout", "--port", "80", "--payload", "3"], /--payload/],
    [["echo", "--port", "80", "--seconds"], /--seconds needs a value/],
    [["echo", "--port", "80", "--frobnicate", "1"], /unknown option/],
  ];
  for (const [args, reason] of refused) {
    it(`refuses ${args.join(" ")}`, () => {
      const run = spawnSync(LOAD, args, { encoding: "utf8", timeout: 10_000 });
      assert.equal(run.status, 2);
      assert.match(run.stderr, reason);
    });
  }

  it("reports a server that is not there as failed clients", () => {
    const run = spawnSync(LOAD, ["connect", "--port", "1", "--clients", "3", "--json", "-"], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(run.status, 1);
    assert.equal(JSON.parse(run.stdout).clients_failed, 3);
  });
});

describe("the server that only reads and writes", () => {
  for (const mode of ["echo", "fanout"]) {
    it(`does the whole job in ${mode}`, async () => {
      const server = await startFloor();
      try {
        const figures = await load(server, [mode, ...SHORT, "--clients", "60", "--messages", "600", "--in-flight", "7"]);
        assert.equal(figures.status, 0, JSON.stringify(figures));
        assert.equal(figures.clients_lost, 0);
        assert.equal(mode === "echo" ? figures.echoes_acked : figures.deliveries, mode === "echo" ? 600 : 600 * 60);
      } finally {
        await server.stop();
      }
    });
  }
});
