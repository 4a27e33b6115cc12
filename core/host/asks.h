// The acknowledgements that clients owe a plugin: each is told of once, and what is still owed when the plugin stops is
// known. Any thread.
#pragma once

#include <wshub/abi.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace wshub::host {

class Asks {
public:
    // As the plugin knows it.
    struct Question {
        wshub_slot slot = 0;
        std::uint64_t cookie = 0;
    };
    struct Owed {
        wshub_session session = 0;
        Question question;
    };

    // These are to be asked. The number by which the hub gives their answers back.
    std::uint64_t add(Question question, std::vector<wshub_session> sessions) {
        std::sort(sessions.begin(), sessions.end());
        sessions.erase(std::unique(sessions.begin(), sessions.end()), sessions.end());
        const std::lock_guard lock(mutex_);
        const std::uint64_t number = ++last_;
        if (!sessions.empty()) open_.emplace(number, Open{question, std::move(sessions)});
        return number;
    }
    // It was not sent.
    void forget(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        open_.erase(number);
    }
    // Nothing: the plugin has been told of this one.
    std::optional<Question> take(std::uint64_t number, wshub_session session) {
        const std::lock_guard lock(mutex_);
        const auto found = open_.find(number);
        if (found == open_.end()) return std::nullopt;
        std::vector<wshub_session>& sessions = found->second.sessions;
        const auto at = std::find(sessions.begin(), sessions.end(), session);
        if (at == sessions.end()) return std::nullopt;
        const Question question = found->second.question;
        sessions.erase(at);
        if (sessions.empty()) open_.erase(found);
        return question;
    }
    // All that are owed, by session, each in the order in which it was asked.
    std::vector<Owed> take_all() {
        std::vector<Owed> all;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& [number, open] : open_) {
                for (const wshub_session session : open.sessions) all.push_back({session, open.question});
            }
            open_.clear();
        }
        std::stable_sort(all.begin(), all.end(), [](const Owed& a, const Owed& b) { return a.session < b.session; });
        return all;
    }

private:
    struct Open {
        Question question;
        std::vector<wshub_session> sessions;  // not empty
    };

    std::mutex mutex_;  // of what follows
    std::map<std::uint64_t, Open> open_;
    std::uint64_t last_ = 0;
};

}  // namespace wshub::host
