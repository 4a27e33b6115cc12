// The hub as its service manager sees it: ready, reloading, stopping, how many sessions there are, and alive only while
// every loop turns. Loops that stand still are named in the log also when nobody supervises. Main thread.
#pragma once

#include <string>

#include "base/clock.h"
#include "server/loop_watch.h"
#include "server/server.h"
#include "server/service_manager.h"

namespace wshub::server {

class Supervision {
public:
    // Once the server is started. `where`: what it serves, such as http://127.0.0.1:3000/socket.io/. Tells that the hub
    // is ready.
    Supervision(ServiceManager manager, Server& server, std::string where, base::SteadyTime now);

    // To be called again at the latest after patience().
    void look(base::SteadyTime now);
    base::milliseconds patience() const;

    // The server has been asked to reload. That it is done is told by the next look() that finds it so.
    void reloading(base::SteadyTime now);
    // The stop may take that long, and what comes on top of it.
    void stopping(base::milliseconds shutdown_timeout);

private:
    std::string status(std::size_t sessions) const;

    ServiceManager manager_;
    Server& server_;
    const std::string where_;
    LoopWatch loops_;
    bool reloading_ = false;
    std::size_t told_sessions_ = 0;
    base::SteadyTime next_status_, next_sign_of_life_;
};

}  // namespace wshub::server
