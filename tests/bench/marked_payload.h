// The text that a measured message carries: who sent it and its number, filled up to a fixed size.
//
//   w000012.0000004711.xxxxxxxxxx
//    sender number
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wshub::bench {

struct Mark {
    std::uint32_t sender = 0;
    std::uint32_t number = 0;
};

inline constexpr std::size_t kSenderDigits = 6;
inline constexpr std::size_t kNumberDigits = 10;
// The smallest payload that can carry a mark.
inline constexpr std::size_t kMarkSize = 1 + kSenderDigits + 1 + kNumberDigits + 1;

// As a JSON string whose text is `size` bytes long.
void append_marked_payload(std::string& out, Mark mark, std::size_t size);

// The mark of the payload of `size` bytes somewhere in `json`; nothing if there is none or it is not whole.
std::optional<Mark> find_marked_payload(std::string_view json, std::size_t size);

}  // namespace wshub::bench
