// Between the C types of wshub/abi.h and ours. What a plugin hands over is checked where it is used.
#pragma once

#include <wshub/abi.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace wshub::host {

inline std::string_view view(wshub_str text) {
    return text.p ? std::string_view(text.p, text.n) : std::string_view();
}
inline std::string_view view(wshub_bytes bytes) {
    return bytes.p ? std::string_view(static_cast<const char*>(bytes.p), bytes.n) : std::string_view();
}
inline wshub_str str(std::string_view text) {
    return {text.data(), text.size()};
}
inline void put(const wshub_sink& sink, std::string_view text) {
    sink.put(sink.user, text.data(), text.size());
}

// A struct of the plugin, which may be built against an older or newer ABI: what it does not have is zero, what we do
// not know is left out. False if it is shorter than it was in ABI 1.0.
template <class T>
bool read_sized(const T* from, std::size_t first_size, T& out) {
    if (!from || from->size < first_size) return false;
    out = T{};
    std::memcpy(&out, from, std::min<std::size_t>(from->size, sizeof(T)));
    return true;
}

}  // namespace wshub::host
