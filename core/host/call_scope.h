// What the calling thread is doing in a plugin at this moment. Host functions ask which namespace is meant and what is
// allowed here; the handler of fatal signals asks whom to name.
#pragma once

#include <cstdint>
#include <string_view>

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
};

// Null: this thread is not inside a plugin. Safe to call from a signal handler.
const CallScope* current_call();

class EnterCall {
public:
    explicit EnterCall(const CallScope& scope);
    ~EnterCall();
    EnterCall(const EnterCall&) = delete;

private:
    const CallScope* before_;
};

}  // namespace wshub::host
