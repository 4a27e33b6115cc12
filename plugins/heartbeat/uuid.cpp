#include "uuid.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace heartbeat {
namespace {

// The pattern of a UUID's text: where its hyphens are.
constexpr std::size_t kLength = 36;
constexpr bool is_hyphen(std::size_t at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string text_of(const Uuid& uuid) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    text.reserve(kLength);
    for (const std::uint8_t byte : uuid.bytes) {
        if (is_hyphen(text.size())) text += '-';
        text += kHex[byte >> 4];
        text += kHex[byte & 15];
    }
    return text;
}

std::optional<Uuid> read_uuid(std::string_view text) {
    if (text.size() != kLength) return std::nullopt;
    Uuid uuid;
    std::size_t digits = 0;
    for (std::size_t at = 0; at < kLength; ++at) {
        if (is_hyphen(at)) {
            if (text[at] != '-') return std::nullopt;
            continue;
        }
        const int digit = digit_of(text[at]);
        if (digit < 0) return std::nullopt;
        std::uint8_t& byte = uuid.bytes[digits / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | digit);
        ++digits;
    }
    return uuid;
}

Uuid Random::uuid() {
    Uuid uuid;
    take(uuid.bytes.data(), uuid.bytes.size());
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);  // version 4
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);  // the variant of the RFC
    return uuid;
}

std::uint64_t Random::number() {
    std::uint64_t number = 0;
    take(&number, sizeof number);
    return number;
}

void Random::take(void* to, std::size_t count) {
    if (used_ + count > pool_.size()) {
        // So few bytes come whole or not at all.
        while (::getrandom(pool_.data(), pool_.size(), 0) != static_cast<ssize_t>(pool_.size())) {
            if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        used_ = 0;
    }
    std::memcpy(to, pool_.data() + used_, count);
    used_ += count;
}

}  // namespace heartbeat
