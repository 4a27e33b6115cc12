// What a credential is worth once it has been checked, and the reasons for which one is not. Knows no server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

struct Grant {
    std::optional<std::string> username;  // to be claimed for the session
    std::vector<std::string> roles;
    std::string subject, issuer;             // `sub` and `iss` of a JWT; empty: none
    std::optional<std::int64_t> ends_at_ms;  // when the session ends; milliseconds since 1970
};

// Why somebody is not let in: for the log and the metrics, never for the client.
enum class Reason : std::uint8_t {
    missing,    // no credential at all
    malformed,  // not of the form of a token
    too_large,
    unknown_token,
    algorithm,    // none, unknown, or one that no key is for
    critical,     // the header says `crit`
    unknown_key,  // no key of that kid and algorithm
    signature,
    claims,  // one that is needed is missing, or has the wrong type
    expired,
    not_yet_valid,
    issuer,
    audience,
    subject,  // a refresh for somebody else
    username_taken,
    username_invalid,
    backend_refused,
    backend_failed,
    overloaded,  // too many wait for the backend
};
inline constexpr std::array<std::string_view, 19> kReasonNames{
    "missing",        "malformed",        "too_large",       "unknown_token",  "algorithm", "critical", "unknown_key",
    "signature",      "claims",           "expired",         "not_yet_valid",  "issuer",    "audience", "subject",
    "username_taken", "username_invalid", "backend_refused", "backend_failed", "overloaded"};
inline std::string_view name_of(Reason reason) {
    return kReasonNames[static_cast<std::size_t>(reason)];
}

// A role as a token or a backend may name it.
inline bool is_role(std::string_view text) {
    constexpr std::size_t kMaxBytes = 128;
    return !text.empty() && text.size() <= kMaxBytes;
}
inline constexpr std::size_t kMaxRoles = 64;

}  // namespace auth
