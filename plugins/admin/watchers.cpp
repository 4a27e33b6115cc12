#include "watchers.h"

#include <algorithm>

namespace admin {

bool Watchers::add(std::uint64_t session, std::string_view nsp) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto same = [session](const auto& each) { return each.first == session; };
    if (std::any_of(all_.begin(), all_.end(), same)) return false;
    all_.emplace_back(session, nsp);
    count_ = all_.size();
    return true;
}

bool Watchers::remove(std::uint64_t session) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto same = [session](const auto& each) { return each.first == session; };
    const auto found = std::find_if(all_.begin(), all_.end(), same);
    if (found == all_.end()) return false;
    all_.erase(found);
    count_ = all_.size();
    return true;
}

std::vector<std::uint64_t> Watchers::in(std::string_view nsp) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::uint64_t> found;
    for (const auto& [session, of] : all_) {
        if (of == nsp) found.push_back(session);
    }
    return found;
}

}  // namespace admin
