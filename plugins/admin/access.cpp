#include "access.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace admin {

namespace json = wshub::json;

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// All values of that header.
std::vector<std::string_view> values_of(std::string_view headers, std::string_view name) {
    std::vector<std::string_view> values;
    while (!headers.empty()) {
        const std::string_view line = headers.substr(0, headers.find("\r\n"));
        headers.remove_prefix(std::min(headers.size(), line.size() + 2));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && same_word(line.substr(0, colon), name)) {
            values.push_back(trimmed(line.substr(colon + 1)));
        }
    }
    return values;
}

bool is_loopback(std::string_view address) {
    constexpr std::string_view kNet = "127.";
    const bool is_v4 = address.find_first_not_of("0123456789.") == std::string_view::npos;
    return address == "::1" || (is_v4 && address.substr(0, kNet.size()) == kNet);
}

// "localhost:8080", "[::1]:8080", "127.0.0.1": of this machine.
bool is_local_place(std::string_view place) {
    const std::string_view host = !place.empty() && place.front() == '[' ? place.substr(1, place.find(']') - 1)
                                                                         : place.substr(0, place.find(':'));
    return same_word(host, "localhost") || is_loopback(host);
}

bool is_local_page(std::string_view origin) {
    const std::size_t scheme = origin.find("://");
    return scheme != std::string_view::npos && is_local_place(origin.substr(scheme + 3));
}

}  // namespace

std::optional<Access> read_access(std::string_view text) {
    if (text == "token") return Access::token;
    if (text == "loopback") return Access::loopback;
    if (text == "open") return Access::open;
    return std::nullopt;
}

bool is_token(std::string_view offered, std::string_view token) {
    if (offered.empty() || token.empty()) return false;
    volatile unsigned difference = offered.size() == token.size() ? 0 : 1;  // volatile: every turn is taken
    for (std::size_t i = 0; i < offered.size(); ++i) {
        difference = difference | static_cast<unsigned>(static_cast<unsigned char>(offered[i]) ^
                                                        static_cast<unsigned char>(token[i % token.size()]));
    }
    return difference == 0;
}

bool is_local(std::string_view remote, std::string_view headers) {
    constexpr std::array<std::string_view, 3> kOfProxies{"X-Forwarded-For", "Forwarded", "X-Real-IP"};
    if (!is_loopback(remote)) return false;
    const bool forwarded = std::any_of(kOfProxies.begin(), kOfProxies.end(),
                                       [&](std::string_view name) { return !values_of(headers, name).empty(); });
    const std::vector<std::string_view> origins = values_of(headers, "Origin");
    // A name of somebody else's that leads to this machine: a page of his may ask without an Origin.
    const std::vector<std::string_view> hosts = values_of(headers, "Host");
    return !forwarded && std::all_of(origins.begin(), origins.end(), is_local_page) &&
           std::all_of(hosts.begin(), hosts.end(), is_local_place);
}

json::Raw with_role(const json::View& roles) {
    json::Raw all{"["};
    bool has_it = false;
    roles.each([&](std::string_view, const json::View& role) {
        has_it = has_it || role.equals(kRole);
        json::put(all.text, role);
        all.text += ',';
        return true;
    });
    if (!has_it) {
        json::put(all.text, kRole);
    } else {
        all.text.pop_back();
    }
    all.text += ']';
    return all;
}

}  // namespace admin
