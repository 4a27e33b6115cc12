#include "console/address.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include "console/options.h"
#include "console/payload.h"
#include "protocol/socket_packet.h"

namespace wshub::console {

Address parse_address(std::string_view url) {
    const std::string quoted = '"' + plain(url) + '"';
    constexpr std::string_view kForm =
        ": expected an address such as http://127.0.0.1:3000 or http://host:3000/namespace";
    const bool has_scheme = url.find("://") != std::string_view::npos;
    Poco::URI uri;
    try {
        uri = Poco::URI((has_scheme ? "" : "http://") + std::string(url));
    } catch (const Poco::Exception&) {
        throw OptionError(quoted + std::string(kForm));
    }
    const std::string& scheme = uri.getScheme();
    if (scheme == "https" || scheme == "wss") {
        throw OptionError(quoted +
                          ": https is not supported yet; connect to the hub's own address, behind the proxy that "
                          "ends TLS");
    }
    if (scheme != "http" && scheme != "ws") throw OptionError(quoted + std::string(kForm));
    if (uri.getHost().empty() || !uri.getUserInfo().empty() || !uri.getFragment().empty()) {
        throw OptionError(quoted + std::string(kForm));
    }
    Address address;
    address.host = uri.getHost();
    address.port = uri.getPort() != 0 ? uri.getPort() : 80;
    if (!uri.getPath().empty()) address.nsp = uri.getPath();
    address.query = uri.getRawQuery();
    const bool is_ipv6 = address.host.find(':') != std::string::npos;
    address.shown =
        "http://" + (is_ipv6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
    if (!protocol::is_namespace_name(address.nsp)) {
        throw OptionError(quoted + ": its path is no name of a namespace");
    }
    return address;
}

}  // namespace wshub::console
