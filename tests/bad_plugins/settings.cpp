// A plugin with one setting of each type. The event "settings" tells what it was given.
#include <wshub/plugin.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

class Settings : public wshub::Plugin {
public:
    explicit Settings(wshub::Host host) : Plugin(host) {
        on("settings", [this](wshub::Event& event) {
            event.ack(text_, limit_, ratio_, open_, pause_.count(), most_.bytes, items_, token_, file_.string(),
                      log_.string());
        });
    }

private:
    const std::string text_ = config("text", "hello", "Any text.");
    const int limit_ = config("limit", 10, "How many.", {1, 1000});
    const double ratio_ = config("ratio", 0.5, "A share.", {0.0, 1.0});
    const bool open_ = config("open", true, "Whether it is open.");
    const std::chrono::milliseconds pause_ = config("pause", 30s, "How long to wait.", {100ms, 60s});
    const wshub::Size most_ = config("most", wshub::Size{10'000}, "How much.", {{1}, {1'000'000}});
    const std::vector<std::string> items_ = config("items", std::vector<std::string>{"a", "b"}, "Which ones.");
    const std::string token_ = config_secret("token", "What nobody may see.");
    const std::filesystem::path file_ = config("file", std::filesystem::path("words/first.txt"), "What to read.");
    const std::filesystem::path log_ = config("log", std::filesystem::path(), "Where to write; empty: nowhere.");
};

}  // namespace

WSHUB_PLUGIN(Settings, "settings", "1.0.0")
