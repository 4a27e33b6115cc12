#include "indicators.h"

#include "common/fields.h"

namespace typing {

namespace json = wshub::json;

std::variant<std::string, families::Refusal> read_target(const json::View& request) {
    const json::View target = families::Fields(request)["target"];
    if (!families::is_name(target)) return families::invalid_format("target must be a username");
    return target.str();
}

json::Raw update(const json::Raw& sender, bool is_typing, std::string_view timestamp) {
    return json::obj("sender", sender, "isTyping", is_typing, "timestamp", timestamp);
}

}  // namespace typing
