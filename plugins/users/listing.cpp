#include "listing.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "common/sender.h"
#include "requests.h"

namespace users {

namespace {

// Other plugins may change what is listed without our knowing; nobody sees what is older.
constexpr std::chrono::seconds kLongest{1};
constexpr families::Refusal kListTooLarge{"PAYLOAD_TOO_LARGE", "The list of clients is too large"};

ClientInfo info_of(const wshub::Session& session) {
    return {session.sid(),       session.username(), session.connected_at_ms(),
            session.following(), session.profile(),  families::profile_attachments(session)};
}

}  // namespace

void Listing::changed(const wshub::Session& session) {
    KeptEntry dropped;  // dies outside of the lock
    const std::lock_guard lock(mutex_);
    ++version_;
    const auto found = entries_.find(session.id());
    if (found == entries_.end()) return;
    dropped = std::move(found->second);
    entries_.erase(found);
}

void Listing::answer(wshub::Event& event) {
    const auto list = this->list(std::string(event.nsp()));
    const std::size_t times = event.wants_ack() ? 2 : 1;
    if (list->bytes() > max_bytes_ / times) return families::refuse(event, kListTooLarge);
    Sent& sent = sent_[event.session()];
    if (!may_send(sent, list->bytes() * times)) return refuse_more(event, sent);
    std::string args = "[";
    args += list->answer(plugin_.timestamp()).text;
    args += ']';
    wshub::Emit emit(plugin_, plugin_.host());
    std::move(emit).to(event.session());
    for (const std::string& each : list->attachments()) std::move(emit).with(std::string_view(each));
    std::move(emit).emit_raw("system:clients", args);
    if (event.wants_ack()) event.take_ack().raw(args, {list->attachments().begin(), list->attachments().end()});
}

bool Listing::may_send(Sent& sent, std::size_t bytes) const {
    const auto now = std::chrono::steady_clock::now();
    const auto most = static_cast<double>(max_bytes_);
    const double gone = std::chrono::duration<double>(now - sent.at).count() * most;  // in a second all of it
    const double left = std::max(0.0, sent.bytes - gone) + static_cast<double>(bytes);
    if (left > most) return false;
    sent.bytes = left;
    sent.at = now;
    return true;
}

// As above the rate of all events: the answer each time, the event once a second.
void Listing::refuse_more(wshub::Event& event, Sent& sent) {
    const auto now = std::chrono::steady_clock::now();
    if (now - sent.told >= std::chrono::seconds(1)) {
        sent.told = now;
        return families::refuse(event, kTooOften);
    }
    event.ack(wshub::json::obj("status", "error", "code", kTooOften.code, "message", kTooOften.message));
}

void Listing::tidy_up() {
    std::unordered_map<wshub_session, KeptEntry> entries;
    std::map<std::string, Kept, std::less<>> kept;
    const std::lock_guard lock(mutex_);
    if (std::exchange(asked_, false)) return;
    entries.swap(entries_);
    kept.swap(kept_);
}

std::shared_ptr<const ClientList> Listing::list(const std::string& nsp) {
    const auto now = std::chrono::steady_clock::now();
    // Who has gone is not counted any more, a moment before plugins hear of it.
    const std::uint64_t sessions = plugin_.session_count(nsp);
    std::uint64_t version = 0;
    {
        const std::lock_guard lock(mutex_);
        asked_ = true;
        version = version_;  // before anything of it is read
        const Kept& kept = kept_[nsp];
        const bool same = kept.list && kept.version == version && kept.sessions == sessions;
        if (same && now - kept.built < kLongest) return kept.list;
    }
    auto list = build(nsp);
    const std::lock_guard lock(mutex_);
    kept_[nsp] = {version, sessions, now, list};
    return list;
}

// In the order in which they came.
std::shared_ptr<const ClientList> Listing::build(const std::string& nsp) {
    std::vector<EntryRef> entries;
    for (const wshub::Session& session : plugin_.sessions(nsp)) {
        if (EntryRef entry = this->entry(session)) entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(), [](const EntryRef& a, const EntryRef& b) {
        return std::tie(a->info().connected_at_ms, a->info().sid) < std::tie(b->info().connected_at_ms, b->info().sid);
    });
    auto list = std::make_shared<ClientList>();
    for (const EntryRef& entry : entries) {
        list->add(*entry);
        if (list->bytes() > max_bytes_) break;  // nobody gets it
    }
    return list;
}

// Null: it has gone.
Listing::EntryRef Listing::entry(const wshub::Session& session) {
    const auto now = std::chrono::steady_clock::now();
    std::uint64_t version = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(session.id());
        if (found != entries_.end() && now - found->second.made < kLongest) return found->second.entry;
        version = version_;
    }
    ClientInfo info = info_of(session);
    if (info.sid.empty()) return nullptr;
    auto entry = std::make_shared<const ClientEntry>(std::move(info));
    const std::lock_guard lock(mutex_);
    // Else it may say what was so before the change.
    if (version == version_) entries_.insert_or_assign(session.id(), KeptEntry{entry, now});
    return entry;
}

}  // namespace users
