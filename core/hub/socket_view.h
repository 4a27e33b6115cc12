// A socket as those see it who watch the hub.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "hub/story.h"
#include "hub/types.h"
#include "session/session.h"

namespace wshub::hub {

// What a socket was refused. Its loop's thread only.
struct Refusals {
    std::uint32_t rate_limit = 0;
    std::uint32_t payload_too_large = 0;
    std::uint32_t errors = 0;  // any other
    void add(std::string_view code) {
        if (code == "RATE_LIMIT") {
            ++rate_limit;
        } else if (code == "PAYLOAD_TOO_LARGE") {
            ++payload_too_large;
        } else {
            ++errors;
        }
    }
};

// How much is looked at, since the rest costs time.
enum class Look : std::uint8_t {
    kLoad,  // the session's figures alone
    kRow,   // all but rooms, roles and story
    kStory,
};

struct SocketView {
    SocketHandle handle = 0;
    session::SessionFigures figures;

    std::string sid, nsp, username;
    std::shared_ptr<const session::Handshake> handshake;
    session::TransportKind transport = session::TransportKind::kPolling;
    base::WallTime connected_at{};
    std::uint64_t events_in = 0, events_out = 0;
    std::size_t rooms = 0;

    std::vector<std::string> room_names, roles;
    std::string engine_sid;
    std::optional<base::WallTime> last_in, last_out;
    Refusals refusals;
    std::vector<Story::Item> story;
};

}  // namespace wshub::hub
