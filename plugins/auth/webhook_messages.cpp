#include "webhook_messages.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "common/headers.h"

namespace auth {

namespace json = wshub::json;

namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr double kMaxSeconds = 10.0 * 366 * 24 * 3600;  // ten years

}  // namespace

std::string question_of(const Applicant& applicant, const std::vector<std::string>& passed) {
    std::vector<std::pair<std::string, std::string>> headers;
    families::each_header(applicant.headers, [&](std::string_view name, std::string_view value) {
        std::string lower = families::lower_case(name);
        if (std::find(passed.begin(), passed.end(), lower) == passed.end()) return true;
        const auto same =
            std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == lower; });
        if (same == headers.end()) {
            headers.emplace_back(std::move(lower), value);
        } else {
            same->second.append(lower == "cookie" ? "; " : ", ").append(value);
        }
        return true;
    });
    json::Object selected;
    for (const auto& [name, value] : headers) selected.add(name, value);

    json::Object question;
    question.add("sid", applicant.sid).add("nsp", applicant.nsp).add("remote", applicant.remote);
    if (applicant.user_agent) question.add("userAgent", *applicant.user_agent);
    question.add("headers", std::move(selected).build());
    question.add("auth", json::Raw{applicant.auth.value_or("null")});
    return std::move(question).build().text;
}

std::variant<Grant, Refused, Unusable> read_answer(std::string_view body, std::int64_t now_ms) {
    const auto answer = json::View::parse(body, kMaxDepth);
    if (!answer || !answer->is_object()) return Unusable{"it is no JSON object"};
    const json::View accept = (*answer)["accept"];
    if (!accept.is_boolean()) return Unusable{"its accept is neither true nor false"};
    if (!accept.boolean()) return Refused{};

    Grant grant;
    const json::View username = (*answer)["username"], roles = (*answer)["roles"], expires = (*answer)["expiresIn"];
    if (username) {
        if (!username.is_string()) return Unusable{"its username is no text"};
        grant.username = username.str();
    }
    if (roles) {
        bool fit = roles.is_array();
        roles.each([&](std::string_view, json::View role) {
            fit = fit && role.is_string() && is_role(role.str()) && grant.roles.size() < kMaxRoles;
            if (fit) grant.roles.push_back(role.str());
            return fit;
        });
        if (!fit) return Unusable{"its roles are no array of texts"};
    }
    if (expires) {
        const double seconds = expires.real(-1);
        if (!(seconds > 0 && seconds <= kMaxSeconds)) return Unusable{"its expiresIn is no number of seconds above 0"};
        grant.ends_at_ms = now_ms + static_cast<std::int64_t>(seconds * 1000);
    }
    return grant;
}

}  // namespace auth
