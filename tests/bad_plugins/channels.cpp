// Channels beside routes, and one more where the settings say.
#include <wshub/plugin.h>

#include <stdexcept>
#include <string>

namespace {

struct ChannelsPlugin : wshub::Plugin {
    explicit ChannelsPlugin(wshub::Host host) : Plugin(host) {
        wshub::ChannelHandlers echo;
        echo.on_message = [](wshub::ChannelSession session, const wshub::ChannelMessage& message) {
            if (message.data == "fail") throw std::runtime_error("as told");
            message.binary ? session.send_binary(message.data) : session.send_text(message.data);
        };
        http("GET /route/x", [](wshub::Http& request) { request.reply(200, "text/plain", "x"); });
        http("GET /routes/all/*", [](wshub::Http& request) { request.reply(200, "text/plain", "all"); });
        channel("/plain/", wshub::Channel::websocket, echo);
        channel("/engine/", wshub::Channel::engineio, echo);
        const std::string third = config("third", "");
        if (!third.empty()) channel(third, wshub::Channel::engineio, echo);
    }
};

}  // namespace

WSHUB_PLUGIN(ChannelsPlugin, NAME, "1.0.0")
