// Who is connected, for those who ask. What the list says of each client is kept while lists are asked for, so that the
// list of ten thousand costs little more than its bytes. Any thread.
#pragma once

#include <wshub/plugin.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "client_list.h"
#include "common/requests.h"

namespace users {

class Listing {
public:
    // `max_bytes`: the most that one request is answered with, event and acknowledgement together.
    Listing(wshub::Plugin& plugin, std::size_t max_bytes) : plugin_(plugin), max_bytes_(max_bytes) {}

    // Somebody came, went, or has other data.
    void changed(const wshub::Session& session);

    // The list as it is now; refuses while it is larger than may be sent, and who asks for more than that in a second,
    // after as much at once: a request of a few bytes is answered with megabytes.
    void answer(wshub::Event& event);

    // Forgets what nobody has asked for since the last call.
    void tidy_up();

private:
    using EntryRef = std::shared_ptr<const ClientEntry>;
    // What a session has been sent lately, and when that was.
    struct Sent {
        double bytes = 0;
        std::chrono::steady_clock::time_point at, told;
    };
    struct KeptEntry {
        EntryRef entry;
        std::chrono::steady_clock::time_point made;
    };
    struct Kept {
        std::uint64_t version = 0, sessions = 0;
        std::chrono::steady_clock::time_point built;
        std::shared_ptr<const ClientList> list;
    };

    std::shared_ptr<const ClientList> list(const std::string& nsp);
    std::shared_ptr<const ClientList> build(const std::string& nsp);
    EntryRef entry(const wshub::Session& session);
    bool may_send(Sent& sent, std::size_t bytes) const;
    void refuse_more(wshub::Event& event, Sent& sent);

    wshub::Plugin& plugin_;
    const std::size_t max_bytes_;
    wshub::PerSession<Sent> sent_{plugin_};

    std::mutex mutex_;  // of what follows
    std::uint64_t version_ = 0;
    std::unordered_map<wshub_session, KeptEntry> entries_;
    std::map<std::string, Kept, std::less<>> kept_;  // by namespace
    bool asked_ = false;                             // since tidy_up()
};

}  // namespace users
