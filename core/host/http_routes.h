// HTTP requests that plugins answer: which plugin a path belongs to, and the requests that wait for their answer.
#pragma once

#include <wshub/abi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "net/http_exchange.h"
#include "net/loop.h"

namespace wshub::host {

class Instance;

class HttpRoutes {
public:
    // A request that was not answered by then gets 504.
    static constexpr base::milliseconds kPatience{30'000};

    explicit HttpRoutes(std::vector<net::Loop*> loops);
    ~HttpRoutes();
    HttpRoutes(const HttpRoutes&) = delete;

    // "GET /metrics", or with a star at the end.
    static bool is_route(std::string_view text);

    // Before requests come. False: another plugin has the route, or this one twice.
    bool add(std::shared_ptr<Instance> instance, std::string_view route, wshub_slot slot);
    void remove(const Instance& instance);
    // A route that answers something of what begins with this. Empty: none.
    std::string overlapping(std::string_view prefix) const;
    // What to look for in front of a request's target.
    std::vector<std::string> prefixes() const;

    // The loop's thread: the one that the request lives on.
    void handle(std::unique_ptr<net::HttpExchange> exchange);

    // Any thread. WSHUB_ENOENT: the request is gone or was answered already (elsewhere than on its loop, that is found
    // out later).
    std::int32_t reply(const Instance& instance, wshub_request request, net::HttpResponse response);

    // The plugin was stopped: what still waits for it gets 503.
    void drop(const Instance& instance);

private:
    struct Route {
        std::string method, path;
        bool is_prefix = false;
        std::shared_ptr<Instance> instance;
        wshub_slot slot = 0;
    };
    class Waiting;
    struct Shard;

    const Route* find(std::string_view method, std::string_view path, std::string& allowed) const;
    Shard* shard_of(wshub_request request) const;

    std::vector<Route> routes_;
    std::vector<std::shared_ptr<Shard>> shards_;  // by the loop's index
};

}  // namespace wshub::host
