// The door from plugins to the operations on the running hub, which are carried out by a layer above this one.
#pragma once

#include <functional>
#include <string>

namespace wshub::host {

struct ControlAnswer {
    // Empty: done, and `json` has the result. Otherwise INVALID_FORMAT, NOT_FOUND, FORBIDDEN or INTERNAL.
    std::string code;
    std::string message;
    std::string json;

    bool done() const { return code.empty(); }
};

// Called once, on any thread.
using ControlDone = std::function<void(const ControlAnswer&)>;

// Asks for an operation with a JSON object of arguments (empty: none); `who` stands in the log. Returns at once. Any
// thread.
using ControlCall = std::function<void(std::string operation, std::string arguments, std::string who, ControlDone)>;

}  // namespace wshub::host
