// Greets: answers `@PLUGIN@:greet`, and tells everybody else who was greeted.
#include <wshub/plugin.h>

#include <string>

namespace json = wshub::json;

struct @CLASS@ : wshub::Plugin {
    // [plugin.@PLUGIN@] greeting in the hub's INI file.
    std::string greeting = config("greeting", "Hello", "What a client is greeted with.");
    wshub::Counter greeted = counter("greeted_total", "Clients greeted");

    explicit @CLASS@(wshub::Host host) : wshub::Plugin(host) {
        on("@PLUGIN@:greet", [this](wshub::Event& event) {
            const std::string name = event[0]["name"].str();
            if (name.empty()) return event.fail("INVALID_FORMAT", "expected {name}");
            greeted.inc();
            all().except(event.session()).emit("@PLUGIN@:greeted", json::obj("name", name));
            event.ack(json::obj("text", greeting + ", " + name + "!"));
        });
    }
};
WSHUB_PLUGIN(@CLASS@, "@PLUGIN@", "0.1.0")
