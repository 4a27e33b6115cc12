#include "shares.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace auth {

std::string network_of(std::string_view address) {
    const std::string text(address.substr(0, address.find('%')));
    std::array<char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
    constexpr std::size_t kNetworkBytes = 8;
    return std::string(bytes.data(), kNetworkBytes);
}

Shares::Place Shares::take(const std::string& asker) {
    Place place{true, {}};
    if (taken_ - leaving_ >= most_) {
        const auto stays = [](const auto& each) { return each.second.held - each.second.leaving; };
        const auto largest = std::max_element(shares_.begin(), shares_.end(),
                                              [&stays](const auto& a, const auto& b) { return stays(a) < stays(b); });
        const auto own = shares_.find(asker);
        const std::size_t mine = own == shares_.end() ? 0 : stays(*own);
        if (largest == shares_.end() || stays(*largest) <= mine + 1) return {};
        ++largest->second.leaving;
        ++leaving_;
        place.instead_of = largest->first;
    }
    ++shares_[asker].held;
    ++taken_;
    return place;
}

void Shares::give_back(const std::string& asker) {
    const auto share = shares_.find(asker);
    if (share == shares_.end()) return;
    --share->second.held;
    --taken_;
    if (share->second.leaving > 0) {
        --share->second.leaving;
        --leaving_;
    }
    if (share->second.held == 0) shares_.erase(share);
}

bool Shares::must_leave(const std::string& asker) const {
    const auto share = shares_.find(asker);
    return share != shares_.end() && share->second.leaving > 0;
}

}  // namespace auth
