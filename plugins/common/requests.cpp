#include "common/requests.h"

namespace families {

namespace json = wshub::json;

bool is_object(const json::View& value, std::size_t attachments) {
    return value.is_object() && (attachments == 0 || !value["_placeholder"].boolean());
}

bool is_filled(const json::View& text) {
    return text.is_string() && !text.raw().empty();
}

bool is_name(const json::View& text) {
    return is_filled(text) && text.is_unicode();
}

bool are_names(const json::View& array) {
    if (!array.is_array()) return false;
    bool all = true;
    array.each([&all](std::string_view, json::View name) { return all = name.is_unicode(); });
    return all;
}

std::vector<std::string> names(const json::View& array) {
    std::vector<std::string> out;
    array.each([&out](std::string_view, json::View name) {
        out.push_back(name.str());
        return true;
    });
    return out;
}

}  // namespace families
