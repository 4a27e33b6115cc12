// Where the console connects to: http://HOST:PORT/NAMESPACE?QUERY, as in the official client's io(url).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wshub::console {

struct Address {
    std::string host;  // without brackets
    std::uint16_t port = 0;
    std::string nsp = "/";
    std::string query;  // without its '?'; goes into the handshake
    std::string shown;  // for messages: http://host:port
};

// `http://` may be left out, and `ws://` means the same. Throws OptionError (options.h).
Address parse_address(std::string_view url);

}  // namespace wshub::console
