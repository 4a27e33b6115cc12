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

// Built once and answered many times: only the timestamp is another each time.
class ClientList {
public:
    void add(const ClientInfo& client);

    std::size_t count() const { return count_; }
    // Of an answer, about.
    std::size_t bytes() const { return bytes_; }
    // Of all profiles together, as many as one packet can have; null stands in the place of those beyond.
    const std::vector<std::string>& attachments() const { return attachments_; }
    // {"clients","count","timestamp"}
    wshub::json::Raw answer(std::string_view timestamp) const;

private:
    std::string clients_;  // comma between
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::vector<std::string> attachments_;
};

}  // namespace users
