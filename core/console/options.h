// What `wshub client` was asked for on the command line.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "console/address.h"

namespace wshub::console {

// The user's to mend: what() is one sentence.
class OptionError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

enum class Transport { kWebSocket, kPolling };

struct Options {
    Address address;
    std::string path = "/socket.io/";
    Transport transport = Transport::kWebSocket;
    std::string auth;                                          // --auth: a JSON object, or empty
    std::vector<std::pair<std::string, std::string>> headers;  // --header, in their order
    std::vector<std::string> commands;                         // -e, in their order
    std::string script;                                        // --script; empty: none, "-": standard input
    std::chrono::milliseconds timeout{10'000};
    bool json = false;
    bool stay = false;
    bool keep_going = false;
    bool reconnect = true;
    bool answer = true;
    bool help = false;  // then nothing else counts
};

// `arguments` behind the word `client`. Options are --name value or --name=value, and stand before or behind the URL.
// Throws OptionError.
Options parse_options(const std::vector<std::string_view>& arguments);

// The text of `wshub client --help`.
std::string options_help();

}  // namespace wshub::console
