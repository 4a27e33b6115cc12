#include "protocol/base64.h"

#include <catch2/catch.hpp>

using namespace wshub::protocol;
using namespace std::literals;

namespace {

std::string encode(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

}  // namespace

TEST_CASE("base64 is written with padding, as the RFC's vectors", "[base64]") {
    const auto [bytes, text] = GENERATE(table<std::string_view, std::string_view>({
        {""sv, ""},
        {"f"sv, "Zg=="},
        {"fo"sv, "Zm8="},
        {"foo"sv, "Zm9v"},
        {"foob"sv, "Zm9vYg=="},
        {"fooba"sv, "Zm9vYmE="},
        {"foobar"sv, "Zm9vYmFy"},
        {"\1\2\3\4"sv, "AQIDBA=="},
        {"\xfb\xff\xfe"sv, "+//+"},
        {"\0"sv, "AA=="},
    }));
    CAPTURE(text);
    CHECK(encode(bytes) == text);
    CHECK(base64_size(bytes.size()) == text.size());
    CHECK(decode_base64(text) == std::string(bytes));
}

TEST_CASE("base64 is appended to what is there", "[base64]") {
    std::string out = "b";
    append_base64(out, "foo");
    CHECK(out == "bZm9v");
}

TEST_CASE("padding may be missing whole", "[base64]") {
    const auto [text, bytes] = GENERATE(table<std::string_view, std::string_view>({
        {"Zg", "f"},
        {"Zm8", "fo"},
        {"Zm9vYg", "foob"},
        {"Zm9vYmE", "fooba"},
    }));
    CHECK(decode_base64(text) == std::string(bytes));
}

TEST_CASE("bits left over in the last character are ignored", "[base64]") {
    CHECK(decode_base64("Zh==") == "f");
    CHECK(decode_base64("Zm9=") == "fo");
}

TEST_CASE("what is not base64 decodes to nothing", "[base64]") {
    const std::string_view text = GENERATE(values<std::string_view>({
        "A",                 // six bits are no byte
        "AAAAA",             // ... nor at the end
        "=",                 //
        "==",                //
        "====",              // padding of nothing
        "A===",              //
        "Zg=",               // padding half there
        "Zg===",             //
        "Zm9v====",          //
        "Zg==Zg==",          // in the middle
        "Z=g=",              //
        "=Zg=",              //
        "Zm 9v",             // white space
        "Zm9v\n",            //
        " Zm9",              //
        "Zm-_",              // the other alphabet
        "Zm9\x80",           //
        "\xff\xff\xff\xff",  //
        "Zm9v\0\0\0\0"sv,    //
    }));
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text).has_value());
}

TEST_CASE("every length and every byte survives base64 both ways", "[base64]") {
    std::string bytes;
    for (int i = 0; i < 700; ++i) {
        CHECK(decode_base64(encode(bytes)) == bytes);
        bytes += static_cast<char>(i * 7);
    }
}
