#include "host/call_scope.h"

#include <utility>

namespace wshub::host {
namespace {
thread_local const CallScope* t_current = nullptr;
}

const CallScope* current_call() {
    return t_current;
}

EnterCall::EnterCall(const CallScope& scope) : before_(std::exchange(t_current, &scope)) {}

EnterCall::~EnterCall() {
    t_current = before_;
}

}  // namespace wshub::host
