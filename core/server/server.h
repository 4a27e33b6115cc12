// The layers put together: builds them from the settings, starts and stops them in the right order. Main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/plugin_host.h"
#include "net/loop.h"
#include "server/readiness.h"
#include "server/settings.h"

namespace wshub::server {

class Server {
public:
    // Starts nothing, opens nothing.
    explicit Server(const Settings& settings);
    ~Server();  // after stop() if start() was called
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Loads the plugins: all that is wrong with them and their settings. Once, before start().
    host::Problems load_plugins();
    std::vector<host::PluginInfo> plugins() const;

    // Listens, starts the plugins, accepts. Throws base::ConfigError if that cannot be: nothing runs then.
    void start();

    // `wshub 0.1.0 listening on http://127.0.0.1:3000/socket.io/ with plugins messaging 0.1.0, rooms 0.1.0`
    std::string start_line() const;

    // That are open now. Any thread.
    std::size_t sessions() const;

    // Whether it wants clients, for who drains it; follows start() and stop() by itself. Any thread.
    Readiness& readiness();

    // All of them; they run from start() to stop().
    std::vector<net::Loop*> loops() const;
    // Where clients find it: http://127.0.0.1:3000/socket.io/. After start().
    std::string url() const;

    // Reads the configuration and the files of plugins again and does what follows from that, on another thread. After
    // start().
    void reload();
    // Whether that is not done yet.
    bool is_reloading() const;

    // Names in the log what does not return from plugins. To be called now and then from start() to stop().
    void watch_calls();

    // Frees the port, closes the sessions within the shutdown timeout, stops the plugins in reverse order, ends all
    // threads.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::server
