// Which paths plugins have taken, as HTTP routes and as channels: none answers for what is another's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/router.h"

namespace wshub::host {

class Paths {
public:
    // `server`: that of Socket.IO, which no channel may have.
    explicit Paths(std::string server) : server_(std::move(server)) {}

    // Takes those of one more plugin, as far as they are free. Empty: all were; otherwise what is wrong with the first
    // that was not.
    std::string add(const std::vector<Registration>& registrations);

private:
    std::string add_route(const std::string& route);
    std::string add_channel(const std::string& path);

    const std::string server_;
    std::vector<std::string> routes_, channels_;
};

}  // namespace wshub::host
