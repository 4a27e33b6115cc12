// How far text goes on without a byte that needs a closer look. Private to this folder: the inner loops of the JSON
// and UTF-8 checks.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wshub::protocol {

inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x80 * kEachByte;

inline std::uint64_t load_word(const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// The high bit of each byte that is zero; exact for the lowest such byte, which is the one that counts.
inline constexpr std::uint64_t zero_bytes(std::uint64_t word) {
    return (word - kEachByte) & ~word & kHighBits;
}

// The first byte that cannot stand for itself in the ASCII part of a JSON string: a quote, a backslash, a control
// character, or one of a longer character.
inline const char* skip_plain(const char* at, const char* end) {
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // Compared as signed bytes, so that 0x80 and above count as less than a blank.
        const __m128i special = _mm_or_si128(
            _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
            _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    for (; end - at >= 8; at += 8) {
        const std::uint64_t word = load_word(at);
        const std::uint64_t control = (word - 0x20 * kEachByte) & ~word;
        const std::uint64_t special =
            (control | word | zero_bytes(word ^ '"' * kEachByte) | zero_bytes(word ^ '\\' * kEachByte)) & kHighBits;
        if (special == 0) continue;
        if constexpr (std::endian::native == std::endian::little) return at + std::countr_zero(special) / 8;
        break;
    }
    for (; at != end; ++at) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
    }
    return at;
}

// Behind the JSON string whose opening quote is at `at`. It must have been scanned.
inline const char* skip_scanned_string(const char* at, const char* end) {
    ++at;
    for (;;) {
        at = skip_plain(at, end);
        while (static_cast<unsigned char>(*at) >= 0x80) ++at;
        if (*at == '"') return at + 1;
        if (*at == '\\') at += 2;
    }
}

// The first byte that is not ASCII.
inline const char* skip_ascii(const char* at, const char* end) {
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(block));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    for (; end - at >= 8; at += 8) {
        if ((load_word(at) & kHighBits) != 0) break;
    }
    while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
    return at;
}

}  // namespace wshub::protocol
