#include "server/settings.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "server/core_keys.h"
#include "server/ini_reader.h"

using namespace wshub;
using namespace wshub::server;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

// A folder with an INI file, gone at the end.
class IniFile {
public:
    explicit IniFile(const std::string& text)
        : folder_(std::filesystem::temp_directory_path() / ("wshub-settings-" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(folder_);
        std::ofstream(path()) << text;
    }
    ~IniFile() { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder() const { return folder_; }
    std::filesystem::path path() const { return folder_ / "w.ini"; }

private:
    std::filesystem::path folder_;
};

LoadedSettings load(const std::string& text, Lines overrides = {}) {
    const IniFile file(text);
    LoadedSettings loaded =
        load_settings({file.path(), std::move(overrides), "/somewhere", "/default/plugins", "/default/state"});
    for (std::string& problem : loaded.problems) {
        if (problem.rfind(file.folder().string() + "/", 0) == 0) problem.erase(0, file.folder().string().size() + 1);
    }
    return loaded;
}

LoadedSettings load_without_file(Lines overrides = {}) {
    return load_settings({{}, std::move(overrides), "/somewhere", "/default/plugins", "/default/state"});
}

}  // namespace

TEST_CASE("without a file everything has its default", "[settings]") {
    const LoadedSettings loaded = load_without_file();
    CHECK(loaded.problems.empty());
    const Settings& settings = loaded.settings;
    CHECK(settings.http.host == "127.0.0.1");
    CHECK(settings.http.port == 3000);
    CHECK(settings.http.max_body_bytes == 1'000'000);
    CHECK(settings.threads == 0);
    CHECK(settings.shutdown_timeout == 10s);
    CHECK(settings.state_directory == "/default/state");
    CHECK(settings.engine.path == "/socket.io/");
    CHECK(settings.engine.ping_interval == 25s);
    CHECK(settings.engine.polling);
    CHECK(settings.engine.websocket);
    CHECK_FALSE(settings.engine.cors.enabled);
    CHECK(settings.hub.namespaces == Lines{"/"});
    CHECK(settings.hub.limits.max_event_bytes == 256'000);
    CHECK(settings.host.directory == "/default/plugins");
    CHECK(settings.host.enabled ==
          Lines{"messaging", "rooms", "users", "direct", "typing", "notifications", "heartbeat", "admin"});
    CHECK(settings.log.level == "info");
    CHECK(settings.log.file.empty());
}

TEST_CASE("the defaults of the table are those of the layers' own settings", "[settings]") {
    const Settings loaded = load_without_file().settings;
    const Settings plain;
    CHECK(loaded.http.header_timeout == plain.http.header_timeout);
    CHECK(loaded.http.body_timeout == plain.http.body_timeout);
    CHECK(loaded.http.idle_timeout == plain.http.idle_timeout);
    CHECK(loaded.http.max_header_bytes == plain.http.max_header_bytes);
    CHECK(loaded.http.pool_threads == plain.http.pool_threads);
    CHECK(loaded.engine.ping_timeout == plain.engine.ping_timeout);
    CHECK(loaded.engine.upgrade_timeout == plain.engine.upgrade_timeout);
    CHECK(loaded.engine.max_http_buffer_size == plain.engine.max_http_buffer_size);
    CHECK(loaded.engine.max_queued_bytes == plain.engine.max_queued_bytes);
    CHECK(loaded.engine.cors.methods == plain.engine.cors.methods);
    CHECK(loaded.hub.connect_timeout == plain.hub.connect_timeout);
    CHECK(loaded.hub.limits.max_json_depth == plain.hub.limits.max_json_depth);
    CHECK(loaded.hub.limits.events.per_second == plain.hub.limits.events.per_second);
    CHECK(loaded.hub.limits.events.burst == plain.hub.limits.events.burst);
}

TEST_CASE("the file wins over defaults, and --set over the file", "[settings]") {
    const LoadedSettings loaded = load("[server]\nhost = 0.0.0.0\nport = 80\n[engine]\nping_interval = 300ms\n",
                                       {"server.port=81", "server.port=82"});
    CHECK(loaded.problems.empty());
    CHECK(loaded.settings.http.host == "0.0.0.0");
    CHECK(loaded.settings.http.port == 82);
    CHECK(loaded.settings.engine.ping_interval == 300ms);
    CHECK(loaded.configuration->getInt("server.port") == 82);
    CHECK(loaded.configuration->getString("engine.ping_timeout") == "20s");
}

TEST_CASE("every kind of value reaches its place", "[settings]") {
    const LoadedSettings loaded = load(R"(
[server]
namespaces = /, /orders
[engine]
transports = websocket
allow_upgrades = no
cors_origin = https://a.example, https://*.b.example:8443
cors_credentials = yes
cors_max_age = 10m
cookie = io
[limits]
events_per_second = 0.5
[plugins]
enabled = b, a
on_error = skip
unknown_event = ignore
[log]
format = json
)");
    CHECK(loaded.problems.empty());
    const Settings& settings = loaded.settings;
    CHECK(settings.hub.namespaces == Lines{"/", "/orders"});
    CHECK_FALSE(settings.engine.polling);
    CHECK_FALSE(settings.engine.allow_upgrades);
    CHECK(settings.engine.cors.enabled);
    CHECK(settings.engine.cors.origins == Lines{"https://a.example", "https://*.b.example:8443"});
    CHECK(settings.engine.cors.max_age == 600s);
    CHECK(settings.engine.cookie == "io");
    CHECK(settings.hub.limits.events.per_second == 0.5);
    CHECK(settings.host.enabled == Lines{"b", "a"});
    CHECK(settings.host.on_error == host::OnError::kSkip);
    CHECK_FALSE(settings.hub.unknown_event_is_error);
    CHECK(settings.log.format == base::log::Format::kJson);
}

TEST_CASE("a wrong value is told with its place and what would do", "[settings]") {
    auto [line, problem] = GENERATE(table<std::string, std::string>({
        {"[server]\nport = many", R"(w.ini:2 [server] port = "many": expected a whole number from 0 to 65535)"},
        {"[server]\nport = 65536", R"(w.ini:2 [server] port = "65536": expected a whole number from 0 to 65535)"},
        {"[server]\nhost =", R"(w.ini:2 [server] host = "": expected an address or a host name)"},
        {"[server]\npath = /io",
         R"(w.ini:2 [server] path = "/io": expected a path that begins and ends with /, such as /socket.io/)"},
        {"[server]\npath = /a//b/",
         R"(w.ini:2 [server] path = "/a//b/": expected a path that begins and ends with /, such as /socket.io/)"},
        {"[server]\nnamespaces = orders",
         R"(w.ini:2 [server] namespaces = "orders": expected namespaces that begin with / and are separated by commas, such as /, /orders)"},
        {"[server]\nnamespaces = /, /a, /a",
         R"(w.ini:2 [server] namespaces = "/, /a, /a": expected namespaces that begin with / and are separated by commas, such as /, /orders)"},
        {"[server]\ntrusted_proxies = 10.0.0.0/8, 10.0.0.1/8",
         R"(w.ini:2 [server] trusted_proxies = "10.0.0.0/8, 10.0.0.1/8": expected addresses and networks separated by commas, such as 127.0.0.1, 10.0.0.0/8, fd00::/8; bits behind a network's prefix are 0)"},
        {"[engine]\nping_interval = 25 parsecs",
         R"(w.ini:2 [engine] ping_interval = "25 parsecs": expected a duration such as 500ms, 25s or 5m, from 10ms to 1d)"},
        {"[engine]\nping_timeout = 0",
         R"(w.ini:2 [engine] ping_timeout = "0": expected a duration such as 500ms, 25s or 5m, from 10ms to 1d)"},
        {"[engine]\nmax_http_buffer_size = 1XB",
         R"(w.ini:2 [engine] max_http_buffer_size = "1XB": expected a size such as 512, 256KB or 1MB, from 16 to 1GB)"},
        {"[engine]\ntransports = polling, webtransport",
         R"(w.ini:2 [engine] transports = "polling, webtransport": expected polling, websocket, or both separated by a comma)"},
        {"[engine]\ntransports =",
         R"(w.ini:2 [engine] transports = "": expected polling, websocket, or both separated by a comma)"},
        {"[engine]\nserve_client = maybe", R"(w.ini:2 [engine] serve_client = "maybe": expected true or false)"},
        {"[engine]\ncors_origin = example.org",
         R"(w.ini:2 [engine] cors_origin = "example.org": expected *, or origins separated by commas such as https://example.org or https://*.example.org)"},
        {"[engine]\ncookie = a b", R"(w.ini:2 [engine] cookie = "a b": expected a cookie name such as io, or nothing)"},
        {"[limits]\nevents_per_second = -1",
         R"(w.ini:2 [limits] events_per_second = "-1": expected a number from 0 to 1000000)"},
        {"[limits]\nbytes_per_second = fast",
         R"(w.ini:2 [limits] bytes_per_second = "fast": expected a size such as 512, 256KB or 1MB, from 0 to 1000GB)"},
        {"[limits]\nmax_sessions_per_address = -1",
         R"(w.ini:2 [limits] max_sessions_per_address = "-1": expected a whole number from 0 to 100000000)"},
        {"[limits]\ndry_run = events, evnts",
         R"(w.ini:2 [limits] dry_run = "events, evnts": expected all, or names separated by commas: events, events_per_address, connects, connects_per_address, sessions, sessions_per_address, event_bytes, rooms, bytes)"},
        {"[plugins]\non_error = panic", R"(w.ini:2 [plugins] on_error = "panic": expected one of refuse, skip)"},
        {"[plugins]\nenabled = a, a",
         R"(w.ini:2 [plugins] enabled = "a, a": expected plugin names separated by commas, none twice)"},
        {"[plugins]\nenabled = ../a",
         R"(w.ini:2 [plugins] enabled = "../a": expected plugin names separated by commas, none twice)"},
        {"[log]\nlevel = loud",
         R"(w.ini:2 [log] level = "loud": expected one of trace, debug, info, warn, error, off)"},
        {"[metrics]\nlisten = 9464",
         R"(w.ini:2 [metrics] listen = "9464": expected an address with a port, such as 127.0.0.1:9464 or [::1]:9464, or nothing)"},
        {"[metrics]\nlisten = ::1:9464",
         R"(w.ini:2 [metrics] listen = "::1:9464": expected an address with a port, such as 127.0.0.1:9464 or [::1]:9464, or nothing)"},
        {"[metrics]\nlisten = a:65536",
         R"(w.ini:2 [metrics] listen = "a:65536": expected an address with a port, such as 127.0.0.1:9464 or [::1]:9464, or nothing)"},
        {"[metrics]\naccess = all", R"(w.ini:2 [metrics] access = "all": expected one of loopback, token, open)"},
        {"[metrics]\ntoken = tooshort",
         R"(w.ini:2 [metrics] token = "***": expected 16 to 512 letters, digits and -._~+/=)"},
    }));
    CAPTURE(line);
    CHECK(load(line).problems == Lines{problem});
}

TEST_CASE("unknown sections and keys are told, with what was probably meant", "[settings]") {
    auto [line, problem] = GENERATE(table<std::string, std::string>({
        {"[sever]\nport = 1\nhost = x", "w.ini:1 [sever]: unknown section, did you mean [server]?"},
        {"[colours]", "w.ini:1 [colours]: unknown section"},
        {"[plugin]\nx = 1", "w.ini:1 [plugin]: unknown section, a plugin's is [plugin.NAME]"},
        {"[server]\nprot = 1", R"(w.ini:2 [server] prot = "1": unknown key, did you mean port?)"},
        {"[server]\nping_interval = 1s",
         R"(w.ini:2 [server] ping_interval = "1s": unknown key, did you mean [engine] ping_interval?)"},
        {"[server]\nPort = 1", R"(w.ini:2 [server] Port = "1": unknown key, did you mean port?)"},
        {"[plugins]\nsandbox = true", R"(w.ini:2 [plugins] sandbox = "true": unknown key)"},
    }));
    CAPTURE(line);
    CHECK(load(line).problems == Lines{problem});
}

TEST_CASE("values that do not go together are told", "[settings]") {
    auto [text, problem] = GENERATE(table<std::string, std::string>({
        {"[limits]\nevents_burst = 0",
         R"(w.ini:2 [limits] events_burst = "0": expected 1 or more, since events_per_second limits events)"},
        {"[limits]\nevents_per_second_per_address = 1\nevents_burst_per_address = 0.5",
         R"(w.ini:3 [limits] events_burst_per_address = "0.5": expected 1 or more, since events_per_second_per_address limits events)"},
        {"[limits]\nconnects_per_second = 1\nconnects_burst = 0",
         R"(w.ini:3 [limits] connects_burst = "0": expected 1 or more, since connects_per_second limits connects)"},
        {"[limits]\nconnects_per_second_per_address = 1\nconnects_burst_per_address = 0",
         R"(w.ini:3 [limits] connects_burst_per_address = "0": expected 1 or more, since connects_per_second_per_address limits connects)"},
        {"[server]\nproxy_protocol = on",
         R"(w.ini:2 [server] proxy_protocol = "on": expected false, or trusted_proxies to name the proxies: without them every connection would be closed)"},
        {"[engine]\ncors_origin = *\ncors_credentials = true",
         R"(w.ini:3 [engine] cors_credentials = "true": expected false, or cors_origin to name the origins: * would hand them all the cookies)"},
        {"[metrics]\naccess = token",
         R"(default [metrics] token = "": expected a token of 16 or more letters and digits, since access = token)"},
    }));
    CHECK(load(text).problems == Lines{problem});
    CHECK(load("[limits]\nevents_per_second = 0\nevents_burst = 0\n").problems.empty());
}

TEST_CASE("the listener of metrics is an address and a port", "[settings]") {
    const auto [text, host, port] =
        GENERATE(table<std::string, std::string, int>({{"", "", 0},
                                                       {"127.0.0.1:9464", "127.0.0.1", 9464},
                                                       {"[::1]:0", "::1", 0},
                                                       {"hub.example:80", "hub.example", 80}}));
    const LoadedSettings loaded = load("[metrics]\nlisten = " + text + "\n");
    CHECK(loaded.problems.empty());
    CHECK(loaded.settings.metrics.host == host);
    CHECK(loaded.settings.metrics.port == port);
}

TEST_CASE("the token of metrics is never shown", "[settings]") {
    const LoadedSettings loaded = load("[metrics]\naccess = token\ntoken = 0123456789abcdef\n");
    CHECK(loaded.problems.empty());
    CHECK(loaded.settings.metrics.rule.token == "0123456789abcdef");
    const std::string printed = print_settings(loaded, {});
    CHECK(printed.find("0123456789abcdef") == std::string::npos);
    CHECK(printed.find("\naccess = token\n# token is set, and secret\n") != std::string::npos);
}

TEST_CASE("limits reach their layers, and dry_run the limits that it names", "[settings]") {
    const Settings settings = load(R"(
[limits]
events_per_second_per_address = 300
events_burst_per_address = 600
connects_per_second = 2
connects_burst = 3
connects_per_second_per_address = 4
connects_burst_per_address = 5
max_sessions = 6
max_sessions_per_address = 7
bytes_per_second = 8KB
bytes_burst = 9KB
dry_run = connects, sessions, bytes
)")
                                  .settings;
    const session::SessionLimits& engine = settings.engine.limits;
    CHECK(engine.per_address.events.per_second == 300);
    CHECK(engine.per_address.events.burst == 600);
    CHECK(settings.hub.limits.connects.per_second == 2);
    CHECK(settings.hub.limits.connects.burst == 3);
    CHECK(engine.per_address.connects.per_second == 4);
    CHECK(engine.per_address.connects.burst == 5);
    CHECK(engine.max_sessions == 6);
    CHECK(engine.per_address.max_sessions == 7);
    CHECK(engine.bytes.per_second == 8000);
    CHECK(engine.bytes.burst == 9000);
    using Mode = base::LimitMode;
    CHECK(settings.hub.limits.connects_mode == Mode::kDryRun);
    CHECK(engine.sessions_mode == Mode::kDryRun);
    CHECK(engine.bytes_mode == Mode::kDryRun);
    CHECK(settings.hub.limits.events_mode == Mode::kEnforced);
    CHECK(settings.hub.limits.events_per_address_mode == Mode::kEnforced);
    CHECK(engine.connects_per_address_mode == Mode::kEnforced);
    CHECK(engine.sessions_per_address_mode == Mode::kEnforced);
    CHECK_FALSE(settings.hub.limits.rooms_dry_run);

    const Settings all = load("[limits]\ndry_run = all\n").settings;
    CHECK(all.hub.limits.events_mode == Mode::kDryRun);
    CHECK(all.hub.limits.events_per_address_mode == Mode::kDryRun);
    CHECK(all.engine.limits.connects_per_address_mode == Mode::kDryRun);
    CHECK(all.engine.limits.sessions_per_address_mode == Mode::kDryRun);
    CHECK(all.hub.limits.rooms_dry_run);
}

TEST_CASE("proxies are trusted by address and network", "[settings]") {
    const LoadedSettings loaded =
        load("[server]\ntrusted_proxies = 127.0.0.1, 10.0.0.0/8 , fd00::/8\nproxy_protocol = on\n");
    CHECK(loaded.problems.empty());
    const net::TrustedProxies& proxies = loaded.settings.http.trusted_proxies;
    CHECK(loaded.settings.http.proxy_protocol);
    CHECK(proxies.trusts("10.9.8.7"));
    CHECK(proxies.trusts("fd00::1"));
    CHECK_FALSE(proxies.trusts("127.0.0.2"));
    CHECK(load("").settings.http.trusted_proxies.empty());
}

TEST_CASE("all problems are told at once, those of --set too", "[settings]") {
    const LoadedSettings loaded =
        load("[server]\nport = x\nbroken\n[nowhere]\n", {"server.threads=-1", "nonsense", "engin.cookie=io"});
    CHECK(loaded.problems == Lines{"w.ini:3: expected [section], key = value, or a comment that begins with # or ;",
                                   "w.ini:4 [nowhere]: unknown section",
                                   R"(w.ini:2 [server] port = "x": expected a whole number from 0 to 65535)",
                                   R"(--set [server] threads = "-1": expected a whole number from 0 to 128)",
                                   "--set nonsense: expected section.key=value, such as server.port=3000",
                                   R"(--set [engin] cookie = "io": unknown section, did you mean [engine]?)"});
}

TEST_CASE("a wrong value in the file is told even where --set covers it", "[settings]") {
    CHECK(load("[server]\nport = x\n", {"server.port=80"}).problems.size() == 1);
}

TEST_CASE("whether the plugins can be asked depends on [plugins] alone", "[settings]") {
    CHECK(load("[server]\nport = x\n").plugins_known);
    CHECK_FALSE(load("[plugins]\nenabled = a, a\n").plugins_known);
    CHECK_FALSE(load("[plugins]\nenable = a\n").plugins_known);
}

TEST_CASE("relative paths are relative to the file, or to the working directory without one", "[settings]") {
    const IniFile file("[plugins]\ndirectory = ../p\n[log]\nfile = log/w.log\n[server]\nstate_directory = /abs\n");
    const LoadedSettings loaded = load_settings({file.path(), {}, "/somewhere", "/default/plugins", "/default/state"});
    CHECK(loaded.settings.host.directory == file.folder().parent_path() / "p");
    CHECK(loaded.settings.log.file == (file.folder() / "log/w.log").string());
    CHECK(loaded.settings.state_directory == "/abs");
    CHECK(loaded.configuration->getString("plugins.directory") == (file.folder().parent_path() / "p").string());
    CHECK(load_without_file({"log.file=w.log"}).settings.log.file == "/somewhere/w.log");
}

TEST_CASE("an empty plugin directory is the one that came with the program", "[settings]") {
    CHECK(load("[plugins]\ndirectory =\n").settings.host.directory == "/default/plugins");
}

TEST_CASE("sections of plugins are handed on, --set on top", "[settings]") {
    const LoadedSettings loaded =
        load("[plugin.rooms]\nmembers_only = true\n[plugin.x.y]\nz = ${HOME}\n", {"plugin.rooms.members_only=false"});
    CHECK(loaded.problems.empty());
    REQUIRE(loaded.settings.host.plugin_settings.size() == 2);
    const base::RawSetting& rooms = loaded.settings.host.plugin_settings[0];
    CHECK(rooms.section == "plugin.rooms");
    CHECK(rooms.value == "false");
    CHECK(rooms.origin == "--set");
    CHECK(loaded.settings.host.plugin_settings[1].section == "plugin.x.y");
    CHECK(loaded.settings.host.plugin_settings[1].value == "${HOME}");
}

TEST_CASE("--set splits at the last dot before the equals sign", "[settings]") {
    auto [text, section, key, value] = GENERATE(table<std::string, std::string, std::string, std::string>({
        {"server.port=80", "server", "port", "80"},
        {"plugin.admin.token=x.y=z", "plugin.admin", "token", "x.y=z"},
        {"log.file=", "log", "file", ""},
        {"engine.cookie= a ", "engine", "cookie", " a "},
    }));
    const base::RawSetting setting = parse_override(text);
    CHECK(setting.section == section);
    CHECK(setting.key == key);
    CHECK(setting.value == value);
    CHECK(setting.origin == "--set");
}

TEST_CASE("--set refuses what is no setting", "[settings]") {
    auto [text, problem] = GENERATE(table<std::string, std::string>({
        {"", "--set : expected section.key=value, such as server.port=3000"},
        {"port=80", "--set port=80: expected section.key=value, such as server.port=3000"},
        {"server.port", "--set server.port: expected section.key=value, such as server.port=3000"},
        {"server.=80", "--set server.=80: expected section.key=value, such as server.port=3000"},
        {".port=80", "--set .port=80: expected section.key=value, such as server.port=3000"},
        {"=x.y", "--set =x.y: expected section.key=value, such as server.port=3000"},
        {"log.file=a\nb", "--set [log] file = \"a\\x0ab\": expected UTF-8 text without control characters"},
        {"log.file=\xff", "--set [log] file = \"\\xff\": expected UTF-8 text without control characters"},
    }));
    CAPTURE(text);
    CHECK_THROWS_WITH(parse_override(text), problem);
}

TEST_CASE("the printed configuration, read again, is the same configuration", "[settings]") {
    const LoadedSettings first = load("[server]\nport = 81\n[log]\nfile = \"a # b\"\n[engine]\ncors_origin = *\n");
    host::PluginInfo plugin;
    plugin.name = "rooms";
    plugin.namespaces = {"/", "/a"};
    plugin.settings = {{"members_only", "bool", "false", "true", "", false}, {"token", "text", "", "hush", "", true}};
    const std::string printed = print_settings(first, {plugin});
    CHECK(printed.find("hush") == std::string::npos);
    CHECK(printed.find("\n[plugin.rooms]\nmembers_only = true\n# token is set, and secret\nnamespaces = /, /a\n") !=
          std::string::npos);

    const LoadedSettings second = load(printed);
    CHECK(second.problems.empty());
    for (const CoreKey& key : core_keys()) {
        const std::string name = key.section + "." + key.key;
        CAPTURE(name);
        CHECK(first.configuration->getRawString(name) == second.configuration->getRawString(name));
    }
}

TEST_CASE("every default passes its own check", "[settings]") {
    for (const CoreKey& key : core_keys()) {
        CAPTURE(key.section, key.key);
        Settings settings;
        CHECK(key.set(settings, key.default_value));
        CHECK_FALSE(key.sentence.empty());
        CHECK_FALSE(key.form.empty());
    }
}
