// Where JSON stands for binary attachments, as socket.io-parser reads it: an object whose member "_placeholder" is
// true. For this folder, and for the console, which shows sizes in their place.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace wshub::protocol {

struct Placeholder {
    static constexpr std::size_t kNoNumber = static_cast<std::size_t>(-1);

    std::size_t begin = 0, end = 0;  // the object's place in the text
    std::size_t num = kNoNumber;     // which attachment; kNoNumber if it has no plain integer as "num"
};

// All of a scanned JSON value, in the order of the text. Of members with the same name the last one counts, and what
// lies inside a placeholder is none: both as in JavaScript, where the object is replaced whole.
std::vector<Placeholder> find_placeholders(std::string_view json);

}  // namespace wshub::protocol
