// Which cell of a sharded figure a thread adds to.
#pragma once

namespace wshub::base {

// A small number for this thread, the same for its whole life.
unsigned thread_number();

}  // namespace wshub::base
