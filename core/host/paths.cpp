#include "host/paths.h"

#include <algorithm>
#include <utility>

namespace wshub::host {
namespace {

// Whether the route answers something of what begins with the channel's path.
bool meet(std::string_view route, std::string_view channel) {
    std::string_view path = route.substr(route.find(' ') + 1);
    if (path.back() != '*') return path.starts_with(channel);
    path.remove_suffix(1);
    return path.starts_with(channel) || channel.starts_with(path);
}

}  // namespace

std::string Paths::add(const std::vector<Registration>& registrations) {
    std::string first;
    for (const Registration& each : registrations) {
        std::string wrong;
        if (each.kind == WSHUB_ON_HTTP) wrong = add_route(each.name);
        if (each.kind == WSHUB_ON_CHANNEL) wrong = add_channel(each.name);
        if (first.empty()) first = std::move(wrong);
    }
    return first;
}

std::string Paths::add_route(const std::string& route) {
    if (std::find(routes_.begin(), routes_.end(), route) != routes_.end())
        return "the route '" + route + "' is already taken";
    for (const std::string& channel : channels_) {
        if (meet(route, channel)) return "the route '" + route + "' overlaps with the channel '" + channel + "'";
    }
    routes_.push_back(route);
    return {};
}

std::string Paths::add_channel(const std::string& path) {
    const auto overlaps = [&path](const std::string& kind, const std::string& other) {
        return "the channel '" + path + "' overlaps with the " + kind + " '" + other + "'";
    };
    if (path.starts_with(server_) || server_.starts_with(path)) return overlaps("path of Socket.IO,", server_);
    for (const std::string& other : channels_) {
        if (path.starts_with(other) || other.starts_with(path)) return overlaps("channel", other);
    }
    for (const std::string& route : routes_) {
        if (meet(route, path)) return overlaps("route", route);
    }
    channels_.push_back(path);
    return {};
}

}  // namespace wshub::host
