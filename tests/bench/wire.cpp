#include "wire.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace wshub::bench {

namespace {

constexpr std::uint64_t kMaxFrame = std::uint64_t{64} * 1024 * 1024;
constexpr std::size_t kMaxHead = std::size_t{64} * 1024;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = (value << 8U) | static_cast<unsigned char>(byte);
    return value;
}

}  // namespace

void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t key) {
    out.push_back(static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
    const std::size_t length_bytes = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
    const std::size_t short_length = length_bytes == 0 ? payload.size() : length_bytes == 2 ? 126 : 127;
    out.push_back(static_cast<char>(0x80U | short_length));
    for (std::size_t i = length_bytes; i > 0; --i) {
        out.push_back(static_cast<char>((static_cast<std::uint64_t>(payload.size()) >> (8 * (i - 1))) & 0xffU));
    }
    std::array<char, 4> mask{};
    std::memcpy(mask.data(), &key, mask.size());
    out.append(mask.data(), mask.size());
    const std::size_t start = out.size();
    out.append(payload);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out[start + i] = static_cast<char>(out[start + i] ^ mask[i % mask.size()]);
    }
}

FrameReader::Cut FrameReader::cut(std::string_view bytes, Frame& frame) {
    if (bytes.size() < 2) return Cut::kPartial;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    // No extension was asked for, and a server never masks.
    if ((first & 0x70U) != 0 || (second & 0x80U) != 0) return Cut::kBroken;
    const unsigned opcode = first & 0x0fU;
    if (opcode > 10 || (opcode > 2 && opcode < 8)) return Cut::kBroken;
    const unsigned short_length = second & 0x7fU;
    const std::size_t length_bytes = short_length < 126 ? 0 : short_length == 126 ? 2 : 8;
    if (bytes.size() < 2 + length_bytes) return Cut::kPartial;
    const std::uint64_t length = length_bytes == 0 ? short_length : big_endian(bytes.substr(2, length_bytes));
    if (length > kMaxFrame) return Cut::kBroken;
    const std::string_view rest = bytes.substr(2 + length_bytes);
    if (rest.size() < length) return Cut::kPartial;
    frame.fin = (first & 0x80U) != 0;
    frame.opcode = static_cast<Opcode>(opcode);
    if (opcode >= 8 && (!frame.fin || length > 125)) return Cut::kBroken;
    frame.payload = rest.substr(0, static_cast<std::size_t>(length));
    frame.size = 2 + length_bytes + frame.payload.size();
    return Cut::kWhole;
}

std::optional<std::string_view> header_value(std::string_view head, std::string_view name) {
    std::size_t line = head.find("\r\n");
    while (line != std::string_view::npos) {
        const std::size_t start = line + 2;
        const std::size_t end = head.find("\r\n", start);
        const std::string_view text = head.substr(start, end == std::string_view::npos ? end : end - start);
        line = end;
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || !same_ignoring_case(text.substr(0, colon), name)) continue;
        std::string_view value = text.substr(colon + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
        while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
        return value;
    }
    return std::nullopt;
}

HttpReader::Step HttpReader::feed(std::string_view bytes, HttpAnswer& answer) {
    buffer_.erase(0, taken_);
    taken_ = 0;
    buffer_.append(bytes);
    const std::string_view all = buffer_;
    const std::size_t head_end = all.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return all.size() > kMaxHead ? Step::kBroken : Step::kNeedMore;

    const std::string_view head = all.substr(0, head_end);
    if (!head.starts_with("HTTP/1.") || head.size() < 12) return Step::kBroken;
    if (std::from_chars(head.data() + 9, head.data() + 12, answer.status).ec != std::errc()) return Step::kBroken;
    std::size_t length = 0;
    const bool bodyless = answer.status < 200 || answer.status == 204 || answer.status == 304;
    if (const auto text = header_value(head, "content-length"); text && !bodyless) {
        const auto parsed = std::from_chars(text->data(), text->data() + text->size(), length);
        if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) return Step::kBroken;
        if (length > kMaxFrame) return Step::kBroken;
    } else if (!bodyless) {
        return Step::kBroken;
    }
    const std::size_t body_start = head_end + 4;
    if (all.size() - body_start < length) return Step::kNeedMore;

    const auto connection = header_value(head, "connection");
    answer.keep_alive = !connection || !same_ignoring_case(*connection, "close");
    answer.head = head;
    answer.body = all.substr(body_start, length);
    taken_ = body_start + length;
    return Step::kAnswer;
}

}  // namespace wshub::bench
