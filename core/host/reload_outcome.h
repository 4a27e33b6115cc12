// What came of a reload, for those who asked for it.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace wshub::host {

// The last attempt to change which version of a plugin runs.
struct LastReload {
    base::WallTime time{};
    std::string outcome;  // done, failed, rolled_back
    std::string reason;   // empty if it is done
};

struct ReloadOutcome {
    struct Change {
        std::string plugin;
        std::string what;             // loaded, reloaded, unloaded
        std::string version, before;  // before: of what was reloaded
    };
    struct Problem {
        std::string plugin;  // empty: of no one in particular
        std::string text;
    };
    std::vector<Change> changes;
    std::vector<Problem> problems;
};

// Who waits for the outcome of a reload of one plugin, or (without a name) of everything. It is told once, at the
// latest when this goes.
class ReloadWaiter {
public:
    ReloadWaiter(std::string plugin, std::function<void(const ReloadOutcome&)> tell)
        : plugin_(std::move(plugin)), tell_(std::move(tell)) {}
    ~ReloadWaiter() {
        if (tell_) tell_({{}, {{plugin_, "it was not done: the server is stopping, or its log says why"}}});
    }
    ReloadWaiter(const ReloadWaiter&) = delete;
    ReloadWaiter& operator=(const ReloadWaiter&) = delete;

    // Several requests may have been carried out at once: leaves out what is none of this one's.
    void tell(const ReloadOutcome& outcome) {
        ReloadOutcome own = outcome;
        if (!plugin_.empty()) {
            std::erase_if(own.changes, [this](const auto& each) { return each.plugin != plugin_; });
            std::erase_if(own.problems,
                          [this](const auto& each) { return !each.plugin.empty() && each.plugin != plugin_; });
        }
        std::exchange(tell_, nullptr)(own);
    }

private:
    const std::string plugin_;
    std::function<void(const ReloadOutcome&)> tell_;
};

}  // namespace wshub::host
