#include "host/http_routes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/abi_text.h"
#include "host/instance.h"
#include "host/router.h"

namespace wshub::host {
namespace {

constexpr unsigned kLoopShift = 56;  // a request's handle: loop, then a number

net::HttpResponse plain(int status, std::string text) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

std::string header_lines(const protocol::HttpHead& head) {
    std::string lines;
    for (const protocol::HttpHeader& header : head.headers()) {
        lines.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    return lines;
}

}  // namespace

// A request between its handler and its answer. The loop's thread.
class HttpRoutes::Waiting {
public:
    Waiting(Shard& shard, wshub_request id, std::shared_ptr<Instance> instance,
            std::unique_ptr<net::HttpExchange> exchange)
        : shard_(shard), id_(id), instance_(std::move(instance)), exchange_(std::move(exchange)) {}

    const Instance* instance() const { return instance_.get(); }
    net::HttpExchange& exchange() { return *exchange_; }
    void arm();

private:
    static void expired(void* self);

    Shard& shard_;
    const wshub_request id_;
    const std::shared_ptr<Instance> instance_;
    const std::unique_ptr<net::HttpExchange> exchange_;
    net::Timer deadline_{&Waiting::expired, this};
};

struct HttpRoutes::Shard {
    explicit Shard(net::Loop& on) : loop(on) {}

    wshub_request add(std::shared_ptr<Instance> instance, std::unique_ptr<net::HttpExchange> exchange) {
        const wshub_request id = wshub_request{loop.index()} << kLoopShift | ++last;
        auto entry = std::make_unique<Waiting>(*this, id, std::move(instance), std::move(exchange));
        entry->arm();
        waiting.emplace(id, std::move(entry));
        return id;
    }

    std::int32_t reply(const Instance& instance, wshub_request id, net::HttpResponse response) {
        const auto found = waiting.find(id);
        if (found == waiting.end() || found->second->instance() != &instance) return WSHUB_ENOENT;
        answer(id, std::move(response));
        return WSHUB_OK;
    }

    void answer(wshub_request id, net::HttpResponse response) {
        const auto entry = waiting.extract(id);
        if (entry) entry.mapped()->exchange().respond(std::move(response));
    }

    net::Loop& loop;
    std::uint64_t last = 0;
    std::unordered_map<wshub_request, std::unique_ptr<Waiting>> waiting;
};

void HttpRoutes::Waiting::arm() {
    shard_.loop.arm_in(deadline_, kPatience);
    exchange_->on_abandoned([&shard = shard_, id = id_] {
        // Not from inside the exchange's own call.
        shard.loop.defer([&shard, id] { shard.waiting.erase(id); });
    });
}

void HttpRoutes::Waiting::expired(void* self) {
    auto& waiting = *static_cast<Waiting*>(self);
    waiting.shard_.answer(waiting.id_, plain(504, "The server did not answer in time.\n"));
}

HttpRoutes::HttpRoutes(std::vector<net::Loop*> loops, const Router& router) : router_(router) {
    for (net::Loop* loop : loops) shards_.push_back(std::make_shared<Shard>(*loop));
}

HttpRoutes::~HttpRoutes() = default;

HttpRoutes::Shard* HttpRoutes::shard_of(wshub_request request) const {
    const auto loop = static_cast<std::size_t>(request >> kLoopShift);
    return loop < shards_.size() ? shards_[loop].get() : nullptr;
}

void HttpRoutes::handle(std::unique_ptr<net::HttpExchange> exchange) {
    const protocol::HttpHead& head = exchange->head();
    const Router::Reading reading(router_);
    std::shared_ptr<const RoutingTable> newer;  // keeps what follows alive, where it is not the one we read
    std::string allowed;
    const HttpRoute* route = nullptr;
    std::shared_ptr<Instance> instance;
    std::optional<Instance::Visit> visit;
    for (const RoutingTable* table = &reading.table();;) {
        allowed.clear();
        route = table->http().find(head.method(), head.path(), allowed);
        if (!route) break;
        instance = table->instances()[route->plugin];
        visit.emplace(*instance);
        if (*visit || !instance->retired()) break;
        visit.reset();
        newer = router_.newest();
        table = newer.get();
    }
    if (!route && allowed.empty()) return exchange->respond(plain(404, "Not found.\n"));
    if (!route) {
        net::HttpResponse response = plain(405, "Method not allowed.\n");
        response.headers.emplace_back("Allow", allowed);
        return exchange->respond(std::move(response));
    }
    if (!*visit) return exchange->respond(plain(503, "The plugin is not running.\n"));

    // Copies: the answer may come, and the exchange go, while the handler still looks at its request.
    const std::string method(head.method()), path(head.path()), query(head.query()),
        headers = header_lines(head), body = std::move(exchange->body()), remote = exchange->peer().address;
    Shard& shard = *shards_[exchange->loop().index()];
    wshub_http request{};
    request.size = sizeof request;
    request.request = shard.add(instance, std::move(exchange));
    request.method = str(method);
    request.path = str(path);
    request.query = str(query);
    request.headers = str(headers);
    request.body = str(body);
    request.remote = str(remote);
    CallScope scope;
    scope.plugin = instance->name().c_str();
    scope.kind = WSHUB_ON_HTTP;
    scope.what = path;
    if (instance->call(route->slot, &request, scope) < 0) {
        shard.answer(request.request, plain(500, "Internal error.\n"));
    }
}

std::int32_t HttpRoutes::reply(const Instance& instance, wshub_request request, net::HttpResponse response) {
    Shard* const shard = shard_of(request);
    if (!shard) return WSHUB_ENOENT;
    if (shard->loop.in_thread()) return shard->reply(instance, request, std::move(response));
    const auto same = shards_[shard->loop.index()];
    same->loop.post([same, request, from = instance.shared_from_this(), response = std::move(response)] {
        same->reply(*from, request, response);
    });
    return WSHUB_OK;
}

void HttpRoutes::drop(const Instance& instance) {
    for (const auto& shard : shards_) {
        shard->loop.post([shard, gone = instance.shared_from_this()] {
            std::vector<wshub_request> requests;
            for (const auto& [id, waiting] : shard->waiting) {
                if (waiting->instance() == gone.get()) requests.push_back(id);
            }
            for (const wshub_request id : requests) shard->answer(id, plain(503, "The plugin was stopped.\n"));
        });
    }
}

}  // namespace wshub::host
