#include "protocol/socket_packet.h"

#include <algorithm>
#include <array>

#include "protocol/placeholders.h"
#include "protocol/plain_run.h"
#include "protocol/utf8.h"

namespace wshub::protocol {
namespace {

base::Failure<SocketError> refuse(SocketError error) {
    return base::Failure<SocketError>(error);
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_binary(SocketType type) {
    return type == SocketType::kBinaryEvent || type == SocketType::kBinaryAck;
}

bool is_event(SocketType type) {
    return type == SocketType::kEvent || type == SocketType::kBinaryEvent;
}

bool is_ack(SocketType type) {
    return type == SocketType::kAck || type == SocketType::kBinaryAck;
}

bool needs_payload(SocketType type) {
    return type != SocketType::kConnect && type != SocketType::kDisconnect;
}

using Step = std::optional<SocketError>;  // nothing: go on

// Reads a packet from left to right; each step takes its part from the front of `rest_`.
class Decoder {
public:
    Decoder(std::span<char> text, std::size_t max_depth)
        : text_(text), rest_(text.data(), text.size()), max_depth_(max_depth) {}

    base::Result<SocketPacket, SocketError> run() {
        for (const auto step :
             {&Decoder::type, &Decoder::attachments, &Decoder::nsp, &Decoder::ack_id, &Decoder::payload}) {
            if (const Step error = (this->*step)()) return refuse(*error);
        }
        return packet_;
    }

private:
    Step type();
    Step attachments();
    Step nsp();
    Step ack_id();
    Step payload();
    Step connect_payload() const;
    Step event_payload();
    Step name_and_args();
    bool has_reserved_name() const;
    Step placeholders(std::string_view in) const;

    std::size_t leading_digits() const {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
        return static_cast<std::size_t>(end - rest_.begin());
    }

    const std::span<char> text_;
    std::string_view rest_;
    const std::size_t max_depth_;
    SocketPacket packet_;
};

Step Decoder::type() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '6') return SocketError::kUnknownType;
    packet_.type = static_cast<SocketType>(rest_.front() - '0');
    rest_.remove_prefix(1);
    return {};
}

Step Decoder::attachments() {
    const std::size_t digits = leading_digits();
    const bool dash = digits < rest_.size() && rest_[digits] == '-';
    if (!is_binary(packet_.type)) {
        if (dash && digits > 0) return SocketError::kAttachments;
        return {};
    }
    if (!dash || digits == 0 || digits > 2 || rest_.front() == '0') return SocketError::kAttachments;
    for (const char digit : rest_.substr(0, digits))
        packet_.attachments = packet_.attachments * 10 + static_cast<std::size_t>(digit - '0');
    if (packet_.attachments > kMaxAttachments) return SocketError::kAttachments;
    rest_.remove_prefix(digits + 1);
    return {};
}

Step Decoder::nsp() {
    if (rest_.empty() || rest_.front() != '/') return {};
    const std::size_t comma = rest_.substr(0, kMaxNamespaceLength + 1).find(',');
    const bool ends = comma != std::string_view::npos;
    if (!ends && (needs_payload(packet_.type) || rest_.size() > kMaxNamespaceLength)) return SocketError::kNamespace;
    packet_.nsp = rest_.substr(0, comma);
    rest_.remove_prefix(ends ? comma + 1 : rest_.size());
    // It is answered and shown as it came, so that it must not break what it is put into.
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(packet_.nsp.begin(), packet_.nsp.end(), is_control) || !is_utf8(packet_.nsp))
        return SocketError::kNamespace;
    return {};
}

Step Decoder::ack_id() {
    const std::size_t digits = leading_digits();
    if (digits == 0) {
        if (is_ack(packet_.type)) return SocketError::kAckId;
        return {};
    }
    if (!is_event(packet_.type) && !is_ack(packet_.type)) return SocketError::kAckId;
    std::uint64_t id = 0;
    for (const char digit : rest_.substr(0, digits)) {
        id = id * 10 + static_cast<std::uint64_t>(digit - '0');
        if (id > kMaxAckId) return SocketError::kAckId;
    }
    packet_.ack_id = id;
    rest_.remove_prefix(digits);
    return {};
}

Step Decoder::payload() {
    if (rest_.empty()) {
        if (needs_payload(packet_.type)) return SocketError::kPayload;
        return {};
    }
    const auto json = scan_document(rest_, max_depth_);
    if (!json) return SocketError::kJson;
    packet_.json = *json;
    switch (packet_.type) {
        case SocketType::kEvent:
        case SocketType::kBinaryEvent: return event_payload();
        case SocketType::kAck:
        case SocketType::kBinaryAck:
            if (packet_.json.front() != '[') return SocketError::kPayload;
            return placeholders(packet_.json);
        default: return connect_payload();
    }
}

Step Decoder::connect_payload() const {
    const char first = packet_.json.front();
    const bool fits = packet_.type == SocketType::kConnect        ? first == '{'
                      : packet_.type == SocketType::kConnectError ? first == '{' || first == '"'
                                                                  : false;
    if (!fits) return SocketError::kPayload;
    return {};
}

// An array whose first item is a string or a number, and no name that the libraries use themselves.
Step Decoder::event_payload() {
    if (packet_.json.front() != '[') return SocketError::kPayload;
    if (const Step error = name_and_args()) return error;
    packet_.json = {};
    if (has_reserved_name()) return SocketError::kReservedName;
    return placeholders(packet_.args);
}

Step Decoder::name_and_args() {
    const char* const end = packet_.json.data() + packet_.json.size();
    const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    const char* const name = std::find_if_not(packet_.json.data() + 1, end, is_blank);
    const char* behind = name;
    if (*name == '"') {
        behind = skip_scanned_string(name, end);
    } else if (*name == '-' || is_digit(*name)) {
        while (*behind != ',' && *behind != ']' && !is_blank(*behind)) ++behind;
    } else {
        return SocketError::kPayload;
    }
    packet_.name_json = std::string_view(name, static_cast<std::size_t>(behind - name));
    behind = std::find_if_not(behind, end, is_blank);
    if (*behind == ']') {
        packet_.args = "[]";
        return {};
    }
    text_[static_cast<std::size_t>(behind - text_.data())] = '[';
    packet_.args = std::string_view(behind, static_cast<std::size_t>(end - behind));
    return {};
}

bool Decoder::has_reserved_name() const {
    const std::string_view name = packet_.name_json;
    if (name.front() != '"') return false;
    if (name.find('\\') != std::string_view::npos) return is_reserved_event(unescape_string(name));
    return is_reserved_event(name.substr(1, name.size() - 2));
}

Step Decoder::placeholders(std::string_view in) const {
    if (packet_.attachments == 0) return {};
    for (const Placeholder& placeholder : find_placeholders(in)) {
        if (placeholder.num >= packet_.attachments) return SocketError::kPlaceholder;
    }
    return {};
}

constexpr std::size_t kNotSent = static_cast<std::size_t>(-1);

// Which of the attachments go out, and where in the text they are named.
struct Selection {
    std::vector<Placeholder> placeholders;
    std::vector<std::size_t> new_numbers;  // of each attachment given; kNotSent
    std::vector<std::size_t> sent;         // in their new order
};

base::Result<Selection, SocketError> select(std::string_view args, std::size_t attachments) {
    Selection out;
    if (attachments == 0) return out;
    out.placeholders = find_placeholders(args);
    out.new_numbers.assign(attachments, kNotSent);
    for (const Placeholder& placeholder : out.placeholders) {
        if (placeholder.num >= attachments) return refuse(SocketError::kPlaceholder);
        std::size_t& number = out.new_numbers[placeholder.num];
        if (number != kNotSent) continue;
        number = out.sent.size();
        out.sent.push_back(placeholder.num);
        if (out.sent.size() > kMaxAttachments) return refuse(SocketError::kAttachments);
    }
    return out;
}

void append_head(std::string& out, SocketType type, std::size_t attachments, std::string_view nsp,
                 std::optional<std::uint64_t> ack_id) {
    out += '4';
    out += static_cast<char>('0' + static_cast<int>(type));
    if (attachments > 0) {
        out += std::to_string(attachments);
        out += '-';
    }
    if (nsp != "/") {
        out += nsp;
        out += ',';
    }
    if (ack_id) out += std::to_string(*ack_id);
}

// `args` from `from` on, its placeholders written anew.
void append_args(std::string& out, std::string_view args, std::size_t from, const Selection& selection) {
    for (const Placeholder& placeholder : selection.placeholders) {
        out += args.substr(from, placeholder.begin - from);
        out += R"({"_placeholder":true,"num":)";
        out += std::to_string(selection.new_numbers[placeholder.num]);
        out += '}';
        from = placeholder.end;
    }
    out += args.substr(from);
}

EncodedMessage with_attachments(PacketRef text, const Selection& selection,
                                std::span<const std::string_view> attachments) {
    EncodedMessage message;
    message.reserve(1 + selection.sent.size());
    message.push_back(std::move(text));
    for (const std::size_t number : selection.sent) message.push_back(EncodedPacket::binary(attachments[number]));
    return message;
}

std::size_t guess_size(std::string_view nsp, std::string_view name, std::string_view args) {
    constexpr std::size_t kFixed = 32;
    return kFixed + nsp.size() + name.size() + args.size();
}

std::string_view trim(std::string_view json) {
    constexpr std::string_view kBlanks = " \t\n\r";
    const std::size_t first = json.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return json.substr(first, json.find_last_not_of(kBlanks) + 1 - first);
}

}  // namespace

base::Result<SocketPacket, SocketError> decode_socket_packet(std::span<char> text, std::size_t max_depth) {
    return Decoder(text, max_depth).run();
}

bool is_namespace_name(std::string_view name) {
    const auto is_unfit = [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == ',' || c == '?';
    };
    return name.size() <= kMaxNamespaceLength && name.starts_with('/') && is_utf8(name) &&
           std::none_of(name.begin(), name.end(), is_unfit);
}

std::string event_name(std::string_view name_json) {
    if (name_json.front() == '"') return unescape_string(name_json);
    return std::string(name_json);
}

bool is_reserved_event(std::string_view name) {
    constexpr std::array<std::string_view, 6> kReserved{"connect",       "connect_error", "disconnect",
                                                        "disconnecting", "newListener",   "removeListener"};
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

base::Result<EncodedMessage, SocketError> encode_event(std::string_view nsp, std::string_view name,
                                                       std::string_view args, std::optional<std::uint64_t> ack_id,
                                                       std::span<const std::string_view> attachments) {
    args = trim(args);
    const auto selection = select(args, attachments.size());
    if (!selection) return refuse(selection.error());

    EncodedPacket::Builder builder(guess_size(nsp, name, args));
    std::string& out = builder.bytes();
    append_head(out, selection->sent.empty() ? SocketType::kEvent : SocketType::kBinaryEvent, selection->sent.size(),
                nsp, ack_id);
    out += '[';
    append_quoted(out, name);
    const bool has_args = args[args.find_first_not_of(" \t\n\r", 1)] != ']';
    if (has_args) out += ',';
    append_args(out, args, 1, *selection);
    return with_attachments(builder.text(), *selection, attachments);
}

base::Result<EncodedMessage, SocketError> encode_ack(std::string_view nsp, std::uint64_t ack_id, std::string_view args,
                                                     std::span<const std::string_view> attachments) {
    args = trim(args);
    const auto selection = select(args, attachments.size());
    if (!selection) return refuse(selection.error());

    EncodedPacket::Builder builder(guess_size(nsp, {}, args));
    std::string& out = builder.bytes();
    append_head(out, selection->sent.empty() ? SocketType::kAck : SocketType::kBinaryAck, selection->sent.size(), nsp,
                ack_id);
    append_args(out, args, 0, *selection);
    return with_attachments(builder.text(), *selection, attachments);
}

PacketRef encode_connect_request(std::string_view nsp, std::string_view auth) {
    EncodedPacket::Builder builder(guess_size(nsp, {}, auth));
    append_head(builder.bytes(), SocketType::kConnect, 0, nsp, std::nullopt);
    builder.bytes() += auth;
    return builder.text();
}

PacketRef encode_connect(std::string_view nsp, std::string_view sid) {
    EncodedPacket::Builder builder(guess_size(nsp, sid, {}));
    std::string& out = builder.bytes();
    append_head(out, SocketType::kConnect, 0, nsp, std::nullopt);
    out += "{\"sid\":";
    append_quoted(out, sid);
    out += '}';
    return builder.text();
}

PacketRef encode_connect_error(std::string_view nsp, std::string_view message, std::string_view data) {
    EncodedPacket::Builder builder(guess_size(nsp, message, data));
    std::string& out = builder.bytes();
    append_head(out, SocketType::kConnectError, 0, nsp, std::nullopt);
    out += "{\"message\":";
    append_quoted(out, message);
    if (!data.empty()) {
        out += ",\"data\":";
        out += data;
    }
    out += '}';
    return builder.text();
}

PacketRef encode_disconnect(std::string_view nsp) {
    EncodedPacket::Builder builder(guess_size(nsp, {}, {}));
    append_head(builder.bytes(), SocketType::kDisconnect, 0, nsp, std::nullopt);
    return builder.text();
}

}  // namespace wshub::protocol
