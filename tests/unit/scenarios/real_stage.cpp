// The real hub and plugin host, on a loop that the test turns by hand.
#include <algorithm>
#include <atomic>
#include <map>
#include <sstream>

#include "../host/host_world.h"
#include "control/control.h"
#include "fake_exchange.h"
#include "protocol/socket_packet.h"
#include "stage.h"

namespace wshub::test {
namespace {

class RealStage final : public Stage {
public:
    RealStage(const std::string& plugin, const Settings& settings)
        : directory_({plugin}), plugin_(plugin), world_(loaded(directory_, plugin, settings)) {
        world_->host->set_url("http://127.0.0.1:3000");
        world_->host->set_control([this](auto operation, auto arguments, auto who, auto done) {
            ++asked_;
            control_.request(operation, arguments, who, [this, done](const host::ControlAnswer& answer) {
                done(answer);
                --asked_;
            });
        });
        control_.start();
        world_->host->start();
        world_->turn();
    }

    ~RealStage() override { control_.stop(); }

private:
    struct Client {
        FakeSession* session = nullptr;
        std::string nsp;
        bool told_of_end = false;
        std::uint64_t next_ack = 0;
        std::vector<std::pair<std::string, std::uint64_t>> questions;  // event and ack id
    };

    static std::unique_ptr<HostWorld> loaded(const PluginDirectory& directory, const std::string& plugin,
                                             const Settings& settings) {
        auto world = std::make_unique<HostWorld>(directory, Lines{plugin});
        for (const auto& [key, value] : settings) world->set(plugin, key, value);
        world->settings.server_version = "1.2.3";
        world->settings.state_directory = "/var/lib/wshub";
        const host::Problems problems = world->load();
        if (!problems.empty()) throw std::runtime_error(problems.front());
        return world;
    }

    void do_connect(const std::string& label, const std::string& nsp, const std::string& auth) override {
        clients_[label] = {&world_->connect(auth, nsp), nsp, false, 0, {}};
        world_->turn();
    }
    void do_also(const std::string& label, const std::string& of, const std::string& nsp,
                 const std::string& auth) override {
        FakeSession& session = *clients_.at(of).session;
        clients_[label] = {&session, nsp, false, 0, {}};
        session.text("0" + nsp + "," + auth);
        world_->turn();
    }
    void do_emit(const std::string& label, const std::string& event, const std::string& args, const Lines& bins,
                 bool wants_answer) override {
        Client& client = clients_.at(label);
        std::string packet = bins.empty() ? "2" : "5" + std::to_string(bins.size()) + "-";
        packet += prefix(client) + (wants_answer ? std::to_string(client.next_ack++) : "");
        std::string name;
        protocol::append_quoted(name, event);
        packet += "[" + name + (args == "[]" ? "" : ",") + args.substr(1);
        say(client, packet, bins);
    }
    void do_answer(const std::string& label, const std::string& event, const std::string& args,
                   const Lines& bins) override {
        Client& client = clients_.at(label);
        const auto asked = std::find_if(client.questions.begin(), client.questions.end(),
                                        [&](const auto& question) { return question.first == event; });
        REQUIRE(asked != client.questions.end());
        std::string packet = bins.empty() ? "3" : "6" + std::to_string(bins.size()) + "-";
        packet += prefix(client) + std::to_string(asked->second) + args;
        client.questions.erase(asked);
        say(client, packet, bins);
    }
    void do_disconnect(const std::string& label) override {
        Client& client = clients_.at(label);
        client.told_of_end = true;
        write(label + " disconnected: io client disconnect");
        say(client, "1" + prefix(client), {});
    }
    void do_drop(const std::string& label) override {
        clients_.at(label).session->drop();
        world_->turn();
    }
    void do_advance(std::chrono::milliseconds by) override {
        constexpr std::chrono::milliseconds kStep{10};
        for (; by > kStep; by -= kStep) world_->pass(kStep);
        world_->pass(by);
    }
    void do_http(const std::string& label, const std::string& method, const std::string& target,
                 const std::string& body) override {
        auto exchange = std::make_unique<FakeExchange>(*world_->loop_pointers[0], make_head(method, target), body);
        requests_.emplace_back(label, exchange->reply());
        {
            const net::Loop::Enter here(*world_->loop_pointers[0]);
            world_->host->on_exchange(std::move(exchange));
        }
        world_->turn();
    }
    void do_reload() override {
        const std::size_t logged = log_.text().size();
        REQUIRE(world_->host->request_reload(plugin_));
        world_->host->finish_reloads();
        world_->turn();
        // "plugin exercise: FILE was not loaded: what is wrong; version ... serves on"
        const std::string said = log_.text().substr(logged), mark = " was not loaded: ";
        const std::size_t from = said.find(mark), to = said.find("; version ");
        if (from == std::string::npos) return;
        write("reload: plugin " + plugin_ + ": " + said.substr(from + mark.size(), to - from - mark.size()));
    }
    // The server closes the sessions before it stops the plugins.
    void do_stop() override {
        std::vector<FakeSession*> closed;
        for (auto& [label, client] : clients_) {
            if (std::count(closed.begin(), closed.end(), client.session) > 0) continue;
            closed.push_back(client.session);
            client.session->drop(session::CloseReason::kServerShuttingDown);
        }
        world_->turn();
        world_->host->stop();
        world_->turn();
    }
    void write_metrics() override {
        std::istringstream all(world_->metrics.text());
        for (std::string line; std::getline(all, line);) {
            if (line.find("plugin=\"" + plugin_ + "\"") != std::string::npos && line.rfind("wshub_", 0) != 0)
                write(line);
        }
    }
    void write_clients() override {
        for (auto& [label, client] : clients_) {
            write_packets(label, client);
            write_end(label, client);
        }
        for (auto at = requests_.begin(); at != requests_.end();) {
            at = write_reply(at->first, *at->second) ? requests_.erase(at) : std::next(at);
        }
    }
    std::string log_text() override { return log_.text(); }

    static std::string prefix(const Client& client) { return client.nsp == "/" ? std::string() : client.nsp + ","; }
    void say(Client& client, const std::string& packet, const Lines& bins) {
        client.session->text(packet);
        for (const std::string& each : bins) client.session->binary(each);
        world_->turn();
        // Operations are carried out on a thread of their own.
        while (asked_ > 0) world_->turn();
        world_->turn();
    }

    // Of a session that several clients share, each finds its own packets; what is left stays for the others.
    void write_packets(const std::string& label, Client& client) {
        Packets& packets = kept_[client.session];
        for (std::string& packet : got(*client.session)) packets.push_back(std::move(packet));
        Packets rest;
        for (std::size_t at = 0; at < packets.size();) {
            std::string text = packets[at++];
            const std::string whole = text;
            const auto packet = protocol::decode_socket_packet(text, 200);
            REQUIRE(packet);
            Lines bins;
            for (std::size_t i = 0; i < packet->attachments; ++i) bins.push_back(packets[at++].substr(2));
            if (packet->nsp != client.nsp) {
                rest.push_back(whole);
                for (const std::string& each : bins) rest.push_back("b:" + each);
                continue;
            }
            write_packet(label, client, *packet, bins);
        }
        packets = std::move(rest);
    }
    void write_packet(const std::string& label, Client& client, const protocol::SocketPacket& packet,
                      const Lines& bins) {
        std::string tail;
        for (const std::string& each : bins) tail += " <" + each + ">";
        switch (packet.type) {
            case protocol::SocketType::kConnect: return write(label + " connected");
            case protocol::SocketType::kConnectError: {
                client.told_of_end = true;
                return write(label + " refused " + std::string(packet.json));
            }
            case protocol::SocketType::kDisconnect: {
                client.told_of_end = true;
                return write(label + " disconnected: io server disconnect");
            }
            case protocol::SocketType::kAck:
            case protocol::SocketType::kBinaryAck: {
                return write(label + " callback " + std::to_string(*packet.ack_id) + " " + std::string(packet.json) +
                             tail);
            }
            default: break;
        }
        const std::string name = protocol::event_name(packet.name_json);
        if (packet.ack_id) client.questions.emplace_back(name, *packet.ack_id);
        write(label + " got " + name + " " + std::string(packet.args) + tail + (packet.ack_id ? " (asks)" : ""));
    }
    void write_end(const std::string& label, Client& client) {
        if (client.told_of_end || !client.session->close_reason() || !client.session->user_is_gone()) return;
        client.told_of_end = true;
        const std::string_view reason = session::close_reason_text(*client.session->close_reason());
        write(label + " disconnected: " +
              std::string(reason == "forced server close" ? std::string_view("transport close") : reason));
    }
    bool write_reply(const std::string& label, const FakeReply& reply) {
        if (!reply.response) return false;
        std::string headers;
        for (const auto& [name, value] : reply.response->headers) headers += " " + name + ": " + value;
        write(label + " answered " + std::to_string(reply.response->status) + " " + reply.response->body + headers);
        return true;
    }

    LogCapture log_;
    PluginDirectory directory_;
    const std::string plugin_;
    std::map<std::string, Client> clients_;
    std::map<FakeSession*, Packets> kept_;
    std::vector<std::pair<std::string, std::shared_ptr<FakeReply>>> requests_;
    std::unique_ptr<HostWorld> world_;
    std::atomic<int> asked_{0};  // operations that are not answered yet
    session::Engine engine_{{}, world_->loop_pointers, *world_->hub, world_->metrics};
    control::Control control_{{*world_->hub, *world_->host, engine_, world_->loop_pointers, world_->clock,
                               world_->metrics, "1.2.3", nullptr}};
};

}  // namespace

std::unique_ptr<Stage> real_stage(const std::string& plugin, const Settings& settings) {
    return std::make_unique<RealStage>(plugin, settings);
}

Lines real_problems(const std::string& plugin, const Settings& settings) {
    const LogCapture log;
    const PluginDirectory directory({plugin});
    HostWorld world(directory, {plugin});
    for (const auto& [key, value] : settings) world.set(plugin, key, value);
    Lines problems;
    for (std::string line : world.load()) {
        if (line.rfind("wshub.ini:", 0) == 0) line.erase(0, line.find(' ') + 1);
        const std::size_t before = line.find(", at wshub.ini:");
        if (before != std::string::npos) line.erase(before);
        const std::string file = directory.file(plugin).string();
        if (const std::size_t at = line.find(file); at != std::string::npos) line.replace(at, file.size(), plugin);
        problems.push_back(line);
    }
    return problems;
}

}  // namespace wshub::test
