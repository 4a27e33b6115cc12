#include "host/http_routes.h"

#include <algorithm>
#include <utility>

#include "host/abi_text.h"
#include "host/instance.h"

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

HttpRoutes::HttpRoutes(std::vector<net::Loop*> loops) {
    for (net::Loop* loop : loops) shards_.push_back(std::make_shared<Shard>(*loop));
}

HttpRoutes::~HttpRoutes() = default;

bool HttpRoutes::is_route(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || space == 0) return false;
    const std::string_view method = text.substr(0, space), path = text.substr(space + 1);
    const bool upper = std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return upper && path.substr(0, 1) == "/" && path.size() > 1 &&
           path.find_first_of(" ?#") == std::string_view::npos && path.find('*') >= path.size() - 1;
}

bool HttpRoutes::add(std::shared_ptr<Instance> instance, std::string_view route, wshub_slot slot) {
    const std::size_t space = route.find(' ');
    Route added;
    added.method = route.substr(0, space);
    added.path = route.substr(space + 1);
    added.is_prefix = added.path.back() == '*';
    if (added.is_prefix) added.path.pop_back();
    const bool taken = std::any_of(routes_.begin(), routes_.end(), [&](const Route& other) {
        return other.method == added.method && other.path == added.path && other.is_prefix == added.is_prefix;
    });
    if (taken) return false;
    added.instance = std::move(instance);
    added.slot = slot;
    // Exact paths before prefixes, long prefixes before short ones: the first match is the right one.
    const auto later = [&added](const Route& other) {
        if (other.is_prefix != added.is_prefix) return other.is_prefix;
        return other.path.size() < added.path.size();
    };
    routes_.insert(std::find_if(routes_.begin(), routes_.end(), later), std::move(added));
    return true;
}

void HttpRoutes::remove(const Instance& instance) {
    std::erase_if(routes_, [&instance](const Route& route) { return route.instance.get() == &instance; });
}

std::vector<std::string> HttpRoutes::prefixes() const {
    std::vector<std::string> prefixes;
    for (const Route& route : routes_) prefixes.push_back(route.path);
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    return prefixes;
}

std::string HttpRoutes::overlapping(std::string_view prefix) const {
    for (const Route& route : routes_) {
        const std::string_view path = route.path;
        if (path.starts_with(prefix) || (route.is_prefix && prefix.starts_with(path)))
            return route.method + ' ' + route.path + (route.is_prefix ? "*" : "");
    }
    return {};
}

const HttpRoutes::Route* HttpRoutes::find(std::string_view method, std::string_view path, std::string& allowed) const {
    for (const Route& route : routes_) {
        const bool same = route.is_prefix ? path.substr(0, route.path.size()) == route.path : path == route.path;
        if (!same) continue;
        if (route.method == method || (method == "HEAD" && route.method == "GET")) return &route;
        if (allowed.find(route.method) == std::string::npos) allowed += (allowed.empty() ? "" : ", ") + route.method;
    }
    return nullptr;
}

HttpRoutes::Shard* HttpRoutes::shard_of(wshub_request request) const {
    const auto loop = static_cast<std::size_t>(request >> kLoopShift);
    return loop < shards_.size() ? shards_[loop].get() : nullptr;
}

void HttpRoutes::handle(std::unique_ptr<net::HttpExchange> exchange) {
    const protocol::HttpHead& head = exchange->head();
    std::string allowed;
    const Route* const route = find(head.method(), head.path(), allowed);
    if (!route && allowed.empty()) return exchange->respond(plain(404, "Not found.\n"));
    if (!route) {
        net::HttpResponse response = plain(405, "Method not allowed.\n");
        response.headers.emplace_back("Allow", allowed);
        return exchange->respond(std::move(response));
    }
    Instance& instance = *route->instance;
    const Instance::Visit visit(instance);
    if (!visit) return exchange->respond(plain(503, "The plugin is not running.\n"));

    // Copies: the answer may come, and the exchange go, while the handler still looks at its request.
    const std::string method(head.method()), path(head.path()), query(head.query()),
        headers = header_lines(head), body = std::move(exchange->body()), remote = exchange->peer().address;
    Shard& shard = *shards_[exchange->loop().index()];
    wshub_http request{};
    request.size = sizeof request;
    request.request = shard.add(route->instance, std::move(exchange));
    request.method = str(method);
    request.path = str(path);
    request.query = str(query);
    request.headers = str(headers);
    request.body = str(body);
    request.remote = str(remote);
    CallScope scope;
    scope.plugin = instance.name().c_str();
    scope.kind = WSHUB_ON_HTTP;
    scope.what = path;
    if (instance.call(route->slot, &request, scope) < 0) {
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
