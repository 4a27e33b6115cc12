#include "host/host_api.h"

#include "host/abi_text.h"

namespace wshub::host {

const wshub_host_v1& host_functions() {
    static const wshub_host_v1 table = [] {
        wshub_host_v1 functions{};
        functions.size = sizeof functions;
        functions.abi_major = WSHUB_ABI_MAJOR;
        functions.abi_minor = WSHUB_ABI_MINOR;
        add_registration(functions);
        add_answers(functions);
        add_emit(functions);
        add_sessions(functions);
        add_channels(functions);
        add_control(functions);
        return functions;
    }();
    return table;
}

std::int32_t code_of(hub::HubError error) {
    switch (error) {
        case hub::HubError::kNone: return WSHUB_OK;
        case hub::HubError::kNoSuchSocket:
        case hub::HubError::kNoSuchAck: return WSHUB_ENOENT;
        case hub::HubError::kAlreadyAcked:
        case hub::HubError::kTaken: return WSHUB_EEXIST;
        case hub::HubError::kFixed: return WSHUB_ESTATE;
        case hub::HubError::kInvalid: return WSHUB_EINVAL;
        case hub::HubError::kLimit: return WSHUB_ELIMIT;
    }
    return WSHUB_EINTERNAL;
}

MeantNamespaces::MeantNamespaces(const Instance& instance, std::string_view nsp) : one_(nsp) {
    const CallScope* const scope = current_call();
    if (one_.empty() && scope) one_ = scope->nsp;
    if (one_.empty() && instance.namespaces().size() == 1) one_ = instance.namespaces().front();
    if (!one_.empty()) {
        names_ = std::span(&one_, 1);
        return;
    }
    more_.assign(instance.namespaces().begin(), instance.namespaces().end());
    names_ = more_;
}

bool are_room_flags(std::uint32_t flags) {
    return flags == 0 || flags == WSHUB_ROOM_PRIVATE || flags == (WSHUB_ROOM_PRIVATE | WSHUB_ROOM_SHARED);
}

// No plugin's name holds a '/', so rooms of different plugins, and those that all share, cannot meet.
hub::RoomRef room_of(const Instance& instance, std::string_view name, std::uint32_t flags, std::string& storage) {
    if (flags == 0 || name.empty()) return {hub::RoomSpace::kClient, name};
    storage = (flags & WSHUB_ROOM_SHARED) ? std::string() : instance.name();
    storage += '/';
    storage += name;
    return {hub::RoomSpace::kServer, storage};
}

}  // namespace wshub::host
