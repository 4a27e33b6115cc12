// Who is connected, for those who ask: a list of each namespace that is built when it is asked for, and kept while
// nothing changes. Any thread.
#pragma once

#include <wshub/plugin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client_list.h"
#include "common/requests.h"

namespace users {

class Listing {
public:
    // `max_bytes`: the most that one request is answered with, event and acknowledgement together.
    Listing(wshub::Plugin& plugin, std::size_t max_bytes) : plugin_(plugin), max_bytes_(max_bytes) {}

    // Somebody came, went, or has other data.
    void changed() { version_.fetch_add(1, std::memory_order_acq_rel); }

    // Answers at once where few are connected. With many, the list has megabytes: it is made and encoded on a thread of
    // its own, which this tells. Refuses those who ask again and again before they have their answers, and all while
    // the list is larger than may be sent.
    void answer(wshub::Event& event);

    // That thread: runs until close().
    void run();
    void open();
    void close();

private:
    struct Asked {
        wshub::Session session;
        wshub::Ack ack;
        std::string nsp;
        std::uint64_t version = 0;  // when it was asked for
    };
    struct Kept {
        std::uint64_t version = 0, sessions = 0;
        std::chrono::steady_clock::time_point built;
        std::shared_ptr<const ClientList> list;
    };

    bool queue(wshub::Event& event);
    // One that shows what was so at that version, or later.
    std::shared_ptr<const ClientList> list(const std::string& nsp, std::uint64_t at_least);
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    std::shared_ptr<const ClientList> build(const std::string& nsp) const;
    void answer(const Asked& asked);
    void give(const wshub::Session& session, const wshub::Ack& ack, const ClientList& list);
    void refuse(const wshub::Session& session, const wshub::Ack& ack, const families::Refusal& refusal);

    wshub::Plugin& plugin_;
    const std::size_t max_bytes_;
    std::atomic<std::uint64_t> version_{0};

    std::mutex mutex_;  // of what follows
    std::condition_variable asked_or_closed_;
    std::map<std::string, Kept, std::less<>> kept_;  // by namespace
    std::vector<Asked> asked_;
    std::unordered_map<wshub_session, std::size_t> waiting_;  // requests that have no answer yet
    bool closed_ = true;
};

}  // namespace users
