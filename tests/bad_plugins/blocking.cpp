// Handlers that block: they wait as long as they are told, or until somebody else comes.
#include <wshub/plugin.h>

#include <condition_variable>
#include <mutex>

namespace json = wshub::json;
using namespace std::chrono_literals;

namespace {

struct BlockingPlugin : wshub::Plugin {
    wshub::PerSession<int> count{*this};
    std::mutex mutex;
    std::condition_variable changed;
    int waiting = 0;
    bool open = false;

    explicit BlockingPlugin(wshub::Host host) : Plugin(host) {
        // The sessions' own counters need no lock: nothing else of a session runs meanwhile.
        on(
            "work",
            [this](wshub::Event& event) {
                int& mine = count[event.session()];
                const int nth = ++mine;
                std::this_thread::sleep_for(wshub::Millis(event[0].num()));
                event.ack(json::obj("nth", nth, "still", mine, "binary", event.attachments().size()));
            },
            wshub::blocking);
        on("quick", [this](wshub::Event& event) { event.ack(json::obj("nth", ++count[event.session()])); });
        on(
            "plain", [](wshub::Event&) {}, wshub::blocking);
        on(
            "throws", [](wshub::Event&) { throw std::runtime_error("as told"); }, wshub::blocking);
        on(
            "refuses", [](wshub::Event& event) { event.fail("NO", "as told"); }, wshub::blocking);
        on(
            "later",
            [this](wshub::Event& event) {
                const wshub::Ack ack = event.take_ack();
                after(20ms, [ack] { ack("later"); });
            },
            wshub::blocking);
        // Several handlers, of which the second blocks: their order shows in what the client gets.
        for (const int priority : {1, 0, -1}) {
            const auto handler = [this, priority](wshub::Event& event) {
                to(event.session()).emit("step", priority);
                if (priority == 0) std::this_thread::sleep_for(20ms);
                if (priority == 0 && event[0].boolean()) event.stop();
            };
            if (priority == 0) {
                on("steps", handler, wshub::blocking, priority);
            } else {
                on("steps", handler, priority);
            }
        }
        on(
            "wait",
            [this](wshub::Event& event) {
                std::unique_lock<std::mutex> lock(mutex);
                ++waiting;
                changed.notify_all();
                changed.wait_for(lock, 10s, [this] { return open; });
                --waiting;
                event.session().join("after");
                event.ack(true);
            },
            wshub::blocking);
        on("waiting", [this](wshub::Event& event) {
            const std::lock_guard<std::mutex> lock(mutex);
            event.ack(waiting);
        });
        on("release", [this](wshub::Event&) {
            const std::lock_guard<std::mutex> lock(mutex);
            open = true;
            changed.notify_all();
        });
        on_join([this](wshub::Session session, std::string_view room) { to(session).emit("joined", room); });
        on_disconnect([this](wshub::Session session, std::string_view) { all().emit("gone", count[session]); });
    }
};

}  // namespace

WSHUB_PLUGIN(BlockingPlugin, NAME, "1.0.0")
