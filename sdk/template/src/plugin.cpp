// Greets: answers `@PLUGIN@:greet`, and tells everybody else who was greeted. `@PLUGIN@:count` tells how many were.
#include <wshub/plugin.h>

#include <atomic>
#include <string>

namespace json = wshub::json;

struct @CLASS@ : wshub::Plugin {
    // [plugin.@PLUGIN@] greeting in the hub's INI file.
    std::string greeting = config("greeting", "Hello", "What a client is greeted with.");
    wshub::Counter greeted = counter("greeted_total", "Clients greeted");
    std::atomic<int> total{0};  // handlers of different clients run at the same time

    explicit @CLASS@(wshub::Host host) : wshub::Plugin(host) {
        on("@PLUGIN@:greet", [this](wshub::Event& event) {
            const std::string name = event[0]["name"].str();
            if (name.empty()) return event.fail("INVALID_FORMAT", "expected {name}");
            greeted.inc();
            ++total;
            all().except(event.session()).emit("@PLUGIN@:greeted", json::obj("name", name));
            event.ack(json::obj("text", greeting + ", " + name + "!"));
        });
        on("@PLUGIN@:count", [this](wshub::Event& event) { event.ack(json::obj("count", total.load())); });
    }
    // What the next version knows from this one, when it takes over while the hub runs.
    std::string save() override { return std::to_string(total); }
    void restore(std::uint32_t, std::string_view saved) override { total = std::stoi(std::string(saved)); }
};
WSHUB_PLUGIN(@CLASS@, "@PLUGIN@", "0.1.0")
