// Where a scenario is played: before the real hub with the plugin as a file, or before FakeHost. Both write down what
// clients and the log saw, line by line, and the same scenario must make the same lines.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wshub::test {

using Lines = std::vector<std::string>;
using Settings = std::vector<std::pair<std::string, std::string>>;

class Stage {
public:
    virtual ~Stage() = default;

    // ---- what a scenario does. Clients are called by their label.

    void connect(const std::string& label, const std::string& more_auth = {}, const std::string& nsp = "/") {
        const std::string auth = R"({"label":")" + label + '"' + (more_auth.empty() ? "" : ",") + more_auth + "}";
        step("connect " + label + " " + nsp, [&] { do_connect(label, nsp, auth); });
    }
    // The same client in another namespace.
    void also(const std::string& label, const std::string& of, const std::string& nsp) {
        step("also " + label + " " + nsp, [&] { do_also(label, of, nsp, R"({"label":")" + label + "\"}"); });
    }
    // An event without a callback, and with one.
    void emit(const std::string& label, const std::string& event, const std::string& args, const Lines& bins = {}) {
        step(label + " emits " + event + " " + args, [&] { do_emit(label, event, args, bins, false); });
    }
    void ask(const std::string& label, const std::string& event, const std::string& args, const Lines& bins = {}) {
        step(label + " asks " + event + " " + args, [&] { do_emit(label, event, args, bins, true); });
    }
    // Lets the plugin do these things in a handler of the client's event.
    void run(const std::string& label, const std::string& script) { ask(label, "run", "[" + script + "]"); }
    void answer(const std::string& label, const std::string& event, const std::string& args, const Lines& bins = {}) {
        step(label + " answers " + event + " " + args, [&] { do_answer(label, event, args, bins); });
    }
    void disconnect(const std::string& label) {
        step(label + " leaves", [&] { do_disconnect(label); });
    }
    void drop(const std::string& label) {
        step(label + " is gone", [&] { do_drop(label); });
    }
    void advance(std::chrono::milliseconds by) {
        step("advance " + std::to_string(by.count()), [&] { do_advance(by); });
    }
    void http(const std::string& label, const std::string& method, const std::string& target,
              const std::string& body = {}) {
        step("http " + label + " " + method + " " + target, [&] { do_http(label, method, target, body); });
    }
    void metrics() {
        step("metrics", [&] { write_metrics(); });
    }
    // A new version of the same code takes over; or cannot, if the plugin was told so, and the old one goes on.
    void reload() {
        step("reload", [&] { do_reload(); });
    }
    void stop() {
        step("stop", [&] { do_stop(); });
    }

    Lines take() { return std::move(lines_); }

protected:
    virtual void do_connect(const std::string& label, const std::string& nsp, const std::string& auth) = 0;
    virtual void do_also(const std::string& label, const std::string& of, const std::string& nsp,
                         const std::string& auth) = 0;
    virtual void do_emit(const std::string& label, const std::string& event, const std::string& args, const Lines& bins,
                         bool wants_answer) = 0;
    virtual void do_answer(const std::string& label, const std::string& event, const std::string& args,
                           const Lines& bins) = 0;
    virtual void do_disconnect(const std::string& label) = 0;
    virtual void do_drop(const std::string& label) = 0;
    virtual void do_advance(std::chrono::milliseconds by) = 0;
    virtual void do_http(const std::string& label, const std::string& method, const std::string& target,
                         const std::string& body) = 0;
    virtual void do_reload() = 0;
    virtual void do_stop() = 0;
    virtual void write_metrics() = 0;
    // What has come since the last time.
    virtual void write_clients() = 0;
    virtual std::string log_text() = 0;

    void write(std::string line) {
        // "good" greets with the length of the session's id, which is the hub's affair.
        const std::size_t greeting = line.find(" got welcome [");
        if (greeting != std::string::npos) line.erase(greeting + std::string_view(" got welcome").size());
        lines_.push_back("  " + std::move(line));
    }

private:
    template <class Act>
    void step(const std::string& what, Act act) {
        lines_.push_back(what);
        act();
        write_clients();
        write_log();
    }
    void write_log() {
        const std::string all = log_text();
        std::string rest = all.substr(logged_);
        logged_ = all.size();
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            const std::string line = rest.substr(0, end);
            rest.erase(0, end + 1);
            const bool plugins =
                line.find("[exercise]") != std::string::npos || line.find("[good]") != std::string::npos;
            const std::size_t failed = line.find("plugin handler failed");
            // The real one leaves out what comes too often, and says so.
            if (plugins) write("log " + line);
            if (failed != std::string::npos) write("log " + line.substr(0, line.find(" left_out=")));
        }
    }

    Lines lines_;
    std::size_t logged_ = 0;
};

std::unique_ptr<Stage> real_stage(const std::string& plugin, const Settings& settings);
std::unique_ptr<Stage> fake_stage(const std::string& plugin, const Settings& settings);

// Problems with settings, as each would report them; where they stand is left out.
Lines real_problems(const std::string& plugin, const Settings& settings);
Lines fake_problems(const std::string& plugin, const Settings& settings);

// Plays the scenario on both and compares.
inline void same(const std::string& plugin, const Settings& settings, const std::function<void(Stage&)>& scenario) {
    const auto play = [&](std::unique_ptr<Stage> stage) {
        scenario(*stage);
        return stage->take();
    };
    const Lines real = play(real_stage(plugin, settings)), fake = play(fake_stage(plugin, settings));
    std::string before;
    for (std::size_t i = 0; i < std::max(real.size(), fake.size()); ++i) {
        const std::string one = i < real.size() ? real[i] : "(nothing more)";
        const std::string other = i < fake.size() ? fake[i] : "(nothing more)";
        if (one != other) {
            INFO("the hub made, up to here:\n" << before);
            REQUIRE(other == one);
        }
        before += one + "\n";
    }
    REQUIRE(real.size() > 1);
    UNSCOPED_INFO("both made:\n" << before);
    if (std::getenv("WSHUB_SHOW_SCENARIOS")) WARN(before);
}
inline void same(const std::function<void(Stage&)>& scenario) {
    same("exercise", {}, scenario);
}

}  // namespace wshub::test
