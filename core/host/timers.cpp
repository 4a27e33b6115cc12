#include "host/timers.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "host/abi_text.h"
#include "host/instance.h"
#include "net/timer_wheel.h"

namespace wshub::host {
namespace {

base::milliseconds bounded(std::uint64_t ms) {
    constexpr std::uint64_t kTenYears = 10ull * 366 * 86'400'000;
    return base::milliseconds(std::min(ms, kTenYears));
}

void call(const TimerTask& task, std::uint32_t kind, const void* data) {
    Instance& instance = *task.instance;
    const Instance::Visit visit(instance);
    if (!visit) return;
    CallScope scope;
    scope.plugin = instance.name().c_str();
    scope.kind = kind;
    scope.nsp = task.nsp;
    instance.call(task.slot, data, scope);
}

}  // namespace

// A timer that is armed. The wheel's part is touched on its loop only, its end included.
class Timers::Entry : public std::enable_shared_from_this<Entry> {
public:
    Entry(std::shared_ptr<State> state, TimerTask task, wshub_timer id, std::uint64_t first_ms, std::uint64_t period_ms)
        : state_(std::move(state)),
          task_(std::move(task)),
          id_(id),
          first_(bounded(first_ms)),
          period_(bounded(period_ms)) {}

    const TimerTask& task() const { return task_; }

    // Counts from the moment of this call, whenever the loop gets to it.
    void begin(base::SteadyTime now) {
        task_.loop->post([self = shared_from_this(), due = now + first_] {
            if (self->ended_) return;
            self->due_ = due;
            self->task_.loop->arm(self->timer_, due);
        });
    }
    void end() {
        ended_ = true;
        task_.loop->post([self = shared_from_this()] { self->timer_.cancel(); });
    }

private:
    static void fired(void* owner) { static_cast<Entry*>(owner)->fire(); }

    void fire() {
        const auto self = shared_from_this();  // a handler may cancel us
        if (ended_) return;
        wshub_tick tick{};
        tick.size = sizeof tick;
        tick.timer = id_;
        tick.cookie = task_.cookie;
        if (period_ > base::milliseconds::zero()) {
            tick.missed = next_due();
            call(task_, WSHUB_ON_TIMER, &tick);
            if (!ended_) task_.loop->arm(timer_, due_);
        } else {
            ended_ = true;
            forget(*state_, *task_.instance, id_);
            call(task_, WSHUB_ON_TIMER, &tick);
        }
    }

    // Moves due_ to the next time in the rhythm; gives how many have passed meanwhile.
    std::uint32_t next_due() {
        const auto late = std::max(task_.loop->now() - due_, base::SteadyTime::duration::zero());
        const auto missed = late / period_;
        due_ += period_ * (missed + 1);
        return static_cast<std::uint32_t>(std::min<std::int64_t>(missed, UINT32_MAX));
    }

    const std::shared_ptr<State> state_;
    const TimerTask task_;
    const wshub_timer id_;
    const base::milliseconds first_, period_;
    std::atomic<bool> ended_{false};
    base::SteadyTime due_{};                 // its loop's thread
    net::Timer timer_{&Entry::fired, this};  // its loop's thread
};

Timers::Timers() : state_(std::make_shared<State>()) {}

Timers::~Timers() = default;

void Timers::run_or_wait(Plugin& plugin, std::function<void()> action) {
    if (plugin.released) {
        action();
    } else {
        plugin.waiting.push_back(std::move(action));
    }
}

wshub_timer Timers::add(TimerTask task, std::uint64_t first_ms, std::uint64_t period_ms) {
    const Instance* const instance = task.instance.get();
    const std::lock_guard lock(state_->mutex);
    const wshub_timer id = ++state_->last_id;
    auto entry = std::make_shared<Entry>(state_, std::move(task), id, first_ms, period_ms);
    Plugin& plugin = state_->plugins[instance];
    plugin.timers.emplace(id, entry);
    run_or_wait(plugin, [entry] { entry->begin(entry->task().loop->clock().steady()); });
    return id;
}

bool Timers::cancel(const Instance& instance, wshub_timer timer) {
    const std::lock_guard lock(state_->mutex);
    const auto plugin = state_->plugins.find(&instance);
    if (plugin == state_->plugins.end()) return false;
    const auto found = plugin->second.timers.find(timer);
    if (found == plugin->second.timers.end()) return false;
    found->second->end();
    plugin->second.timers.erase(found);
    return true;
}

void Timers::post(TimerTask task) {
    const Instance* const instance = task.instance.get();
    net::Loop& loop = *task.loop;
    const std::lock_guard lock(state_->mutex);
    run_or_wait(state_->plugins[instance], [&loop, task = std::move(task)] {
        loop.post([task] {
            wshub_tick tick{};
            tick.size = sizeof tick;
            tick.cookie = task.cookie;
            call(task, WSHUB_ON_POST, &tick);
        });
    });
}

void Timers::expect(const Instance& instance) {
    const std::lock_guard lock(state_->mutex);
    state_->plugins.try_emplace(&instance);
}

void Timers::answer(TimerTask task, std::shared_ptr<const ControlAnswer> answer) {
    const Instance* const instance = task.instance.get();
    net::Loop& loop = *task.loop;
    const std::lock_guard lock(state_->mutex);
    const auto plugin = state_->plugins.find(instance);
    if (plugin == state_->plugins.end()) return;
    run_or_wait(plugin->second, [&loop, task = std::move(task), answer = std::move(answer)] {
        loop.post([task, answer] {
            wshub_answer given{};
            given.size = sizeof given;
            given.status = answer->done() ? WSHUB_OK : WSHUB_EINTERNAL;
            if (answer->code == "INVALID_FORMAT") given.status = WSHUB_EINVAL;
            if (answer->code == "NOT_FOUND") given.status = WSHUB_ENOENT;
            if (answer->code == "FORBIDDEN") given.status = WSHUB_ESTATE;
            given.cookie = task.cookie;
            given.result = str(answer->json);
            given.code = str(answer->code);
            given.message = str(answer->message);
            call(task, WSHUB_ON_ANSWER, &given);
        });
    });
}

void Timers::release(const Instance& instance) {
    const std::lock_guard lock(state_->mutex);
    Plugin& plugin = state_->plugins[&instance];
    plugin.released = true;
    for (const auto& action : plugin.waiting) action();
    plugin.waiting.clear();
}

void Timers::drop(const Instance& instance) {
    const std::lock_guard lock(state_->mutex);
    const auto plugin = state_->plugins.find(&instance);
    if (plugin == state_->plugins.end()) return;
    for (const auto& [id, entry] : plugin->second.timers) entry->end();
    state_->plugins.erase(plugin);
}

void Timers::forget(State& state, const Instance& instance, wshub_timer timer) {
    const std::lock_guard lock(state.mutex);
    const auto plugin = state.plugins.find(&instance);
    if (plugin != state.plugins.end()) plugin->second.timers.erase(timer);
}

}  // namespace wshub::host
