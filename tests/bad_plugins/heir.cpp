// A new version of a family that cannot take over: it fails when the running one has been stopped already.
#include <wshub/plugin.h>

#include <stdexcept>

namespace {

class Heir : public wshub::Plugin {
public:
    explicit Heir(wshub::Host host) : Plugin(host) {
        // What tests set for the families, so that it is not refused for what it does not know.
        for (const char* const key : {"mode", "secret", "leeway", "warn_before", "timeout", "access", "interval",
                                      "max_missed", "stats_interval", "max_list_bytes", "token"}) {
            config(key, "");
        }
    }

protected:
    void on_start() override { throw std::runtime_error("port 9 is taken"); }
};

}  // namespace

WSHUB_PLUGIN_WITH(Heir, NAME, "9.0.0", FLAGS, "")
