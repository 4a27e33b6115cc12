#include "marked_payload.h"

#include <charconv>

namespace wshub::bench {

namespace {

constexpr char kFill = 'x';

void append_digits(std::string& out, std::uint32_t value, std::size_t digits) {
    const std::string text = std::to_string(value);
    out.append(text.size() < digits ? digits - text.size() : 0, '0').append(text);
}

std::optional<std::uint32_t> read_digits(std::string_view text) {
    std::uint32_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Mark> read_mark(std::string_view text) {
    if (text[0] != 'w' || text[1 + kSenderDigits] != '.' || text[kMarkSize - 1] != '.') return std::nullopt;
    const auto sender = read_digits(text.substr(1, kSenderDigits));
    const auto number = read_digits(text.substr(2 + kSenderDigits, kNumberDigits));
    if (!sender || !number) return std::nullopt;
    if (text.find_first_not_of(kFill, kMarkSize) != std::string_view::npos) return std::nullopt;
    return Mark{*sender, *number};
}

}  // namespace

void append_marked_payload(std::string& out, Mark mark, std::size_t size) {
    out.append("\"w");
    append_digits(out, mark.sender, kSenderDigits);
    out.push_back('.');
    append_digits(out, mark.number, kNumberDigits);
    out.push_back('.');
    out.append(size - kMarkSize, kFill).push_back('"');
}

std::optional<Mark> find_marked_payload(std::string_view json, std::size_t size) {
    // A sid in front of it may begin with the same letter, so each candidate is looked at in full.
    std::size_t quote = json.find("\"w");
    while (quote != std::string_view::npos && json.size() - quote >= size + 2) {
        if (json[quote + 1 + size] == '"') {
            if (auto mark = read_mark(json.substr(quote + 1, size))) return mark;
        }
        quote = json.find("\"w", quote + 1);
    }
    return std::nullopt;
}

}  // namespace wshub::bench
