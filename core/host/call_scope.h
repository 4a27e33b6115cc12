// What the calling thread is doing in a plugin at this moment, and what all threads are. Host functions ask which
// namespace is meant and what is allowed here; the handler of fatal signals asks whom to name; who watches asks for
// calls that do not return.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "hub/types.h"

namespace wshub::host {

struct CallScope {
    const char* plugin = nullptr;  // NUL-terminated, lives as long as the call
    std::uint32_t kind = 0;        // WSHUB_ON_...
    std::string_view what;         // name of the event, room or route
    std::string_view nsp;          // empty: no namespace is meant
    hub::SocketHandle socket = 0;
    // WSHUB_ON_CONNECT only: what it has come to, and who is asked at the moment.
    hub::ConnectVerdict* verdict = nullptr;
    hub::Holder asked;
    // WSHUB_ON_EVENT only: its acknowledgement, and whether a handler has answered, kept or refused it.
    hub::AckHandle ack = 0;
    bool* taken = nullptr;
    bool* kept = nullptr;   // set by keep_ack()
    bool blocking = false;  // on a worker: it may take its time
    // "create", "start", "save", ...: no handler is called, but what brings the plugin up or down.
    const char* step = nullptr;

    // In a word: the step, or the name, or what kind of handler it is. Safe in a signal handler, as the next.
    std::string_view doing() const;
};

// "event", "timer", ...
std::string_view kind_name(std::uint32_t kind);

// The handler that this thread is inside; null: none.
const CallScope* current_call();
// The same, also of a step. Safe to call from a signal handler.
const CallScope* current_activity();

// A call as other threads see it.
struct RunningCall {
    const void* host = nullptr;
    pid_t thread = 0;
    std::uint32_t instance = 0;
    std::uint32_t kind = 0;
    std::uint32_t handler = 0;  // its slot; of no meaning for a step
    bool blocking = false, is_step = false;
    std::string plugin, what;  // long ones are cut; of a step, which one
    base::SteadyTime since{};

    const void* place = nullptr;  // where, and which one: for claim()
    std::uint64_t number = 0;
};

// What runs inside the plugins of that host, the innermost call of each thread. Any thread.
std::vector<RunningCall> running_calls(const void* host);
// The call of that thread, whichever host's. Any thread.
std::optional<RunningCall> running_call_of(pid_t thread);
// Takes it on oneself to tell of that call. False: it has returned, or was told of before.
bool claim(const RunningCall& call);

// Being in a call. What other threads see of it costs a few stores to memory that is this thread's own.
class EnterCall {
public:
    // `host` and `instance` tell whose call it is, `slot` which handler is called.
    EnterCall(const CallScope& scope, std::uint32_t slot, const void* host, std::uint32_t instance,
              base::SteadyTime since);
    ~EnterCall();
    EnterCall(const EnterCall&) = delete;

    // It has returned, and nobody can claim it any more. Whether somebody had; the same if asked again.
    bool leave();

private:
    friend const CallScope* current_call();
    friend const CallScope* current_activity();

    void show() const;
    void hide();

    const CallScope& scope_;
    const std::uint32_t slot_;
    const void* const host_;
    const std::uint32_t instance_;
    const base::SteadyTime since_;
    const std::uint64_t number_;
    EnterCall* const before_;
    bool told_ = false, left_ = false;
};

}  // namespace wshub::host
