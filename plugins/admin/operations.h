// What admins do with the hub by events: each `admin:OP` is the hub's operation OP, with its arguments and its answer.
// Knows no server: who may, how answers look, what stands in the log, who wants to be told of what.
#pragma once

#include <wshub/json.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace admin {

struct Operation {
    std::string_view event, name;
    bool changes_something;  // then it stands in the log
};
// All of them.
const std::vector<Operation>& operations();

// {"success":true, ...the members of the result}
wshub::json::Raw success(const wshub::json::View& result);
// {"success":false,"error":{"code","message"}}
wshub::json::Raw failure(std::string_view code, std::string_view message);

// `sid="x" room="y"`: what an action was about, of its arguments: names only, never payloads.
std::string subject(const wshub::json::View& arguments);

// Who wants to be told of what, and how often. Any thread.
class Subscriptions {
public:
    static constexpr std::int64_t kLeastMs = 1000, kMostMs = 60'000;

    struct Wish {
        std::vector<std::string> topics;
        std::int64_t interval_ms = kLeastMs;
    };
    // What admin:subscribe was sent; or why not.
    static std::optional<Wish> read(const wshub::json::View& arguments, std::string& why_not);

    // Instead of what was wished for before; no topics: nothing any more.
    void set(std::uint64_t session, Wish wish);
    void remove(std::uint64_t session);
    bool none() const;

    // Those whose time has come, by topic; their next time counts from now.
    std::map<std::string, std::vector<std::uint64_t>> due(std::int64_t now_ms);

    // For the next version of the plugin.
    wshub::json::Raw save() const;
    void restore(const wshub::json::View& saved);

private:
    struct Subscription {
        Wish wish;
        std::int64_t next_ms = 0;
    };
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Subscription> all_;
};

// The arguments with which a topic is asked for.
wshub::json::Raw arguments_of_topic(std::string_view topic);

}  // namespace admin
