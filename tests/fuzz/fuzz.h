// What the fuzz targets share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// A finding, unless it holds.
inline void check(bool holds) {
    if (!holds) std::abort();
}

// Cuts bytes into pieces of up to 16 bytes, always the same way for the same seed.
class Pieces {
public:
    Pieces(std::string_view bytes, std::size_t seed) : rest_(bytes), state_(seed) {}
    bool at_end() const { return rest_.empty(); }
    std::string_view next() {
        state_ = state_ * 1664525 + 1013904223;
        const std::string_view piece = rest_.substr(0, 1 + (state_ >> 16) % 16);
        rest_.remove_prefix(piece.size());
        return piece;
    }

private:
    std::string_view rest_;
    std::size_t state_;
};

}  // namespace fuzz
