#include "admin/dashboard.h"

#include <catch2/catch.hpp>

#include <string>

using namespace admin;

namespace {

const std::vector<PageFile> kFiles{
    {"app.js", "text/javascript; charset=utf-8", "\"12ab\"", "a script", "gz", "br"},
    {"icon.svg", "image/svg+xml", "\"34cd\"", "a picture", {}, {}},
    {"index.html", "text/html; charset=utf-8", "\"56ef\"", "a page", "gz page", {}},
};

bool says(const PageAnswer& answer, const std::string& line) {
    return ("\r\n" + answer.headers).find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a file comes with its type and tag, and the folder's name stands for its page", "[admin]") {
    const PageAnswer script = answer_page(kFiles, "app.js", "");
    CHECK(script.status == 200);
    CHECK(script.content_type == "text/javascript; charset=utf-8");
    CHECK(script.body == "a script");
    CHECK(says(script, "ETag: \"12ab\""));
    CHECK(says(script, "Cache-Control: no-cache"));
    CHECK(answer_page(kFiles, "", "").body == "a page");
}

TEST_CASE("the page itself is never kept", "[admin]") {
    const PageAnswer page = answer_page(kFiles, "", "If-None-Match: \"56ef\"\r\n");
    CHECK(page.status == 200);
    CHECK(says(page, "Cache-Control: no-store"));
    CHECK(page.headers.find("ETag") == std::string::npos);
}

TEST_CASE("nothing else is there", "[admin]") {
    const std::string name = GENERATE("app.j", "app.js/", "/app.js", "../plugin.cpp", "APP.JS", "%61pp.js");
    CAPTURE(name);
    const PageAnswer answer = answer_page(kFiles, name, "If-None-Match: *\r\n");
    CHECK(answer.status == 404);
    CHECK(answer.body == "Not found.\n");
    CHECK(says(answer, "Cache-Control: no-store"));
}

TEST_CASE("a browser gets the smallest form that it names", "[admin]") {
    const auto [headers, body] = GENERATE(table<std::string, std::string>({
        {"Accept-Encoding: gzip, deflate, br\r\n", "br"},
        {"accept-encoding: GZip\r\n", "gz"},
        {"Accept-Encoding: br;q=0, gzip;q=0.5\r\n", "gz"},
        {"Accept-Encoding: br; q=0.000\r\nAccept-Encoding: gzip\r\n", "gz"},
        {"Accept-Encoding: brotli, x-gzip, identity\r\n", "a script"},
        {"Accept-Encoding: gzip;q=0, br;q=0\r\n", "a script"},
        {"Accept-Encoding: ,,;,\r\n", "a script"},
        {"", "a script"},
    }));
    CAPTURE(headers);
    const PageAnswer answer = answer_page(kFiles, "app.js", headers);
    CHECK(answer.body == body);
    const std::string coding = body == "a script" ? "" : body == "br" ? "br" : "gzip";
    CHECK(says(answer, "Content-Encoding: " + coding) == !coding.empty());
    CHECK(says(answer, "Vary: Accept-Encoding"));
}

TEST_CASE("a file without a smaller form comes as it is", "[admin]") {
    const PageAnswer answer = answer_page(kFiles, "icon.svg", "Accept-Encoding: gzip, br\r\n");
    CHECK(answer.body == "a picture");
    CHECK(answer.headers.find("Content-Encoding") == std::string::npos);
}

TEST_CASE("a file that the browser has is not sent again", "[admin]") {
    const auto [tags, known] = GENERATE(table<std::string, bool>({
        {"\"12ab\"", true},
        {"\"other\", W/\"12ab\"", true},
        {"*", true},
        {"\"12AB\"", false},
        {"12ab", false},
        {"\"34cd\"", false},
        {"", false},
    }));
    CAPTURE(tags);
    const PageAnswer answer = answer_page(kFiles, "app.js", "If-None-Match: " + tags + "\r\n");
    CHECK(answer.status == (known ? 304 : 200));
    CHECK(answer.body.empty() == known);
    CHECK(says(answer, "ETag: \"12ab\""));
}

TEST_CASE("every answer forbids what the page does not need", "[admin]") {
    const std::string name = GENERATE("", "app.js", "icon.svg", "nothing");
    CAPTURE(name);
    const PageAnswer answer = answer_page(kFiles, name, "");
    CHECK(says(answer, "X-Content-Type-Options: nosniff"));
    CHECK(says(answer, "Referrer-Policy: no-referrer"));
    CHECK(says(answer,
               "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
               "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"));
}
