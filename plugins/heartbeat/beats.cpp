#include "beats.h"

#include <algorithm>
#include <sstream>

namespace heartbeat {

namespace chrono = std::chrono;
using chrono::nanoseconds;

Rhythm rhythm_of(chrono::milliseconds interval, chrono::milliseconds timeout) {
    constexpr nanoseconds kShortest = chrono::milliseconds(5), kLongest = chrono::milliseconds(100);
    constexpr int kEnoughSlots = 64;
    const nanoseconds wanted = std::clamp(nanoseconds(interval) / kEnoughSlots, kShortest, kLongest);
    const auto slots = std::max<nanoseconds::rep>(1, nanoseconds(interval) / wanted);
    const nanoseconds step = nanoseconds(interval) / slots;
    // One more, since a step may be taken late and the next one in time.
    const auto patience = (nanoseconds(timeout) + step - nanoseconds(1)) / step + 1;
    return {step, static_cast<std::size_t>(slots), static_cast<std::uint64_t>(patience)};
}

std::uint64_t Pace::due(Time now) {
    constexpr chrono::seconds kStandstill{1};
    const Time next = start_ + step_ * static_cast<nanoseconds::rep>(done_ + 1);
    if (now - next > std::max<nanoseconds>(kStandstill, step_)) start_ += now - next;
    const auto all = std::max<nanoseconds::rep>(0, (now - start_) / step_);
    const std::uint64_t due = std::max(static_cast<std::uint64_t>(all), done_) - done_;
    done_ += due;
    return due;
}

Beats::Beats(const Rhythm& rhythm) : patience_(rhythm.patience), slots_(rhythm.slots) {}

void Beats::add(Client client, std::uint64_t random) {
    const auto [at, is_new] = clients_.try_emplace(client);
    if (!is_new) return;
    at->second.slot = random % slots_.size();
    slots_[at->second.slot].push_back(client);
}

void Beats::remove(Client client) {
    const auto found = clients_.find(client);
    if (found == clients_.end()) return;
    std::vector<Client>& slot = slots_[found->second.slot];
    *std::find(slot.begin(), slot.end(), client) = slot.back();
    slot.pop_back();
    clients_.erase(found);
}

bool Beats::acknowledge(Client client, const Uuid& id) {
    const auto found = clients_.find(client);
    if (found == clients_.end()) return false;
    std::vector<Owed>& owed = found->second.owed;
    const auto beat = std::find_if(owed.begin(), owed.end(), [&id](const Owed& each) { return each.id == id; });
    if (beat == owed.end()) return false;
    beat->answered = true;
    forget_answered(found->second);
    return true;
}

Beats::Step Beats::advance(const std::function<Uuid()>& fresh_id) {
    Step step;
    ++now_;
    if (now_ > patience_) {
        const std::uint64_t sent_until = now_ - patience_;
        for (const Client client : slots_[sent_until % slots_.size()]) {
            settle(client, clients_[client], sent_until, step.missed);
        }
    }
    for (const Client client : slots_[now_ % slots_.size()]) {
        const Uuid id = fresh_id();
        clients_[client].owed.push_back({id, now_, false});
        step.sent.push_back({client, id});
    }
    return step;
}

// "now slots patience", then a line for each client: "client slot missed", and for each heartbeat that it owes
// " id sent_at answered".
std::string Beats::save() const {
    std::string text =
        std::to_string(now_) + ' ' + std::to_string(slots_.size()) + ' ' + std::to_string(patience_) + '\n';
    for (const auto& [client, state] : clients_) {
        text += std::to_string(client) + ' ' + std::to_string(state.slot) + ' ' + std::to_string(state.missed);
        for (const Owed& owed : state.owed) {
            text += ' ' + text_of(owed.id) + ' ' + std::to_string(owed.sent_at) + (owed.answered ? " 1" : " 0");
        }
        text += '\n';
    }
    return text;
}

void Beats::restore(std::string_view saved, const std::function<std::uint64_t()>& random) {
    std::istringstream lines{std::string(saved)};
    std::uint64_t now = 0, slots = 0, patience = 0;
    if (!(lines >> now >> slots >> patience)) return;
    const bool same = slots == slots_.size() && patience == patience_;
    if (same) now_ = now;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        Client client = 0;
        std::uint64_t slot = 0;
        std::uint32_t missed = 0;
        if (!(words >> client >> slot >> missed)) continue;
        add(client, same ? slot : random());
        State& state = clients_[client];
        state.missed = missed;
        std::string id;
        Owed owed{};
        while (same && words >> id >> owed.sent_at >> owed.answered) {
            owed.id = read_uuid(id).value_or(Uuid{});
            state.owed.push_back(owed);
        }
    }
}

// Time has run out for what was sent until then.
void Beats::settle(Client client, State& state, std::uint64_t sent_until, std::vector<Missed>& missed) {
    while (!state.owed.empty() && state.owed.front().sent_at <= sent_until) {
        missed.push_back({client, ++state.missed});
        state.owed.erase(state.owed.begin());
        forget_answered(state);
    }
}

// One that was answered before an older one counts when the older one is settled: only then it is known what follows
// what.
void Beats::forget_answered(State& state) {
    while (!state.owed.empty() && state.owed.front().answered) {
        state.missed = 0;
        state.owed.erase(state.owed.begin());
    }
}

}  // namespace heartbeat
