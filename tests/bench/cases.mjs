// What ./dev bench measures: each case is one run of wshub_load against a fresh server.
//
// `args`: of wshub_load; `quick` and `full` are appended. `figure`: the one of its figures that is compared (less is
// better, unless `more`). `goal`: how many times better than Node wshub should be; or `below`: a bound for wshub itself.
// `extra`: figures worth a column of their own. `without`: not beside Node, but beside wshub with these settings; what
// the others cost is the difference, and `below` bounds that. `floor`: beside a server that only reads and writes, too.
const CPU_ECHO = { figure: "server_cpu_us_per_echo", unit: "µs", extra: ["echoes_per_second", "latency_p99_ms"] };
const CPU_DELIVERY = {
  figure: "server_cpu_us_per_delivery",
  unit: "µs",
  extra: ["deliveries_per_second", "latency_p99_ms"],
};
const TIMES = { quick: ["--seconds", "2"], full: ["--seconds", "5"] };

export const CASES = [
  {
    name: "echo",
    title: "echo with ack, 100 clients, 1 under way each: server CPU per echo",
    args: ["echo", "--clients", "100"],
    ...TIMES,
    ...CPU_ECHO,
    goal: 4,
    floor: true,
  },
  {
    name: "echo-8",
    title: "the same, 8 under way each",
    args: ["echo", "--clients", "100", "--in-flight", "8"],
    ...TIMES,
    ...CPU_ECHO,
    goal: 4,
    floor: true,
  },
  {
    name: "echo-polling",
    title: "the same over polling, 1 under way each",
    args: ["echo", "--clients", "100", "--transport", "polling"],
    ...TIMES,
    ...CPU_ECHO,
  },
  {
    name: "fanout",
    title: "fan-out to 1000, 64 bytes, 1 message under way: server CPU per delivery",
    args: ["fanout", "--clients", "1000"],
    ...TIMES,
    ...CPU_DELIVERY,
    goal: 4,
    floor: true,
  },
  {
    name: "fanout-8",
    title: "the same, 8 messages under way",
    args: ["fanout", "--clients", "1000", "--in-flight", "8"],
    ...TIMES,
    ...CPU_DELIVERY,
    goal: 4,
    floor: true,
  },
  {
    name: "fanout-polling",
    title: "fan-out to 200 over polling, 1 message under way",
    args: ["fanout", "--clients", "200", "--transport", "polling"],
    ...TIMES,
    ...CPU_DELIVERY,
  },
  {
    name: "rooms",
    title: "rooms: 1000 clients in 100 rooms, 1 message under way in each: server CPU per delivery",
    args: ["rooms", "--clients", "1000", "--rooms", "100"],
    ...TIMES,
    ...CPU_DELIVERY,
  },
  {
    name: "idle",
    title: "idle WebSocket connections, 5000 held: resident memory each (Node after a forced collection)",
    args: ["idle", "--clients", "5000"],
    quick: ["--seconds", "4"],
    full: ["--seconds", "8"],
    figure: "server_rss_bytes_per_client",
    unit: "B",
    extra: ["server_private_bytes_per_client"],
    goal: 5,
    collectGarbage: true,
  },
  {
    name: "idle-as-is",
    title: "the same, Node left alone",
    args: ["idle", "--clients", "5000"],
    quick: ["--seconds", "4"],
    full: ["--seconds", "8"],
    figure: "server_rss_bytes_per_client",
    unit: "B",
    extra: ["server_private_bytes_per_client"],
    fullOnly: true,
  },
  {
    name: "connect",
    title: "connections until CONNECT is answered, 5000, 200 under way: server CPU each",
    args: ["connect", "--clients", "5000"],
    figure: "server_cpu_us_per_connection",
    unit: "µs",
    extra: ["connections_per_second", "join_p99_ms"],
  },
  {
    name: "slow",
    title: "2000 slow headers open: a normal client connects and echoes, slowest of 10",
    args: ["slow", "--clients", "2000", "--seconds", "0"],
    figure: "connect_and_echo_max_ms",
    unit: "ms",
    extra: ["slow_open_after_probes", "connect_and_echo_median_ms"],
    below: 100,
  },
  {
    name: "by-itself",
    title: "10 000 idle clients: heartbeats (nobody acknowledges, so warnings too) and stats",
    args: ["idle", "--clients", "10000"],
    quick: ["--seconds", "40"],
    full: ["--seconds", "60"],
    figure: "server_cpu_percent",
    unit: "% of a core",
    without: { "plugin.heartbeat.interval": 0, "plugin.admin.stats_interval": 0 },
    below: 1,
    fullOnly: true,
  },
];
