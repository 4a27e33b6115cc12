#include "access.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "common/headers.h"

namespace admin {

namespace json = wshub::json;

namespace {

// All values of that header.
std::vector<std::string_view> values_of(std::string_view headers, std::string_view name) {
    std::vector<std::string_view> values;
    families::each_header(headers, [&](std::string_view each, std::string_view value) {
        if (families::lower_case(each) == name) values.push_back(value);
        return true;
    });
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
    return families::lower_case(host) == "localhost" || is_loopback(host);
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
    constexpr std::array<std::string_view, 3> kOfProxies{"x-forwarded-for", "forwarded", "x-real-ip"};
    if (!is_loopback(remote)) return false;
    const bool forwarded = std::any_of(kOfProxies.begin(), kOfProxies.end(),
                                       [&](std::string_view name) { return !values_of(headers, name).empty(); });
    const std::vector<std::string_view> origins = values_of(headers, "origin");
    // A name of somebody else's that leads to this machine: a page of his may ask without an Origin.
    const std::vector<std::string_view> hosts = values_of(headers, "host");
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
