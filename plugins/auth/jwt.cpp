#include "jwt.h"

#include <wshub/json.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base64url.h"

namespace auth {

namespace json = wshub::json;

namespace {

constexpr std::size_t kMaxHeaderDepth = 8, kMaxClaimsDepth = 32;
constexpr double kLatestDate = 253402300799;  // 9999-12-31, in seconds

// The three parts, as they stand.
struct Parts {
    std::string_view header, claims, signature;
    std::string_view signed_text;
};
std::optional<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                 token.substr(0, second)};
}

// A member that stands there twice could be read in two ways (RFC 7515, 4).
bool has_unique_names(const json::View& object) {
    std::set<std::string> names;
    bool unique = true;
    object.each([&](std::string_view raw_key, json::View) {
        unique = names.insert(json::key_text(raw_key)).second;
        return unique;
    });
    return unique;
}
// `text` must outlive the view.
std::optional<json::View> parse_object(const std::string& text, std::size_t max_depth) {
    const auto object = json::View::parse(text, max_depth);
    if (!object || !object->is_object() || !has_unique_names(*object)) return std::nullopt;
    return object;
}

// Nothing if the signature is good.
std::optional<Reason> check_signature(const json::View& header, const Parts& parts, const std::vector<Key>& keys) {
    if (!header["crit"].is_missing()) return Reason::critical;  // there is no extension that we understand
    if (!header["alg"].is_string()) return Reason::malformed;
    const auto algorithm = parse_algorithm(header["alg"].str());
    if (!algorithm) return Reason::algorithm;
    if (std::none_of(keys.begin(), keys.end(), [&](const Key& key) { return key.algorithm() == *algorithm; })) {
        return Reason::algorithm;
    }
    const json::View kid = header["kid"];
    if (!kid.is_missing() && !kid.is_string()) return Reason::malformed;
    const auto signature = decode_base64url(parts.signature);
    if (!signature) return Reason::malformed;

    Reason reason = Reason::unknown_key;
    for (const Key& key : keys) {
        if (key.algorithm() != *algorithm) continue;
        if (!kid.is_missing() && !key.kid().empty() && !kid.equals(key.kid())) continue;
        if (key.verify(parts.signed_text, *signature)) return std::nullopt;
        reason = Reason::signature;
    }
    return reason;
}

// A NumericDate in milliseconds.
std::optional<std::int64_t> date_of(const json::View& claim) {
    const double seconds = claim.is_number() ? claim.real() : -1;
    if (!(seconds >= 0 && seconds <= kLatestDate)) return std::nullopt;
    return static_cast<std::int64_t>(seconds * 1000);
}

std::optional<Reason> check_times(const json::View& claims, const JwtRules& rules, std::int64_t now_ms, Grant& grant) {
    const std::int64_t leeway = rules.leeway.count();
    const json::View exp = claims["exp"], nbf = claims["nbf"];
    if (!exp.is_missing()) {
        const auto ends = date_of(exp);
        if (!ends) return Reason::claims;
        if (now_ms >= *ends + leeway) return Reason::expired;
        grant.ends_at_ms = *ends + leeway;
    } else if (rules.require_exp) {
        return Reason::claims;
    }
    if (!nbf.is_missing()) {
        const auto begins = date_of(nbf);
        if (!begins) return Reason::claims;
        if (now_ms + leeway < *begins) return Reason::not_yet_valid;
    }
    return std::nullopt;
}

// A text, or an array of texts (RFC 7519, 4.1.3); texts separated by blanks are one text. Nothing if it is neither.
std::optional<std::vector<std::string>> texts_of(const json::View& claim) {
    if (claim.is_string()) return std::vector<std::string>{claim.str()};
    if (!claim.is_array()) return std::nullopt;
    std::vector<std::string> texts;
    bool fit = true;
    claim.each([&](std::string_view, json::View text) {
        fit = text.is_string();
        if (fit) texts.push_back(text.str());
        return fit;
    });
    return fit ? std::optional(std::move(texts)) : std::nullopt;
}

std::optional<Reason> check_parties(const json::View& claims, const JwtRules& rules, Grant& grant) {
    const json::View iss = claims["iss"], sub = claims["sub"], aud = claims["aud"];
    if ((!iss.is_missing() && !iss.is_string()) || (!sub.is_missing() && !sub.is_string())) return Reason::claims;
    grant.issuer = iss.str();
    grant.subject = sub.str();
    if (!rules.issuer.empty() && grant.issuer != rules.issuer) return Reason::issuer;

    if (aud.is_missing()) return rules.audience.empty() ? std::nullopt : std::optional(Reason::audience);
    const auto meant = texts_of(aud);
    if (!meant) return Reason::claims;
    const bool is_ours = std::any_of(meant->begin(), meant->end(), [&](const std::string& each) {
        return std::find(rules.audience.begin(), rules.audience.end(), each) != rules.audience.end();
    });
    return is_ours ? std::nullopt : std::optional(Reason::audience);
}

// As OAuth writes a scope.
std::vector<std::string> split_at_blanks(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::optional<Reason> read_person(const json::View& claims, const JwtRules& rules, Grant& grant) {
    if (!rules.username_claim.empty()) {
        const json::View username = claims[rules.username_claim];
        if (!username.is_string()) return Reason::claims;
        grant.username = username.str();
    }
    const json::View roles = rules.roles_claim.empty() ? json::View() : claims[rules.roles_claim];
    if (roles.is_missing()) return std::nullopt;
    auto names = roles.is_string() ? split_at_blanks(roles.str()) : texts_of(roles);
    if (!names || names->size() > kMaxRoles || !std::all_of(names->begin(), names->end(), is_role)) {
        return Reason::claims;
    }
    grant.roles = std::move(*names);
    return std::nullopt;
}

}  // namespace

std::variant<Grant, Reason> verify_jwt(std::string_view token, const std::vector<Key>& keys, const JwtRules& rules,
                                       std::int64_t now_ms) {
    if (token.size() > kMaxJwtBytes) return Reason::too_large;
    const auto parts = split(token);
    if (!parts) return Reason::malformed;
    const auto header_text = decode_base64url(parts->header);
    const auto header = header_text ? parse_object(*header_text, kMaxHeaderDepth) : std::nullopt;
    if (!header) return Reason::malformed;
    if (const auto reason = check_signature(*header, *parts, keys)) return *reason;

    // Nothing of the claims is looked at before it is known who wrote them.
    const auto claims_text = decode_base64url(parts->claims);
    const auto claims = claims_text ? parse_object(*claims_text, kMaxClaimsDepth) : std::nullopt;
    if (!claims) return Reason::malformed;
    Grant grant;
    if (const auto reason = check_times(*claims, rules, now_ms, grant)) return *reason;
    if (const auto reason = check_parties(*claims, rules, grant)) return *reason;
    if (const auto reason = read_person(*claims, rules, grant)) return *reason;
    return grant;
}

}  // namespace auth
