#include "base/ids.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace wshub::base {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> kDigits = [] {
    std::array<std::int8_t, 256> digits{};
    digits.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    return digits;
}();

void fill_from_kernel(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got > 0) {
            out = out.subspan(static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            std::abort();
        }
    }
}

}  // namespace

void random_bytes(std::span<std::uint8_t> out) {
    // One system call serves many ids; used bytes are wiped so that a later leak of this memory tells no old id.
    thread_local std::array<std::uint8_t, 1024> pool;
    thread_local std::size_t used = pool.size();
    if (out.empty()) return;  // an empty span may have no address, which memcpy() must not be given
    if (out.size() > pool.size()) return fill_from_kernel(out);
    if (out.size() > pool.size() - used) {
        fill_from_kernel(pool);
        used = 0;
    }
    std::memcpy(out.data(), pool.data() + used, out.size());
    std::memset(pool.data() + used, 0, out.size());
    used += out.size();
}

std::string encode_id(const IdBytes& bytes) {
    std::string text(kIdLength, '\0');
    for (std::size_t in = 0, out = 0; in < bytes.size(); in += 3, out += 4) {
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[in] << 16 | bytes[in + 1] << 8 | bytes[in + 2]);
        for (std::size_t i = 0; i < 4; ++i) text[out + i] = kAlphabet[group >> (18 - 6 * i) & 63];
    }
    return text;
}

std::optional<IdBytes> decode_id(std::string_view text) {
    if (text.size() != kIdLength) return std::nullopt;
    IdBytes bytes;
    for (std::size_t in = 0, out = 0; in < text.size(); in += 4, out += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const int digit = kDigits[static_cast<unsigned char>(text[in + i])];
            if (digit < 0) return std::nullopt;
            group = group << 6 | static_cast<std::uint32_t>(digit);
        }
        bytes[out] = static_cast<std::uint8_t>(group >> 16);
        bytes[out + 1] = static_cast<std::uint8_t>(group >> 8);
        bytes[out + 2] = static_cast<std::uint8_t>(group);
    }
    return bytes;
}

std::string random_uuid() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::array<std::uint8_t, 16> bytes;
    random_bytes(bytes);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += kHex[bytes[i] >> 4];
        text += kHex[bytes[i] & 15];
    }
    return text;
}

}  // namespace wshub::base
