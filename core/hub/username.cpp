#include "hub/username.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "protocol/utf8.h"

namespace wshub::hub {
namespace {

// Printable ASCII is its own normal form.
bool is_plain(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_forbidden(utf8proc_category_t category) {
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

bool is_visible(utf8proc_int32_t code_point, utf8proc_category_t category) {
    constexpr utf8proc_int32_t kEmptyBraille = 0x2800;
    return category != UTF8PROC_CATEGORY_ZS && !utf8proc_get_property(code_point)->ignorable &&
           code_point != kEmptyBraille;
}

// `name` is UTF-8.
bool is_username(std::string_view name) {
    std::size_t length = 0;
    bool visible = false;
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
    for (auto left = static_cast<utf8proc_ssize_t>(name.size()); left > 0;) {
        utf8proc_int32_t code_point = 0;
        const utf8proc_ssize_t bytes = utf8proc_iterate(at, left, &code_point);
        if (bytes <= 0 || ++length > kMaxUsernameLength) return false;
        const utf8proc_category_t category = utf8proc_category(code_point);
        if (is_forbidden(category)) return false;
        visible = visible || is_visible(code_point, category);
        at += bytes;
        left -= bytes;
    }
    return visible;
}

struct Free {
    void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

}  // namespace

std::optional<std::string> username_key(std::string_view name) {
    if (name.empty() || name.size() > 4 * kMaxUsernameLength) return std::nullopt;
    if (name.size() <= kMaxUsernameLength && is_plain(name)) return std::string(name);
    if (!protocol::is_utf8(name) || !is_username(name)) return std::nullopt;

    constexpr auto kNfc = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    utf8proc_uint8_t* bytes = nullptr;
    const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                               static_cast<utf8proc_ssize_t>(name.size()), &bytes, kNfc);
    const std::unique_ptr<utf8proc_uint8_t, Free> owned(bytes);
    if (size <= 0) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace wshub::hub
