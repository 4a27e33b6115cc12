// What all shards of a hub share. Its parts say which threads may use them; what is set at the start stays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/close_log.h"
#include "hub/followers.h"
#include "hub/limits.h"
#include "hub/namespaces.h"
#include "hub/types.h"
#include "hub/users.h"

namespace wshub::hub {

class Shard;

// Requests that were refused or failed, by the code that their clients are told. Codes that are not of the contract
// count together: a plugin may take them from what a client sent.
class ErrorFigures {
public:
    explicit ErrorFigures(base::Metrics& metrics);
    void count(std::string_view code) const;

private:
    static constexpr std::array<std::string_view, 11> kCodes{
        "RATE_LIMIT",        "INVALID_FORMAT", "FORBIDDEN", "NO_USERNAME",
        "PAYLOAD_TOO_LARGE", "UNKNOWN_EVENT",  "INTERNAL",  "DUPLICATE_USERNAME",
        "TARGET_NOT_FOUND",  "NOT_FOUND",      "other"};
    std::array<base::Counter*, kCodes.size()> counters_;
};

struct Figures {
    explicit Figures(base::Metrics& metrics);

    base::Counter* connects_accepted;
    base::Counter* connects_refused;
    base::Counter* events_in;
    base::Counter* events_out;
    base::Counter* acks_in;
    base::Counter* acks_out;
    base::Counter* volatile_lost;
    ErrorFigures errors;
};

struct Core {
    Core(HubSettings hub_settings, const base::Clock& hub_clock, base::Metrics& metrics, std::size_t loops)
        : settings(std::move(hub_settings)),
          clock(hub_clock),
          figures(metrics),
          limiters(settings.limits, metrics),
          namespaces(settings.namespaces, loops, metrics) {}
    ~Core();

    // Null: none of that loop.
    Shard* shard_of(std::uint64_t handle) const {
        const unsigned loop = loop_of(handle);
        return loop < shards.size() ? shards[loop].get() : nullptr;
    }

    // What plugins wrap around a client's payload may make it this much deeper than clients may send.
    static constexpr std::size_t kWrappingDepth = 32;
    // A JSON text of a plugin without the white space around it; empty if it is none that begins with `opening` ('\0':
    // any value).
    std::string_view checked_json(std::string_view text, char opening) const;
    // It is in as many rooms of clients as it may be.
    bool is_full(const SocketRecord& record) const {
        return settings.limits.max_rooms > 0 && record.rooms.size() >= settings.limits.max_rooms;
    }

    const HubSettings settings;
    const base::Clock& clock;
    Figures figures;
    Limiters limiters;
    Namespaces namespaces;
    Users users;
    Followers followers;
    CloseLog closes;
    EventSink* sink = nullptr;
    std::vector<std::unique_ptr<Shard>> shards;  // by the loop's index
};

}  // namespace wshub::hub
