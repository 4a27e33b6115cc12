// Connections: how fast they come, and what holding them costs.
#include "measurement.h"
#include "modes.h"
#include "swarm.h"

namespace wshub::bench {

namespace {

class Silent final : public Scenario {};

double per_client(std::uint64_t before, std::uint64_t after, std::uint64_t clients) {
    return (static_cast<double>(after) - static_cast<double>(before)) / static_cast<double>(clients);
}

void add_memory(Report& report, const ProcessUsage& before, const ProcessUsage& after, std::uint64_t clients) {
    report.add("server_rss_before_bytes", before.resident_bytes);
    report.add("server_rss_after_bytes", after.resident_bytes);
    report.add("server_private_before_bytes", before.private_bytes);
    report.add("server_private_after_bytes", after.private_bytes);
    if (clients == 0) return;
    report.add("server_rss_bytes_per_client", per_client(before.resident_bytes, after.resident_bytes, clients));
    report.add("server_private_bytes_per_client", per_client(before.private_bytes, after.private_bytes, clients));
}

}  // namespace

bool run_connect(const Run& run) {
    Silent scenario;
    Swarm swarm(run.loop, run.options, run.options.clients, scenario);
    Measurement measurement(run.server);
    measurement.begin(0);
    const bool all = swarm.connect();
    measurement.end(swarm.joined());
    measurement.add_to(run.report, "connection", "connections");
    run.report.add_milliseconds("join_p50_ms", swarm.join_times().at(0.50));
    run.report.add_milliseconds("join_p99_ms", swarm.join_times().at(0.99));
    run.report.add_milliseconds("join_max_ms", swarm.join_times().max());
    swarm.add_to(run.report);
    swarm.close();
    return all && swarm.lost() == 0;
}

bool run_idle(const Run& run) {
    Silent scenario;
    const ProcessUsage before = run.server.sample();
    Swarm swarm(run.loop, run.options, run.options.clients, scenario);
    const bool all = swarm.connect();
    const auto joining_took = swarm.connecting_took();

    // What handshakes left behind is freed or collected meanwhile; pings are answered.
    Measurement holding(run.server);
    holding.begin(0);
    const auto hold = std::chrono::duration_cast<Clock::duration>(run.options.time);
    run.loop.run_until(
        Clock::now() + hold, [] { return false; }, std::chrono::milliseconds(50));
    holding.end(swarm.joined() - swarm.lost());

    run.report.add("connecting_seconds", joining_took.count());
    if (run.server.wanted()) add_memory(run.report, before, run.server.sample(), swarm.joined() - swarm.lost());
    holding.add_to(run.report, "held_client", "held_clients");
    swarm.add_to(run.report);
    swarm.close();
    return all && swarm.lost() == 0;
}

}  // namespace wshub::bench
