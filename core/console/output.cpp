#include "console/output.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "console/json.h"
#include "console/payload.h"
#include "protocol/json_scan.h"

namespace wshub::console {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    protocol::append_quoted(out, text);
    return shown(out, {});
}

// As it stands if it is a plain word, else as JSON.
std::string word(std::string_view text) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-:./").find(c) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), is_plain) ? std::string(text) : quoted(text);
}

// The values of an array behind each other, a blank before each.
std::string listed(std::string_view args) {
    std::string out;
    for (const std::string_view item : json_items(args)) out += ' ' + std::string(item);
    return out;
}

std::string rounded(double milliseconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", milliseconds);
    return text.data();
}

}  // namespace

std::string Output::time() const {
    const auto now = clock_.wall();
    const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    std::tm local{};
    localtime_r(&seconds, &local);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%03d ", local.tm_hour, local.tm_min, local.tm_sec,
                  static_cast<int>(now.time_since_epoch().count() % 1000));
    return text.data();
}

void Output::say(const std::string& text) {
    if (around_.before) around_.before();
    if (std::fwrite(text.data(), 1, text.size(), out_) != text.size() || std::fputc('\n', out_) == EOF ||
        std::fflush(out_) != 0) {
        closed_ = true;
    }
    if (around_.after) around_.after();
}

void Output::say_json(std::string_view type, const Facts& facts) {
    std::string line = "{\"time\":" + quoted(base::iso8601_millis(clock_.wall())) + ",\"type\":" + quoted(type);
    for (const auto& [name, value] : facts) line += ",\"" + std::string(name) + "\":" + value;
    say(line + '}');
}

void Output::connected(std::string_view sid, std::string_view nsp, std::string_view transport) {
    if (json_) {
        return say_json("connected",
                        {{"sid", quoted(sid)}, {"namespace", quoted(nsp)}, {"transport", quoted(transport)}});
    }
    say(time() + "connected sid=" + word(sid) + " namespace=" + word(nsp) + " transport=" + std::string(transport));
}

void Output::event(std::string_view name, std::string_view args) {
    if (json_) return say_json("event", {{"event", quoted(name)}, {"args", std::string(args)}});
    say(time() + "event " + word(name) + listed(args));
}

void Output::acknowledged(std::string_view name, std::string_view args, double milliseconds) {
    if (json_) {
        return say_json("ack", {{"event", quoted(name)}, {"args", std::string(args)}, {"ms", rounded(milliseconds)}});
    }
    say(time() + "ack " + word(name) + listed(args) + " (" + rounded(milliseconds) + " ms)");
}

void Output::lost(std::string_view reason, base::milliseconds again_in) {
    if (json_) {
        return say_json("lost", {{"reason", quoted(reason)}, {"again_in_ms", std::to_string(again_in.count())}});
    }
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%g", static_cast<double>(again_in.count()) / 1000);
    say(time() + "connection lost: " + plain(reason) + "; trying again in " + seconds.data() + " s");
}

void Output::ended(std::string_view reason) {
    if (json_) return say_json("disconnected", {{"reason", quoted(reason)}});
    say(time() + "disconnected: " + plain(reason));
}

void Output::refused(std::string_view message, std::string_view data) {
    if (json_) {
        Facts facts{{"message", quoted(message)}};
        if (!data.empty()) facts.emplace_back("data", data);
        return say_json("refused", facts);
    }
    say(time() + "refused: " + plain(message) + (data.empty() ? "" : " " + std::string(data)));
}

void Output::failed(std::string_view where, std::string_view command, std::string_view reason) {
    if (json_) {
        Facts facts{{"command", quoted(command)}, {"reason", quoted(reason)}};
        if (!where.empty()) facts.emplace_back("where", quoted(where));
        return say_json("failed", facts);
    }
    say(time() + "failed: " + (where.empty() ? "" : plain(where) + ": ") + plain(command) + ": " + plain(reason));
}

void Output::note(std::string_view text) {
    if (!json_) say(std::string(text));
}

}  // namespace wshub::console
