// A hub with plugins in it, on loops that the test turns by hand. The plugins are real files in a directory that the
// test puts together; clients are FakeSessions.
#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_session.h"
#include "host/plugin_host.h"
#include "hub/hub.h"

namespace wshub::test {

inline std::filesystem::path built_plugin(const std::string& name) {
    return std::filesystem::path(WSHUB_BAD_PLUGINS) / (name + ".so");
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
}

// A plugin directory that goes with the test.
class PluginDirectory {
public:
    PluginDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "wshub-plugins-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    explicit PluginDirectory(const std::vector<std::string>& plugins) : PluginDirectory() {
        for (const std::string& plugin : plugins) add(plugin);
    }
    ~PluginDirectory() { std::filesystem::remove_all(path_); }
    PluginDirectory(const PluginDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path file(const std::string& name) const { return path_ / (name + ".so"); }
    // One of tests/bad_plugins.
    void add(const std::string& plugin) { write(plugin, read_file(built_plugin(plugin))); }
    void write(const std::string& name, std::string_view bytes) {
        std::ofstream(file(name), std::ios::binary) << bytes;
        ::chmod(file(name).c_str(), 0644);
    }

private:
    std::filesystem::path path_;
};

// What is logged while it lives, by whatever thread.
class LogCapture {
public:
    LogCapture() : sink_(std::make_shared<Sink>()), before_(spdlog::default_logger()) {
        auto logger = std::make_shared<spdlog::logger>("test", sink_);
        logger->set_pattern("%l %v");
        logger->set_level(spdlog::level::debug);
        spdlog::set_default_logger(std::move(logger));
    }
    ~LogCapture() { spdlog::set_default_logger(before_); }
    LogCapture(const LogCapture&) = delete;
    std::string text() const { return sink_->text(); }

private:
    class Sink final : public spdlog::sinks::base_sink<std::mutex> {
    public:
        std::string text() {
            const std::lock_guard lock(mutex_);
            return text_;
        }

    protected:
        void sink_it_(const spdlog::details::log_msg& message) override {
            spdlog::memory_buf_t line;
            formatter_->format(message, line);
            text_.append(line.data(), line.size());
        }
        void flush_() override {}

    private:
        std::string text_;
    };
    std::shared_ptr<Sink> sink_;
    std::shared_ptr<spdlog::logger> before_;
};

using Packets = std::vector<std::string>;

// What the client was sent since the last call: Socket.IO packets, "b:..." for attachments.
inline Packets got(FakeSession& client) {
    Packets packets = client.received();
    for (std::string& packet : packets) {
        if (packet.front() == '4') packet.erase(0, 1);  // an Engine.IO message
    }
    return packets;
}

class HostWorld {
public:
    explicit HostWorld(const PluginDirectory& directory, std::vector<std::string> enabled, unsigned loop_count = 1) {
        settings.directory = directory.path();
        settings.enabled = std::move(enabled);
        for (unsigned i = 0; i < loop_count; ++i) {
            loops_.push_back(std::make_unique<net::Loop>(i, clock));
            loop_pointers.push_back(loops_.back().get());
        }
        hub = std::make_unique<hub::Hub>(hub::HubSettings{}, loop_pointers, clock, metrics);
    }
    ~HostWorld() {
        sessions_.clear();
        turn();
        host.reset();
        turn();
    }
    HostWorld(const HostWorld&) = delete;

    HostWorld& set(const std::string& plugin, const std::string& key, const std::string& value) {
        const std::string line = std::to_string(settings.plugin_settings.size() + 1);
        settings.plugin_settings.push_back({"plugin." + plugin, key, value, "wshub.ini:" + line});
        return *this;
    }
    host::Problems load() {
        host = std::make_unique<host::PluginHost>(settings, *hub, loop_pointers, clock, metrics);
        hub->set_sink(*host);
        return host->load();
    }
    // Everything is well.
    HostWorld& run() {
        const host::Problems problems = load();
        INFO((problems.empty() ? std::string() : problems.front()));
        REQUIRE(problems.empty());
        host->start();
        return *this;
    }

    // A client in a namespace; what it was sent meanwhile is thrown away.
    FakeSession& client(std::string_view auth = {}, std::string_view nsp = "/", unsigned loop = 0) {
        FakeSession& session = connect(auth, nsp, loop);
        session.packets.clear();
        return session;
    }
    FakeSession& connect(std::string_view auth = {}, std::string_view nsp = "/", unsigned loop = 0) {
        sessions_.push_back(std::make_unique<FakeSession>(*loop_pointers[loop], *hub));
        FakeSession& session = *sessions_.back();
        session.text("0" + (nsp == "/" ? std::string() : std::string(nsp) + ",") + std::string(auth));
        return session;
    }
    // What the client gets for this packet.
    Packets say(FakeSession& client, std::string_view packet) {
        client.text(packet);
        turn();
        return got(client);
    }
    void turn() {
        for (int i = 0; i < 4; ++i) {
            for (const auto& loop : loops_) loop->turn();
        }
    }
    void pass(base::milliseconds time) {
        clock.advance(time);
        turn();
    }

    base::ManualClock clock;
    base::Metrics metrics;
    host::HostSettings settings;
    std::vector<net::Loop*> loop_pointers;
    std::unique_ptr<hub::Hub> hub;
    std::unique_ptr<host::PluginHost> host;

private:
    std::vector<std::unique_ptr<net::Loop>> loops_;
    std::vector<std::unique_ptr<FakeSession>> sessions_;
};

}  // namespace wshub::test
