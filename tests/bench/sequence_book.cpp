#include "sequence_book.h"

#include <algorithm>

namespace wshub::bench {

SequenceBook::Arrival SequenceBook::receive(std::uint32_t sequence) {
    if (sequence >= next_) {
        for (; next_ < sequence; ++next_) missing_.push_back(next_);
        ++next_;
        return Arrival::kInOrder;
    }
    const auto found = std::lower_bound(missing_.begin(), missing_.end(), sequence);
    if (found == missing_.end() || *found != sequence) return Arrival::kDuplicate;
    missing_.erase(found);
    return Arrival::kLate;
}

std::uint64_t SequenceBook::lost(std::uint32_t sent) const {
    const auto in_gaps = std::lower_bound(missing_.begin(), missing_.end(), sent) - missing_.begin();
    const std::uint32_t at_end = sent > next_ ? sent - next_ : 0;
    return static_cast<std::uint64_t>(in_gaps) + at_end;
}

}  // namespace wshub::bench
