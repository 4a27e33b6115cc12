// Slow headers: many connections that begin a request and never end it, while a normal client wants to be served.
#include <algorithm>

#include "modes.h"
#include "swarm.h"

namespace wshub::bench {

namespace {

constexpr std::size_t kProbes = 10;
constexpr std::chrono::seconds kProbePatience{30};
constexpr std::chrono::seconds kOpenPatience{60};
constexpr std::chrono::seconds kDripInterval{1};
constexpr std::chrono::milliseconds kSettle{500};

class SlowRequest final : private ConnectionHandler {
public:
    explicit SlowRequest(Loop& loop) : connection_(loop, *this) {}

    bool open(const Target& target) {
        target_ = &target;
        return !connection_.open(target.endpoint);
    }
    void drip() {
        if (connected_) connection_.send("x");
    }
    bool connected() const { return connected_; }
    bool ended() const { return ended_; }

private:
    void on_connected() override {
        connected_ = true;
        connection_.send("GET " + target_->path + "?EIO=4&transport=polling HTTP/1.1\r\nHost: " +
                         target_->endpoint.host_header() + "\r\nX-Slow: ");
    }
    void on_bytes(std::string_view /*bytes*/) override {}
    void on_closed(std::string_view /*reason*/) override {
        connected_ = false;
        ended_ = true;
    }

    Connection connection_;
    const Target* target_ = nullptr;
    bool connected_ = false;
    bool ended_ = false;
};

// One normal client: opens, joins, emits one event with an ack.
class Probe final : public Scenario {
public:
    Probe(const Run& run, std::size_t number) : run_(run), options_(run.options) {
        options_.clients = 1;
        if (options_.transport == TransportChoice::kMixed) {
            options_.transport = number % 2 == 0 ? TransportChoice::kWebSocket : TransportChoice::kPolling;
        }
    }

    // From the first packet of TCP to the ack; nothing if it was not served.
    std::optional<Clock::duration> run() {
        const TimePoint start = Clock::now();
        Swarm swarm(run_.loop, options_, 1, *this);
        if (!swarm.connect() || !swarm[0].emit("ping", {}, 0)) return std::nullopt;
        if (!run_.loop.run_until(start + kProbePatience, [this] { return acked_; })) return std::nullopt;
        const auto took = Clock::now() - start;
        return took;
    }

private:
    void on_ack(Client& /*client*/, std::uint64_t /*id*/, std::string_view /*body*/) override { acked_ = true; }

    const Run& run_;
    Options options_;
    bool acked_ = false;
};

class SlowHeaders {
public:
    explicit SlowHeaders(const Run& run) : run_(run) {
        requests_.reserve(run.options.clients);
        for (std::size_t i = 0; i < run.options.clients; ++i) {
            requests_.push_back(std::make_unique<SlowRequest>(run.loop));
        }
    }

    bool run() {
        open_all();
        const std::size_t open_before = open_count();
        std::vector<Clock::duration> times;
        for (std::size_t i = 0; i < kProbes; ++i) {
            drip();
            Probe probe(run_, i);
            if (auto took = probe.run()) times.push_back(*took);
        }
        const std::size_t open_after = open_count();
        const TimePoint end = Clock::now() + std::chrono::duration_cast<Clock::duration>(run_.options.time);
        run_.loop.run_until(end, [this] {
            drip();
            return open_count() == 0;
        });

        std::sort(times.begin(), times.end());
        Report& report = run_.report;
        report.add("slow_open_before_probes", std::uint64_t{open_before});
        report.add("slow_open_after_probes", std::uint64_t{open_after});
        report.add("slow_open_at_end", std::uint64_t{open_count()});
        report.add("probes", std::uint64_t{kProbes});
        report.add("probes_served", std::uint64_t{times.size()});
        if (!times.empty()) {
            report.add_milliseconds("connect_and_echo_median_ms", times[times.size() / 2]);
            report.add_milliseconds("connect_and_echo_max_ms", times.back());
        }
        return times.size() == kProbes && open_before == requests_.size();
    }

private:
    void open_all() {
        std::size_t opened = 0;
        const TimePoint deadline = Clock::now() + kOpenPatience;
        run_.loop.run_until(deadline, [this, &opened] {
            const std::size_t settled = static_cast<std::size_t>(
                std::count_if(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(opened),
                              [](const auto& request) { return request->connected() || request->ended(); }));
            while (opened < requests_.size() && opened - settled < run_.options.connect_window) {
                if (!requests_[opened]->open(run_.options.target)) return true;
                ++opened;
            }
            return settled == requests_.size();
        });
        // The system accepts before the server does.
        run_.loop.run_until(Clock::now() + kSettle, [] { return false; });
    }

    void drip() {
        if (Clock::now() < next_drip_) return;
        next_drip_ = Clock::now() + kDripInterval;
        for (auto& request : requests_) request->drip();
    }

    std::size_t open_count() const {
        return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(),
                                                      [](const auto& request) { return request->connected(); }));
    }

    const Run& run_;
    std::vector<std::unique_ptr<SlowRequest>> requests_;
    TimePoint next_drip_ = Clock::now() + kDripInterval;
};

}  // namespace

bool run_slow(const Run& run) {
    return SlowHeaders(run).run();
}

}  // namespace wshub::bench
