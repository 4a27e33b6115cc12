// One line about what the program was doing when it crashed, then the crash itself, core dump included. Main thread,
// once.
#pragma once

#include <sys/types.h>

namespace wshub::server {

// Sets handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, which run on the stack that base::AlternateStack gives
// each thread of ours, so that one whose own is used up is told of as well. Nothing happens in builds with a sanitizer,
// whose own reports say more.
void install_crash_report();

// From now on, a SIGABRT that somebody else sends (a watchdog) is reported from that thread of ours, which is the one
// that is to blame; 0: from whichever gets it.
void blame_thread(pid_t thread);

}  // namespace wshub::server
