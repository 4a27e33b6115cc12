// The unix socket at which `wshub ctl` asks for operations: one JSON object a line each way, answers in the order of
// the requests. Who may open it is what its file's mode says; each connection is bounded in what it sends and how long
// it is silent, and there are few of them.
//
//   > {"operation":"kick","arguments":{"sid":"..."}}
//   < {"ok":true,"result":{}}
//   < {"ok":false,"error":{"code":"NOT_FOUND","message":"there is no such session"}}
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/clock.h"
#include "host/control.h"

namespace wshub::control {

struct EndpointSettings {
    bool enabled = true;
    std::filesystem::path path;  // absolute
    unsigned mode = 0660;
    base::milliseconds idle{60'000};  // a connection that says nothing for so long is closed
};

// Why the socket cannot be: what() is one sentence.
class EndpointError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Endpoint {
public:
    static constexpr std::size_t kMostLine = 1'100'000;  // bytes of a request
    static constexpr int kMostConnections = 8;           // who comes above that gets BUSY, and is closed

    // Makes the file and listens. One that another process serves is left alone; one that is left over is replaced.
    // Throws EndpointError. `call` is asked on threads of the endpoint's own, until it is destroyed.
    Endpoint(EndpointSettings settings, host::ControlCall call);
    // Closes every connection and removes the file.
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::control
