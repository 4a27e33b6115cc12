#include "swarm.h"

namespace wshub::bench {

namespace {

// A server that takes fewer than this is not worth waiting for.
constexpr std::size_t kJoinsPerSecond = 200;
constexpr std::chrono::seconds kConnectPatience{20};

}  // namespace

void Scenario::on_event(Client& /*client*/, std::string_view /*name*/, std::string_view /*body*/) {}
void Scenario::on_ack(Client& /*client*/, std::uint64_t /*id*/, std::string_view /*body*/) {}

Swarm::Swarm(Loop& loop, const Options& options, std::size_t count, Scenario& scenario)
    : loop_(loop), scenario_(scenario), window_(options.connect_window), has_joined_(count) {
    clients_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        clients_.push_back(
            std::make_unique<Client>(loop, options.target, options.kind_of(i), i, static_cast<ClientHandler&>(*this)));
    }
}

bool Swarm::connect() {
    const TimePoint start = Clock::now();
    const auto deadline = start + kConnectPatience + std::chrono::seconds(clients_.size() / kJoinsPerSecond);
    loop_.run_until(deadline, [this] {
        while (opened_ < clients_.size() && opened_ - joined_ - failed_ < window_) clients_[opened_++]->open();
        return joined_ + failed_ == clients_.size();
    });
    connecting_took_ = Clock::now() - start;
    if (joined_ + failed_ < clients_.size() && first_failure_.empty()) first_failure_ = "no answer in time";
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        if (!has_joined_[i]) clients_[i]->close();  // who is late does not come into the middle of a measurement
    }
    failed_ = clients_.size() - joined_;
    return failed_ == 0;
}

void Swarm::close() {
    for (auto& client : clients_) client->close();
}

void Swarm::add_to(Report& report) const {
    report.add("clients_joined", joined_);
    report.add("clients_failed", failed_);
    report.add("clients_lost", lost_);
    if (!first_failure_.empty()) report.add("first_failure", first_failure_);
}

void Swarm::on_joined(Client& client) {
    ++joined_;
    has_joined_[client.index()] = true;
    join_times_.add(Clock::now() - client.opened_at());
}

void Swarm::on_event(Client& client, std::string_view name, std::string_view body) {
    scenario_.on_event(client, name, body);
}

void Swarm::on_ack(Client& client, std::uint64_t id, std::string_view body) {
    scenario_.on_ack(client, id, body);
}

void Swarm::on_lost(Client& client, std::string_view reason) {
    if (first_failure_.empty()) first_failure_ = reason;
    if (has_joined_[client.index()]) {
        ++lost_;
    } else {
        ++failed_;
    }
}

}  // namespace wshub::bench
