#include "protocol/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace wshub::protocol {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 64 and above: no digit. Such values leave a mark above the six bits of a digit, so that one test serves four
// characters.
constexpr std::uint8_t kNoDigit = 0x80;
constexpr std::array<std::uint8_t, 256> kDigits = [] {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(kNoDigit);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    return digits;
}();

std::uint32_t byte_of(char c) {
    return static_cast<unsigned char>(c);
}

std::uint32_t digit_of(char c) {
    return kDigits[static_cast<unsigned char>(c)];
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    const std::size_t before = out.size();
    out.resize(before + base64_size(bytes.size()));
    char* to = out.data() + before;
    const char* from = bytes.data();
    const char* const end = from + bytes.size();
    for (; end - from >= 3; from += 3) {
        const std::uint32_t group = byte_of(from[0]) << 16 | byte_of(from[1]) << 8 | byte_of(from[2]);
        *to++ = kAlphabet[group >> 18];
        *to++ = kAlphabet[group >> 12 & 63];
        *to++ = kAlphabet[group >> 6 & 63];
        *to++ = kAlphabet[group & 63];
    }
    if (from == end) return;
    const bool two = end - from == 2;
    const std::uint32_t group = byte_of(from[0]) << 16 | (two ? byte_of(from[1]) << 8 : 0);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    *to++ = two ? kAlphabet[group >> 6 & 63] : '=';
    *to = '=';
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (!text.empty() && text.size() % 4 == 0 && text.back() == '=') {
        text.remove_suffix(1);
        if (text.back() == '=') text.remove_suffix(1);
    }
    const std::size_t rest = text.size() % 4;
    if (rest == 1) return std::nullopt;

    std::string bytes(text.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1), '\0');
    char* to = bytes.data();
    const char* from = text.data();
    const char* const whole = from + (text.size() - rest);
    std::uint32_t seen = 0;
    for (; from != whole; from += 4) {
        const std::uint32_t a = digit_of(from[0]), b = digit_of(from[1]), c = digit_of(from[2]), d = digit_of(from[3]);
        seen |= a | b | c | d;
        const std::uint32_t group = a << 18 | b << 12 | c << 6 | d;
        *to++ = static_cast<char>(group >> 16);
        *to++ = static_cast<char>(group >> 8);
        *to++ = static_cast<char>(group);
    }
    if (rest != 0) {
        const std::uint32_t a = digit_of(from[0]), b = digit_of(from[1]), c = rest == 3 ? digit_of(from[2]) : 0;
        seen |= a | b | c;
        const std::uint32_t group = a << 18 | b << 12 | c << 6;
        *to++ = static_cast<char>(group >> 16);
        if (rest == 3) *to = static_cast<char>(group >> 8);
    }
    if ((seen & kNoDigit) != 0) return std::nullopt;
    return bytes;
}

}  // namespace wshub::protocol
