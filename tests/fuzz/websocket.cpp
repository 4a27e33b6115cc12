// WebSocket messages: the same bytes give the same messages, in one piece and in many.
#include "protocol/websocket.h"

#include <string>
#include <vector>

#include "fuzz.h"

using namespace wshub::protocol;

namespace {

constexpr std::size_t kMaxMessage = 300;

// Takes what is whole; false at the end of the connection.
bool drain(MessageReader& reader, std::string piece, std::vector<std::string>& out) {
    std::span<char> in(piece);
    for (;;) {
        const auto message = reader.next(in);
        if (!message) {
            out.push_back("error " + std::to_string(static_cast<int>(message.error())));
            return false;
        }
        if (!*message) return true;
        const auto [opcode, payload] = **message;
        fuzz::check(payload.size() <= kMaxMessage);
        fuzz::check(opcode != Opcode::kText || is_utf8({payload.data(), payload.size()}));
        out.push_back(std::to_string(static_cast<int>(opcode)) + std::string(payload.begin(), payload.end()));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::as_text(data, size);
    std::vector<std::string> whole, cut;
    MessageReader first(kMaxMessage), second(kMaxMessage);
    drain(first, std::string(bytes), whole);
    for (fuzz::Pieces pieces(bytes, size); !pieces.at_end();) {
        if (!drain(second, std::string(pieces.next()), cut)) break;
    }
    fuzz::check(whole == cut && first.peer_close_code() == second.peer_close_code());
    return 0;
}
