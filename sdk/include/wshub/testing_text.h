// What the hub checks and rewrites in texts: UTF-8, JSON, names, attachments. Part of testing.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session.h"

namespace wshub::fake {

constexpr std::size_t kMaxAttachments = 10;
constexpr std::size_t kMaxRoomNameBytes = 255;
// How deep JSON of plugins may be nested: clients' events may be 128 deep, and plugins wrap them.
constexpr std::size_t kMaxDepth = 160, kMaxOwnDepth = 128;

inline bool is_utf8(std::string_view text) {
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p < end) {
        const std::size_t length = json::detail::utf8_length(p, end);
        if (length == 0) return false;
        p += length;
    }
    return true;
}

inline bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

inline std::string_view trim(std::string_view text, std::string_view blanks = " \t\n\r") {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Whether a character does something on a terminal or in a log, rather than being seen: controls, ends of lines, and
// what turns round the text behind it (U+202A to U+202E, U+2066 to U+2069). `code` becomes its number.
inline bool is_unseen(std::string_view character, unsigned& code) {
    const auto byte = [character](std::size_t at) {
        return static_cast<unsigned>(static_cast<unsigned char>(character[at]));
    };
    code = byte(0);
    if (character.size() == 1) return is_control(character[0]);
    if (character.size() == 2) {
        code = (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
        return code < 0xA0;
    }
    if (character.size() != 3) return false;
    code = (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    return (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

// Fit for one line of a log: what cannot be printed is escaped, and a long text is cut.
inline std::string printable(std::string_view text, std::size_t most = 200) {
    std::string out;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    for (const char* p = begin; p < end;) {
        const std::size_t length = json::detail::utf8_length(p, end);
        const std::size_t step = std::max<std::size_t>(length, 1);
        if (static_cast<std::size_t>(p - begin) + step > most) return out + "...";
        unsigned code = 0;
        if (is_unseen({p, step}, code) || length == 0) {
            char escaped[16];
            std::snprintf(escaped, sizeof escaped, step == 1 ? "\\x%02x" : "\\u%04x", code);
            out += escaped;
        } else {
            out.append(p, step);
        }
        p += step;
    }
    return out;
}

// At most `most` bytes, cut between characters.
inline std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    return text.substr(0, most);
}

// The value without white space around it, if it is JSON and begins with `opening` ('\0': with anything). Else empty.
inline std::string_view checked_json(std::string_view text, char opening, std::size_t depth = kMaxDepth) {
    if (!json::detail::Checker(text, depth).run()) return {};
    text = trim(text);
    return opening == '\0' || text.front() == opening ? text : std::string_view();
}

// The texts of a JSON array of texts; nothing if it is anything else.
inline std::optional<std::vector<std::string>> text_list(std::string_view text) {
    text = checked_json(text, '[');
    if (text.empty()) return std::nullopt;
    std::vector<std::string> items;
    bool all_texts = true;
    json::View(text).each([&](std::string_view, json::View item) {
        all_texts = all_texts && item.is_string();
        items.push_back(item.str());
        return all_texts;
    });
    return all_texts ? std::optional<std::vector<std::string>>(std::move(items)) : std::nullopt;
}

// [{"status":...,"code":...,"message":...}]; without the status if it is empty.
inline std::string error_args(std::string_view status, std::string_view code, std::string_view message) {
    json::Object object;
    if (!status.empty()) object.add("status", status);
    return "[" + object.add("code", code).add("message", message).build().text + "]";
}

inline bool is_reserved_event(std::string_view name) {
    constexpr std::array<std::string_view, 6> kReserved{"connect",       "connect_error", "disconnect",
                                                        "disconnecting", "newListener",   "removeListener"};
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

inline bool is_namespace_name(std::string_view name) {
    constexpr std::size_t kMaxLength = 256;
    const auto is_unfit = [](char c) { return is_control(c) || c == ' ' || c == ',' || c == '?'; };
    return name.size() <= kMaxLength && name.substr(0, 1) == "/" && is_utf8(name) &&
           std::none_of(name.begin(), name.end(), is_unfit);
}

// The hub compares usernames after Unicode normalization (NFC), and knows every character that cannot be seen. The fake
// compares bytes and knows white space: give it names that are in NFC, as nearly all are.
inline bool is_username(std::string_view name) {
    constexpr std::size_t kMaxLength = 64;
    if (!is_utf8(name)) return false;
    std::size_t length = 0;
    bool visible = false;
    while (!name.empty()) {
        const std::string_view character =
            name.substr(0, json::detail::utf8_length(name.data(), name.data() + name.size()));
        name.remove_prefix(character.size());
        const bool c1 =
            character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
        if (is_control(character[0]) || c1 || character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9") return false;
        const bool blank = character == " " || character == "\xC2\xA0" || character == "\xE2\x80\x8B" ||
                           character == "\xE3\x80\x80" || character == "\xEF\xBB\xBF" ||
                           (character >= "\xE2\x80\x80" && character <= "\xE2\x80\x8A");
        visible = visible || !blank;
        ++length;
    }
    return visible && length <= kMaxLength;
}

// Where JSON stands for an attachment: {"_placeholder":true,"num":0}.
struct Placeholder {
    static constexpr std::size_t kNoNumber = static_cast<std::size_t>(-1);
    std::size_t begin = 0, end = 0;
    std::size_t num = kNoNumber;
};

inline std::size_t placeholder_number(std::string_view digits) {
    if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string_view::npos) {
        return Placeholder::kNoNumber;
    }
    std::size_t number = 0;
    for (const char digit : digits) number = number * 10 + static_cast<std::size_t>(digit - '0');
    return number;
}

// In the order of the text. What lies inside a placeholder is none.
inline void find_placeholders(json::View value, const char* text, std::vector<Placeholder>& found) {
    if (value.is_object() && value["_placeholder"].text() == "true") {
        const auto begin = static_cast<std::size_t>(value.text().data() - text);
        const json::View number = value["num"];
        found.push_back({begin, begin + value.text().size(),
                         number.is_number() ? placeholder_number(number.text()) : Placeholder::kNoNumber});
        return;
    }
    value.each([&](std::string_view, json::View member) {
        find_placeholders(member, text, found);
        return true;
    });
}

// Arguments as they reach a client, and the attachments that they name, in the order named.
struct Encoded {
    std::string args;
    std::vector<std::string> attachments;
};

// `args` is checked JSON. WSHUB_OK; WSHUB_EINVAL: a placeholder names no attachment; WSHUB_ELIMIT: too many.
inline std::int32_t encode(std::string_view args, const std::vector<std::string_view>& attachments, Encoded& out) {
    out = {};
    std::vector<Placeholder> placeholders;
    if (!attachments.empty()) find_placeholders(json::View(args), args.data(), placeholders);
    std::vector<std::size_t> numbers(attachments.size(), Placeholder::kNoNumber);
    std::size_t from = 0;
    for (const Placeholder& each : placeholders) {
        if (each.num >= attachments.size()) return WSHUB_EINVAL;
        std::size_t& number = numbers[each.num];
        if (number == Placeholder::kNoNumber) {
            number = out.attachments.size();
            out.attachments.emplace_back(attachments[each.num]);
            if (out.attachments.size() > kMaxAttachments) return WSHUB_ELIMIT;
        }
        out.args += args.substr(from, each.begin - from);
        out.args += json::bin(number).text;
        from = each.end;
    }
    out.args += args.substr(from);
    return WSHUB_OK;
}

}  // namespace wshub::fake
