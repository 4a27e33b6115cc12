// How many files the process may have open, which is what bounds the number of clients: each has one or two. Main
// thread, at start.
#pragma once

#include <cstddef>

namespace wshub::server {

// Raises the limit as far as this process may (the soft limit is 1024 nearly everywhere, and meant to be raised by
// those who can), and gives what it is then.
std::size_t raise_descriptor_limit();

// How many sessions surely fit: two descriptors each, as while a client upgrades or polls and posts at the same time,
// and some for everything else.
std::size_t sessions_for(std::size_t descriptors);

// Says in the log how many sessions fit; warns, and says what to do, if `max_sessions` (0: no limit) promises more.
void advise_on_descriptors(std::size_t descriptors, std::size_t max_sessions);

}  // namespace wshub::server
