// The clients of a run: opens them a window at a time and keeps count of who joined and who was lost.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "histogram.h"
#include "options.h"
#include "report.h"

namespace wshub::bench {

// What a mode does with what its clients get.
class Scenario {
public:
    virtual void on_event(Client& client, std::string_view name, std::string_view body);
    virtual void on_ack(Client& client, std::uint64_t id, std::string_view body);

protected:
    ~Scenario() = default;
};

class Swarm final : private ClientHandler {
public:
    Swarm(Loop& loop, const Options& options, std::size_t count, Scenario& scenario);

    // Returns when every client has joined or failed, or it has taken unreasonably long. True if all have joined.
    bool connect();
    void close();

    std::size_t size() const { return clients_.size(); }
    Client& operator[](std::size_t index) { return *clients_[index]; }

    std::uint64_t joined() const { return joined_; }  // ever
    std::uint64_t failed() const { return failed_; }  // never joined
    std::uint64_t lost() const { return lost_; }      // cut off after they had joined
    const Histogram& join_times() const { return join_times_; }
    std::chrono::duration<double> connecting_took() const { return connecting_took_; }

    // joined, failed, lost, and why the first of these failed.
    void add_to(Report& report) const;

private:
    void on_joined(Client& client) override;
    void on_event(Client& client, std::string_view name, std::string_view body) override;
    void on_ack(Client& client, std::uint64_t id, std::string_view body) override;
    void on_lost(Client& client, std::string_view reason) override;

    Loop& loop_;
    Scenario& scenario_;
    std::size_t window_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<bool> has_joined_;
    std::size_t opened_ = 0;
    std::uint64_t joined_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t lost_ = 0;
    std::string first_failure_;
    Histogram join_times_;
    std::chrono::duration<double> connecting_took_{0};
};

}  // namespace wshub::bench
