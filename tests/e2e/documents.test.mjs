// The documents keep what they say: links lead somewhere, commands and settings exist, and what a page quotes is what the program prints.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "./support/clients.mjs";
import { runConsole } from "./support/console.mjs";
import { PROGRAM, ROOT, runHub, startHub } from "./support/hub.mjs";

const read = (file) => readFileSync(path.join(ROOT, file), "utf8");
// Files below a folder, as paths in the repository.
function below(folder, wanted) {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    return entry.isDirectory() ? below(file, wanted) : wanted(file) ? [file] : [];
  });
}
const PAGES = [...below("docs", (file) => file.endsWith(".md")), ...below("plugins", (file) => file.endsWith("README.md")), "README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

const FENCE = /^```([\w-]*)\n([^]*?)^```[ \t]*$/gm;
const blocks = (page, ...languages) => [...read(page).matchAll(FENCE)].filter(([, language]) => languages.includes(language)).map(([, , text]) => text);
const prose = (page) => read(page).replace(FENCE, "");

// The anchors that GitHub and mkdocs give to headings.
function anchors(page) {
  const seen = new Map();
  return new Set([...prose(page).matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading]) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`/g, "");
    const slug = text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times ? `${slug}-${times}` : slug;
  }));
}

describe("blocks of code", () => {
  for (const page of PAGES) {
    it(`of ${page} say what they are, so that commands among them are looked at`, () => {
      assert.deepEqual([...read(page).matchAll(FENCE)].filter(([, language]) => language === "").map(([block]) => block), []);
    });
  }
});

describe("links", () => {
  for (const page of PAGES) {
    it(`of ${page} lead somewhere`, () => {
      for (const [link, target, anchor] of prose(page).matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
        const file = target === "" ? page : path.posix.join(path.posix.dirname(page), target);
        assert.ok(existsSync(path.join(ROOT, file)), `${link}: there is no ${file}`);
        if (anchor !== undefined && file.endsWith(".md")) assert.ok(anchors(file).has(anchor), `${link}: ${file} has no #${anchor}`);
      }
    });
  }

  it("every page of docs is in the site's contents once, and reached from the index", () => {
    const inContents = [...read("mkdocs.yml").matchAll(/: (\S+\.md)$/gm)].map(([, file]) => `docs/${file}`);
    const pages = PAGES.filter((page) => page.startsWith("docs/"));
    assert.deepEqual(inContents.toSorted?.() ?? [...inContents].sort(), [...pages].sort());
    const reached = new Set();
    const visit = (page) => {
      if (reached.has(page)) return;
      reached.add(page);
      for (const [, target] of prose(page).matchAll(/\]\((?![a-z]+:)([^)#\s]+\.md)/g)) {
        const next = path.posix.join(path.posix.dirname(page), target);
        if (next.startsWith("docs/")) visit(next);
      }
    };
    visit("docs/README.md");
    assert.deepEqual([...reached].sort(), [...pages].sort());
  });
});

// The words of a shell command, quotes resolved; enough of a shell for what stands in documents.
function words(command) {
  return [...command.matchAll(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^\s'"])+/g)].map(([word]) => word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"/g, (_, one, two) => one ?? two));
}

// Lines of shell blocks, continued ones joined, comments off; those that run wshub, from its name on.
function commandLines(page) {
  return blocks(page, "sh", "").flatMap((text) => text.replace(/\\\n\s*/g, "").split("\n"))
    .map((line) => line.replace(/(^|\s)#(?= ).*$/, "").trim()).filter(Boolean);
}
const HUB_COMMAND = /(?:^|[|;&]\s*|\s)(?:build\/release\/bin\/)?wshub\b(?![_/.:-])(.*?)(?:\s[|>&].*)?$/;
const hubCommands = (page) => [
  ...blocks(page, "sh").flatMap((text) => text.replace(/\\\n\s*/g, "").split("\n")).map((line) => line.replace(/(^|\s)#(?= ).*$/, "").trim()),
  ...[...prose(page).matchAll(/`(wshub(?: [^`]*)?)`/g)].map(([, command]) => command),
].flatMap((line) => {
  const found = /^(?:echo|systemctl|journalctl|apt|dnf|sudo|useradd|ln|cmake|export|man)\b(?!.*\|)/.test(line) ? null : HUB_COMMAND.exec(line);
  return found ? [words(found[1])] : [];
});

// What `wshub --help` and the help of a command name.
function known(...command) {
  const help = execFileSync(PROGRAM, [...command, "--help"], { encoding: "utf8" });
  return { help, options: new Set(help.match(/(?<![\w-])--?[a-z][\w-]*/g)) };
}

describe("commands", () => {
  const top = known();
  const all = PAGES.flatMap((page) => hubCommands(page).map((command) => [page, command]));

  it("there are some", () => assert.ok(all.length >= 20, `${all.length}`));

  for (const [page, command] of all) {
    it(`${page}: wshub ${command.join(" ")}`, async () => {
      const first = command[0] !== undefined && !command[0].startsWith("-") ? command[0] : undefined;
      const { options } = first === undefined ? top : (assert.match(top.help, new RegExp(`^ +(?:wshub )?${first}\\b`, "m")), known(first));
      for (const word of command) {
        if (word === "-e" || /^--?[a-z]/.test(word)) assert.ok(options.has(word.split("=")[0]) || top.options.has(word.split("=")[0]), `there is no option ${word}`);
      }
      // Settings are looked at by the program itself. Those of docs/plugins.md name what its reader has built; tests/sdk runs them.
      if (page === "docs/plugins.md") return;
      const set = command.flatMap((word, i) => (word === "--set" ? [command[i + 1]] : [])).filter((setting) => setting?.includes("=") && !/[A-Z$]/.test(setting.split("=")[0] + setting));
      if (set.length > 0) {
        const { code, stderr } = await runHub({ args: ["--check", ...set.flatMap((setting) => ["--set", setting])] });
        assert.equal(code, 0, stderr);
      }
    });
  }
});

const VERSION = /VERSION (\d+\.\d+\.\d+)/.exec(read("CMakeLists.txt"))[1];
const ARCHIVE = `wshub-${VERSION}-Linux-x86_64`;
function packageNames([verb, ...rest], verbs) {
  const made = [`wshub_${VERSION}_amd64.deb`, `wshub-sdk_${VERSION}_amd64.deb`, `wshub-dbgsym_${VERSION}_amd64.deb`, `wshub-${VERSION}-1.x86_64.rpm`, `wshub-${VERSION}-1.src.rpm`];
  assert.match(verb, verbs);
  // The libraries of the archive: tests/packages installs them, and nothing else, where it starts it.
  for (const name of rest) assert.ok(made.includes(path.basename(name)) || /^lib/.test(name), name);
}

// Who looks at commands of other programs. docs/plugins.md is run by tests/sdk, line by line; docs/events.md is made of the plugins' pages.
const OTHERS = {
  "./dev": async ([command, ...rest]) => {
    const help = execFileSync(path.join(ROOT, "dev"), ["help"], { encoding: "utf8" });
    assert.match(help, new RegExp(`^\\./dev ${command}\\b`, "m"));
    if (command === "bench") {
      const { CASES } = await import("../bench/cases.mjs");
      for (const word of rest) assert.ok(["quick", "full", ...CASES.map(({ name }) => name)].includes(word), word);
    }
    if (command === "build") assert.ok(rest.every((preset) => help.includes(preset) && read("CMakePresets.json").includes(`"${preset}"`)), rest.join(" "));
  },
  // The hub itself is looked at above.
  "build/release/bin/wshub": () => {},
  "build/release/bin/wshub_load": ([mode, ...rest]) => {
    const help = execFileSync(path.join(path.dirname(PROGRAM), "wshub_load"), ["--help"], { encoding: "utf8" });
    assert.match(help, new RegExp(`^  ${mode} `, "m"));
    for (const option of rest.filter((word) => word.startsWith("--"))) assert.match(help, new RegExp(`[ |]${option} `), option);
  },
  ctest: (args) => assert.match(read("tests/unit/server/CMakeLists.txt") + args.join(" "), /wshub_unit\(server\n[^]*-R unit_server$/),
  "build/dev/bin/unit_server": ([tags]) => assert.ok(read("tests/unit/server/ini_reader_test.cpp").includes(`"${tags}")`), tags),
  // What ./dev package makes, and tests/packages installs; cmake's own words are those of the build.
  apt: (args) => packageNames(args, /^install$/),
  dnf: (args) => packageNames(args, /^(install|builddep)$/),
  rpmbuild: (args) => packageNames(args, /^--rebuild$/),
  tar: (args) => assert.deepEqual(args, ["-xzf", `${ARCHIVE}.tar.gz`]),
  cd: (args) => assert.deepEqual(args, [ARCHIVE]),
  "bin/wshub": (args) => assert.deepEqual(args, ["--config", "etc/wshub/wshub.ini"]),
  cmake: (args) => {
    const sources = read("CMakeLists.txt");
    for (const [, name] of args.join(" ").matchAll(/-D(WSHUB_\w+)=/g)) assert.match(sources, new RegExp(`\\((\\w+ )?${name} `), name);
    assert.ok(["-S", "--build", "--install"].includes(args[0]), args[0]);
  },
  npm: (args) => {
    if (args[0] === "ci") return;
    const version = JSON.parse(read("package.json")).devDependencies["socket.io-client"];
    assert.deepEqual(args, ["install", `socket.io-client@${version.split(".")[0]}`]);
  },
  systemctl: (args) => {
    const unit = read("packaging/systemd/wshub.service.in");
    const [verb] = args.filter((word) => !word.startsWith("-"));
    assert.ok(["enable", "status", "reload", "restart", "edit", "reset-failed"].includes(verb), verb);
    assert.equal(args.at(-1), "wshub");
    if (verb === "reload") assert.match(unit, /^(ExecReload=|Type=notify-reload)/m);
    if (verb === "enable") assert.match(unit, /^WantedBy=/m);
  },
  journalctl: (args) => assert.deepEqual(args.slice(0, 2), ["-u", "wshub"]),
  curl: async (args) => {
    assert.equal(args[0], "-s");
    const hub = await startHub({});
    try {
      const answer = await fetch(args[1].replace("http://127.0.0.1:3000", hub.url));
      assert.equal(answer.status, 200);
      const text = await answer.text();
      if (args[2] !== undefined) assert.ok(args[2] === "|" && args[3] === "grep" && text.includes(args[4]), text);
    } finally {
      await hub.stop();
    }
  },
  cat: async ([file]) => {
    assert.equal(file, "/var/lib/wshub/admin_token");
    const hub = await startHub({ set: { "plugins.enabled": "messaging, admin" } });
    try {
      assert.match(readFileSync(path.join(hub.directory, "state", path.basename(file)), "utf8"), /^\S{32,}\n?$/);
    } finally {
      await hub.stop();
    }
  },
  ssh: ([option, tunnel]) => assert.deepEqual([option, tunnel], ["-L", "3000:127.0.0.1:3000"]),
  nginx: (args) => assert.deepEqual(args, ["-t"]), // run by reverse_proxies.test.mjs, as the next one
  haproxy: (args) => assert.deepEqual(args.slice(0, 2), ["-c", "-f"]),
  sysctl: (names) => names.forEach((name) => assert.ok(statSync(`/proc/sys/${name.replaceAll(".", "/")}`).isFile(), name)),
  nstat: ([, ...names]) => {
    const counters = readFileSync("/proc/net/netstat", "utf8");
    for (const name of names) assert.match(counters, new RegExp(`^TcpExt:.* ${name.slice("TcpExt".length)}\\b`, "m"));
  },
};

describe("commands of other programs", () => {
  for (const page of PAGES.filter((name) => !["docs/plugins.md", "docs/events.md", "plugins/auth/README.md"].includes(name))) {
    for (const line of blocks(page, "sh").flatMap((text) => text.split("\n")).map((text) => text.replace(/(^|\s)#(?= ).*$/, "").trim()).filter(Boolean)) {
      const [program, ...args] = words(line);
      if (program === "wshub" || line.includes("| wshub ")) continue;
      it(`${page}: ${line}`, async () => {
        assert.ok(program in OTHERS, `nobody looks at ${program}`);
        await OTHERS[program](args);
      });
    }
  }

  it("plugins/auth/README.md: a token that is made so lets in", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "wshub-documents-"));
    const file = path.join(directory, "tokens");
    let hub;
    try {
      const [script] = blocks("plugins/auth/README.md", "sh");
      assert.ok(script.includes("/etc/wshub/tokens"));
      const token = execFileSync("bash", ["-euc", script.replaceAll("/etc/wshub/tokens", file)], { encoding: "utf8" }).trim();
      assert.match(token, /^[0-9a-f]{64}$/);
      hub = await startHub({ set: { "plugins.enabled": "auth, heartbeat", "plugin.auth.mode": "token", "plugin.auth.tokens_file": file } });
      const come = (auth) => runConsole([hub.url, "--auth", JSON.stringify(auth), "-e", "ack ping"]);
      assert.equal((await come({ token })).code, 0);
      const { code, stdout } = await come({ token: token.replace(/.$/, (last) => (last === "0" ? "1" : "0")) });
      assert.equal(code, 3);
      assert.match(stdout, /refused: Unauthorized/);
    } finally {
      await hub?.stop();
      rmSync(directory, { recursive: true });
    }
  });
});

// What `wshub ctl` is told, anywhere in the documents.
describe("wshub ctl", () => {
  const told = PAGES.flatMap((page) => hubCommands(page).filter(([command, operation]) => command === "ctl" && operation !== undefined && !operation.startsWith("-")).map(([, ...args]) => [page, args]));
  const operations = [...execFileSync(PROGRAM, ["ctl", "--help"], { encoding: "utf8" }).matchAll(/^ {2}([a-z][a-z-]+) {2,}/gm)].map(([, name]) => name);

  for (const [page, [operation, ...args]] of told) {
    if (operation === "OPERATION") continue;
    it(`${page}: knows ${[operation, ...args].join(" ")}`, () => {
      assert.ok(operations.includes(operation), `there is no ${operation}`);
      const help = execFileSync(PROGRAM, ["ctl", operation, "--help"], { encoding: "utf8" });
      for (const [, name] of args.map((word) => /^([a-z_]+)=/.exec(word)).filter(Boolean)) assert.match(help, new RegExp(`^ +\\[?\\[?${name}\\]?=`, "m"), name);
    });
  }

  it("does what docs/operations/ctl.md has it do, line by line", async () => {
    const lines = told.filter(([page]) => page === "docs/operations/ctl.md").map(([, args]) => args);
    const hub = await startHub({ set: { "plugins.enabled": "messaging, rooms, users" } });
    const ctl = (args) => spawnSync(PROGRAM, ["ctl", "--socket", path.join(hub.directory, "state/control.sock"), ...args], { encoding: "utf8", timeout: 20_000 });
    const clients = [];
    try {
      const ran = [];
      for (const args of lines.filter((words) => words[0] !== "OPERATION")) {
        const client = await Client.connect(hub);
        clients.push(client);
        assert.equal((await client.acked("system:setData", { username: `alice${clients.length}` })).success, true);
        const { status, stdout, stderr } = ctl(args.map((word) => (word === "9tD2mZ0gWkuVAAAAAAAAAQ" ? client.socket.id : word)));
        assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
        ran.push(args[0]);
        if (args[0] === "sessions" && args[1] === "alice") assert.match(stdout, new RegExp(client.socket.id));
        if (args[0] === "broadcast") {
          const notice = () => client.inbox.find(([event]) => event === "notice");
          while (!notice()) await client.holds(client.inbox.length + 1);
          assert.deepEqual(notice(), ["notice", "back in five minutes"]);
        }
        if (args[0] === "drain") break; // nobody comes in any more
      }
      assert.deepEqual(operations.filter((name) => !ran.includes(name)), ["room", "plugins", "leave"]);
    } finally {
      for (const client of clients) client.close();
      await hub.stop();
    }
  });
});

describe("commands of docs/console.md", () => {
  let hub;
  let directory;
  const script = blocks("docs/console.md", "console")[0];
  before(async () => {
    hub = await startHub({ set: { "plugins.enabled": "messaging, rooms, heartbeat" } });
    directory = mkdtempSync(path.join(tmpdir(), "wshub-documents-"));
    writeFileSync(path.join(directory, "smoke.wsc"), script);
  });
  after(async () => {
    await hub?.stop();
    if (directory) rmSync(directory, { recursive: true });
  });

  const lines = [...commandLines("docs/console.md"), ...commandLines("docs/operations/troubleshooting.md"), ...commandLines("README.md")].filter((line) => line.includes("wshub client"));
  it("there are some", () => assert.ok(lines.length >= 7));
  for (const line of lines) {
    it(line, async () => {
      const [input, command] = line.includes("|") ? line.split("|") : ["", line];
      const args = words(command).slice(2).map((word) => word.replace("http://127.0.0.1:3000", hub.url).replace("smoke.wsc", path.join(directory, "smoke.wsc")));
      const { code, stdout, stderr } = await runConsole(args, input ? words(input)[1] : "");
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /connected/);
    });
  }

  it("its session looks as on the page", async () => {
    const [shown] = blocks("docs/console.md", "text");
    const typed = [...shown.matchAll(/^> (.*)$/gm)].map(([, line]) => line);
    const { code, stdout } = await runConsole([hub.url], typed.join("\n"));
    assert.equal(code, 0);
    const forms = (text) => text.split("\n").filter((line) => /^\d\d:/.test(line)).map((line) => line.replace(/^[\d:.]+ /, "").replace(/sid=\S+|"sid":"[^"]*"|\([\d.]+ ms\)/g, "*"));
    for (const form of forms(shown).filter((line) => !line.includes("room_message"))) assert.ok(forms(stdout).includes(form), `${form} in:\n${stdout}`);
  });

  it("the table of commands is that of help", () => {
    const table = [...read("docs/console.md").matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(\w+)/g)].map(([, word]) => word)).filter((word) => !/^\d/.test(word));
    const help = execFileSync(PROGRAM, ["client", "--help"], { encoding: "utf8" });
    const section = /^Commands[^\n]*\n([^]*?)\n\n/m.exec(help)[1];
    const inHelp = [...section.matchAll(/^ {2}(\w+)(?: [A-Z]+, (\w+)|, (\w+)| \[[A-Z]+\], (\w+))?/gm)].flatMap(([, ...found]) => found.filter(Boolean));
    assert.deepEqual([...new Set(table)].sort(), [...new Set(inHelp)].sort());
  });
});

describe("settings", () => {
  it("docs/configuration.md has the keys of the program and the plugins as they say them, and no others", () => {
    const { stdout, stderr } = spawnSync("/usr/bin/python3", [path.join(ROOT, "docs/configuration.py"), "--check", PROGRAM], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.equal(stdout, "docs/configuration.md is as the program says\n");
  });
  for (const page of PAGES) {
    blocks(page, "ini").forEach((text, i) => {
      // Units of systemd, and the page's lesson on the form of the file.
      if (/^\[(Service|Unit|Install)\]/m.test(text) || /^\[section\]/m.test(text)) return;
      it(`${page}, block ${i + 1}, is a configuration`, async () => {
        // Files that only the reader has.
        const { code, stderr } = await runHub({ args: ["--check"], ini: text });
        const problems = stderr.split("\n").filter((line) => line !== "" && !/No such file or directory|cannot be (read|opened)|no plugin \S+ is installed/.test(line));
        assert.deepEqual(problems, [], `exit code ${code}`);
      });
    });
  }
});

// What Prometheus would refuse to load, also where there is no promtool (tests/e2e/metrics.test.mjs): keys that it does not know
// or that stand twice, and durations and labels of another form. The figures in the rules are looked at there.
const RULES = `
import json, sys, yaml

class Strict(yaml.SafeLoader):
    pass

def mapping(loader, node):
    names = [key.value for key, _ in node.value]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise yaml.YAMLError(f"{sorted(twice)} twice, {node.start_mark}")
    return loader.construct_mapping(node, deep=True)

Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
with open(sys.argv[1], encoding="utf-8") as file:
    json.dump(yaml.load(file, Loader=Strict), sys.stdout)
`;
describe("docs/operations/alerts.yml", () => {
  const rulesOf = (file) => JSON.parse(execFileSync("/usr/bin/python3", ["-c", RULES, file], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));

  it("is a file of rules as Prometheus takes them", () => {
    const { groups, ...more } = rulesOf(path.join(ROOT, "docs/operations/alerts.yml"));
    assert.deepEqual(more, {});
    assert.deepEqual(groups.map((group) => Object.keys(group)), [["name", "rules"]]);
    const [{ rules }] = groups;
    assert.ok(rules.length > 10);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const { alert, expr, for: patience = "1m", labels, annotations, ...rest } of rules) {
      assert.deepEqual(rest, {}, alert);
      assert.match(alert, /^Wshub[A-Za-z]+$/);
      assert.match(patience, /^(\d+(ms|[smhdwy]))+$/, alert);
      assert.deepEqual(Object.keys(labels), ["severity"], alert);
      assert.ok(["critical", "warning", "info"].includes(labels.severity), alert);
      assert.deepEqual(Object.keys(annotations), ["summary", "description"], alert);
      // Brackets of each kind come in pairs.
      for (const [open, close] of ["()", "{}", "[]"]) assert.equal(expr.split(open).length, expr.split(close).length, expr);
    }
  });

  it("would be refused with a key that stands twice, or that is no YAML", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "wshub-documents-"));
    try {
      for (const [text, why] of [["groups:\n  - name: a\n    name: b\n", /twice/], ["groups:\n  - name: 'a\n", /quoted scalar/]]) {
        writeFileSync(path.join(folder, "rules.yml"), text);
        assert.throws(() => rulesOf(path.join(folder, "rules.yml")), why);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("docs/operations/troubleshooting.md", () => {
  const page = "docs/operations/troubleshooting.md";
  // Every text in the sources: literals that stand behind each other are one.
  const sources = [...below("core", (file) => /\.(cpp|h)$/.test(file)), ...below("plugins", (file) => /\.(cpp|h)$/.test(file))].map(read)
    .join("\n").replace(/"\s*\n\s*"/g, "").replace(/\\"/g, '"');

  const quoted = [
    ...blocks(page, "text").flatMap((text) => text.split("\n")).filter(Boolean),
    ...[...read(page).matchAll(/^\| `([^`]+)` /gm)].map(([, text]) => text),
  ];
  it("quotes messages", () => assert.ok(quoted.length > 40, `${quoted.length}`));
  for (const line of quoted) {
    it(`the program says: ${line}`, () => {
      for (const piece of line.split("…").map((part) => part.trim()).filter((part) => part.length > 1)) {
        // What comes of HTTP itself, or of the other side.
        const text = piece.replace(/^HTTP \d+ /, "").replace(/^refused: /, "").replace(/ \((?=$)/, "");
        assert.ok(sources.includes(text), `"${text}" stands nowhere in the sources`);
      }
    });
  }

  it("what it says of a taken port and of unknown keys is so", async () => {
    const hub = await startHub({});
    try {
      const { code, stderr } = await runHub({ set: { "server.port": hub.port } });
      assert.equal(code, 1);
      assert.match(stderr, /cannot listen on 127\.0\.0\.1:\d+.*Address already in use/);
    } finally {
      await hub.stop();
    }
    const { stderr } = await runHub({ args: ["--check"], ini: "[server]\nprot = 1\n[plugin.rooms]\nmember_only = yes\n" });
    assert.match(stderr, /unknown key, did you mean port\?/);
    assert.match(stderr, /unknown key, the plugin knows /);
  });
});
