// HTTP requests that plugins answer: brings them to their plugin, and keeps those that wait for their answer.
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
class Router;

class HttpRoutes {
public:
    // A request that was not answered by then gets 504.
    static constexpr base::milliseconds kPatience{30'000};

    HttpRoutes(std::vector<net::Loop*> loops, const Router& router);
    ~HttpRoutes();
    HttpRoutes(const HttpRoutes&) = delete;

    // The loop's thread: the one that the request lives on.
    void handle(std::unique_ptr<net::HttpExchange> exchange);

    // Any thread. WSHUB_ENOENT: the request is gone or was answered already (elsewhere than on its loop, that is found
    // out later).
    std::int32_t reply(const Instance& instance, wshub_request request, net::HttpResponse response);

    // The plugin was stopped: what still waits for it gets 503.
    void drop(const Instance& instance);

private:
    class Waiting;
    struct Shard;

    Shard* shard_of(wshub_request request) const;

    const Router& router_;
    std::vector<std::shared_ptr<Shard>> shards_;  // by the loop's index
};

}  // namespace wshub::host
