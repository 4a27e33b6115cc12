// What one receiver got of one sender's messages 0, 1, 2, ...: tells lost, doubled and overtaken ones apart exactly,
// whatever order they come in.
#pragma once

#include <cstdint>
#include <vector>

namespace wshub::bench {

class SequenceBook {
public:
    enum class Arrival : std::uint8_t {
        kInOrder,    // the one expected, or one behind a gap
        kLate,       // for the first time, but a later one came before it
        kDuplicate,  // came before
    };

    Arrival receive(std::uint32_t sequence);

    // How many of the first `sent` have not come.
    std::uint64_t lost(std::uint32_t sent) const;

private:
    std::uint32_t next_ = 0;              // one above the highest that came
    std::vector<std::uint32_t> missing_;  // below next_, ascending
};

}  // namespace wshub::bench
