// Engine.IO packets, alone and in a polling payload, and the base64 inside.
#include "protocol/engine_packet.h"

#include <string>

#include "fuzz.h"
#include "protocol/base64.h"
#include "protocol/encoded_packet.h"

using namespace wshub::protocol;

namespace {

void check_base64(std::string_view text) {
    const auto bytes = decode_base64(text);
    if (!bytes) return;
    const PacketRef packet = EncodedPacket::binary(*bytes);
    std::string encoded;
    packet->append_polling(encoded);
    fuzz::check(encoded.size() == packet->polling_size() && encoded.front() == 'b');
    fuzz::check(decode_base64(std::string_view(encoded).substr(1)) == *bytes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    if (const auto packet = decode_engine_text(text)) fuzz::check(packet->data.size() + 1 == text.size());
    std::size_t seen = 0, packets = 0;
    for (PayloadReader reader(text); !reader.at_end(); ++packets) {
        const auto packet = reader.next();
        if (!packet) return 0;
        seen += 1 + packet->data.size();
        if (packet->binary) check_base64(packet->data);
    }
    fuzz::check(seen + packets - 1 == size);
    return 0;
}
