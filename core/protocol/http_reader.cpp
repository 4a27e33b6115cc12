#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/ascii.h"
#include "protocol/http_head.h"
#include "protocol/http_request.h"

namespace wshub::protocol {
namespace {

constexpr std::string_view kCrlf = "\r\n";
// A chunk's size line with its extensions. Nobody sends more than a few digits.
constexpr std::size_t kMaxChunkLine = 256;
// A length that the head gives is taken at its word up to here; above, memory is taken as the bytes come.
constexpr std::size_t kTrustedLength = 64 * 1024;

base::Failure<HttpError> refuse(HttpError error) {
    return base::Failure<HttpError>(error);
}

// The bytes of `in` up to and with the next LF, all of them if there is none.
std::span<const char> line_piece(std::span<const char> in) {
    const void* const feed = in.empty() ? nullptr : std::memchr(in.data(), '\n', in.size());
    if (!feed) return in;
    return in.first(static_cast<std::size_t>(static_cast<const char*>(feed) - in.data()) + 1);
}

bool ends_line(std::string_view text) {
    return !text.empty() && text.back() == '\n';
}

// chunk-size [ chunk-ext ] (RFC 9112, section 7.1), without its CRLF.
struct ChunkLine {
    std::size_t size = 0;
    std::size_t extensions = 0;  // bytes
};
base::Result<ChunkLine, HttpError> parse_chunk_line(std::string_view line) {
    ChunkLine out;
    std::size_t at = 0;
    for (; at < line.size(); ++at) {
        const int digit = base::hex_value(line[at]);
        if (digit < 0) break;
        if (out.size > (SIZE_MAX >> 4)) return refuse(HttpError::kBodyTooLarge);
        out.size = out.size << 4 | static_cast<std::size_t>(digit);
    }
    if (at == 0) return refuse(HttpError::kBadRequest);
    const std::string_view extensions = line.substr(at);
    out.extensions = extensions.size();
    if (extensions.empty()) return out;
    const std::string_view inner = base::trim_blanks(extensions);
    if (inner.empty() || inner.front() != ';' || !is_field_text(inner)) return refuse(HttpError::kBadRequest);
    return out;
}

}  // namespace

// Every rule is applied at the byte that breaks it or at the end of the line that holds it, so that the outcome does
// not depend on how the bytes are cut into pieces.
struct HttpReader::State {
    enum class Phase : std::uint8_t { kHead, kBody, kChunkSize, kChunkData, kChunkEnd, kTrailer, kWhole };
    using Outcome = base::Result<bool, HttpError>;  // true: go on with the next phase; false: more bytes are needed

    explicit State(const HttpLimits& given) : limits(given) {}

    base::Result<Step, HttpError> next(std::span<const char>& in);
    Outcome read_head(std::span<const char>& in);
    base::Result<Step, HttpError> begin_body();
    Outcome read_body(std::span<const char>& in);
    Outcome read_chunk_size(std::span<const char>& in);
    Outcome read_chunk_end(std::span<const char>& in);
    Outcome read_trailer(std::span<const char>& in);
    Outcome read_line(std::span<const char>& in, std::size_t most, HttpError too_long);

    HttpLimits limits;
    Phase phase = Phase::kHead;
    std::optional<HttpError> failed;

    std::string text;  // of the head, while it comes
    std::size_t line_begin = 0;
    bool skipped_line = false;  // the empty one that may stand before a request

    bool head_whole = false;
    HttpHead head;
    std::string body;
    std::size_t missing = 0;  // of the body, the chunk or the CRLF behind it

    std::string line;          // of chunked framing, while it comes
    std::size_t overhead = 0;  // extensions and trailers
};

base::Result<HttpReader::Step, HttpError> HttpReader::State::next(std::span<const char>& in) {
    for (;;) {
        Outcome done = true;
        switch (phase) {
            case Phase::kHead:
                done = read_head(in);
                if (done && *done) return begin_body();
                break;
            case Phase::kBody:
                done = read_body(in);
                if (done && *done) phase = Phase::kWhole;
                break;
            case Phase::kChunkSize: done = read_chunk_size(in); break;
            case Phase::kChunkData:
                done = read_body(in);
                if (done && *done) {
                    phase = Phase::kChunkEnd;
                    missing = kCrlf.size();
                }
                break;
            case Phase::kChunkEnd: done = read_chunk_end(in); break;
            case Phase::kTrailer: done = read_trailer(in); break;
            case Phase::kWhole: return Step::kRequest;
        }
        if (!done) return refuse(done.error());
        if (!*done) return Step::kNeedMore;
    }
}

HttpReader::State::Outcome HttpReader::State::read_head(std::span<const char>& in) {
    while (!in.empty()) {
        // TLS or noise on this port is seen at its first byte.
        if (text.empty() && in.front() != '\r' && !is_token_char(in.front())) return refuse(HttpError::kBadRequest);
        const auto piece = line_piece(in);
        if (piece.size() > limits.max_head - text.size())
            return refuse(line_begin == 0 ? HttpError::kTargetTooLong : HttpError::kHeadTooLarge);
        text.append(piece.data(), piece.size());
        in = in.subspan(piece.size());
        if (!ends_line(text)) return false;
        if (!text.ends_with(kCrlf)) return refuse(HttpError::kBadRequest);

        const bool empty_line = text.size() - line_begin == kCrlf.size();
        if (empty_line && line_begin > 0) return true;
        line_begin = text.size();
        if (!empty_line) continue;
        if (skipped_line) return refuse(HttpError::kBadRequest);
        skipped_line = true;
        text.clear();
        line_begin = 0;
    }
    return false;
}

base::Result<HttpReader::Step, HttpError> HttpReader::State::begin_body() {
    auto parsed = HttpHeadParser(limits).parse(std::move(text));
    text = {};
    if (!parsed) return refuse(parsed.error());
    head = std::move(*parsed);
    head_whole = true;
    const auto framing = http_framing(head, limits);
    if (!framing) return refuse(framing.error());
    phase = framing->chunked ? Phase::kChunkSize : Phase::kBody;
    missing = framing->length;
    body.reserve(std::min(missing, kTrustedLength));
    return framing->wants_continue ? Step::kContinue : Step::kHead;
}

HttpReader::State::Outcome HttpReader::State::read_body(std::span<const char>& in) {
    const auto piece = in.first(std::min(in.size(), missing));
    body.append(piece.data(), piece.size());
    missing -= piece.size();
    in = in.subspan(piece.size());
    return missing == 0;
}

HttpReader::State::Outcome HttpReader::State::read_chunk_size(std::span<const char>& in) {
    const Outcome whole = read_line(in, kMaxChunkLine, HttpError::kBadRequest);
    if (!whole || !*whole) return whole;
    const auto chunk = parse_chunk_line(line);
    line.clear();
    if (!chunk) return refuse(chunk.error());
    overhead += chunk->extensions;
    if (overhead > limits.max_head) return refuse(HttpError::kBadRequest);
    if (chunk->size > limits.max_body - body.size()) return refuse(HttpError::kBodyTooLarge);
    missing = chunk->size;
    phase = missing == 0 ? Phase::kTrailer : Phase::kChunkData;
    return true;
}

HttpReader::State::Outcome HttpReader::State::read_chunk_end(std::span<const char>& in) {
    for (; missing > 0; --missing) {
        if (in.empty()) return false;
        if (in.front() != kCrlf[kCrlf.size() - missing]) return refuse(HttpError::kBadRequest);
        in = in.subspan(1);
    }
    phase = Phase::kChunkSize;
    return true;
}

// Checked and dropped: what comes behind a body may not change what the head said.
HttpReader::State::Outcome HttpReader::State::read_trailer(std::span<const char>& in) {
    const std::size_t left = limits.max_head - overhead;
    const Outcome whole = read_line(in, left + kCrlf.size(), HttpError::kHeadTooLarge);
    if (!whole || !*whole) return whole;
    if (line.empty()) {
        phase = Phase::kWhole;
        return true;
    }
    if (!parse_header_line(line)) return refuse(HttpError::kBadRequest);
    overhead = std::min(overhead + line.size() + kCrlf.size(), limits.max_head);
    line.clear();
    return true;
}

// Gathers one line in `line`, its CRLF taken off.
HttpReader::State::Outcome HttpReader::State::read_line(std::span<const char>& in, std::size_t most,
                                                        HttpError too_long) {
    const auto piece = line_piece(in);
    if (piece.size() > most - line.size()) return refuse(too_long);
    line.append(piece.data(), piece.size());
    in = in.subspan(piece.size());
    if (!ends_line(line)) return false;
    if (!line.ends_with(kCrlf)) return refuse(HttpError::kBadRequest);
    line.resize(line.size() - kCrlf.size());
    return true;
}

HttpReader::HttpReader(const HttpLimits& limits) : state_(std::make_unique<State>(limits)) {}
HttpReader::~HttpReader() = default;
HttpReader::HttpReader(HttpReader&&) noexcept = default;
HttpReader& HttpReader::operator=(HttpReader&&) noexcept = default;

base::Result<HttpReader::Step, HttpError> HttpReader::next(std::span<const char>& in) {
    if (state_->failed) return refuse(*state_->failed);
    auto step = state_->next(in);
    if (!step) state_->failed = step.error();
    return step;
}

bool HttpReader::has_head() const {
    return state_->head_whole;
}

const HttpHead& HttpReader::head() const {
    assert(state_->head_whole);
    return state_->head;
}

HttpReader::Request HttpReader::take() {
    assert(state_->phase == State::Phase::kWhole);
    Request request{std::move(state_->head), std::move(state_->body)};
    *state_ = State(state_->limits);
    return request;
}

bool HttpReader::in_request() const {
    return state_->phase != State::Phase::kHead || !state_->text.empty();
}

bool HttpReader::in_body() const {
    return state_->phase != State::Phase::kHead && state_->phase != State::Phase::kWhole;
}

}  // namespace wshub::protocol
