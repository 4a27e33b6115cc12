// What a plugin in C tells of itself. The layout of abi.h is tests/abi's.
#include <wshub/abi.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

extern "C" const wshub_note* c_note(void);

TEST_CASE("the descriptor says what the compiler knows", "[abi]") {
    const wshub_note& note = *c_note();
    CHECK(note.namesz == 6);
    CHECK(std::string(note.name) == "wshub");
    CHECK(note.descsz == sizeof(wshub_desc));
    CHECK(note.desc.size == sizeof(wshub_desc));
    CHECK(std::string(note.desc.name) == "c99");
    CHECK(std::string(note.desc.requires_) == "good>=1.0");
    CHECK((note.desc.flags & WSHUB_PF_SERIAL) != 0);
    CHECK((note.desc.flags & (WSHUB_PF_ASAN | WSHUB_PF_TSAN)) == std::uint32_t{WSHUB_SANITIZER_FLAG});
}
