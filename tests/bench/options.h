// The command line of wshub_load. Everything is bounded here, so that no run can go on for ever or flood a machine.
#pragma once

#include <sys/types.h>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "transport.h"

namespace wshub::bench {

enum class Mode : std::uint8_t { kConnect, kIdle, kEcho, kFanout, kRooms, kSlow };
enum class TransportChoice : std::uint8_t { kWebSocket, kPolling, kMixed };

struct Options {
    Mode mode = Mode::kConnect;
    std::string mode_name;
    Target target;
    std::vector<pid_t> pids;
    std::optional<pid_t> process_group;
    TransportChoice transport = TransportChoice::kWebSocket;
    std::string transport_name = "websocket";
    std::size_t clients = 0;  // 0 until parsed: each mode has its own default
    std::chrono::duration<double> time{5};
    std::chrono::duration<double> warm_up{0.5};
    std::uint64_t messages = 0;  // 0: until the time is up
    std::size_t payload = 64;
    std::size_t in_flight = 1;
    double rate = 0;  // messages a second; 0: as many as in_flight allows
    std::size_t senders = 1;
    std::size_t rooms = 100;
    std::string event = "broadcast";
    std::size_t connect_window = 200;
    std::string json_file;  // "-" is the standard output; empty: none
    bool quiet = false;     // no lines for people

    // Whether the n-th client polls.
    TransportKind kind_of(std::size_t client) const;
};

// What is wrong with the command line, in a sentence.
class OptionError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

Options parse_options(std::span<char* const> arguments);
std::string_view usage();

}  // namespace wshub::bench
