#include "server/ctl_tables.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "base/log.h"

namespace wshub::server {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

// Characters, which is what a terminal counts, nearly.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string rounded(double value, int digits) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
    return buffer;
}

std::string bytes_text(double bytes) {
    constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < std::size(kUnits)) {
        bytes /= 1000;
        ++unit;
    }
    return rounded(bytes, unit == 0 || bytes >= 99.5 ? 0 : 1) + " " + kUnits[unit];
}

// "12s", "3m 20s", "5h 2m", "3d 4h"
std::string duration_text(double seconds) {
    const auto all = static_cast<std::int64_t>(std::max(seconds, 0.0));
    if (seconds < 10) return rounded(std::max(seconds, 0.0), 1) + "s";
    if (all < 60) return std::to_string(all) + "s";
    if (all < 3600) return std::to_string(all / 60) + "m " + std::to_string(all % 60) + "s";
    if (all < 86400) return std::to_string(all / 3600) + "h " + std::to_string(all % 3600 / 60) + "m";
    return std::to_string(all / 86400) + "d " + std::to_string(all % 86400 / 3600) + "h";
}

// One value of an object as a cell.
class Reader {
public:
    explicit Reader(Object::Ptr object) : object_(std::move(object)) {}

    bool has(const std::string& name) const { return object_->has(name) && !object_->isNull(name); }
    std::string text(const std::string& name) const {
        return has(name) ? base::log::printable(object_->get(name).convert<std::string>()) : "-";
    }
    double number(const std::string& name) const { return has(name) ? object_->get(name).convert<double>() : 0; }
    bool yes(const std::string& name) const { return has(name) && object_->getValue<bool>(name); }
    std::string bytes(const std::string& name) const { return bytes_text(number(name)); }
    std::string duration(const std::string& name) const { return has(name) ? duration_text(number(name)) : "-"; }
    std::string milliseconds(const std::string& name) const {
        return has(name) ? rounded(number(name), 1) + " ms" : "-";
    }
    // "2026-02-20 12:00:00"
    std::string time(const std::string& name) const {
        std::string text = this->text(name);
        if (text.size() < 19) return text;
        text[10] = ' ';
        return text.substr(0, 19);
    }
    Reader object(const std::string& name) const { return Reader(object_->getObject(name)); }
    std::vector<Reader> list(const std::string& name) const {
        std::vector<Reader> all;
        const Array::Ptr array = object_->getArray(name);
        for (unsigned i = 0; array && i < array->size(); ++i) all.emplace_back(array->getObject(i));
        return all;
    }
    std::string joined(const std::string& name) const {
        std::string out;
        const Array::Ptr array = object_->getArray(name);
        for (unsigned i = 0; array && i < array->size(); ++i) {
            out += (out.empty() ? "" : ", ") + base::log::printable(array->get(i).convert<std::string>());
        }
        return out.empty() ? "-" : out;
    }

private:
    Object::Ptr object_;
};

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string lines_text(const Lines& lines) {
    std::size_t width = 0;
    for (const auto& [name, value] : lines) width = std::max(width, name.size());
    std::string out;
    for (const auto& [name, value] : lines) out += name + std::string(width + 2 - name.size(), ' ') + value + "\n";
    return out;
}

std::string stats(const Reader& result) {
    std::string namespaces;
    for (const Reader& each : result.list("namespaces")) {
        namespaces += (namespaces.empty() ? "" : ", ") + each.text("name") + " " + each.text("sockets");
    }
    const Reader transports = result.object("sessions_by_transport");
    const Reader handlers = result.object("handlers");
    const double count = handlers.number("count");
    const std::string mean = count > 0 ? rounded(handlers.number("sum_seconds") / count * 1e6, 1) + " us each" : "-";
    return lines_text({
        {"version", result.text("version")},
        {"up", result.duration("uptime_s") + ", since " + result.time("started") + " UTC"},
        {"sessions", result.text("sessions") + " (" + transports.text("websocket") + " by WebSocket, " +
                         transports.text("polling") + " by polling)" + (result.yes("draining") ? ", draining" : "")},
        {"namespaces", namespaces},
        {"usernames", result.text("users")},
        {"rooms", result.text("rooms")},
        {"events", result.text("events_in") + " in, " + result.text("events_out") + " out"},
        {"bytes", result.bytes("bytes_in") + " in, " + result.bytes("bytes_out") + " out, " +
                      result.bytes("queued_bytes") + " queued"},
        {"handlers", handlers.text("count") + " calls, " + mean},
        {"loop lag", result.milliseconds("loop_lag_ms")},
        {"memory", result.bytes("rss_bytes")},
        {"processor", duration_text(result.number("cpu_seconds")) + " used"},
    });
}

std::string socket_rows(const std::vector<Reader>& rows) {
    TextTable table({{"SID"},
                     {"NAMESPACE"},
                     {"USERNAME"},
                     {"ADDRESS"},
                     {"TRANSPORT"},
                     {"CONNECTED"},
                     {"ROOMS", true},
                     {"IN", true},
                     {"OUT", true},
                     {"QUEUED", true},
                     {"LATENCY", true}});
    for (const Reader& row : rows) {
        table.add({row.text("sid"), row.text("namespace"), row.text("username"), row.text("address"),
                   row.text("transport"), row.time("connected"), row.text("rooms"), row.text("events_in"),
                   row.text("events_out"), row.bytes("queued_bytes"), row.milliseconds("latency_ms")});
    }
    return table.text();
}

std::string sessions(const Reader& result) {
    const auto rows = result.list("items");
    return socket_rows(rows) + std::to_string(rows.size()) + " shown, " + result.text("matched") + " match, " +
           result.text("total") + " in all\n";
}

std::string session(const Reader& result) {
    const Reader refusals = result.object("refusals");
    std::string out = lines_text({
        {"sid", result.text("sid")},
        {"namespace", result.text("namespace")},
        {"username", result.text("username")},
        {"roles", result.joined("roles")},
        {"address", result.text("address")},
        {"user agent", result.text("user_agent")},
        {"origin", result.text("origin")},
        {"transport", result.text("transport") + (result.has("upgraded") ? ", since " + result.time("upgraded") : "")},
        {"connected", result.time("connected") + " UTC"},
        {"rooms", result.joined("room_names")},
        {"events", result.text("events_in") + " in (last " + result.time("last_event_in") + "), " +
                       result.text("events_out") + " out (last " + result.time("last_event_out") + ")"},
        {"queued", result.bytes("queued_bytes")},
        {"latency", result.milliseconds("latency_ms")},
        {"refused", refusals.text("rate_limit") + " for their rate, " + refusals.text("payload_too_large") +
                        " for their size, " + refusals.text("errors") + " otherwise"},
        {"session id", result.text("engine_sid") + "..."},
    });
    TextTable story({{"TIME"}, {"WHAT"}, {"DETAIL"}});
    for (const Reader& item : result.list("story")) {
        story.add({item.time("time"), item.text("what"), item.text("detail")});
    }
    return out + "\n" + story.text();
}

std::string rooms(const Reader& result) {
    TextTable table({{"NAMESPACE"}, {"NAME"}, {"MEMBERS", true}});
    const auto rows = result.list("items");
    for (const Reader& row : rows) table.add({row.text("namespace"), row.text("name"), row.text("members")});
    return table.text() + std::to_string(rows.size()) + " shown, " + result.text("matched") + " match, " +
           result.text("total") + " in all\n";
}

std::string room(const Reader& result) {
    const auto rows = result.list("items");
    return socket_rows(rows) + std::to_string(rows.size()) + " shown, " + result.text("members") + " in the room\n";
}

std::string plugins(const Reader& result) {
    TextTable table({{"NAME"},
                     {"VERSION"},
                     {"STATE"},
                     {"LOADED"},
                     {"ERRORS", true},
                     {"SLOW", true},
                     {"RELOADS", true},
                     {"LAST RELOAD"}});
    std::string reasons;
    for (const Reader& row : result.list("items")) {
        std::string last = "-";
        if (row.has("last_reload")) {
            const Reader reload = row.object("last_reload");
            last = reload.text("outcome") + " " + reload.time("time");
            if (reload.has("reason")) reasons += row.text("name") + ": " + reload.text("reason") + "\n";
        }
        if (row.has("reason")) reasons += row.text("reason") + "\n";
        table.add({row.text("name"), row.text("version"), row.text("state"), row.time("loaded"), row.text("errors"),
                   row.text("slow"), row.text("reloads"), last});
    }
    return table.text() + reasons;
}

std::string closes(const Reader& result) {
    TextTable table({{"TIME"}, {"SID"}, {"USERNAME"}, {"ADDRESS"}, {"TRANSPORT"}, {"LASTED", true}, {"REASON"}});
    const auto rows = result.list("items");
    for (const Reader& row : rows) {
        table.add({row.time("time"), row.text("sid"), row.text("username"), row.text("address"), row.text("transport"),
                   row.duration("duration_s"), row.text("reason")});
    }
    return table.text() + std::to_string(rows.size()) + " shown, " + result.text("total") + " known\n";
}

std::string reload(const Reader& result) {
    std::string out;
    for (const Reader& change : result.list("changes")) {
        out += change.text("plugin") + " " + change.text("what") + " version=" + change.text("version");
        if (change.has("before")) out += " before=" + change.text("before");
        out += "\n";
    }
    return out.empty() ? "nothing had changed\n" : out;
}

std::string drain(const Reader& result) {
    if (!result.yes("draining")) return "takes new clients again\n";
    return "draining: " + result.text("sessions") + " sessions are being closed, new ones are refused\n";
}

}  // namespace

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) widths.push_back(column.head.size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    std::string out;
    const auto add_row = [&](const auto& cell_of) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string cell(cell_of(i));
            const std::string space(widths[i] - width_of(cell), ' ');
            line += (i == 0 ? "" : "  ") + (columns_[i].right ? space + cell : cell + space);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    add_row([&](std::size_t i) { return columns_[i].head; });
    for (const auto& row : rows_) {
        add_row([&](std::size_t i) { return std::string_view(row[i]); });
    }
    return out;
}

std::string show_result(std::string_view operation, const std::string& result) {
    const Reader read(Poco::JSON::Parser().parse(result).extract<Object::Ptr>());
    if (operation == "stats") return stats(read);
    if (operation == "sessions") return sessions(read);
    if (operation == "session") return session(read);
    if (operation == "rooms") return rooms(read);
    if (operation == "room") return room(read);
    if (operation == "plugins") return plugins(read);
    if (operation == "closes") return closes(read);
    if (operation == "reload") return reload(read);
    if (operation == "drain") return drain(read);
    if (operation == "broadcast") return "sent to " + read.text("receivers") + " clients\n";
    if (operation == "log-level") return "log level " + read.text("level") + ", before " + read.text("before") + "\n";
    if (operation == "kick") return "disconnected\n";
    if (operation == "leave") return "taken out of the room\n";
    return result + "\n";
}

}  // namespace wshub::server
