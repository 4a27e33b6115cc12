// The sessions that have subscribed, by namespace. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace admin {

class Watchers {
public:
    // Costs nothing worth mentioning: asked for whatever happens to any client.
    bool none() const { return count_.load() == 0; }

    // False: it is in (is not in) already.
    bool add(std::uint64_t session, std::string_view nsp);
    bool remove(std::uint64_t session);
    std::vector<std::uint64_t> in(std::string_view nsp) const;

private:
    std::atomic<std::size_t> count_{0};
    mutable std::mutex mutex_;
    std::vector<std::pair<std::uint64_t, std::string>> all_;  // few
};

}  // namespace admin
