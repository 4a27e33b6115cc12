#include "net/asset_answer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "fake_exchange.h"

using namespace wshub;
using net::Asset;
using test::make_head;

namespace {

const Asset kScript{"application/javascript", "\"4.8.4\"", "public, max-age=0", "identity bytes", "gzip bytes", "br"};

std::optional<std::string> header(const net::AssetAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.response.headers)
        if (key == name) return value;
    return std::nullopt;
}

}  // namespace

TEST_CASE("the best coding that the client admits is chosen", "[asset]") {
    const auto [accepts, coding] = GENERATE(table<std::string, std::string>({
        {"", ""},
        {"Accept-Encoding: gzip, deflate, br", "br"},
        {"Accept-Encoding: gzip", "gzip"},
        {"Accept-Encoding: GZIP;q=0.5", "gzip"},
        {"Accept-Encoding: br;q=0, gzip", "gzip"},
        {"Accept-Encoding: br;q=0.000, gzip;q=0.0", ""},
        {"Accept-Encoding: br; q=0.001", "br"},
        {"Accept-Encoding: *", "br"},
        {"Accept-Encoding: *;q=0", ""},
        {"Accept-Encoding: *;q=0, gzip", "gzip"},
        {"Accept-Encoding: identity", ""},
        {"Accept-Encoding: ,, ;q=1,brotli,x-gzip", ""},
        {"Accept-Encoding: broken;;;q==0,,gzip", "gzip"},
    }));
    const auto head = accepts.empty() ? make_head("GET", "/x.js") : make_head("GET", "/x.js", {accepts});
    const net::AssetAnswer answer = answer_with(kScript, head);
    CHECK(answer.response.status == 200);
    CHECK(header(answer, "Content-Encoding").value_or("") == coding);
    CHECK(answer.body == (coding == "br" ? kScript.brotli : coding == "gzip" ? kScript.gzip : kScript.identity));
    CHECK(header(answer, "Vary") == "Accept-Encoding");
    CHECK(header(answer, "ETag") == "\"4.8.4\"");
    CHECK(header(answer, "Cache-Control") == "public, max-age=0");
    CHECK(header(answer, "Content-Type") == "application/javascript");
}

TEST_CASE("an asset without encoded forms is the same for everybody", "[asset]") {
    const Asset plain{"text/plain", "\"1\"", "no-cache", "text", "", ""};
    const net::AssetAnswer answer = answer_with(plain, make_head("GET", "/x", {"Accept-Encoding: br, gzip"}));
    CHECK(answer.body == "text");
    CHECK_FALSE(header(answer, "Vary").has_value());
    CHECK_FALSE(header(answer, "Content-Encoding").has_value());
}

TEST_CASE("a client that has the asset already gets 304", "[asset]") {
    const auto [condition, status] = GENERATE(table<std::string, int>({
        {"If-None-Match: \"4.8.4\"", 304},
        {"if-none-match: W/\"4.8.4\"", 304},
        {"If-None-Match: \"1\", \"4.8.4\" , \"2\"", 304},
        {"If-None-Match: *", 304},
        {"If-None-Match: \"4.8.3\"", 200},
        {"If-None-Match: 4.8.4", 200},
        {"If-None-Match: ", 200},
    }));
    const net::AssetAnswer answer = answer_with(kScript, make_head("GET", "/x.js", {condition}));
    CHECK(answer.response.status == status);
    CHECK(answer.body.empty() == (status == 304));
    CHECK(header(answer, "ETag") == "\"4.8.4\"");
    CHECK(header(answer, "Vary") == "Accept-Encoding");
}
