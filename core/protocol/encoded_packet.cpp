#include "protocol/encoded_packet.h"

#include <algorithm>
#include <new>
#include <utility>

#include "protocol/base64.h"
#include "protocol/websocket.h"

namespace wshub::protocol {
namespace {

// The longest header of an unmasked frame. While a packet is built its payload begins behind so much room, and the
// header is put in front when the size is known.
constexpr std::size_t kHeaderRoom = 10;
// Up to here copying the payload once more is cheaper than an allocation of its own.
constexpr std::size_t kMostCopied = 16 * 1024;

// What packets of usual size are built in, one at a time: it keeps its room. Gone while a thread ends that still sends.
struct Scratch {
    ~Scratch();
    std::string text;
};
constinit thread_local bool t_scratch_is_gone = false;
thread_local Scratch t_scratch;

Scratch::~Scratch() {
    t_scratch_is_gone = true;
}

// For allocate_shared: so many bytes more than the packet and its count need, behind them. `begin` is set by the
// allocation.
struct Tail {
    std::size_t size;
    char* begin = nullptr;
};

template <class T>
class TailAllocator {
public:
    using value_type = T;

    explicit TailAllocator(Tail& tail) : tail_(&tail) {}
    template <class U>
    TailAllocator(const TailAllocator<U>& other) : tail_(other.tail_) {}

    T* allocate(std::size_t count) {
        char* const memory = static_cast<char*>(::operator new(count * sizeof(T) + tail_->size));
        tail_->begin = memory + count * sizeof(T);
        return reinterpret_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { ::operator delete(memory); }
    template <class... Arguments>
    void construct(EncodedPacket* packet, Arguments&&... arguments) {
        new (packet) EncodedPacket(std::forward<Arguments>(arguments)..., tail_->begin);
    }
    bool operator==(const TailAllocator&) const { return true; }

private:
    template <class U>
    friend class TailAllocator;
    Tail* tail_;  // of no use, and not used, once the packet is made
};

}  // namespace

// A frame in two parts that are to be copied; a control frame has no payload that polling could send, it is all header.
struct EncodedPacket::Layout {
    std::string_view header, payload;
    bool binary = false;
    std::string* large = nullptr;  // taken instead: it ends with the frame, and of the parts only the sizes count
};

EncodedPacket::EncodedPacket(const Layout& layout, char* tail)
    : payload_at_(static_cast<std::uint8_t>(layout.header.size())), binary_(layout.binary) {
    const std::size_t size = layout.header.size() + layout.payload.size();
    if (layout.large) {
        large_ = std::make_unique<const std::string>(std::move(*layout.large));
        frame_ = std::string_view(*large_).substr(large_->size() - size);
        return;
    }
    char* const payload = std::copy(layout.header.begin(), layout.header.end(), tail);
    std::copy(layout.payload.begin(), layout.payload.end(), payload);
    frame_ = {tail, size};
}

PacketRef EncodedPacket::make(const Layout& layout) {
    Tail tail{layout.large ? 0 : layout.header.size() + layout.payload.size()};
    return std::allocate_shared<EncodedPacket>(TailAllocator<EncodedPacket>(tail), layout);
}

PacketRef EncodedPacket::text(std::string_view payload) {
    return make({frame_header(Opcode::kText, payload.size()), payload});
}

PacketRef EncodedPacket::binary(std::string_view bytes) {
    return make({frame_header(Opcode::kBinary, bytes.size()), bytes, true});
}

PacketRef EncodedPacket::control(std::string_view frame) {
    return make({frame, {}});
}

std::size_t EncodedPacket::polling_size() const {
    return binary_ ? 1 + base64_size(payload().size()) : payload().size();
}

void EncodedPacket::append_polling(std::string& out) const {
    if (!binary_) {
        out += payload();
        return;
    }
    out += 'b';
    append_base64(out, payload());
}

EncodedPacket::Builder::Builder(std::size_t payload_size) {
    if (payload_size <= kMostCopied && !t_scratch_is_gone) bytes_ = std::exchange(t_scratch.text, {});
    bytes_.reserve(kHeaderRoom + payload_size);
    bytes_.assign(kHeaderRoom, '\0');
}

EncodedPacket::Builder::~Builder() {
    if (bytes_.capacity() > 2 * kMostCopied || t_scratch_is_gone) return;
    if (bytes_.capacity() > t_scratch.text.capacity()) t_scratch.text = std::move(bytes_);
}

PacketRef EncodedPacket::Builder::finish(bool binary) {
    const std::size_t size = bytes_.size() - kHeaderRoom;
    const std::string header = frame_header(binary ? Opcode::kBinary : Opcode::kText, size);
    if (size <= kMostCopied) return make({header, std::string_view(bytes_).substr(kHeaderRoom), binary});
    header.copy(bytes_.data() + kHeaderRoom - header.size(), header.size());
    return make({header, std::string_view(bytes_).substr(kHeaderRoom), binary, &bytes_});
}

}  // namespace wshub::protocol
