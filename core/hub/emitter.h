// What an emit comes to: checked, encoded once for each namespace, given to this thread's loop at once and posted to
// the others that have somebody to give it to. Any thread.
#pragma once

#include <span>
#include <vector>

#include "hub/core.h"
#include "hub/message.h"
#include "hub/types.h"
#include "protocol/socket_packet.h"

namespace wshub::hub {

HubError encode_error(protocol::SocketError error);

class Emitter {
public:
    explicit Emitter(Core& core) : core_(core) {}

    HubError emit(const Emit& emit);

private:
    // Which namespace the sockets named are in; those that are gone do not count.
    struct Home {
        Namespace* nsp = nullptr;
        bool several = false;
    };
    // Sockets named by handle, as they are spread over namespaces.
    struct Group {
        Namespace* nsp;
        std::vector<SocketHandle> sockets;
    };

    HubError tell(const Emit& emit);
    HubError tell_groups(const Emit& emit, Namespace* nsp);
    HubError ask(const Emit& emit);
    HubError send(const Emit& emit, const Audience& to);
    void spread(const Audience& to, std::span<const protocol::PacketRef> packets);
    bool concerns(Shard& shard, const Audience& to) const;
    template <class Visit>
    void each_alive(std::span<const SocketHandle> sockets, Visit visit) const;
    Home home(std::span<const SocketHandle> sockets) const;
    std::vector<Group> group(std::span<const SocketHandle> sockets) const;

    Core& core_;
};

}  // namespace wshub::hub
