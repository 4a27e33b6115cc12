// One line about what the program was doing when it crashed, then the crash itself, core dump included. Main thread,
// once.
#pragma once

namespace wshub::server {

// Sets handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT. Nothing happens in builds with a sanitizer, whose own
// reports say more.
void install_crash_report();

}  // namespace wshub::server
