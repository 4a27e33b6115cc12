// The text of `system:clients`. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace users {

struct ClientInfo {
    std::string sid;
    std::string username;  // empty: none
    std::int64_t connected_at_ms = 0;
    std::string following;  // JSON array
    std::string profile;    // JSON object
    std::vector<std::string> profile_attachments;
};

// One client's place in the list.
class ClientEntry {
public:
    explicit ClientEntry(ClientInfo info);

    const ClientInfo& info() const { return info_; }
    // The whole object. One whose profile has binary ends before the profile: where its attachments come in the packet
    // is known when the list is made.
    std::string_view text() const { return text_; }

private:
    ClientInfo info_;
    std::string text_;
};

// Built once and answered many times: only the timestamp is another each time.
class ClientList {
public:
    void add(const ClientEntry& client);

    std::size_t count() const { return count_; }
    // Of an answer, about.
    std::size_t bytes() const { return bytes_; }
    // Of all profiles together, as many as one packet can have; null stands in the place of those beyond.
    const std::vector<std::string>& attachments() const { return attachments_; }
    // {"clients","count","timestamp"}
    wshub::json::Raw answer(std::string_view timestamp) const;

private:
    std::string profile(const ClientInfo& client);

    std::string clients_;  // comma between
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::vector<std::string> attachments_;
};

}  // namespace users
