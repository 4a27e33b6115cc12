// The SDK as its users get it: installed, moved, and used from outside of this repository with other compilers than ours.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { startHub } from "../e2e/support/hub.mjs";
import { withClients } from "../e2e/support/clients.mjs";
import { EXAMPLES, Installation, WARNINGS, run, runs, shell } from "./toolbox.mjs";

let sdk;
before(async () => (sdk = await Installation.make()));
after(() => sdk?.remove());

// A hub of the moved installation, with plugins of a folder; its client asks.
async function inHub(folder, plugins, use) {
  const hub = await startHub({ program: sdk.program, set: { "plugins.directory": folder, "plugins.enabled": plugins } });
  try {
    await withClients(hub, "websocket", 2, use);
  } finally {
    await hub.stop();
  }
}

describe("the installation", { concurrency: 2 }, () => {
  it("can be moved: nothing in it knows where it was", () => {
    for (const file of sdk.files()) {
      assert.ok(!readFileSync(file).includes(sdk.first), `${file} names the folder it was installed in`);
    }
  });

  it("has the headers that the source has", () => {
    assert.ok(sdk.headers().includes("plugin.h") && sdk.headers().includes("testing.h"), sdk.headers().join(" "));
  });

  it("gives CMake a version to ask for", async () => {
    const find = (version) => {
      const folder = sdk.folder("version");
      sdk.write(
        folder,
        "CMakeLists.txt",
        `cmake_minimum_required(VERSION 3.20)\nproject(p LANGUAGES CXX)\nfind_package(wshub-sdk ${version} REQUIRED)\n`,
      );
      return run("cmake", ["-S", folder, "-B", path.join(folder, "build")], { env: sdk.env });
    };
    const [fits, newer, otherMajor] = await Promise.all([find("1.0"), find("1.99"), find("2.0")]);
    assert.equal(fits.code, 0, fits.output);
    for (const refused of [newer, otherMajor]) assert.match(refused.output, /wshub-sdk.*\n?.*version/);
  });

  // Each in a file of its own.
  const standAlone = (headers, compiler, ...flags) => {
    const folder = sdk.folder("headers");
    const sources = headers.map((header) => {
      return sdk.write(folder, `${header}.cpp`, `#include <wshub/${header}>\n#include <wshub/${header}>\n`);
    });
    return runs(compiler, [...flags, ...WARNINGS, `-I${path.join(sdk.prefix, "include")}`, "-fsyntax-only", ...sources]);
  };
  it("has headers that stand alone: g++, C++17", () => {
    return standAlone(sdk.headers(), "g++", "-std=c++17");
  });
  it("has headers for the next standard: g++, C++23", () => standAlone(["plugin.h", "testing.h"], "g++", "-std=c++23"));
  it("has headers for the next standard: clang++ with libc++, C++2b", () => {
    const whole = sdk.headers().filter((header) => !header.startsWith("testing_")); // those are parts of testing.h
    return standAlone(whole, "clang++", "-stdlib=libc++", "-std=c++2b");
  });

  it("has a wall in C99", async () => {
    const source = sdk.write(sdk.folder("c99"), "wall.c", "#include <wshub/abi.h>\n#include <wshub/abi.h>\n");
    for (const compiler of ["gcc", "clang"]) {
      const flags = ["-std=c99", ...WARNINGS, `-I${path.join(sdk.prefix, "include")}`, "-fsyntax-only", source];
      await runs(compiler, flags);
    }
  });
});

describe("one line of a compiler", { concurrency: 2 }, () => {
  const line = (compiler, source, plugin) => `${compiler} ${source} -o ${plugin} $(pkg-config --cflags --libs wshub-sdk)`;

  it("makes plugins of three languages' libraries, which live in one hub", async () => {
    const folder = sdk.folder("lines");
    const build = (compiler, name, extension = "cpp") => {
      const source = path.join(EXAMPLES, name, `${name}.${extension}`);
      return shell(line(compiler, source, path.join(folder, `${name}.so`)), { env: sdk.env });
    };
    await Promise.all([
      build(`cc -std=c99 -O2 ${WARNINGS.join(" ")}`, "tiny", "c"),
      build(`clang++ -std=c++17 -stdlib=libc++ -O2 ${WARNINGS.join(" ")}`, "echo"),
      build(`g++ -std=c++23 -g -D_GLIBCXX_DEBUG ${WARNINGS.join(" ")}`, "moderation"),
    ]);
    await runs("chmod", ["-R", "go-w", folder]);
    await inHub(folder, "tiny, echo, moderation", async (alice) => {
      assert.deepStrictEqual(await alice.ask("tiny", { a: [1] }), [{ a: [1] }]);
      assert.deepStrictEqual(await alice.acked("echo", "hi"), { text: "hi", nth: 1 });
    });
  });

  it("fails for what is undefined, and not the hub", async () => {
    const folder = sdk.folder("undefined");
    const text = readFileSync(path.join(EXAMPLES, "tiny/tiny.c"), "utf8");
    const source = sdk.write(folder, "broken.c", `void missing(void);\n${text.replace("(void)error;", "missing(); (void)error;")}`);
    const { code, output } = await run("sh", ["-c", line("cc", source, path.join(folder, "broken.so"))], { env: sdk.env });
    assert.notEqual(code, 0);
    assert.match(output, /undefined reference to .missing/);
  });
});

describe("wshub new-plugin", { concurrency: 2 }, () => {
  // The round trip of the template's plugin.
  const greets = (plugin, greeting = "Hello") => async (alice, bob) => {
    assert.deepStrictEqual(await alice.acked(`${plugin}:greet`, { name: "Bob" }), { text: `${greeting}, Bob!` });
    await bob.gets([`${plugin}:greeted`, { name: "Bob" }]);
    assert.ok((await alice.acked(`${plugin}:count`)).count > 0);
    const ack = await bob.acked(`${plugin}:greet`, {});
    assert.equal(ack.code, "INVALID_FORMAT");
  };

  // Builds the project and runs its test; the folder of the plugin.
  async function built(project, options, env = {}) {
    const build = path.join(project, "build");
    await runs("cmake", ["-S", project, "-B", build, ...options], { env: { ...sdk.env, ...env } });
    await runs("cmake", ["--build", build]);
    assert.match(await runs("ctest", ["--test-dir", build, "--output-on-failure"]), /100% tests passed/);
    return build;
  }
  async function madeIn(folder, name) {
    await runs(sdk.program, ["new-plugin", name, "--directory", folder]);
    return path.join(folder, name);
  }
  async function exportsTheEntryAlone(plugin) {
    const symbols = (await runs("nm", ["-D", "--defined-only", plugin])).trim().split("\n");
    assert.deepEqual(symbols.map((text) => text.split(" ").slice(1).join(" ")), ["T wshub_plugin_entry_v1"]);
  }

  it("makes a project and says what to type, which a shell understands", async () => {
    const folder = sdk.folder("it's new");
    const said = await runs(sdk.program, ["new-plugin", "chat-filter_2"], { cwd: folder });
    const plugins = path.join(folder, "chat-filter_2/build").replaceAll("'", "'\\''");
    assert.deepEqual(said.split("\n").slice(1), [
      `  cmake -S chat-filter_2 -B chat-filter_2/build -DCMAKE_PREFIX_PATH=${sdk.prefix}`,
      "  cmake --build chat-filter_2/build",
      "  ctest --test-dir chat-filter_2/build --output-on-failure",
      `  wshub --set plugins.directory='${plugins}' --set plugins.enabled=chat-filter_2`,
      "",
    ]);
    // A shell that finds the SDK by what was said alone. The test of this project is built by those below.
    const env = { CMAKE_GENERATOR: "Ninja" };
    await shell(said.split("\n")[1], { cwd: folder, env });
    await shell("cmake --build chat-filter_2/build --target chat-filter_2", { cwd: folder, env });
    await inHub(path.join(folder, "chat-filter_2/build"), "chat-filter_2", greets("chat-filter_2"));
  });

  it("makes a project for g++, Debug, whose test fails when the plugin is wrong", async () => {
    const project = await madeIn(sdk.folder("gcc"), "demo");
    const build = await built(project, ["-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_BUILD_TYPE=Debug"], { CXXFLAGS: WARNINGS.join(" ") });
    await exportsTheEntryAlone(path.join(build, "demo.so"));
    await inHub(build, "demo", greets("demo"));
    const file = path.join(project, "src/plugin.cpp");
    writeFileSync(file, readFileSync(file, "utf8").replace('+ "!"', '+ "?"'));
    await runs("cmake", ["--build", build]);
    const { code, output } = await run("ctest", ["--test-dir", build, "--output-on-failure"]);
    assert.notEqual(code, 0, output);
    assert.match(output, /Hello, Alice\?/);
  });

  it("makes a project for clang++ with libc++, Debug", async () => {
    const project = await madeIn(sdk.folder("libcxx"), "demo");
    const options = ["-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_STANDARD=20"];
    const build = await built(project, options, { CXXFLAGS: ["-stdlib=libc++", ...WARNINGS].join(" ") });
    await exportsTheEntryAlone(path.join(build, "demo.so"));
    await inHub(build, "demo", greets("demo"));
  });

  it("makes a project for clang++, Release, that is packed, and installed beside the families", async () => {
    const folder = sdk.folder("packed");
    const build = await built(await madeIn(folder, "packed"), ["-DCMAKE_CXX_COMPILER=clang++"]);
    await runs("cpack", [], { cwd: build });
    const archive = path.join(build, "packed-0.1.0-Linux.tar.gz");
    assert.match(await runs("tar", ["-tzf", archive]), /\/wshub\/plugins\/packed\.so\n/);
    const target = path.join(folder, "hub");
    await runs("cp", ["-a", sdk.prefix, target]);
    await runs("cmake", ["--install", build, "--prefix", target]);
    const hub = await startHub({
      program: path.join(target, "bin/wshub"),
      set: { "plugins.enabled": "messaging, packed", "plugin.packed.greeting": "Guten Tag" },
    });
    try {
      await withClients(hub, "websocket", 2, greets("packed", "Guten Tag"));
    } finally {
      await hub.stop();
    }
  });

  it("refuses a name that is none, and a folder that exists", async () => {
    const folder = sdk.folder("refused");
    mkdirSync(path.join(folder, "taken"));
    for (const [name, said] of [
      ["Demo", /^wshub: a plugin cannot be named "Demo": /],
      ["taken", /^wshub: the folder .*taken" cannot be made: it exists already\n$/],
    ]) {
      const { code, output } = await run(sdk.program, ["new-plugin", name], { cwd: folder });
      assert.equal(code, 1);
      assert.match(output, said);
    }
    const { code } = await run(sdk.program, ["new-plugin"], { cwd: folder });
    assert.equal(code, 2);
    assert.ok(!existsSync(path.join(folder, "Demo")));
  });
});
