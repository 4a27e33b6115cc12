// Host functions that concern channels.
#include <string>

#include "host/abi_text.h"
#include "host/channels.h"
#include "host/host_api.h"

namespace wshub::host {
namespace {

std::int32_t channel(Instance& instance, wshub_str path, std::uint32_t form, wshub_slot slot) {
    if (form != WSHUB_CHANNEL_ENGINE_IO && form != WSHUB_CHANNEL_WEBSOCKET) return WSHUB_EINVAL;
    return instance.add_handler({WSHUB_ON_CHANNEL, std::string(view(path)), slot, 0, form});
}

std::int32_t channel_send(Instance& instance, wshub_channel_session session, wshub_bytes data, std::uint32_t binary) {
    return instance.services().channels.send(instance, session, view(data), binary != 0);
}

std::int32_t channel_close(Instance& instance, wshub_channel_session session, std::uint32_t code, wshub_str reason) {
    return instance.services().channels.close(instance, session, code, view(reason));
}

std::int32_t channel_str(Instance& instance, wshub_channel_session session, std::uint32_t field,
                         const wshub_sink* sink) {
    if (!sink || !sink->put) return WSHUB_EINVAL;
    std::string text;
    const std::int32_t code = instance.services().channels.text(instance, session, field, text);
    if (code == WSHUB_OK) put(*sink, text);
    return code;
}

}  // namespace

void add_channels(wshub_host_v1& table) {
    table.channel = guarded<channel>;
    table.channel_send = acting<channel_send>;
    table.channel_close = acting<channel_close>;
    table.channel_str = acting<channel_str>;
}

}  // namespace wshub::host
