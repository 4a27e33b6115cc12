// Events with acks: each client keeps a few "ping" events under way, and the server acknowledges them one by one.
#include <algorithm>

#include "measurement.h"
#include "modes.h"
#include "swarm.h"

namespace wshub::bench {

namespace {

// Acks still under way when the time is up may come this late.
constexpr std::chrono::seconds kDrain{2};
// An ack that comes once more comes soon after.
constexpr std::chrono::milliseconds kLinger{100};

class Echo final : public Scenario {
public:
    explicit Echo(const Run& run)
        : run_(run), swarm_(run.loop, run.options, run.options.clients, *this), senders_(run.options.clients) {
        if (run.options.payload > 0) args_ = '"' + std::string(run.options.payload, 'x') + '"';
    }

    bool run() {
        swarm_.connect();
        const TimePoint start = Clock::now();
        const auto warm_up = std::chrono::duration_cast<Clock::duration>(run_.options.warm_up);
        const auto time = std::chrono::duration_cast<Clock::duration>(run_.options.time);

        for (std::size_t i = 0; i < swarm_.size(); ++i) {
            for (std::size_t k = 0; k < run_.options.in_flight; ++k) emit(swarm_[i]);
        }
        run_.loop.run_until(start + warm_up, [this] { return all_sent() && in_flight_ == 0; });
        measuring_ = true;
        measurement_.begin(warm_up.count() > 0 ? acked_ : 0);
        run_.loop.run_until(Clock::now() + time, [this] { return all_sent() && in_flight_ == 0; });
        stopped_ = true;
        measurement_.end(acked_);
        run_.loop.run_until(Clock::now() + kDrain, [this] { return in_flight_ == 0; });
        run_.loop.run_until(Clock::now() + kLinger, [] { return false; });
        report();
        swarm_.close();
        return swarm_.failed() == 0 && swarm_.lost() == 0 && in_flight_ == 0 && duplicated_ == 0 && unexpected_ == 0;
    }

private:
    struct Pending {
        std::uint64_t id;
        TimePoint sent;
    };
    struct Sender {
        std::uint64_t next_id = 0;
        std::vector<Pending> pending;
    };

    bool all_sent() const { return run_.options.messages > 0 && sent_ >= run_.options.messages; }

    void emit(Client& client) {
        if (stopped_ || all_sent()) return;
        Sender& sender = senders_[client.index()];
        if (!client.emit("ping", args_, sender.next_id)) return;
        sender.pending.push_back({sender.next_id++, Clock::now()});
        ++sent_;
        ++in_flight_;
    }

    void on_ack(Client& client, std::uint64_t id, std::string_view body) override {
        Sender& sender = senders_[client.index()];
        const auto found = std::find_if(sender.pending.begin(), sender.pending.end(),
                                        [id](const Pending& pending) { return pending.id == id; });
        if (found == sender.pending.end()) {
            ++(id < sender.next_id ? duplicated_ : unexpected_);
            return;
        }
        if (body.find("\"status\":\"pong\"") == std::string_view::npos) ++unexpected_;
        if (measuring_ && !stopped_) latency_.add(Clock::now() - found->sent);
        sender.pending.erase(found);
        ++acked_;
        --in_flight_;
        emit(client);
    }

    void report() const {
        Report& report = run_.report;
        report.add("echoes_sent", sent_);
        report.add("echoes_acked", acked_);
        report.add("echoes_lost", in_flight_);
        report.add("echoes_duplicated", duplicated_);
        report.add("echoes_unexpected", unexpected_);
        measurement_.add_to(report, "echo", "echoes");
        report.add_milliseconds("latency_p50_ms", latency_.at(0.50));
        report.add_milliseconds("latency_p99_ms", latency_.at(0.99));
        report.add_milliseconds("latency_max_ms", latency_.max());
        swarm_.add_to(report);
    }

    const Run& run_;
    Swarm swarm_;
    std::vector<Sender> senders_;
    std::string args_;
    Measurement measurement_{run_.server};
    Histogram latency_;
    bool measuring_ = false;
    bool stopped_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t acked_ = 0;
    std::uint64_t in_flight_ = 0;
    std::uint64_t duplicated_ = 0;
    std::uint64_t unexpected_ = 0;
};

}  // namespace

bool run_echo(const Run& run) {
    return Echo(run).run();
}

}  // namespace wshub::bench
