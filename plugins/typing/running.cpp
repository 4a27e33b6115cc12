#include "running.h"

#include <algorithm>

namespace typing {

Running::Started Running::start(Target target, Time until) {
    Started out;
    const std::size_t before = entries_.size();
    stop(target);
    out.first = entries_.size() == before;
    if (entries_.size() == kMost) {
        out.dropped = entries_.front().target;
        entries_.erase(entries_.begin());
    }
    entries_.push_back({target, until});
    return out;
}

void Running::stop(Target target) {
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [target](const Entry& entry) { return entry.target == target; }),
                   entries_.end());
}

std::vector<Target> Running::take_over(Time now) {
    std::vector<Target> over;
    auto entry = entries_.begin();
    for (; entry != entries_.end() && entry->until <= now; ++entry) over.push_back(entry->target);
    entries_.erase(entries_.begin(), entry);
    return over;
}

std::vector<Target> Running::take_all() {
    return take_over(Time::max());
}

std::optional<Time> Running::next() const {
    return entries_.empty() ? std::nullopt : std::optional<Time>(entries_.front().until);
}

}  // namespace typing
