// Channels and handlers that block, over reloads: versions of one plugin.
#include <wshub/plugin.h>

#include <chrono>
#include <thread>

namespace {

struct Relay : wshub::Plugin {
    explicit Relay(wshub::Host host) : Plugin(host) {
        wshub::ChannelHandlers handlers;
        handlers.on_message = [](wshub::ChannelSession session, const wshub::ChannelMessage& message) {
            session.send_text(std::to_string(VERSION) + " " + std::string(message.data));
        };
        channel("/kept/", wshub::Channel::websocket, handlers);
        channel(VERSION == 1 ? "/gone/" : "/new/", wshub::Channel::websocket, handlers);
        channel("/other-form/", VERSION == 1 ? wshub::Channel::websocket : wshub::Channel::engineio, handlers);

        const auto work = [this](wshub::Event& event) {
            info("at work");
            std::this_thread::sleep_for(std::chrono::milliseconds(event[0].num()));
            event.ack(VERSION);
        };
        on("work", work, wshub::blocking);
        if (VERSION == 1) on("gone in 2", work, wshub::blocking);
        if (VERSION == 1) {
            on("quick in 2", work, wshub::blocking);
        } else {
            on("quick in 2", work);
        }
        // Three of one priority, of which the second blocks: each is called once, whichever version it is of.
        on("steps", [this](wshub::Event& event) { step(event, 1); });
        on(
            "steps", [this](wshub::Event& event) { step(event, 2); }, wshub::blocking);
        on("steps", [this](wshub::Event& event) { step(event, 3); });
    }

    void step(wshub::Event& event, int number) { to(event.session()).emit("step", VERSION, number); }
};

}  // namespace

WSHUB_PLUGIN(Relay, NAME, WSHUB_STRINGIFY(VERSION) ".0.0")
