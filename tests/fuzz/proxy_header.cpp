// PROXY headers: the same bytes give the same header in one piece and in many, of a bounded size; and what lists of
// forwarded addresses and networks are made of.
#include "protocol/proxy_header.h"

#include <string>

#include "fuzz.h"

using namespace wshub::protocol;

namespace {

struct Outcome {
    std::string said;
    std::size_t taken = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// True when it is decided.
bool feed(ProxyHeaderReader& reader, std::string_view piece, Outcome& out) {
    std::span<const char> in(piece);
    const auto header = reader.next(in);
    out.taken += piece.size() - in.size();
    if (!header) {
        out.said = "error " + std::to_string(static_cast<int>(header.error()));
        return true;
    }
    if (!*header) {
        fuzz::check(in.empty());
        return false;
    }
    out.said = (*header)->secure ? "secure " : "plain ";
    if (const auto& source = (*header)->source) {
        out.said += source->address.text() + " " + std::to_string(source->port);
        fuzz::check(IpAddress::parse(source->address.text()) == source->address);
    }
    return true;
}

void check_addresses(std::string_view text) {
    if (const auto address = parse_forwarded_address(text)) {
        fuzz::check(IpAddress::parse(address->text()) == *address);
        fuzz::check(address->site() == address->site().site());
    }
    if (const auto network = IpNetwork::parse(text)) {
        const auto first = IpAddress::parse(text.substr(0, text.find('/')));
        fuzz::check(first && network->has(*first));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::as_text(data, size);
    Outcome whole, cut;
    ProxyHeaderReader first, second;
    const bool decided = feed(first, bytes, whole);
    bool decided_too = false;
    for (fuzz::Pieces pieces(bytes, size); !decided_too && !pieces.at_end();)
        decided_too = feed(second, pieces.next(), cut);
    fuzz::check(decided == decided_too && whole == cut);
    fuzz::check(whole.taken <= 16 + ProxyHeaderReader::kMostBinary);
    check_addresses(bytes);
    return 0;
}
