// How a client's answer finds the slot that asked for it: the hub keeps one number for us.
#pragma once

#include <wshub/abi.h>

#include <cstdint>

namespace wshub::host {

constexpr std::uint64_t reply_owner(std::uint32_t instance, wshub_slot slot) {
    return std::uint64_t{instance} << 32 | slot;
}
constexpr std::uint32_t owner_instance(std::uint64_t owner) {
    return static_cast<std::uint32_t>(owner >> 32);
}
constexpr wshub_slot owner_slot(std::uint64_t owner) {
    return static_cast<wshub_slot>(owner);
}

}  // namespace wshub::host
