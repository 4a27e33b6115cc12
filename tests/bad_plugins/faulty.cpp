// Plugins that fail in their own code; which one is chosen by FAULT_... when it is compiled.
#include <wshub/plugin.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

#if defined(FAULT_STATIC_THROWS)
const std::string static_fault = [] { return throw std::runtime_error("static init boom"), std::string(); }();
#elif defined(FAULT_STATIC_HANGS)
const int static_fault = [] { return std::this_thread::sleep_for(std::chrono::minutes(1)), 0; }();
#elif defined(FAULT_STATIC_CRASHES)
const int static_fault = std::raise(SIGSEGV);
#endif

class Faulty : public wshub::Plugin {
public:
    explicit Faulty(wshub::Host host) : Plugin(host) {
#if defined(FAULT_CTOR_THROWS)
        throw std::runtime_error("cannot open the word list");
#elif defined(FAULT_CTOR_THROWS_INT)
        throw 42;
#elif defined(FAULT_WSHUB_METRIC)
        counter("wshub_events_total", "not its own");
#elif defined(FAULT_HANDLER_NAME)
        on("a*b", [](wshub::Event&) {});
#endif
    }

protected:
    void on_start() override {
#if defined(FAULT_START_THROWS)
        throw std::runtime_error("port 9 is taken");
#endif
    }
    void on_stop() override {
        info("stops");
    }
};

}  // namespace

#ifndef REQUIRES
#define REQUIRES ""
#endif
WSHUB_PLUGIN_WITH(Faulty, NAME, "1.0.0", FLAGS, REQUIRES)
