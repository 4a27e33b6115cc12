#include "hub/story.h"

#include <algorithm>
#include <cstring>

namespace wshub::hub {
namespace {

using Tick = std::chrono::duration<std::uint32_t, std::centi>;

}  // namespace

std::string_view happening_name(Happening what) {
    switch (what) {
        case Happening::kConnected: return "connected";
        case Happening::kUpgraded: return "upgraded";
        case Happening::kEvent: return "event";
        case Happening::kJoined: return "joined";
        case Happening::kLeft: return "left";
        case Happening::kNamed: return "named";
        case Happening::kRefused: return "refused";
    }
    return "unknown";
}

void Story::add(base::SteadyTime now, Happening what, std::string_view detail) {
    if (entries_.size() < kLength) {
        next_ = entries_.size();
        entries_.emplace_back();
    } else if (next_ == kLength) {
        next_ = 0;
    }
    Entry& entry = entries_[next_++];
    entry.age = std::chrono::duration_cast<Tick>(now - begin_).count();
    entry.what = what;
    std::size_t length = detail.size();
    if (length > kMost) {
        length = kMost;
        while (length > 0 && (static_cast<unsigned char>(detail[length]) & 0xc0) == 0x80) --length;
    }
    std::memcpy(entry.detail.data(), detail.data(), length);
    entry.length = static_cast<std::uint8_t>(length < detail.size() ? length | 0x80u : length);
}

std::vector<Story::Item> Story::read() const {
    std::vector<Item> items;
    const std::size_t first = entries_.size() < kLength ? 0 : next_ % kLength;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[(first + i) % entries_.size()];
        Item item{Tick(entry.age), entry.what, std::string(entry.detail.data(), entry.length & 0x7fu)};
        if ((entry.length & 0x80u) != 0) item.detail += "...";
        items.push_back(std::move(item));
    }
    return items;
}

}  // namespace wshub::hub
