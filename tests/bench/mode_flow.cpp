// Messages from some to many: to everybody (fan-out) or to the members of rooms. Every message carries its sender and
// number, so that each receiver's copy is accounted for: lost, doubled, overtaken, damaged, or come to the wrong place.
#include <deque>

#include "marked_payload.h"
#include "measurement.h"
#include "modes.h"
#include "sequence_book.h"
#include "swarm.h"

namespace wshub::bench {

namespace {

// A message that has not reached everybody after this is no longer waited for.
constexpr std::chrono::seconds kGiveUp{2};
constexpr std::chrono::seconds kDrain{3};
// What comes once more comes soon after.
constexpr std::chrono::milliseconds kLinger{200};
constexpr std::chrono::seconds kJoinPatience{30};

// One message under way.
struct Sent {
    TimePoint at;
    std::uint32_t to_come;  // receivers
    bool given_up;
};

struct Source {
    std::size_t client;
    std::size_t channel;
    std::size_t slot;  // among the channel's sources
    std::vector<Sent> sent;
    SequenceBook acks;
};

// Clients that get the same messages: all of them, or a room.
struct Channel {
    std::string room;
    std::vector<std::size_t> members;
    std::vector<std::size_t> sources;
    std::size_t next_source = 0;
    std::size_t in_flight = 0;
    std::deque<Mark> under_way;  // oldest first; sender is the number of the source
};

class Flow final : public Scenario {
public:
    explicit Flow(const Run& run)
        : run_(run),
          to_rooms_(run.options.mode == Mode::kRooms),
          to_sender_too_(run.options.mode == Mode::kFanout && run.options.event == "message"),
          event_(to_rooms_ ? "room_message" : run.options.event),
          swarm_(run.loop, run.options, crowd_size(run.options), *this),
          source_of_client_(swarm_.size(), kNoSource),
          channel_of_client_(swarm_.size()),
          books_(swarm_.size()) {
        arrange();
    }

    bool run() {
        swarm_.connect();
        if (to_rooms_) join_rooms();
        const TimePoint start = Clock::now();
        const auto warm_up = std::chrono::duration_cast<Clock::duration>(run_.options.warm_up);
        const auto time = std::chrono::duration_cast<Clock::duration>(run_.options.time);
        run_.loop.run_until(start + warm_up, [this, start] { return step(start); });
        measuring_ = true;
        measurement_.begin(warm_up.count() > 0 ? delivered_ : 0);
        run_.loop.run_until(Clock::now() + time, [this, start] { return step(start); });
        stopped_ = true;
        run_.loop.run_until(Clock::now() + kDrain, [this] { return all_arrived(); });
        measurement_.end(delivered_);
        run_.loop.run_until(Clock::now() + kLinger, [] { return false; });
        const bool exact = report();
        swarm_.close();
        return exact && swarm_.failed() == 0 && swarm_.lost() == 0;
    }

private:
    static constexpr std::size_t kNoSource = static_cast<std::size_t>(-1);

    // A broadcast does not come back to its sender, who is then one more than the receivers asked for.
    static std::size_t crowd_size(const Options& options) {
        const bool one_more = options.mode == Mode::kFanout && options.event == "broadcast";
        return options.clients + (one_more ? 1 : 0);
    }

    void arrange() {
        channels_.resize(to_rooms_ ? run_.options.rooms : 1);
        for (std::size_t i = 0; i < swarm_.size(); ++i) {
            Channel& channel = channels_[i % channels_.size()];
            channel_of_client_[i] = i % channels_.size();
            channel.members.push_back(i);
            if (channel.sources.size() >= run_.options.senders) continue;
            source_of_client_[i] = sources_.size();
            channel.sources.push_back(sources_.size());
            sources_.push_back({i, i % channels_.size(), channel.sources.size() - 1, {}, {}});
        }
        for (std::size_t i = 0; i < channels_.size(); ++i) channels_[i].room = "room-" + std::to_string(i);
        for (std::size_t i = 0; i < swarm_.size(); ++i)
            books_[i].resize(channels_[channel_of_client_[i]].sources.size());
    }

    void join_rooms() {
        const TimePoint start = Clock::now();
        joining_ = true;
        for (std::size_t i = 0; i < swarm_.size(); ++i) {
            const std::string name = '"' + channels_[channel_of_client_[i]].room + '"';
            if (swarm_[i].emit("join_room", name, 0)) ++joins_pending_;
        }
        run_.loop.run_until(start + kJoinPatience, [this] { return joins_pending_ == 0; });
        joining_ = false;
        joining_took_ = Clock::now() - start;
    }

    // Sends what is due. True when the last message has arrived everywhere and been acknowledged.
    bool step(TimePoint start) {
        const TimePoint now = Clock::now();
        for (Channel& channel : channels_) give_up_old(channel, now);
        if (run_.options.rate > 0) {
            const double elapsed = std::chrono::duration<double>(now - start).count();
            const auto due = static_cast<std::uint64_t>(elapsed * run_.options.rate);
            while (sent_ < due && may_send() && send(channels_[next_channel_++ % channels_.size()])) {
            }
        } else {
            for (Channel& channel : channels_) {
                while (channel.in_flight < run_.options.in_flight && may_send() && send(channel)) {
                }
            }
        }
        return !may_send() && all_arrived();
    }

    bool may_send() const { return !stopped_ && (run_.options.messages == 0 || sent_ < run_.options.messages); }

    bool all_arrived() const { return delivered_ >= expected_ && acked_ >= sent_; }

    // False if the channel's next source is gone.
    bool send(Channel& channel) {
        const std::size_t number = channel.sources[channel.next_source++ % channel.sources.size()];
        Source& source = sources_[number];
        const Mark mark{static_cast<std::uint32_t>(source.client), static_cast<std::uint32_t>(source.sent.size())};
        args_.clear();
        if (to_rooms_) args_.append("{\"room\":\"").append(channel.room).append("\",\"message\":");
        append_marked_payload(args_, mark, run_.options.payload);
        if (to_rooms_) args_.push_back('}');
        const TimePoint now = Clock::now();
        if (!swarm_[source.client].emit(event_, args_, mark.number)) return false;
        const std::size_t receivers = channel.members.size() - (to_sender_too_ ? 0 : 1);
        source.sent.push_back({now, static_cast<std::uint32_t>(receivers), false});
        channel.under_way.push_back({static_cast<std::uint32_t>(number), mark.number});
        ++channel.in_flight;
        ++sent_;
        expected_ += receivers;
        return true;
    }

    void give_up_old(Channel& channel, TimePoint now) {
        while (!channel.under_way.empty()) {
            const Mark oldest = channel.under_way.front();
            Sent& sent = sources_[oldest.sender].sent[oldest.number];
            if (sent.to_come > 0) {
                if (now - sent.at < kGiveUp) return;
                sent.given_up = true;
                --channel.in_flight;
                ++given_up_;
            }
            channel.under_way.pop_front();
        }
    }

    void on_event(Client& client, std::string_view name, std::string_view body) override {
        if (name != event_) {
            ++other_events_;
            return;
        }
        const auto mark = find_marked_payload(body, run_.options.payload);
        if (!mark) {
            ++damaged_;
            return;
        }
        const std::size_t number = mark->sender < swarm_.size() ? source_of_client_[mark->sender] : kNoSource;
        if (number == kNoSource || mark->number >= sources_[number].sent.size()) {
            ++damaged_;
            return;
        }
        Source& source = sources_[number];
        const bool own = source.client == client.index();
        if (source.channel != channel_of_client_[client.index()] || (own && !to_sender_too_)) {
            ++misdelivered_;
            return;
        }
        take(client, source, mark->number);
    }

    void take(const Client& client, Source& source, std::uint32_t number) {
        switch (books_[client.index()][source.slot].receive(number)) {
            case SequenceBook::Arrival::kDuplicate: ++duplicated_; return;
            case SequenceBook::Arrival::kLate: ++out_of_order_; break;
            case SequenceBook::Arrival::kInOrder: break;
        }
        ++delivered_;
        Sent& sent = source.sent[number];
        if (measuring_) latency_.add(Clock::now() - sent.at);
        if (--sent.to_come == 0 && !sent.given_up) --channels_[source.channel].in_flight;
    }

    void on_ack(Client& client, std::uint64_t id, std::string_view body) override {
        if (joining_) {
            if (body.find("\"status\":\"joined\"") != std::string_view::npos) ++rooms_joined_;
            --joins_pending_;
            return;
        }
        const std::size_t number = source_of_client_[client.index()];
        if (number == kNoSource || id >= sources_[number].sent.size()) {
            ++damaged_;
            return;
        }
        const bool first =
            sources_[number].acks.receive(static_cast<std::uint32_t>(id)) != SequenceBook::Arrival::kDuplicate;
        ++(first ? acked_ : acks_duplicated_);
    }

    // True if everything arrived exactly once, in order, and was acknowledged.
    bool report() const {
        Report& report = run_.report;
        std::uint64_t lost = 0;
        for (std::size_t i = 0; i < swarm_.size(); ++i) {
            for (const std::size_t number : channels_[channel_of_client_[i]].sources) {
                const Source& source = sources_[number];
                if (source.client == i && !to_sender_too_) continue;
                lost += books_[i][source.slot].lost(static_cast<std::uint32_t>(source.sent.size()));
            }
        }
        if (to_rooms_) {
            report.add("rooms", run_.options.rooms);
            report.add("rooms_joined", rooms_joined_);
            report.add("joining_seconds", joining_took_.count());
        }
        report.add("messages_sent", sent_);
        report.add("messages_acked", acked_);
        report.add("acks_duplicated", acks_duplicated_);
        report.add("messages_given_up", given_up_);
        report.add("deliveries_expected", expected_);
        report.add("deliveries", delivered_);
        report.add("deliveries_lost", lost);
        report.add("deliveries_duplicated", duplicated_);
        report.add("deliveries_out_of_order", out_of_order_);
        report.add("deliveries_damaged", damaged_);
        report.add("deliveries_to_the_wrong_client", misdelivered_);
        report.add("other_events", other_events_);
        measurement_.add_to(report, "delivery", "deliveries");
        report.add_milliseconds("latency_p50_ms", latency_.at(0.50));
        report.add_milliseconds("latency_p99_ms", latency_.at(0.99));
        report.add_milliseconds("latency_max_ms", latency_.max());
        swarm_.add_to(report);
        const bool all_acked = acked_ == sent_ && acks_duplicated_ == 0;
        const bool all_joined = !to_rooms_ || rooms_joined_ == swarm_.size();
        return lost + duplicated_ + out_of_order_ + damaged_ + misdelivered_ == 0 && all_acked && all_joined;
    }

    const Run& run_;
    const bool to_rooms_;
    const bool to_sender_too_;
    const std::string event_;
    Swarm swarm_;
    std::vector<Channel> channels_;
    std::vector<Source> sources_;
    std::vector<std::size_t> source_of_client_;
    std::vector<std::size_t> channel_of_client_;
    std::vector<std::vector<SequenceBook>> books_;  // by receiver, then by the source's slot
    Measurement measurement_{run_.server};
    Histogram latency_;
    std::string args_;
    std::chrono::duration<double> joining_took_{0};
    std::size_t next_channel_ = 0;
    std::uint64_t joins_pending_ = 0;
    std::uint64_t rooms_joined_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t acked_ = 0;
    std::uint64_t acks_duplicated_ = 0;
    std::uint64_t expected_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t duplicated_ = 0;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t damaged_ = 0;
    std::uint64_t misdelivered_ = 0;
    std::uint64_t other_events_ = 0;
    std::uint64_t given_up_ = 0;
    bool joining_ = false;
    bool measuring_ = false;
    bool stopped_ = false;
};

}  // namespace

bool run_flow(const Run& run) {
    return Flow(run).run();
}

}  // namespace wshub::bench
