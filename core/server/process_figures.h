// What the system knows of this process, under the names that Prometheus's own clients use.
#pragma once

#include "base/metrics.h"

namespace wshub::server {

// Registers them; they are looked up at each reading, which takes milliseconds where thousands of files are open: not
// on a loop.
void add_process_figures(base::Metrics& metrics);

}  // namespace wshub::server
