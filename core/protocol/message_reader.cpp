#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "protocol/websocket.h"

namespace wshub::protocol {
namespace {

constexpr std::size_t kLongestHeader = 14;
constexpr std::size_t kMaxControlPayload = 125;
// An announced length is taken at its word up to here; above, memory is taken as the bytes come.
constexpr std::size_t kTrustedLength = 16 * 1024;

using MaskKey = std::array<char, 4>;

bool is_control(Opcode opcode) {
    return static_cast<unsigned>(opcode) >= 8;
}

bool is_opcode(unsigned value) {
    return value <= 2 || (value >= 8 && value <= 10);
}

// XORs with the key (section 5.3), whose first byte belongs to the first byte of `data`.
void unmask(std::span<char> data, MaskKey key) {
    std::uint32_t half;
    std::memcpy(&half, key.data(), sizeof half);
    const std::uint64_t wide = static_cast<std::uint64_t>(half) << 32 | half;
    char* at = data.data();
    std::size_t left = data.size();
    for (; left >= sizeof wide; at += sizeof wide, left -= sizeof wide) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        word ^= wide;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ key[i % 4]);
}

// The key as it stands `by` bytes further on.
MaskKey advance(MaskKey key, std::size_t by) {
    std::rotate(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(by % 4), key.end());
    return key;
}

struct FrameHeader {
    bool fin = false;
    Opcode opcode = Opcode::kContinuation;
    std::size_t size = 0;  // of the header itself
    std::size_t payload = 0;
    MaskKey mask{};
};

std::uint64_t read_length(std::span<const char> bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

// What the message so far allows of the next frame.
struct Expected {
    bool in_message = false;
    std::size_t most_payload = 0;
};

// A header if it is whole. Each rule is applied with the first byte that shows it broken, so that the outcome does not
// depend on how the bytes are cut into pieces.
base::Result<std::optional<FrameHeader>, CloseCode> parse_header(std::span<const char> bytes, Expected expected) {
    constexpr auto kNotYet = std::nullopt;
    const auto refuse = [](CloseCode code) { return base::Failure<CloseCode>(code); };

    if (bytes.empty()) return kNotYet;
    const unsigned first = static_cast<unsigned char>(bytes[0]);
    if ((first & 0x70) != 0 || !is_opcode(first & 0x0f)) return refuse(CloseCode::kProtocolError);
    FrameHeader header;
    header.fin = (first & 0x80) != 0;
    header.opcode = static_cast<Opcode>(first & 0x0f);
    if (is_control(header.opcode)) {
        if (!header.fin) return refuse(CloseCode::kProtocolError);
    } else if ((header.opcode == Opcode::kContinuation) != expected.in_message) {
        return refuse(CloseCode::kProtocolError);
    }

    if (bytes.size() < 2) return kNotYet;
    const unsigned second = static_cast<unsigned char>(bytes[1]);
    const std::size_t short_length = second & 0x7f;
    if ((second & 0x80) == 0) return refuse(CloseCode::kProtocolError);
    if (is_control(header.opcode) && short_length > kMaxControlPayload) return refuse(CloseCode::kProtocolError);

    const std::size_t length_bytes = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
    if (bytes.size() < 2 + length_bytes) return kNotYet;
    const std::uint64_t length = length_bytes == 0 ? short_length : read_length(bytes.subspan(2, length_bytes));
    if (length_bytes == 2 && length < 126) return refuse(CloseCode::kProtocolError);
    if (length_bytes == 8 && (length <= 0xffff || length >> 63 != 0)) return refuse(CloseCode::kProtocolError);
    if (!is_control(header.opcode) && length > expected.most_payload) return refuse(CloseCode::kTooBig);
    header.payload = static_cast<std::size_t>(length);

    header.size = 2 + length_bytes + header.mask.size();
    if (bytes.size() < header.size) return kNotYet;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(2 + length_bytes), header.mask.size(), header.mask.begin());
    return header;
}

// Section 7.4: what may stand in a close frame, with the codes registered since (1012 to 1014).
bool is_close_code(unsigned code) {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

struct MessageReader::Partial {
    // The frame being read: its header first, then its payload.
    std::array<char, kLongestHeader> header_bytes;
    std::uint8_t header_have = 0;
    bool header_whole = false;
    FrameHeader header;
    std::size_t missing = 0;  // of the payload

    // The message that frames are joined to, if one has begun.
    bool in_message = false;
    bool message_is_text = false;
    std::vector<char> message;
    Utf8Checker utf8;

    // A control frame may come between a message's frames, so that it has a place of its own.
    std::array<char, kMaxControlPayload> control;
    std::uint8_t control_have = 0;

    // The payload that the last call gave away still lies in here.
    enum class Given : std::uint8_t { kNothing, kControl, kMessage } given = Given::kNothing;
};

MessageReader::MessageReader(std::size_t max_message) : max_message_(max_message) {}
MessageReader::~MessageReader() = default;
MessageReader::MessageReader(MessageReader&&) noexcept = default;
MessageReader& MessageReader::operator=(MessageReader&&) noexcept = default;

MessageReader::Outcome MessageReader::next(std::span<char>& in) {
    if (partial_ && partial_->given != Partial::Given::kNothing) {
        const bool keep = partial_->given == Partial::Given::kControl && partial_->in_message;
        if (keep) {
            partial_->given = Partial::Given::kNothing;
        } else {
            partial_.reset();
        }
    }
    if (partial_) return go_on(in);
    if (in.empty()) return std::nullopt;

    const auto header = parse_header(in, {false, max_message_});
    if (!header) return base::Failure<CloseCode>(header.error());
    if (*header && (*header)->fin && (*header)->payload <= in.size() - (*header)->size) {
        const std::span<char> payload = in.subspan((*header)->size, (*header)->payload);
        in = in.subspan((*header)->size + (*header)->payload);
        unmask(payload, (*header)->mask);
        return whole_frame((*header)->opcode, payload);
    }
    partial_ = std::make_unique<Partial>();
    return go_on(in);
}

std::size_t MessageReader::partial_size() const {
    return partial_->given == Partial::Given::kMessage ? 0 : partial_->message.size();
}

// A message of one frame that lies whole in the caller's buffer, or a control frame wherever it lies.
MessageReader::Outcome MessageReader::whole_frame(Opcode opcode, std::span<char> payload) {
    if (opcode == Opcode::kText && !is_utf8({payload.data(), payload.size()}))
        return base::Failure<CloseCode>(CloseCode::kInvalidPayload);
    if (opcode == Opcode::kClose) {
        const auto checked = take_close_code(payload);
        if (!checked) return base::Failure<CloseCode>(checked.error());
    }
    return WebSocketMessage{opcode, payload};
}

MessageReader::Outcome MessageReader::go_on(std::span<char>& in) {
    for (;;) {
        if (!partial_->header_whole) {
            const auto whole = read_header(in);
            if (!whole) return base::Failure<CloseCode>(whole.error());
            if (!*whole) return std::nullopt;
        }
        const auto whole = read_payload(in);
        if (!whole) return base::Failure<CloseCode>(whole.error());
        if (!*whole) return std::nullopt;

        auto message = end_of_frame();
        if (!message || *message) return message;
    }
}

base::Result<bool, CloseCode> MessageReader::read_header(std::span<char>& in) {
    Partial& at = *partial_;
    const std::size_t before = at.header_have;
    const std::size_t taken = std::min(in.size(), at.header_bytes.size() - before);
    std::copy_n(in.begin(), taken, at.header_bytes.begin() + static_cast<std::ptrdiff_t>(before));
    const Expected expected{at.in_message, max_message_ - at.message.size()};
    const auto header = parse_header(std::span(at.header_bytes).first(before + taken), expected);
    if (!header) return base::Failure<CloseCode>(header.error());
    if (!*header) {
        at.header_have = static_cast<std::uint8_t>(before + taken);
        in = in.subspan(taken);
        return false;
    }
    at.header = **header;
    in = in.subspan(at.header.size - before);
    at.header_have = 0;
    at.header_whole = true;
    at.missing = at.header.payload;
    if (is_control(at.header.opcode)) {
        at.control_have = 0;
        return true;
    }
    if (at.header.opcode != Opcode::kContinuation) {
        at.in_message = true;
        at.message_is_text = at.header.opcode == Opcode::kText;
    }
    // The first frame only: to reserve for each would copy the message once a fragment.
    if (at.message.empty()) at.message.reserve(std::min(at.missing, kTrustedLength));
    return true;
}

base::Result<bool, CloseCode> MessageReader::read_payload(std::span<char>& in) {
    Partial& at = *partial_;
    const std::span<char> piece = in.first(std::min(in.size(), at.missing));
    in = in.subspan(piece.size());
    unmask(piece, advance(at.header.mask, at.header.payload - at.missing));
    at.missing -= piece.size();
    if (is_control(at.header.opcode)) {
        std::copy(piece.begin(), piece.end(), at.control.begin() + at.control_have);
        at.control_have = static_cast<std::uint8_t>(at.control_have + piece.size());
        return at.missing == 0;
    }
    if (at.message_is_text && !at.utf8.feed({piece.data(), piece.size()}))
        return base::Failure<CloseCode>(CloseCode::kInvalidPayload);
    at.message.insert(at.message.end(), piece.begin(), piece.end());
    return at.missing == 0;
}

// A control frame or a message that ends here is given out; a fragment in the middle gives nothing.
MessageReader::Outcome MessageReader::end_of_frame() {
    Partial& at = *partial_;
    at.header_whole = false;
    if (is_control(at.header.opcode)) {
        at.given = Partial::Given::kControl;
        return whole_frame(at.header.opcode, std::span(at.control).first(at.control_have));
    }
    if (!at.header.fin) return std::nullopt;
    if (at.message_is_text && !at.utf8.at_boundary()) return base::Failure<CloseCode>(CloseCode::kInvalidPayload);
    at.given = Partial::Given::kMessage;
    return WebSocketMessage{at.message_is_text ? Opcode::kText : Opcode::kBinary, at.message};
}

// Section 5.5.1: nothing, or a code of two bytes and a reason in UTF-8.
base::Result<bool, CloseCode> MessageReader::take_close_code(std::span<const char> payload) {
    if (payload.empty()) return true;
    if (payload.size() == 1) return base::Failure<CloseCode>(CloseCode::kProtocolError);
    const auto code = static_cast<std::uint16_t>(read_length(payload.first(2)));
    if (!is_close_code(code)) return base::Failure<CloseCode>(CloseCode::kProtocolError);
    const auto reason = payload.subspan(2);
    if (!is_utf8({reason.data(), reason.size()})) return base::Failure<CloseCode>(CloseCode::kInvalidPayload);
    peer_close_code_ = code;
    return true;
}

}  // namespace wshub::protocol
