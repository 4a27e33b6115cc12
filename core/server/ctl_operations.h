// What `wshub ctl` knows of the operations: their arguments, their help. Knows no hub.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace wshub::server {

struct CtlArgument {
    enum class Kind : std::uint8_t { kText, kCount, kYesNo, kJson };
    std::string_view name;
    Kind kind = Kind::kText;
    bool by_place = false;  // may stand without its name, in the order of the table
    bool needed = false;
    std::string_view help;
};

struct CtlOperation {
    std::string_view name, summary;
    std::vector<CtlArgument> arguments;
    std::vector<std::string_view> examples;  // behind `wshub ctl`
};
const std::vector<CtlOperation>& ctl_operations();
// Null if there is none.
const CtlOperation* find_ctl_operation(std::string_view name);

// The user's to mend: what() is one sentence.
class CtlUsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// What was asked of `wshub ctl`.
struct CtlLine {
    const CtlOperation* operation = nullptr;  // null: help on all
    bool help = false;
    bool json = false;
    std::string socket;  // --socket; empty: not given
    std::string config;  // --config; the same
    std::vector<std::string> overrides;
    base::milliseconds timeout{60'000};
    std::string arguments = "{}";  // JSON object for the hub
};

// `arguments` behind "ctl". Throws CtlUsageError.
CtlLine parse_ctl_line(const std::vector<std::string_view>& arguments);

// Of all operations (null), or of one.
std::string ctl_help(const CtlOperation* operation);

}  // namespace wshub::server
