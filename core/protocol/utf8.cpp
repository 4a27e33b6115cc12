#include "protocol/utf8.h"

#include <array>

#include "protocol/plain_run.h"

namespace wshub::protocol {
namespace {

// What a first byte promises (RFC 3629, section 4): how many bytes follow, and between what the first of them must lie.
// That range is what rules out over-long forms, surrogates and what lies above U+10FFFF.
struct Lead {
    std::uint8_t follow = 0;  // 0: no first byte of a longer character
    std::uint8_t least = 0x80;
    std::uint8_t most = 0xbf;
};

constexpr std::array<Lead, 128> kLeads = [] {
    std::array<Lead, 128> leads{};
    const auto set = [&leads](unsigned first, unsigned last, Lead lead) {
        for (unsigned byte = first; byte <= last; ++byte) leads[byte - 0x80] = lead;
    };
    set(0xc2, 0xdf, {1, 0x80, 0xbf});
    set(0xe0, 0xe0, {2, 0xa0, 0xbf});
    set(0xe1, 0xec, {2, 0x80, 0xbf});
    set(0xed, 0xed, {2, 0x80, 0x9f});
    set(0xee, 0xef, {2, 0x80, 0xbf});
    set(0xf0, 0xf0, {3, 0x90, 0xbf});
    set(0xf1, 0xf3, {3, 0x80, 0xbf});
    set(0xf4, 0xf4, {3, 0x80, 0x8f});
    return leads;
}();

unsigned char byte_at(const char* at) {
    return static_cast<unsigned char>(*at);
}

bool is_continuation(const char* at) {
    return (byte_at(at) & 0xc0) == 0x80;
}

}  // namespace

std::size_t utf8_length(const char* at, const char* end) {
    if (at == end) return 0;
    if (byte_at(at) < 0x80) return 1;
    const Lead lead = kLeads[byte_at(at) - 0x80u];
    if (lead.follow == 0 || end - at <= lead.follow) return 0;
    if (byte_at(at + 1) < lead.least || byte_at(at + 1) > lead.most) return 0;
    if (lead.follow >= 2 && !is_continuation(at + 2)) return 0;
    if (lead.follow == 3 && !is_continuation(at + 3)) return 0;
    return lead.follow + 1u;
}

bool is_utf8(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while ((at = skip_ascii(at, end)) != end) {
        at = skip_wide(at, end);
        if (!at) return false;
    }
    return true;
}

const char* skip_wide(const char* at, const char* end) {
    while (at != end && byte_at(at) >= 0x80) {
        // Most alphabets take two bytes.
        if (end - at >= 2 && byte_at(at) >= 0xc2 && byte_at(at) <= 0xdf && is_continuation(at + 1)) {
            at += 2;
            continue;
        }
        const std::size_t length = utf8_length(at, end);
        if (length == 0) return nullptr;
        at += length;
    }
    return at;
}

bool Utf8Checker::feed(std::string_view piece) {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    for (; state_ != 0 && at != end; ++at) {
        if (!go_on(byte_at(at))) return false;
    }
    while ((at = skip_ascii(at, end)) != end) {
        if (const std::size_t length = utf8_length(at, end); length != 0) {
            at += length;
            continue;
        }
        // Wrong, or cut off by the end of the piece: byte by byte tells which.
        if (!start(byte_at(at))) return false;
        for (++at; at != end; ++at) {
            if (!go_on(byte_at(at))) return false;
        }
    }
    return true;
}

bool Utf8Checker::start(unsigned char lead_byte) {
    const Lead lead = kLeads[lead_byte - 0x80u];
    if (lead.follow == 0) return false;
    state_ = lead.follow | static_cast<std::uint32_t>(lead.least) << 8 | static_cast<std::uint32_t>(lead.most) << 16;
    return true;
}

bool Utf8Checker::go_on(unsigned char byte) {
    if (byte < (state_ >> 8 & 0xff) || byte > state_ >> 16) return false;
    const std::uint32_t missing = (state_ & 0xff) - 1;
    state_ = missing == 0 ? 0 : missing | 0x80u << 8 | 0xbfu << 16;
    return true;
}

}  // namespace wshub::protocol
