// The operations, each a function of its arguments. On the control thread.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "control/arguments.h"
#include "control/control.h"
#include "control/json_writer.h"
#include "control/loops.h"

namespace wshub::control {

// What is under way of a drain.
struct Drain {
    std::atomic<bool> on{false};
    // While sessions are being closed.
    std::optional<base::SteadyTime> next;
    base::SteadyTime until{};
};

// What operations know of the hub and of each other.
struct Context {
    const Subject& on;
    const base::WallTime started;
    const base::SteadyTime started_steady;
    Drain drain;
};

struct Request {
    Context& context;
    Arguments& arguments;
    const std::string& who;
    host::ControlDone& done;  // taken by those that answer later
};

// Throws Refused. Nothing: it answers later, through `done`.
using Operation = std::optional<Json> (*)(Request& request);

// watching.cpp: stats, plugins, closes
std::optional<Json> stats(Request& request);
std::optional<Json> plugins(Request& request);
std::optional<Json> closes(Request& request);
// sessions.cpp
std::optional<Json> sessions(Request& request);
std::optional<Json> session(Request& request);
std::optional<Json> rooms(Request& request);
std::optional<Json> room(Request& request);
// actions.cpp; each writes to the log who asked for it
std::optional<Json> kick(Request& request);
std::optional<Json> broadcast(Request& request);
std::optional<Json> leave(Request& request);
std::optional<Json> reload(Request& request);
std::optional<Json> log_level(Request& request);
std::optional<Json> drain(Request& request);
// Closes those whose turn has come. When to call it again: context.drain.next.
void go_on_draining(Context& context);

}  // namespace wshub::control
