// An event whose handlers do not all run on its loop: those that block run on workers, the others where they always do,
// and nobody meets the next one before the last has returned.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/router.h"
#include "host/succession.h"
#include "hub/types.h"

namespace wshub::host {

// What has come of it so far.
struct EventProgress {
    Place at;
    bool known = false;    // somebody asked for that name, not only for all names
    bool handled = false;  // ... or did something about it
    bool kept = false;     // its answer comes later
};

// A copy, since the client's buffers do not wait. One thread at a time.
struct BlockingEvent {
    BlockingEvent(const hub::IncomingEvent& event, std::shared_ptr<const RoutingTable> from, const RouteList& list,
                  const EventProgress& so_far)
        : socket(event.socket),
          ack(event.ack),
          nsp(event.nsp),
          name(event.name),
          args(event.args),
          attachments(event.attachments.begin(), event.attachments.end()),
          table(std::move(from)),
          routes(list),
          progress(so_far) {}

    const hub::SocketHandle socket;
    const hub::AckHandle ack;
    const std::string nsp, name, args;
    const std::vector<std::string> attachments;
    std::shared_ptr<const RoutingTable> table;
    const RouteList& routes;  // in the table
    EventProgress progress;
    std::optional<std::int32_t> code;  // of the handler that ran last; nothing: none did
};

}  // namespace wshub::host
