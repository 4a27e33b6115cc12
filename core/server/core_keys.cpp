#include "server/core_keys.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <type_traits>
#include <utility>

#include "base/ascii.h"
#include "protocol/socket_packet.h"

namespace wshub::server {
namespace {

using base::milliseconds;
using namespace std::chrono_literals;

// A key without its sentence; described_as() completes it, so that the table reads as name, default, range, sentence.
struct Half {
    CoreKey key;
    CoreKey described_as(std::string sentence) && {
        key.sentence = std::move(sentence);
        return std::move(key);
    }
};

class Section {
public:
    explicit Section(std::string name) : name_(std::move(name)) {}

    template <class Place>
    Half duration(const std::string& key, const std::string& fallback, milliseconds least, milliseconds most,
                  Place place) const {
        const std::string form = std::string(base::kDurationForm) + ", from " + base::format_duration(least) + " to " +
                                 base::format_duration(most);
        return make(key, fallback, form, [=](Settings& settings, std::string_view text) {
            return store(base::parse_duration(text), least, most, place(settings));
        });
    }

    template <class Place>
    Half size(const std::string& key, const std::string& fallback, std::uint64_t least, std::uint64_t most,
              Place place) const {
        const std::string form =
            std::string(base::kSizeForm) + ", from " + base::format_size(least) + " to " + base::format_size(most);
        return make(key, fallback, form, [=](Settings& settings, std::string_view text) {
            return store(base::parse_size(text), least, most, place(settings));
        });
    }

    template <class Place>
    Half integer(const std::string& key, const std::string& fallback, std::int64_t least, std::int64_t most,
                 Place place) const {
        const std::string form = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        return make(key, fallback, form, [=](Settings& settings, std::string_view text) {
            return store(base::parse_integer(text), least, most, place(settings));
        });
    }

    template <class Place>
    Half number(const std::string& key, const std::string& fallback, std::int64_t most, Place place) const {
        const std::string form = "a number from 0 to " + std::to_string(most);
        return make(key, fallback, form, [=](Settings& settings, std::string_view text) {
            return store(base::parse_number(text), 0.0, static_cast<double>(most), place(settings));
        });
    }

    template <class Place>
    Half boolean(const std::string& key, const std::string& fallback, Place place) const {
        return make(key, fallback, std::string(base::kBoolForm), [=](Settings& settings, std::string_view text) {
            const auto value = base::parse_bool(text);
            if (value) place(settings) = *value;
            return value.has_value();
        });
    }

    // One of several words, each standing for a value.
    template <class Value, class Place>
    Half choice(const std::string& key, const std::string& fallback, std::vector<std::pair<std::string, Value>> words,
                Place place) const {
        std::string form = "one of";
        for (const auto& [word, value] : words) form += (form == "one of" ? " " : ", ") + word;
        return make(key, fallback, form, [words = std::move(words), place](Settings& settings, std::string_view text) {
            for (const auto& [word, value] : words) {
                if (word != text) continue;
                place(settings) = value;
                return true;
            }
            return false;
        });
    }

    template <class Place>
    Half path(const std::string& key, const std::string& fallback, Place place) const {
        Half half = make(key, fallback, "a path", [=](Settings& settings, std::string_view text) {
            place(settings) = std::string(text);
            return true;
        });
        half.key.is_path = true;
        return half;
    }

    // Text that nobody is shown. `set` checks and stores.
    Half secret(const std::string& key, std::string form, std::function<bool(Settings&, std::string_view)> set) const {
        Half half = make(key, "", std::move(form), std::move(set));
        half.key.is_secret = true;
        return half;
    }

    // Anything else: `set` checks and stores.
    Half text(const std::string& key, const std::string& fallback, std::string form,
              std::function<bool(Settings&, std::string_view)> set) const {
        return make(key, fallback, std::move(form), std::move(set));
    }

private:
    Half make(const std::string& key, const std::string& fallback, std::string form,
              std::function<bool(Settings&, std::string_view)> set) const {
        return {{name_, key, fallback, std::move(form), {}, false, false, std::move(set)}};
    }

    template <class Value, class Bound, class Place>
    static bool store(const std::optional<Value>& value, Bound least, Bound most, Place&& place) {
        if (!value || *value < least || *value > most) return false;
        place = static_cast<std::remove_reference_t<Place>>(*value);
        return true;
    }

    std::string name_;
};

// --- what words and lists must look like ---

bool all_of(std::string_view text, std::string_view punctuation) {
    return std::all_of(text.begin(), text.end(), [punctuation](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               punctuation.find(c) != std::string_view::npos;
    });
}

bool has_double(const std::vector<std::string>& items) {
    return std::set<std::string_view>(items.begin(), items.end()).size() != items.size();
}

// A list of which each item passes `good`, none twice. Stores it only then.
template <class Good>
bool store_list(std::string_view text, Good good, std::vector<std::string>& place) {
    auto items = base::parse_list(text);
    if (has_double(items) || !std::all_of(items.begin(), items.end(), good)) return false;
    place = std::move(items);
    return true;
}

bool set_host(Settings& settings, std::string_view text) {
    if (text.empty() || text.size() > 255 || !all_of(text, ".:-_%")) return false;
    settings.http.host = text;
    return true;
}

bool set_path(Settings& settings, std::string_view text) {
    const bool good = !text.empty() && text.front() == '/' && text.back() == '/' &&
                      text.find("//") == std::string_view::npos && all_of(text, "/-._~!$&'()*+,;=:@%");
    if (good) settings.engine.path = text;
    return good;
}

bool set_trusted_proxies(Settings& settings, std::string_view text) {
    std::vector<protocol::IpNetwork> networks;
    for (const std::string& item : base::parse_list(text)) {
        const auto network = protocol::IpNetwork::parse(item);
        if (!network) return false;
        networks.push_back(*network);
    }
    settings.http.trusted_proxies = net::TrustedProxies(std::move(networks));
    return true;
}

bool set_namespaces(Settings& settings, std::string_view text) {
    return !base::parse_list(text).empty() && store_list(text, protocol::is_namespace_name, settings.hub.namespaces);
}

bool set_transports(Settings& settings, std::string_view text) {
    std::vector<std::string> names;
    const auto known = [](std::string_view name) { return name == "polling" || name == "websocket"; };
    if (!store_list(text, known, names) || names.empty()) return false;
    settings.engine.polling = std::find(names.begin(), names.end(), "polling") != names.end();
    settings.engine.websocket = std::find(names.begin(), names.end(), "websocket") != names.end();
    return true;
}

// scheme://host[:port], the host perhaps with *. in front; nothing behind it.
bool is_origin(std::string_view origin) {
    const std::size_t mark = origin.find("://");
    if (mark == std::string_view::npos || mark == 0 || !all_of(origin.substr(0, mark), "+-.")) return false;
    std::string_view host = origin.substr(mark + 3);
    if (host.substr(0, 2) == "*.") host.remove_prefix(2);
    return !host.empty() && all_of(host, ".:-_[]");
}

bool set_cors_origin(Settings& settings, std::string_view text) {
    session::CorsSettings& cors = settings.engine.cors;
    if (text != "*" && !store_list(text, is_origin, cors.origins)) return false;
    cors.any_origin = text == "*";
    cors.enabled = cors.any_origin || !cors.origins.empty();
    return true;
}

bool set_cors_max_age(Settings& settings, std::string_view text) {
    if (text.empty()) {
        settings.engine.cors.max_age.reset();
        return true;
    }
    const auto age = base::parse_duration(text);
    if (!age || *age > 24h) return false;
    settings.engine.cors.max_age = std::chrono::duration_cast<std::chrono::seconds>(*age);
    return true;
}

bool set_cookie(Settings& settings, std::string_view text) {
    if (!text.empty() && !base::is_token(text)) return false;
    settings.engine.cookie = text;
    return true;
}

// The limits that dry_run may name, and where each keeps whether it does.
struct DryRunName {
    std::string_view name;
    void (*set)(Settings&, base::LimitMode);
};
constexpr DryRunName kDryRunNames[] = {
    {"events", [](Settings& s, base::LimitMode mode) { s.hub.limits.events_mode = mode; }},
    {"events_per_address", [](Settings& s, base::LimitMode mode) { s.hub.limits.events_per_address_mode = mode; }},
    {"connects", [](Settings& s, base::LimitMode mode) { s.hub.limits.connects_mode = mode; }},
    {"connects_per_address",
     [](Settings& s, base::LimitMode mode) { s.engine.limits.connects_per_address_mode = mode; }},
    {"sessions", [](Settings& s, base::LimitMode mode) { s.engine.limits.sessions_mode = mode; }},
    {"sessions_per_address",
     [](Settings& s, base::LimitMode mode) { s.engine.limits.sessions_per_address_mode = mode; }},
    {"event_bytes", [](Settings& s, base::LimitMode mode) { s.hub.limits.event_bytes_mode = mode; }},
    {"rooms", [](Settings& s, base::LimitMode mode) { s.hub.limits.rooms_dry_run = mode == base::LimitMode::kDryRun; }},
    {"bytes", [](Settings& s, base::LimitMode mode) { s.engine.limits.bytes_mode = mode; }},
};

bool set_dry_run(Settings& settings, std::string_view text) {
    std::vector<std::string> names;
    const auto known = [](std::string_view name) {
        return std::any_of(std::begin(kDryRunNames), std::end(kDryRunNames),
                           [name](const DryRunName& limit) { return limit.name == name; });
    };
    if (text != "all" && !store_list(text, known, names)) return false;
    for (const DryRunName& limit : kDryRunNames) {
        const bool dry = text == "all" || std::find(names.begin(), names.end(), limit.name) != names.end();
        limit.set(settings, dry ? base::LimitMode::kDryRun : base::LimitMode::kEnforced);
    }
    return true;
}

// "127.0.0.1:9464", "[::1]:9464", "metrics.example:0"; empty: the main listener.
bool set_metrics_listen(Settings& settings, std::string_view text) {
    MetricsSettings& metrics = settings.metrics;
    if (text.empty()) {
        metrics.host.clear();
        return true;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    std::string_view host = text.substr(0, colon);
    const auto port = base::parse_integer(text.substr(colon + 1));
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const bool good = bracketed ? all_of(host, ".:%") : all_of(host, ".-_");
    if (!good || host.size() > 255 || !port || *port < 0 || *port > 65535) return false;
    metrics.host = host;
    metrics.port = static_cast<std::uint16_t>(*port);
    return true;
}

// What an Authorization header can carry (RFC 6750, 2.1), and long enough not to be guessed.
bool set_metrics_token(Settings& settings, std::string_view text) {
    constexpr std::size_t kLeast = 16, kMost = 512;
    if (!text.empty() && (text.size() < kLeast || text.size() > kMost || !all_of(text, "-._~+/="))) return false;
    settings.metrics.rule.token = text;
    return true;
}

bool is_plugin_name(std::string_view name) {
    return name.size() <= 64 && all_of(name, "_-");
}

// --- the table ---

void add_server(std::vector<CoreKey>& keys) {
    const Section server("server");
    keys.push_back(server.text("host", "127.0.0.1", "an address or a host name", set_host)
                       .described_as("The address to listen on; 0.0.0.0 is every IPv4 address of the machine, :: every "
                                     "address."));
    keys.push_back(server
                       .integer(
                           "port", "3000", 0, 65535, [](Settings & s) -> auto& { return s.http.port; })
                       .described_as("The TCP port to listen on; 0 takes any free one, which the start line shows."));
    keys.push_back(server
                       .integer(
                           "threads", "0", 0, 128, [](Settings & s) -> auto& { return s.threads; })
                       .described_as("How many event loops serve the clients, each a thread; 0 is one for each core."));
    keys.push_back(
        server
            .integer(
                "coalesce_microseconds", "100", 0, 1'000, [](Settings & s) -> auto& { return s.coalesce_microseconds; })
            .described_as("The least time between two turns of a loop that is busy: what comes meanwhile "
                          "gathers and is served together, for less processor time, as network cards do "
                          "with interrupts; 0 looks at everything as it comes."));
    keys.push_back(
        server.text("path", "/socket.io/", "a path that begins and ends with /, such as /socket.io/", set_path)
            .described_as("The path under which clients connect, as in their `path` option."));
    keys.push_back(server
                       .text("namespaces", "/",
                             "namespaces that begin with / and are separated by commas, such as "
                             "/, /orders",
                             set_namespaces)
                       .described_as("The Socket.IO namespaces that exist, besides those for which a plugin "
                                     "registers."));
    keys.push_back(
        server
            .text("trusted_proxies", "",
                  "addresses and networks separated by commas, such as 127.0.0.1, 10.0.0.0/8, fd00::/8; bits "
                  "behind a network's prefix are 0",
                  set_trusted_proxies)
            .described_as("The proxies that are believed about their clients' addresses "
                          "(X-Forwarded-For, X-Forwarded-Proto, proxy_protocol); empty believes nobody."));
    keys.push_back(server
                       .boolean(
                           "proxy_protocol", "false", [](Settings & s) -> auto& { return s.http.proxy_protocol; })
                       .described_as("Whether every connection begins with a PROXY header (version 1 or 2); those that "
                                     "do not come from trusted_proxies are closed at once."));
    keys.push_back(
        server
            .duration(
                "shutdown_timeout", "10s", 0ms, 10min, [](Settings & s) -> auto& { return s.shutdown_timeout; })
            .described_as("How long a stop may wait for what is queued to reach the clients."));
    keys.push_back(
        server
            .path(
                "state_directory", "", [](Settings & s) -> auto& { return s.state_directory; })
            .described_as("Where the hub keeps what must outlive it, made when something is first kept there; empty "
                          "is /var/lib/wshub for root, else wshub in the user's state folder."));
}

void add_http(std::vector<CoreKey>& keys) {
    const Section http("http");
    keys.push_back(
        http.duration(
                "header_timeout", "10s", 100ms, 10min, [](Settings & s) -> auto& { return s.http.header_timeout; })
            .described_as("How long a request's headers may take to arrive, from its first byte (of a new "
                          "connection: from its opening)."));
    keys.push_back(
        http.duration(
                "body_timeout", "20s", 100ms, 10min, [](Settings & s) -> auto& { return s.http.body_timeout; })
            .described_as("How long a request's body may take to arrive, once its headers are there."));
    keys.push_back(
        http.duration(
                "idle_timeout", "30s", 100ms, 10min, [](Settings & s) -> auto& { return s.http.idle_timeout; })
            .described_as("How long a connection may stay open between two requests."));
    keys.push_back(http.size(
                           "max_header_bytes", "16KiB", 1024, 1'048'576,
                           [](Settings & s) -> auto& { return s.http.max_header_bytes; })
                       .described_as("The most that a request line and its headers may take; above it the answer is "
                                     "431."));
    keys.push_back(http.integer(
                           "pool_threads", "2", 1, 64, [](Settings & s) -> auto& { return s.http.pool_threads; })
                       .described_as("How many threads prepare HTTP answers; they never wait for a client, so few are "
                                     "enough."));
}

void add_engine(std::vector<CoreKey>& keys) {
    const Section engine("engine");
    keys.push_back(
        engine
            .duration(
                "ping_interval", "25s", 10ms, 24h, [](Settings & s) -> auto& { return s.engine.ping_interval; })
            .described_as("How long after the last answer the next ping goes out to a client."));
    keys.push_back(
        engine
            .duration(
                "ping_timeout", "20s", 10ms, 24h, [](Settings & s) -> auto& { return s.engine.ping_timeout; })
            .described_as("How long a client may take to answer a ping before its session is closed."));
    keys.push_back(
        engine
            .duration(
                "upgrade_timeout", "10s", 10ms, 10min, [](Settings & s) -> auto& { return s.engine.upgrade_timeout; })
            .described_as("How long an upgrade from polling to WebSocket may take before it is given up; "
                          "the session goes on by polling."));
    keys.push_back(
        engine
            .duration(
                "connect_timeout", "45s", 10ms, 1h, [](Settings & s) -> auto& { return s.hub.connect_timeout; })
            .described_as("How long a client may stay connected without joining a namespace."));
    keys.push_back(engine
                       .size(
                           "max_http_buffer_size", "1MB", 16, 1'000'000'000,
                           [](Settings & s) -> auto& { return s.engine.max_http_buffer_size; })
                       .described_as("The largest message a client may send; above it its connection is closed."));
    keys.push_back(engine
                       .text("transports", "polling, websocket", "polling, websocket, or both separated by a comma",
                             set_transports)
                       .described_as("The transports that clients may use."));
    keys.push_back(engine
                       .boolean(
                           "allow_upgrades", "true", [](Settings & s) -> auto& { return s.engine.allow_upgrades; })
                       .described_as("Whether a client may go from polling to WebSocket."));
    keys.push_back(engine
                       .boolean(
                           "serve_client", "true", [](Settings & s) -> auto& { return s.serve_client; })
                       .described_as("Whether the JavaScript client is served under the path, as socket.io.js and its "
                                     "variants."));
    keys.push_back(engine
                       .text("cors_origin", "",
                             "*, or origins separated by commas such as https://example.org or "
                             "https://*.example.org",
                             set_cors_origin)
                       .described_as("Which web pages of other origins may connect; * is every one, empty turns CORS "
                                     "off."));
    keys.push_back(engine
                       .boolean(
                           "cors_credentials", "false", [](Settings & s) -> auto& { return s.engine.cors.credentials; })
                       .described_as("Whether those pages may send cookies."));
    keys.push_back(engine
                       .text("cors_methods", "GET, HEAD, PUT, PATCH, POST, DELETE", "HTTP methods separated by commas",
                             [](Settings& s, std::string_view text) {
                                 return store_list(text, base::is_token, s.engine.cors.methods);
                             })
                       .described_as("The methods named in the answer to a preflight."));
    keys.push_back(engine
                       .text("cors_allowed_headers", "", "header names separated by commas",
                             [](Settings& s, std::string_view text) {
                                 return store_list(text, base::is_token, s.engine.cors.allowed_headers);
                             })
                       .described_as("The request headers those pages may set; empty allows what they ask for."));
    keys.push_back(engine
                       .text("cors_exposed_headers", "", "header names separated by commas",
                             [](Settings& s, std::string_view text) {
                                 return store_list(text, base::is_token, s.engine.cors.exposed_headers);
                             })
                       .described_as("The response headers those pages may read."));
    keys.push_back(
        engine.text("cors_max_age", "", "a duration such as 10m, up to 1d, or nothing", set_cors_max_age)
            .described_as("How long a browser may remember the answer to a preflight; empty leaves it to the "
                          "browser."));
    keys.push_back(engine
                       .boolean(
                           "check_websocket_origin", "false",
                           [](Settings & s) -> auto& { return s.engine.check_websocket_origin; })
                       .described_as("Whether WebSocket connections from pages that cors_origin does not allow are "
                                     "refused."));
    keys.push_back(engine.text("cookie", "", "a cookie name such as io, or nothing", set_cookie)
                       .described_as("The name of a cookie that carries the session's id, for sticky load balancers; "
                                     "empty sets none."));
}

void add_limits(std::vector<CoreKey>& keys) {
    const Section limits("limits");
    keys.push_back(limits
                       .size(
                           "max_event_bytes", "256KB", 16, 1'000'000'000,
                           [](Settings & s) -> auto& { return s.hub.limits.max_event_bytes; })
                       .described_as("The largest event, text and attachments together; above it the event is refused "
                                     "with PAYLOAD_TOO_LARGE."));
    keys.push_back(
        limits
            .integer(
                "max_json_depth", "128", 1, 1000, [](Settings & s) -> auto& { return s.hub.limits.max_json_depth; })
            .described_as("How deep arrays and objects of an event may be nested; a deeper one closes the "
                          "connection."));
    keys.push_back(
        limits
            .number(
                "events_per_second", "100", 1'000'000,
                [](Settings & s) -> auto& { return s.hub.limits.events.per_second; })
            .described_as(
                "How many events a client may send in a second to each namespace, over time; what is above is "
                "refused with RATE_LIMIT, 0 is no limit."));
    keys.push_back(
        limits
            .number(
                "events_burst", "200", 10'000'000, [](Settings & s) -> auto& { return s.hub.limits.events.burst; })
            .described_as("How many events a client may send at once after it was quiet."));
    keys.push_back(limits
                       .number(
                           "events_per_second_per_address", "0", 1'000'000,
                           [](Settings & s) -> auto& { return s.engine.limits.per_address.events.per_second; })
                       .described_as("How many events all clients of one address together may send in a second, over "
                                     "time; what is above is refused with RATE_LIMIT, 0 is no limit."));
    keys.push_back(limits
                       .number(
                           "events_burst_per_address", "2000", 10'000'000,
                           [](Settings & s) -> auto& { return s.engine.limits.per_address.events.burst; })
                       .described_as("How many events they may send at once."));
    keys.push_back(
        limits
            .number(
                "connects_per_second", "0", 1'000'000,
                [](Settings & s) -> auto& { return s.hub.limits.connects.per_second; })
            .described_as("How many namespaces a client may ask for in a second, over time; what is above gets "
                          "CONNECT_ERROR with RATE_LIMIT, 0 is a bound that follows events_per_second."));
    keys.push_back(
        limits
            .number(
                "connects_burst", "20", 10'000'000, [](Settings & s) -> auto& { return s.hub.limits.connects.burst; })
            .described_as("How many namespaces a client may ask for at once."));
    keys.push_back(limits
                       .number(
                           "connects_per_second_per_address", "0", 1'000'000,
                           [](Settings & s) -> auto& { return s.engine.limits.per_address.connects.per_second; })
                       .described_as("How many sessions clients of one address may open in a second, over time; what "
                                     "is above is refused with 403, 0 is no limit."));
    keys.push_back(limits
                       .number(
                           "connects_burst_per_address", "50", 10'000'000,
                           [](Settings & s) -> auto& { return s.engine.limits.per_address.connects.burst; })
                       .described_as("How many sessions they may open at once."));
    keys.push_back(
        limits
            .integer(
                "max_sessions", "100000", 0, 100'000'000,
                [](Settings & s) -> auto& { return s.engine.limits.max_sessions; })
            .described_as("How many sessions there may be at once; what is above is refused with 403, 0 is no limit."));
    keys.push_back(
        limits
            .integer(
                "max_sessions_per_address", "0", 0, 100'000'000,
                [](Settings & s) -> auto& { return s.engine.limits.per_address.max_sessions; })
            .described_as(
                "How many of them may come from one address; what is above is refused with 403, 0 is no limit."));
    keys.push_back(limits
                       .size(
                           "bytes_per_second", "2MB", 0, 1'000'000'000'000,
                           [](Settings & s) -> auto& { return s.engine.limits.bytes.per_second; })
                       .described_as("How many bytes a client may send in a second, over time; who sends faster is "
                                     "read more slowly and loses nothing, 0 is no limit."));
    keys.push_back(limits
                       .size(
                           "bytes_burst", "2MB", 0, 1'000'000'000'000,
                           [](Settings & s) -> auto& { return s.engine.limits.bytes.burst; })
                       .described_as("How many bytes a client may send at once after it was quiet."));
    keys.push_back(limits
                       .integer(
                           "max_rooms_per_session", "1000", 0, 1'000'000,
                           [](Settings & s) -> auto& { return s.hub.limits.max_rooms; })
                       .described_as("How many rooms a client may be in at once in each namespace; what is above is "
                                     "refused with FORBIDDEN, 0 is no limit."));
    keys.push_back(limits
                       .size(
                           "max_queued_bytes", "4MB", 1000, 1'000'000'000'000,
                           [](Settings & s) -> auto& { return s.engine.max_queued_bytes; })
                       .described_as("How much may wait for a client that does not read; above it the client is "
                                     "dropped."));
    keys.push_back(limits
                       .text("dry_run", "",
                             "all, or names separated by commas: events, events_per_address, connects, "
                             "connects_per_address, sessions, sessions_per_address, event_bytes, rooms, bytes",
                             set_dry_run)
                       .described_as("Which of the limits only count and log what they would have refused."));
}

void add_plugins(std::vector<CoreKey>& keys) {
    const Section plugins("plugins");
    keys.push_back(
        plugins
            .path(
                "directory", "", [](Settings & s) -> auto& { return s.host.directory; })
            .described_as("Where the plugins lie, as NAME.so; empty is the plugins folder that came with the "
                          "program."));
    keys.push_back(
        plugins
            .text("enabled", "messaging, rooms, users, direct, typing, notifications, heartbeat, admin",
                  "plugin names separated by commas, none twice",
                  [](Settings& s, std::string_view text) { return store_list(text, is_plugin_name, s.host.enabled); })
            .described_as("The plugins to load; those named first see an event first."));
    keys.push_back(
        plugins
            .choice<host::OnError>(
                "on_error", "refuse", {{"refuse", host::OnError::kRefuse}, {"skip", host::OnError::kSkip}},
                [](Settings & s) -> auto& { return s.host.on_error; })
            .described_as("What a plugin that cannot be loaded or started does: refuse stops the start, skip "
                          "goes on without it."));
    keys.push_back(
        plugins
            .choice<bool>(
                "unknown_event", "error", {{"error", true}, {"ignore", false}},
                [](Settings & s) -> auto& { return s.hub.unknown_event_is_error; })
            .described_as("What an event that no plugin handles gets: error emits system:error UNKNOWN_EVENT, ignore "
                          "says so only in the ack, if one was asked for."));
    keys.push_back(plugins
                       .boolean(
                           "hot_reload", "false", [](Settings & s) -> auto& { return s.host.hot_reload; })
                       .described_as("Whether the plugin directory is watched: a plugin whose file changes is reloaded "
                                     "while clients stay connected, new files are loaded, removed ones unloaded."));
    keys.push_back(
        plugins
            .duration(
                "reload_patience", "2s", 0ms, 1min, [](Settings & s) -> auto& { return s.host.reload_patience; })
            .described_as("How long a reload waits for handlers that run, while events for the plugin wait "
                          "too; if they take longer, the reload fails."));
    keys.push_back(
        plugins
            .duration(
                "rollback_window", "10s", 0ms, 24h, [](Settings & s) -> auto& { return s.host.rollback_window; })
            .described_as("How long a reloaded plugin is watched; if it fails meanwhile, the version before it comes "
                          "back by itself, 0 is never."));
    keys.push_back(
        plugins
            .integer(
                "rollback_errors", "10", 0, 99, [](Settings & s) -> auto& { return s.host.rollback_errors; })
            .described_as("How many of 100 calls of such a plugin may fail, and at least three must have failed."));
    keys.push_back(plugins
                       .duration(
                           "slow_handler", "50ms", 1ms, 24h, [](Settings & s) -> auto& { return s.host.slow_handler; })
                       .described_as("A handler that takes longer is named in the log and counted, since it holds up "
                                     "the clients of its thread."));
    keys.push_back(plugins
                       .boolean(
                           "quarantine", "false", [](Settings & s) -> auto& { return s.host.quarantine.on; })
                       .described_as("Whether a plugin that keeps failing or is slow again and again is not called any "
                                     "more until it is reloaded: its events are answered with INTERNAL."));
    keys.push_back(
        plugins
            .integer(
                "quarantine_limit", "50", 1, 100000, [](Settings & s) -> auto& { return s.host.quarantine.limit; })
            .described_as("How many failures and slow handlers within quarantine_window that takes."));
    keys.push_back(
        plugins
            .duration(
                "quarantine_window", "10s", 1ms, 24h, [](Settings & s) -> auto& { return s.host.quarantine.window; })
            .described_as("How far apart the first and the last of them may be."));
    keys.push_back(plugins
                       .integer(
                           "workers", "4", 1, 1000, [](Settings & s) -> auto& { return s.host.workers; })
                       .described_as("How many handlers that block may run at a time, each on a thread of its own; "
                                     "started when first needed."));
}

void add_log(std::vector<CoreKey>& keys) {
    const Section log("log");
    std::vector<std::pair<std::string, std::string>> levels;
    for (const char* const level : {"trace", "debug", "info", "warn", "error", "off"})
        levels.emplace_back(level, level);
    keys.push_back(log.choice<std::string>(
                          "level", "info", levels, [](Settings & s) -> auto& { return s.log.level; })
                       .described_as("The least important lines that are written."));
    keys.push_back(log.choice<base::log::Format>(
                          "format", "text", {{"text", base::log::Format::kText}, {"json", base::log::Format::kJson}},
                          [](Settings & s) -> auto& { return s.log.format; })
                       .described_as("How a line looks: text for people, json for programs."));
    keys.push_back(log.path(
                          "file", "", [](Settings & s) -> auto& { return s.log.file; })
                       .described_as("The file to append the log to; empty is standard error."));
    keys.push_back(
        log.size(
               "max_bytes", "0", 0, 1'000'000'000'000, [](Settings & s) -> auto& { return s.log.max_bytes; })
            .described_as("The size above which the log file is set aside and a new one begun; 0 is never."));
    keys.push_back(log.integer(
                          "keep", "5", 0, 1000, [](Settings & s) -> auto& { return s.log.keep; })
                       .described_as("How many log files that were set aside are kept, the newest as NAME.1.log."));
}

// "0660": who may open a socket; nobody may execute one.
bool store_mode(Settings& settings, std::string_view text) {
    const bool octal = (text.size() == 3 || (text.size() == 4 && text.front() == '0')) &&
                       std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
    if (!octal) return false;
    unsigned mode = 0;
    for (const char c : text) mode = mode * 8 + static_cast<unsigned>(c - '0');
    if ((mode & 0111u) != 0) return false;
    settings.control.mode = mode;
    return true;
}

void add_control(std::vector<CoreKey>& keys) {
    const Section control("control");
    keys.push_back(control
                       .boolean(
                           "enabled", "true", [](Settings & s) -> auto& { return s.control.enabled; })
                       .described_as("Whether wshub ctl can reach the hub."));
    keys.push_back(control
                       .path(
                           "socket", "", [](Settings & s) -> auto& { return s.control.path; })
                       .described_as("The unix socket for that; empty is control.sock in the service's folder "
                                     "(/run/wshub), or else in [server] state_directory."));
    keys.push_back(control.text("mode", "0660", "an octal mode without x, such as 0660 or 600", store_mode)
                       .described_as("Who may open it: its user, its group, others. Who may can do everything."));
}

void add_metrics(std::vector<CoreKey>& keys) {
    const Section metrics("metrics");
    keys.push_back(metrics
                       .boolean(
                           "enabled", "true", [](Settings & s) -> auto& { return s.metrics.enabled; })
                       .described_as("Whether /metrics, /healthz and /readyz are served."));
    keys.push_back(
        metrics
            .text("listen", "", "an address with a port, such as 127.0.0.1:9464 or [::1]:9464, or nothing",
                  set_metrics_listen)
            .described_as("A listener of their own for these pages, which are then not on [server] port; empty serves "
                          "them there."));
    keys.push_back(metrics
                       .choice<MetricsAccess>(
                           "access", "loopback",
                           {{"loopback", MetricsAccess::kLoopback},
                            {"token", MetricsAccess::kToken},
                            {"open", MetricsAccess::kOpen}},
                           [](Settings & s) -> auto& { return s.metrics.rule.access; })
                       .described_as("Who may read /metrics: loopback (who asks from this machine), token (who sends "
                                     "it) or open (everybody)."));
    keys.push_back(metrics.secret("token", "16 to 512 letters, digits and -._~+/=", set_metrics_token)
                       .described_as("The token for access = token, sent as Authorization: Bearer TOKEN."));
    keys.push_back(
        metrics
            .duration(
                "stalled_after", "10s", 10ms, 1h, [](Settings & s) -> auto& { return s.metrics.stalled_after; })
            .described_as("How long a loop may be busy without a pause before /healthz answers 503."));
}

}  // namespace

const std::vector<CoreKey>& core_keys() {
    static const std::vector<CoreKey> table = [] {
        std::vector<CoreKey> keys;
        add_server(keys);
        add_http(keys);
        add_engine(keys);
        add_limits(keys);
        add_plugins(keys);
        add_log(keys);
        add_metrics(keys);
        add_control(keys);
        return keys;
    }();
    return table;
}

const CoreKey* find_core_key(std::string_view section, std::string_view key) {
    for (const CoreKey& candidate : core_keys()) {
        if (candidate.section == section && candidate.key == key) return &candidate;
    }
    return nullptr;
}

}  // namespace wshub::server
