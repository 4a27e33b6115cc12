// Counts events, over reloads too: versions of one plugin, some of which cannot take over.
#include <unistd.h>
#include <wshub/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

// Which build this is, where the linker was given one: see tests/e2e/support/relink.mjs.
extern "C" __attribute__((weak)) const int wshub_test_build;

namespace {

#ifdef FAULT_STATIC_CRASHES
[[maybe_unused]] const int crash = [] { return std::abort(), 0; }();
#endif
#ifdef FAULT_STATIC_HANGS
[[maybe_unused]] const int endless = [] {
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
    return 0;
}();
#endif

// Where nothing is, as the compiler cannot know.
int* volatile nowhere = nullptr;

// Deeper and deeper, with something to come back to.
[[gnu::noinline]] int recurse(volatile const int& depth) {
    volatile const int deeper = depth + 1;
    return deeper == 0 ? 0 : recurse(deeper) + depth;
}

void crash_by(std::string_view how) {
    if (how == "recursion") {
        volatile const int depth = 1;
        *nowhere = recurse(depth);
    }
    *nowhere = 1;
}

class Counter : public wshub::Plugin {
public:
    static constexpr std::uint32_t state_version = VERSION;

    explicit Counter(wshub::Host host) : Plugin(host) {
#ifdef FAULT_CTOR_THROWS
        throw std::runtime_error("cannot open the word list");
#endif
        on("count", [this](wshub::Event& event) {
#ifdef FAULT_HANDLER_THROWS
            throw std::runtime_error("it never worked");
#endif
            if (broken_) throw std::runtime_error("set up to fail");
            event.ack(VERSION, count_.fetch_add(step_) + step_);
        });
        on(
            "count", [this](wshub::Event&) { ++early_; }, 10);
        on("totals", [this](wshub::Event& event) { event.ack(VERSION, count_.load(), early_.load(), joined_.load()); });
        on("build", [](wshub::Event& event) { event.ack(&wshub_test_build ? wshub_test_build : 0); });
        on("fragile", [](wshub::Event& event) {
#ifdef FAULT_FRAGILE
            throw std::runtime_error("it broke");
#endif
            event.ack("well");
        });
        on("reload", [this](wshub::Event& event) {
            control("reload", wshub::json::obj("plugin", event[0]), [](const wshub::ControlAnswer&) {});
            event.ack(true);
        });
        on("stand still", [this](wshub::Event& event) {
            stand_still("event");
            event.ack("turns again");
        });
        on("crash", [this](wshub::Event& event) {
            if (event[0].str() != "timer") crash_by(event[0].str());
            after(std::chrono::milliseconds(1), [] { crash_by({}); });
        });
        on("slow", [](wshub::Event& event) { std::this_thread::sleep_for(std::chrono::milliseconds(event[0].num())); });
#ifdef FAULT_ANY_THROWS
        on(
            "*", [](wshub::Event&) { throw std::runtime_error("it takes no event"); }, 100);
#endif
        on("remember", [this](wshub::Event& event) { set_var("word", event[0].str()); });
        on("recall", [this](wshub::Event& event) { event.ack(var("word")); });
        on_connect([](wshub::Connect& connect) {
            if (connect.auth()["wait"].boolean()) connect.hold();
        });
        on_join([this](wshub::Session, std::string_view) { ++joined_; });
        http("GET /counter", [](wshub::Http& request) { request.reply(200, "text/plain", std::to_string(VERSION)); });
#if VERSION == 2
        on("new in 2", [](wshub::Event& event) { event.ack("yes"); });
        http("GET /new", [](wshub::Http& request) { request.reply(200, "text/plain", "new"); });
#else
        on("gone in 2", [](wshub::Event& event) { event.ack("yes"); });
#endif
        every(std::chrono::milliseconds(10), [this] { ++ticks_; });
    }

protected:
    void on_start() override {
#ifdef FAULT_START_THROWS
        throw std::runtime_error("port 9 is taken");
#endif
        if (crashes_in_ == "start") crash_by({});
        stand_still("start");
        thread([](wshub::StopToken token) {
            while (token.sleep(std::chrono::milliseconds(5))) continue;
        });
    }
    void on_stop() override {
        stand_still("stop");
    }
    std::string save() override {
        stand_still("save");
        return std::to_string(count_.load()) + " " + std::to_string(early_.load()) + " " +
               std::to_string(joined_.load());
    }
    void restore(std::uint32_t, std::string_view text) override {
#ifdef FAULT_RESTORE_THROWS
        throw std::runtime_error("cannot read what was saved");
#endif
        if (crashes_in_ == "restore") crash_by({});
        stand_still("restore");
        char* at = nullptr;
        const std::string all(text);
        count_ = std::strtoll(all.c_str(), &at, 10);
        early_ = std::strtoll(at, &at, 10);
        joined_ = std::strtoll(at, &at, 10);
    }

private:
    // As long as that file is there.
    void stand_still(std::string_view where) const {
        while (where == stands_still_in_ && ::access(while_there_is_.c_str(), F_OK) == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    bool broken_ = config("broken", false, "Whether counting fails.");
    std::string crashes_in_ = config("crashes_in", std::string(), "The step in which it crashes.");
    std::string stands_still_in_ = config("stands_still_in", std::string(), "The step that does not come to its end.");
    std::string while_there_is_ = config("while_there_is", std::string(), "The file that keeps it from that.");
    int step_ = config("step", 1, "How far each event counts.", {1, 1000});
    std::atomic<std::int64_t> count_{0}, early_{0}, joined_{0}, ticks_{0};
};

}  // namespace

#ifndef REQUIRES
#define REQUIRES ""
#endif
WSHUB_PLUGIN_WITH(Counter, NAME, WSHUB_STRINGIFY(VERSION) ".0.0", FLAGS, REQUIRES)
