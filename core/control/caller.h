// The other end of the unix socket: asks a running hub for operations (endpoint.h). One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/clock.h"

namespace wshub::control {

// Why the hub cannot be asked: what() is one sentence for the user.
class CallerError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Caller {
public:
    // Connects. Throws CallerError.
    explicit Caller(const std::filesystem::path& socket);
    ~Caller();
    Caller(const Caller&) = delete;

    // The answer's line, without its end. Throws CallerError if none comes in time.
    std::string ask(const std::string& operation, const std::string& arguments, base::milliseconds patience);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::control
