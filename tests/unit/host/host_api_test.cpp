// What host functions do with arguments that make no sense. The caller is a real instance, its handle taken from a
// plugin that was loaded.
#include "host/host_api.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "host/channels.h"
#include "host/http_routes.h"
#include "host/timers.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;

namespace {

wshub_str str(std::string_view text) {
    return {text.data(), text.size()};
}

// The host's side of a plugin, without the rest of the host.
struct Bench {
    explicit Bench(std::string namespaces = "/") : world(directory, {}) {
        world.set("good", "namespaces", std::move(namespaces));
        instance = std::make_shared<host::Instance>(services, host::read_plugin_file(directory.file("good")),
                                                    host::PluginSettings("good", world.settings.plugin_settings), 1,
                                                    host::Instance::Purpose::kRun);
        instance->load();
        instance->start();
    }
    ~Bench() {
        instance->stop();
        world.turn();
        instance->unload();
    }
    wshub_host* handle() { return reinterpret_cast<wshub_host*>(instance.get()); }
    const wshub_host_v1& api = host::host_functions();

    PluginDirectory directory{std::vector<std::string>{"good"}};
    HostWorld world;
    host::Router router;
    host::Timers timers;
    host::HttpRoutes http{world.loop_pointers, router};
    host::Channels channels{{}, world.loop_pointers, router, world.metrics};
    host::Services services{
        *world.hub, world.loop_pointers, world.clock, world.metrics, base::milliseconds{50}, timers, http, router,
        channels};
    std::shared_ptr<host::Instance> instance;
};

wshub_emit emit_to_all(std::string_view event, std::string_view args) {
    wshub_emit message{};
    message.size = sizeof message;
    message.flags = WSHUB_EMIT_ALL;
    message.event = str(event);
    message.args = str(args);
    return message;
}

}  // namespace

TEST_CASE("the table of functions has no holes", "[host_api]") {
    const wshub_host_v1& api = host::host_functions();
    CHECK(api.size == sizeof api);
    CHECK(api.abi_major == WSHUB_ABI_MAJOR);
    const auto* const first = reinterpret_cast<void* const*>(&api.on);
    const auto* const end = reinterpret_cast<void* const*>(&api + 1);
    CHECK(std::none_of(first, end, [](const void* function) { return function == nullptr; }));
}

TEST_CASE("without a host nothing happens", "[host_api]") {
    const wshub_host_v1& api = host::host_functions();
    const wshub_emit message = emit_to_all("x", "[]");
    CHECK(api.emit(nullptr, &message) == WSHUB_EINVAL);
    CHECK(api.on(nullptr, WSHUB_ON_EVENT, str("x"), 1, 0) == WSHUB_EINVAL);
    CHECK(api.now_ms(nullptr) == 0);
    api.metric_add(nullptr, 1, 1);
    api.log(nullptr, WSHUB_INFO, str("x"));
}

TEST_CASE("registering is for create() alone", "[host_api]") {
    Bench bench;
    std::uint64_t id = 0;
    wshub_setting setting{};
    setting.size = sizeof setting;
    const wshub_sink sink{[](void*, const char*, std::size_t) {}, nullptr};
    CHECK(bench.api.on(bench.handle(), WSHUB_ON_EVENT, str("x"), 1, 0) == WSHUB_ESTATE);
    CHECK(bench.api.config(bench.handle(), &setting, &sink) == WSHUB_ESTATE);
    CHECK(bench.api.metric(bench.handle(), WSHUB_COUNTER, str("x"), str(""), str(""), &id) == WSHUB_ESTATE);
    CHECK(bench.api.refuse(bench.handle(), str("no"), str("")) == WSHUB_ESTATE);
    CHECK(bench.api.keep_ack(bench.handle(), 1) == WSHUB_ESTATE);
}

TEST_CASE("after stop() a plugin can do nothing to clients", "[host_api]") {
    Bench bench;
    bench.instance->stop();
    const wshub_emit message = emit_to_all("x", "[]");
    wshub_timer timer = 0;
    CHECK(bench.api.emit(bench.handle(), &message) == WSHUB_ESTATE);
    CHECK(bench.api.timer_add(bench.handle(), 0, 1, 0, 1, 0, &timer) == WSHUB_ESTATE);
    CHECK(bench.api.post(bench.handle(), 0, 1, 0) == WSHUB_ESTATE);
    CHECK(bench.api.disconnect(bench.handle(), 1, 0) == WSHUB_ESTATE);
}

TEST_CASE("an emit that makes no sense reaches nobody", "[host_api]") {
    Bench bench;
    const auto emit = [&bench](const wshub_emit& message) { return bench.api.emit(bench.handle(), &message); };
    CHECK(emit(emit_to_all("x", "[1]")) == WSHUB_OK);
    CHECK(emit(emit_to_all("x", "")) == WSHUB_OK);
    CHECK(bench.api.emit(bench.handle(), nullptr) == WSHUB_EINVAL);
    CHECK(emit(emit_to_all("", "[]")) == WSHUB_EINVAL);
    CHECK(emit(emit_to_all("connect", "[]")) == WSHUB_EINVAL);
    CHECK(emit(emit_to_all("\xff", "[]")) == WSHUB_EINVAL);
    CHECK(emit(emit_to_all("x", "{}")) == WSHUB_EINVAL);
    CHECK(emit(emit_to_all("x", "[1")) == WSHUB_EINVAL);

    wshub_emit message = emit_to_all("x", "[]");
    message.size = 16;
    CHECK(emit(message) == WSHUB_EINVAL);
    message = emit_to_all("x", "[]");
    message.flags |= 1u << 30;
    CHECK(emit(message) == WSHUB_EINVAL);
    message = emit_to_all("x", "[]");
    message.flags = 0;
    CHECK(emit(message) == WSHUB_EINVAL);  // to nobody
    message = emit_to_all("x", "[]");
    message.n_rooms = 1;
    CHECK(emit(message) == WSHUB_EINVAL);
    const wshub_str room = str("r");
    const std::uint32_t unknown_flag = 4;
    message.rooms = &room;
    message.room_flags = &unknown_flag;
    CHECK(emit(message) == WSHUB_EINVAL);
    message = emit_to_all("x", "[]");
    message.reply_slot = 1;
    CHECK(emit(message) == WSHUB_EINVAL);  // asking is for sessions
    message = emit_to_all("x", "[]");
    message.n_bins = 1;
    CHECK(emit(message) == WSHUB_EINVAL);
    const wshub_bytes bytes{"b", 1};
    message = emit_to_all("x", R"([{"_placeholder":true,"num":1}])");
    message.bins = &bytes;
    message.n_bins = 1;
    CHECK(emit(message) == WSHUB_EINVAL);
}

TEST_CASE("handles of nobody are harmless", "[host_api]") {
    Bench bench;
    const net::Loop::Enter here(*bench.world.loop_pointers[0]);  // elsewhere some of it is found out later
    const auto handle = bench.handle();
    std::int64_t number = 0;
    wshub_session found = 7;
    std::string text;
    const wshub_sink sink{
        [](void* user, const char* p, std::size_t n) { static_cast<std::string*>(user)->append(p, n); }, &text};
    for (const wshub_session nobody : {wshub_session{0}, wshub_session{12345}, ~wshub_session{0}}) {
        INFO(nobody);
        CHECK(bench.api.join(handle, nobody, str("r"), 0) == WSHUB_ENOENT);
        CHECK(bench.api.leave(handle, nobody, str("r"), 0) == WSHUB_ENOENT);
        CHECK(bench.api.in_room(handle, nobody, str("r"), 0) == WSHUB_NONE);
        CHECK(bench.api.disconnect(handle, nobody, 1) == WSHUB_ENOENT);
        CHECK(bench.api.session_str(handle, nobody, WSHUB_F_SID, &sink) == WSHUB_ENOENT);
        CHECK(bench.api.session_num(handle, nobody, WSHUB_N_ROOMS, &number) == WSHUB_ENOENT);
        CHECK(bench.api.session_set(handle, nobody, WSHUB_F_USERNAME, str("x")) == WSHUB_ENOENT);
        CHECK(bench.api.fail(handle, nobody, 0, str("X"), str("x"), str("")) == WSHUB_ENOENT);
        CHECK(bench.api.ack(handle, nobody, str("[]"), nullptr, 0) == WSHUB_ENOENT);
        CHECK(bench.api.http_reply(handle, nobody, 200, str(""), str("")) == WSHUB_ENOENT);
        CHECK(bench.api.timer_cancel(handle, nobody) == WSHUB_ENOENT);
    }
    CHECK(bench.api.find_session(handle, str("nobody"), &found) == WSHUB_ENOENT);
    CHECK(found == 0);
    CHECK(bench.api.find_user(handle, str(""), str("nobody"), &found) == WSHUB_ENOENT);
    CHECK(text.empty());
}

TEST_CASE("an HTTP answer that makes no sense is refused", "[host_api]") {
    Bench bench;
    const net::Loop::Enter here(*bench.world.loop_pointers[0]);
    const auto reply = [&bench](int status, std::string_view headers) {
        return bench.api.http_reply(bench.handle(), 1, status, str(headers), str(""));
    };
    CHECK(reply(200, "A: b\r\n") == WSHUB_ENOENT);
    CHECK(reply(100, "") == WSHUB_EINVAL);
    CHECK(reply(600, "") == WSHUB_EINVAL);
    CHECK(reply(200, "no colon\r\n") == WSHUB_EINVAL);
    CHECK(reply(200, "A b: c\r\n") == WSHUB_EINVAL);
    CHECK(reply(200, "A: b\nSet-Cookie: x\r\n") == WSHUB_EINVAL);
    CHECK(reply(200, ": b\r\n") == WSHUB_EINVAL);
}

TEST_CASE("a visitor is called until it has had enough", "[host_api]") {
    Bench bench("/a, /b, /c");
    wshub_query query{};
    query.size = sizeof query;
    query.what = WSHUB_VISIT_NAMESPACES;
    int seen = 0;
    const wshub_visitor two{[](void* user, wshub_session, wshub_str, std::uint64_t) -> std::int32_t {
                                return ++*static_cast<int*>(user) == 2;
                            },
                            &seen};
    CHECK(bench.api.visit(bench.handle(), &query, &two) == WSHUB_OK);
    CHECK(seen == 2);
    query.what = 99;
    CHECK(bench.api.visit(bench.handle(), &query, &two) == WSHUB_EINVAL);
    query.what = WSHUB_VISIT_ROOM_MEMBERS;
    query.flags = 8;
    CHECK(bench.api.visit(bench.handle(), &query, &two) == WSHUB_EINVAL);
    CHECK(bench.api.visit(bench.handle(), nullptr, &two) == WSHUB_EINVAL);
}

TEST_CASE("figures of a plugin carry its name", "[host_api]") {
    Bench bench;
    bench.api.metric_add(bench.handle(), 1, 2);
    bench.api.metric_add(bench.handle(), 1, -5);   // counters only rise
    bench.api.metric_add(bench.handle(), 99, 1);   // nobody's
    bench.api.metric_set(bench.handle(), 1, 100);  // no gauge
    CHECK_THAT(bench.world.metrics.text(), Catch::Contains("good_echoes_total{plugin=\"good\"} 2\n"));
}
