// Where JSON stands for binary attachments: objects whose member "_placeholder" is true, with the attachment's number
// as "num". Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace families {

// At most so many attachments go with one packet.
inline constexpr std::size_t kMaxAttachments = 10;

struct Placeholder {
    static constexpr std::size_t kNoNumber = static_cast<std::size_t>(-1);

    std::string_view text;        // the object, where it stands
    std::size_t num = kNoNumber;  // kNoNumber if it has no plain integer as "num"
};

// All of valid JSON, in the order of the text, in one walk. What lies inside of one is none.
std::vector<Placeholder> find_placeholders(std::string_view json);

// The text with something else in the place of each.
std::string replace_placeholders(std::string_view json, const std::function<std::string(std::size_t num)>& replacement);

}  // namespace families
