// What an operator can do with the running hub: one operation and a JSON object of arguments in, one answer out, later.
// The same operations serve `wshub ctl`, wshub_host_v1::control() and the events of the plugin admin.
//
// They are carried out one after the other on a thread of their own, which reads shards under their locks and posts to
// the loops, a few hundred sockets at a time, so that no loop is held up by somebody who looks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "host/control.h"
#include "host/plugin_host.h"
#include "hub/hub.h"
#include "net/loop.h"
#include "session/engine.h"

namespace wshub::control {

// What the operations work on. All of it outlives the Control.
struct Subject {
    hub::Hub& hub;
    host::PluginHost& plugins;
    session::Engine& engine;
    std::vector<net::Loop*> loops;
    const base::Clock& clock;
    base::Metrics& metrics;
    std::string version;
    // Tells who asks whether the server takes new clients. Any thread; may be null.
    std::function<void(bool draining)> announce_drain;
};

class Control {
public:
    explicit Control(Subject subject);
    ~Control();  // after stop() if start() was called
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // Main thread; the loops run from before start() until after stop(). What is not done by then is answered with
    // INTERNAL, and so is what comes later.
    void start();
    void stop();

    // See host::ControlCall. Any thread.
    void request(std::string operation, std::string arguments, std::string who, host::ControlDone done);

    // Their names, in order.
    static std::vector<std::string_view> operations();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::control
