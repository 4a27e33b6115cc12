#include "listing.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "common/sender.h"

namespace users {

namespace json = wshub::json;

namespace {

constexpr std::size_t kFew = 100;
// Other plugins may change what is listed without our knowing; nobody sees what is older.
constexpr std::chrono::seconds kLongest{1};
constexpr std::size_t kMostWaiting = 4;
constexpr families::Refusal kTooOften{"RATE_LIMIT", "The list was asked for too often"};
constexpr families::Refusal kInternal{"INTERNAL", "internal error"};
constexpr families::Refusal kListTooLarge{"PAYLOAD_TOO_LARGE", "The list of clients is too large"};

ClientInfo info_of(const wshub::Session& session) {
    return {session.sid(),       session.username(), session.connected_at_ms(),
            session.following(), session.profile(),  families::profile_attachments(session)};
}

}  // namespace

void Listing::answer(wshub::Event& event) {
    const std::string nsp(event.nsp());
    if (plugin_.session_count(nsp) > kFew) {
        if (!queue(event)) families::refuse(event, kTooOften);
        return;
    }
    const auto list = this->list(nsp, version());
    give(event.session(), event.take_ack(), *list);
}

bool Listing::queue(wshub::Event& event) {
    const std::lock_guard lock(mutex_);
    std::size_t& waiting = waiting_[event.session().id()];
    if (waiting == kMostWaiting) return false;
    ++waiting;
    asked_.push_back({event.session(), event.take_ack(), std::string(event.nsp()), version()});
    asked_or_closed_.notify_one();
    return true;
}

void Listing::give(const wshub::Session& session, const wshub::Ack& ack, const ClientList& list) {
    const std::size_t times = ack ? 2 : 1;
    if (list.bytes() > max_bytes_ / times) return refuse(session, ack, kListTooLarge);
    std::string args = "[";
    args += list.answer(plugin_.timestamp()).text;
    args += ']';
    wshub::Emit emit(plugin_, plugin_.host());
    std::move(emit).to(session);
    for (const std::string& each : list.attachments()) std::move(emit).with(std::string_view(each));
    std::move(emit).emit_raw("system:clients", args);
    ack.raw(args, {list.attachments().begin(), list.attachments().end()});
}

void Listing::refuse(const wshub::Session& session, const wshub::Ack& ack, const families::Refusal& refusal) {
    const auto& [code, message] = refusal;
    plugin_.to(session).emit("system:error", json::obj("code", code, "message", message));
    ack(json::obj("status", "error", "code", code, "message", message));
}

void Listing::open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    asked_.clear();
    waiting_.clear();
}

void Listing::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    asked_or_closed_.notify_all();
}

void Listing::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        asked_or_closed_.wait(lock, [this] { return closed_ || !asked_.empty(); });
        if (closed_) return;
        const std::vector<Asked> asked = std::exchange(asked_, {});
        for (const Asked& each : asked) {
            lock.unlock();
            answer(each);
            lock.lock();
            const auto waiting = waiting_.find(each.session.id());
            if (--waiting->second == 0) waiting_.erase(waiting);
            if (closed_) return;
        }
    }
}

// As for events that a handler fails at: the reason is for the log alone.
void Listing::answer(const Asked& asked) {
    try {
        give(asked.session, asked.ack, *list(asked.nsp, asked.version));
    } catch (const std::exception& e) {
        plugin_.error(std::string("a list of clients failed: ") + e.what());
        refuse(asked.session, asked.ack, kInternal);
    }
}

std::shared_ptr<const ClientList> Listing::list(const std::string& nsp, std::uint64_t at_least) {
    const auto now = std::chrono::steady_clock::now();
    // Who has gone is not counted any more, a moment before plugins hear of it.
    const std::uint64_t sessions = plugin_.session_count(nsp);
    {
        const std::lock_guard lock(mutex_);
        const Kept& kept = kept_[nsp];
        const bool same = kept.list && kept.version >= at_least && kept.sessions == sessions;
        if (same && now - kept.built < kLongest) return kept.list;
    }
    const std::uint64_t version = this->version();  // before anything of it is read
    auto list = build(nsp);
    const std::lock_guard lock(mutex_);
    kept_[nsp] = {version, sessions, now, list};
    return list;
}

// In the order in which they came.
std::shared_ptr<const ClientList> Listing::build(const std::string& nsp) const {
    std::vector<std::pair<std::int64_t, wshub::Session>> sessions;
    for (const wshub::Session& session : plugin_.sessions(nsp)) {
        sessions.emplace_back(session.connected_at_ms(), session);
    }
    std::sort(sessions.begin(), sessions.end());
    auto list = std::make_shared<ClientList>();
    for (const auto& [connected, session] : sessions) {
        const ClientInfo info = info_of(session);
        if (!info.sid.empty()) list->add(info);  // empty: it has gone meanwhile
        if (list->bytes() > max_bytes_) break;   // nobody gets it
    }
    return list;
}

}  // namespace users
