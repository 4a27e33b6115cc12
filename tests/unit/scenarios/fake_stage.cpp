// The same before FakeHost, with the plugins linked into this program.
#include <wshub/testing.h>

#include <map>
#include <sstream>

#include "stage.h"

extern "C" const wshub_plugin_v1* wshub_good_entry(void);
extern "C" const wshub_plugin_v1* wshub_settings_entry(void);

namespace wshub::test {
namespace {

const wshub_plugin_v1* entry_of(const std::string& plugin) {
    if (plugin == "good") return wshub_good_entry();
    return plugin == "settings" ? wshub_settings_entry() : wshub_plugin_entry_v1();
}

class FakeStage final : public Stage {
public:
    FakeStage(const std::string& plugin, const Settings& settings) {
        host_.set_server("1.2.3", "http://127.0.0.1:3000", "/var/lib/wshub");
        host_.load_entry(entry_of(plugin), settings, plugin);
        host_.start();
    }

private:
    struct Client {
        FakeClient client;
        std::size_t seen = 0;  // of its history
    };

    void do_connect(const std::string& label, const std::string& nsp, const std::string& auth) override {
        FakeConnect as;
        as.auth = auth;
        as.nsp = nsp;
        as.remote = "127.0.0.1";
        as.user_agent = std::nullopt;
        as.transport = "polling";
        as.query = "";
        add(label, host_.connect(as));
    }
    void do_also(const std::string& label, const std::string& of, const std::string& nsp,
                 const std::string& auth) override {
        add(label, clients_.at(of).client.also(nsp, auth));
    }
    void do_emit(const std::string& label, const std::string& event, const std::string& args, const Lines& bins,
                 bool wants_answer) override {
        Client& from = clients_.at(label);
        if (!wants_answer) return from.client.emit_raw(event, args, bins);
        from.client.ask_raw(event, args, bins);
    }
    void do_answer(const std::string& label, const std::string& event, const std::string& args,
                   const Lines& bins) override {
        clients_.at(label).client.answer_raw(event, args, bins);
    }
    void do_disconnect(const std::string& label) override { clients_.at(label).client.disconnect(); }
    void do_drop(const std::string& label) override { clients_.at(label).client.disconnect("transport close"); }
    void do_advance(std::chrono::milliseconds by) override { host_.advance(by); }
    void do_http(const std::string& label, const std::string& method, const std::string& target,
                 const std::string& body) override {
        // What the helper that makes the real request puts in front.
        requests_.emplace_back(label, host_.http(method + " " + target, body, "Host: hub.example\r\n"));
    }
    void do_reload() override {
        try {
            host_.reload();
        } catch (const std::runtime_error& failed) {
            write(failed.what());
        }
    }
    void do_stop() override { host_.stop(); }
    void write_metrics() override {
        std::istringstream all(host_.metrics());
        for (std::string line; std::getline(all, line);) write(line);
    }
    void write_clients() override {
        for (auto& [label, client] : clients_) write_client(label, client);
        for (auto at = requests_.begin(); at != requests_.end();) {
            at = write_reply(at->first, at->second) ? requests_.erase(at) : std::next(at);
        }
    }
    std::string log_text() override {
        const std::string text = host_.log();
        return text.empty() ? text : text + "\n";
    }

    void add(const std::string& label, const FakeClient& client) {
        clients_.erase(label);
        clients_.emplace(label, Client{client, 0});
    }
    void write_client(const std::string& label, Client& client) {
        const std::string history = client.client.history();
        std::istringstream lines(history.substr(client.seen));
        client.seen = history.size();
        for (std::string line; std::getline(lines, line);) write(label + " " + line);
    }
    bool write_reply(const std::string& label, const FakeHttpAnswer& answer) {
        if (!answer.given()) return false;
        std::string headers;
        std::istringstream lines(answer.headers());
        for (std::string line; std::getline(lines, line);) headers += " " + line.substr(0, line.size() - 1);
        write(label + " answered " + answer.text() + headers);
        return true;
    }

    FakeHost host_;
    std::map<std::string, Client> clients_;
    std::vector<std::pair<std::string, FakeHttpAnswer>> requests_;
};

}  // namespace

std::unique_ptr<Stage> fake_stage(const std::string& plugin, const Settings& settings) {
    return std::make_unique<FakeStage>(plugin, settings);
}

Lines fake_problems(const std::string& plugin, const Settings& settings) {
    FakeHost host;
    Lines problems;
    try {
        host.load_entry(entry_of(plugin), settings, plugin);
    } catch (const std::runtime_error& error) {
        std::istringstream all(error.what());
        for (std::string line; std::getline(all, line);) problems.push_back(line);
    }
    return problems;
}

}  // namespace wshub::test
