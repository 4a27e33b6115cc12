#include "cards.h"

#include <utility>

namespace admin {

Cards::CardRef Cards::get(const wshub::Session& session) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = cards_.find(session.id());
        if (found != cards_.end()) return found->second;
    }
    const Facts facts{session.sid(), session.connected_at_ms(), session.user_agent(), session.remote(), session.auth()};
    if (facts.sid.empty()) return nullptr;
    auto card = std::make_shared<const Card>(facts);
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        cards_.insert_or_assign(session.id(), card);
    }
    // It may have left meanwhile: then forget() came too early.
    if (!plugin_.find(facts.sid)) forget(session);
    return card;
}

void Cards::forget(const wshub::Session& session) {
    CardRef dropped;  // dies outside of the lock
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = cards_.find(session.id());
    if (found == cards_.end()) return;
    dropped = std::move(found->second);
    cards_.erase(found);
}

void Cards::clear() {
    std::unordered_map<wshub_session, CardRef> dropped;
    const std::lock_guard<std::mutex> lock(mutex_);
    dropped.swap(cards_);
}

}  // namespace admin
