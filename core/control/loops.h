// How the control thread gets to know what only a loop may read.
#pragma once

#include <span>
#include <vector>

#include "base/clock.h"
#include "hub/hub.h"
#include "net/loop.h"

namespace wshub::control {

// A loop that does not answer for so long makes an operation fail.
inline constexpr base::milliseconds kLoopPatience{5'000};

// The views of those sockets that are still in, in the order given. A few hundred at a time on their loops. Throws
// Refused if a loop does not answer. Not on a loop.
std::vector<hub::SocketView> look_at(const hub::Hub& hub, std::span<const hub::SocketHandle> sockets, hub::Look depth);

}  // namespace wshub::control
