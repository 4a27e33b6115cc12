// In which order plugins are started: each after those that it requires.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "host/descriptor.h"

namespace wshub::host {

struct DependencyOrder {
    std::vector<std::size_t> order;                            // of those that can be started
    std::vector<std::pair<std::size_t, std::string>> refused;  // the others, and why
};

// Keeps the given order where requirements leave it open.
DependencyOrder order_by_dependency(const std::vector<const Descriptor*>& plugins);

}  // namespace wshub::host
