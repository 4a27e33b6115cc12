#include "operations.h"

#include <algorithm>
#include <array>
#include <utility>

namespace admin {

namespace json = wshub::json;

namespace {

constexpr std::array<std::string_view, 5> kTopics{"stats", "sessions", "rooms", "plugins", "closes"};
constexpr std::array<std::string_view, 9> kSubjects{"sid",   "namespace", "room",  "event", "plugin",
                                                    "level", "on",        "after", "reason"};

std::string quoted(const json::View& value) {
    if (!value.is_string()) return std::string(value.text());
    constexpr std::size_t kMost = 100;
    std::string text = value.str().substr(0, kMost);
    std::replace(text.begin(), text.end(), '"', '\'');
    return '"' + text + '"';
}

}  // namespace

const std::vector<Operation>& operations() {
    static const std::vector<Operation> all{
        {"admin:stats", "stats", false},        {"admin:sessions", "sessions", false},
        {"admin:session", "session", false},    {"admin:rooms", "rooms", false},
        {"admin:room", "room", false},          {"admin:plugins", "plugins", false},
        {"admin:closes", "closes", false},      {"admin:kick", "kick", true},
        {"admin:broadcast", "broadcast", true}, {"admin:leave", "leave", true},
        {"admin:reload", "reload", true},       {"admin:log-level", "log-level", true},
        {"admin:drain", "drain", true},
    };
    return all;
}

json::Raw success(const json::View& result) {
    std::string text = R"({"success":true)";
    const std::string_view members = result.text().substr(1);  // without the brace
    if (members != "}") text += ',';
    return {text.append(members)};
}

json::Raw failure(std::string_view code, std::string_view message) {
    return json::obj("success", false, "error", json::obj("code", code, "message", message));
}

std::string subject(const json::View& arguments) {
    std::string text;
    for (const std::string_view name : kSubjects) {
        const json::View value = arguments[name];
        if (!value) continue;
        text.append(" ").append(name).append("=").append(quoted(value));
    }
    return text;
}

json::Raw arguments_of_topic(std::string_view topic) {
    if (topic == "sessions") return json::obj("sort", "connected", "order", "desc");
    if (topic == "rooms") return json::obj("sort", "members", "order", "desc");
    return {"{}"};
}

// ---- subscriptions

std::optional<Subscriptions::Wish> Subscriptions::read(const json::View& arguments, std::string& why_not) {
    Wish wish;
    bool fits = arguments.is_object();
    const json::View topics = arguments["topics"], interval = arguments["interval"];
    arguments.each([&](std::string_view name, const json::View&) {
        fits = fits && (name == "topics" || name == "interval");
        return true;
    });
    fits = fits && topics.is_array();
    topics.each([&](std::string_view, const json::View& topic) {
        fits = fits && std::find(kTopics.begin(), kTopics.end(), topic.str()) != kTopics.end();
        if (std::find(wish.topics.begin(), wish.topics.end(), topic.str()) == wish.topics.end()) {
            wish.topics.push_back(topic.str());
        }
        return fits;
    });
    wish.interval_ms = interval ? interval.num() : kLeastMs;
    if (fits && wish.interval_ms >= kLeastMs && wish.interval_ms <= kMostMs) return wish;
    why_not =
        "expected {topics, interval}: topics of stats, sessions, rooms, plugins and closes, and an interval of "
        "1000 to 60000 milliseconds";
    return std::nullopt;
}

void Subscriptions::set(std::uint64_t session, Wish wish) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (wish.topics.empty()) {
        all_.erase(session);
    } else {
        all_[session] = {std::move(wish), 0};
    }
}

void Subscriptions::remove(std::uint64_t session) {
    const std::lock_guard<std::mutex> lock(mutex_);
    all_.erase(session);
}

bool Subscriptions::none() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return all_.empty();
}

std::map<std::string, std::vector<std::uint64_t>> Subscriptions::due(std::int64_t now_ms) {
    constexpr std::int64_t kEarly = 100;  // the rhythm in which this is asked may be a little ahead
    std::map<std::string, std::vector<std::uint64_t>> due;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [session, subscription] : all_) {
        if (now_ms + kEarly < subscription.next_ms) continue;
        subscription.next_ms = now_ms + subscription.wish.interval_ms;
        for (const std::string& topic : subscription.wish.topics) due[topic].push_back(session);
    }
    return due;
}

json::Raw Subscriptions::save() const {
    json::Raw all{"["};
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [session, subscription] : all_) {
        if (all.text.size() > 1) all.text += ',';
        all.text += json::obj("session", std::to_string(session), "topics", subscription.wish.topics, "interval",
                              subscription.wish.interval_ms)
                        .text;
    }
    all.text += ']';
    return all;
}

void Subscriptions::restore(const json::View& saved) {
    saved.each([this](std::string_view, const json::View& each) {
        Wish wish;
        each["topics"].each([&wish](std::string_view, const json::View& topic) {
            wish.topics.push_back(topic.str());
            return true;
        });
        wish.interval_ms = each["interval"].num(kLeastMs);
        set(std::strtoull(each["session"].str().c_str(), nullptr, 10), std::move(wish));
        return true;
    });
}

}  // namespace admin
