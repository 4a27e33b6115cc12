// What the operator's backend is asked, and how its answer is read. Knows no server and no network.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grant.h"

namespace auth {

struct Applicant {
    std::string sid, nsp, remote;
    std::optional<std::string> user_agent;
    std::string headers;              // "Name: value\r\n" for each
    std::optional<std::string> auth;  // JSON
};
// A larger question is not asked: many may be waiting at once.
inline constexpr std::size_t kMaxQuestionBytes = 65'536;
// `passed`: the headers that the backend may see, in lower case. Of several with one name the values are joined.
std::string question_of(const Applicant& applicant, const std::vector<std::string>& passed);

struct Refused {};
// The answer cannot be understood; the text is for the log and has nothing of the answer in it.
struct Unusable {
    std::string why;
};
// `body` of an answer with status 200: {"accept":true|false,"username"?,"roles"?,"expiresIn"?}.
std::variant<Grant, Refused, Unusable> read_answer(std::string_view body, std::int64_t now_ms);

}  // namespace auth
