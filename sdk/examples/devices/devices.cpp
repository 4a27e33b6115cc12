// Channels: devices that speak Engine.IO or plain WebSocket, and no Socket.IO. Each gets back what it sends; every one
// of them hears what the clients of the hub tell all devices.
#include <wshub/plugin.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

namespace json = wshub::json;

struct Devices : wshub::Plugin {
    std::size_t most = static_cast<std::size_t>(config("max_devices", 1000, "Devices at a time.", {1, 1'000'000}));
    wshub::Counter echoed = counter("devices_messages_total", "Messages of devices");
    std::mutex mutex;  // devices of different loops come at the same time
    std::set<wshub::ChannelSession> devices;

    explicit Devices(wshub::Host host) : Plugin(host) {
        wshub::ChannelHandlers handlers;
        handlers.on_open = [this](wshub::ChannelSession device) {
            const std::lock_guard<std::mutex> lock(mutex);
            if (devices.size() >= most) {
                device.close(1013, "too many devices");
            } else {
                devices.insert(device);
            }
        };
        handlers.on_message = [this](wshub::ChannelSession device, const wshub::ChannelMessage& message) {
            echoed.inc();
            if (message.binary) {
                device.send_binary(message.data);
            } else if (message.data == "bye") {
                device.close(1000, "as you wish");
            } else {
                device.send_text(message.data);
            }
        };
        handlers.on_close = [this](wshub::ChannelSession device, std::string_view) {
            const std::lock_guard<std::mutex> lock(mutex);
            devices.erase(device);
        };
        channel("/devices/", wshub::Channel::engineio, handlers);
        channel("/raw-devices/", wshub::Channel::websocket, handlers);

        on("devices:tell", [this](wshub::Event& event) {
            const std::string text = event[0].str();
            int told = 0;
            const std::lock_guard<std::mutex> lock(mutex);
            for (const wshub::ChannelSession& device : devices) told += device.send_text(text) ? 1 : 0;
            event.ack(json::obj("told", told));
        });
        on(
            "devices:save", [this](wshub::Event& event) { event.ack(json::obj("saved", record())); }, wshub::blocking);
    }
    // Disks may take their time.
    int record() {
        const std::filesystem::path folder = state_directory();
        std::filesystem::create_directories(folder);
        std::ofstream file(folder / "devices.txt");
        const std::lock_guard<std::mutex> lock(mutex);
        for (const wshub::ChannelSession& device : devices) file << device.remote() << ' ' << device.path() << '\n';
        return static_cast<int>(devices.size());
    }
    // Devices stay connected when a new version takes over, so it is to know them.
    std::string save() override {
        std::string ids;
        for (const wshub::ChannelSession& device : devices) ids += std::to_string(device.id()) + ' ';
        return ids;
    }
    void restore(std::uint32_t, std::string_view text) override {
        std::istringstream ids{std::string(text)};
        for (wshub_channel_session id = 0; ids >> id;) devices.insert(channel_session(id));
    }
};
WSHUB_PLUGIN(Devices, "devices", "1.0.0")
