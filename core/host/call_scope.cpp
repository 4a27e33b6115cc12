#include "host/call_scope.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>

#include "base/alternate_stack.h"

namespace wshub::host {
namespace {

// A text that one thread writes while others may read it; what they read then is no use, but does no harm.
template <std::size_t kWords>
class SharedText {
public:
    void write(std::string_view text) {
        size_.store(std::min(text.size(), kWords * sizeof(std::uint64_t)), std::memory_order_release);
        for (std::size_t i = 0; i < kWords && !text.empty(); ++i) {
            std::uint64_t word = 0;
            const std::size_t count = std::min(text.size(), sizeof word);
            std::memcpy(&word, text.data(), count);
            text.remove_prefix(count);
            words_[i].store(word, std::memory_order_release);
        }
    }
    std::string read() const {
        const std::size_t size = size_.load(std::memory_order_acquire);
        std::array<std::uint64_t, kWords> copy{};
        for (std::size_t i = 0; i < kWords; ++i) copy[i] = words_[i].load(std::memory_order_acquire);
        std::string text(sizeof copy, '\0');
        std::memcpy(text.data(), copy.data(), sizeof copy);
        text.resize(size);
        return text;
    }

private:
    std::atomic<std::size_t> size_{0};
    std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

// The innermost call of one thread. `state` is twice its number, one more if somebody has claimed it; 0 while there is
// none, and while the rest is being written: who reads the same number before and after has read what belongs to it.
struct alignas(64) Slot {
    std::atomic<std::uint64_t> state{0};
    std::atomic<pid_t> thread{0};
    std::atomic<const void*> host{nullptr};
    std::atomic<std::uint32_t> instance{0}, kind{0}, handler{0};
    std::atomic<bool> blocking{false}, is_step{false};
    std::atomic<base::SteadyTime::rep> since{0};
    SharedText<4> plugin;
    SharedText<8> what;
    std::uint64_t last = 0;  // the thread's own: the number of its last call
};

// Slots are never freed, but go to other threads.
class Registry {
public:
    Slot& take() {
        const std::lock_guard lock(mutex_);
        const auto thread = static_cast<pid_t>(::syscall(SYS_gettid));
        for (const auto& each : slots_) {
            if (each->thread.load(std::memory_order_relaxed) != 0) continue;
            each->thread.store(thread, std::memory_order_relaxed);
            return *each;
        }
        slots_.push_back(std::make_unique<Slot>());
        slots_.back()->thread.store(thread, std::memory_order_relaxed);
        return *slots_.back();
    }
    void give_back(Slot& slot) {
        const std::lock_guard lock(mutex_);
        slot.state.store(0, std::memory_order_release);
        slot.thread.store(0, std::memory_order_relaxed);
    }
    template <class Use>
    void each(Use use) {
        const std::lock_guard lock(mutex_);
        for (const auto& slot : slots_) use(*slot);
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Slot>> slots_;
};

// Threads may end after main() has.
Registry& registry() {
    static Registry& all = *new Registry;
    return all;
}

// What a thread has that calls plugins.
struct Own {
    Own() = default;
    ~Own() { registry().give_back(slot); }
    Own(const Own&) = delete;

    const base::AlternateStack stack;
    Slot& slot = registry().take();
};

Slot& own_slot() {
    thread_local const Own own;
    return own.slot;
}

thread_local EnterCall* t_current = nullptr;

std::optional<RunningCall> read(const Slot& slot) {
    const std::uint64_t before = slot.state.load(std::memory_order_acquire);
    if (before == 0) return std::nullopt;
    RunningCall call;
    call.host = slot.host.load(std::memory_order_acquire);
    call.thread = slot.thread.load(std::memory_order_acquire);
    call.instance = slot.instance.load(std::memory_order_acquire);
    call.kind = slot.kind.load(std::memory_order_acquire);
    call.handler = slot.handler.load(std::memory_order_acquire);
    call.blocking = slot.blocking.load(std::memory_order_acquire);
    call.is_step = slot.is_step.load(std::memory_order_acquire);
    call.plugin = slot.plugin.read();
    call.what = slot.what.read();
    call.since = base::SteadyTime(base::SteadyTime::duration(slot.since.load(std::memory_order_acquire)));
    call.place = &slot;
    call.number = before / 2;
    if (slot.state.load(std::memory_order_acquire) / 2 != call.number) return std::nullopt;
    return call;
}

}  // namespace

std::string_view CallScope::doing() const {
    if (step != nullptr) return step;
    return what.empty() ? kind_name(kind) : what;
}

std::string_view kind_name(std::uint32_t kind) {
    constexpr std::array<std::string_view, 13> kNames{"call",  "event",   "connect", "connected", "disconnect",
                                                      "join",  "leave",   "http",    "timer",     "post",
                                                      "reply", "channel", "answer"};
    return kind < kNames.size() ? kNames[kind] : kNames[0];
}

const CallScope* current_call() {
    const CallScope* const scope = current_activity();
    return scope != nullptr && scope->step == nullptr ? scope : nullptr;
}

const CallScope* current_activity() {
    return t_current != nullptr ? &t_current->scope_ : nullptr;
}

std::vector<RunningCall> running_calls(const void* host) {
    std::vector<RunningCall> calls;
    registry().each([&](const Slot& slot) {
        auto call = read(slot);
        if (call && call->host == host) calls.push_back(*std::move(call));
    });
    return calls;
}

std::optional<RunningCall> running_call_of(pid_t thread) {
    std::optional<RunningCall> found;
    registry().each([&](const Slot& slot) {
        if (slot.thread.load(std::memory_order_relaxed) == thread) found = read(slot);
    });
    return found;
}

bool claim(const RunningCall& call) {
    auto& state = const_cast<Slot*>(static_cast<const Slot*>(call.place))->state;
    std::uint64_t expected = call.number * 2;
    return state.compare_exchange_strong(expected, expected + 1);
}

EnterCall::EnterCall(const CallScope& scope, std::uint32_t slot, const void* host, std::uint32_t instance,
                     base::SteadyTime since)
    : scope_(scope),
      slot_(slot),
      host_(host),
      instance_(instance),
      since_(since),
      number_(++own_slot().last),
      before_(t_current) {
    if (before_ != nullptr) before_->hide();
    show();
    t_current = this;
}

EnterCall::~EnterCall() {
    leave();
}

bool EnterCall::leave() {
    if (left_) return told_;
    left_ = true;
    t_current = before_;
    hide();
    if (before_ != nullptr) before_->show();
    return told_;
}

// Each store is a release: who reads any of it sees that `state` was 0 before.
void EnterCall::show() const {
    Slot& slot = own_slot();
    slot.host.store(host_, std::memory_order_release);
    slot.instance.store(instance_, std::memory_order_release);
    slot.kind.store(scope_.kind, std::memory_order_release);
    slot.handler.store(slot_, std::memory_order_release);
    slot.blocking.store(scope_.blocking, std::memory_order_release);
    slot.is_step.store(scope_.step != nullptr, std::memory_order_release);
    slot.since.store(since_.time_since_epoch().count(), std::memory_order_release);
    slot.plugin.write(scope_.plugin);
    slot.what.write(scope_.step != nullptr ? std::string_view(scope_.step) : scope_.what);
    slot.state.store(number_ * 2 + (told_ ? 1 : 0), std::memory_order_release);
}

void EnterCall::hide() {
    told_ = (own_slot().state.exchange(0) & 1) != 0;
}

}  // namespace wshub::host
