// Random UUIDs (RFC 9562, version 4). Knows no server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heartbeat {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend bool operator==(const Uuid&, const Uuid&) = default;
};

// "9f4c6b1e-0d3a-4c57-8a1b-2f6e5d7c8b90"
std::string text_of(const Uuid& uuid);
// Nothing for any other form; the case of the digits does not matter.
std::optional<Uuid> read_uuid(std::string_view text);

// The kernel's random numbers, fetched a few at a time. External lock.
class Random {
public:
    Uuid uuid();
    std::uint64_t number();

private:
    // Throws std::system_error.
    void take(void* to, std::size_t count);

    std::array<std::uint8_t, 256> pool_{};
    std::size_t used_ = sizeof pool_;
};

}  // namespace heartbeat
