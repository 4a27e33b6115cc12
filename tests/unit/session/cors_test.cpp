#include "session/cors.h"

#include <catch2/catch.hpp>
#include <map>

#include "fake_exchange.h"

using namespace wshub::session;
using wshub::test::make_head;

namespace {

CorsSettings listed(std::vector<std::string> origins) {
    CorsSettings settings;
    settings.enabled = true;
    settings.origins = std::move(origins);
    return settings;
}

std::map<std::string, std::string> headers_for(const CorsSettings& settings, const std::vector<std::string>& lines) {
    const auto head = make_head("GET", "/socket.io/", lines);
    HttpHeaders headers;
    Cors(settings).decorate(&head, headers);
    return {headers.begin(), headers.end()};
}

using Headers = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("an origin is allowed by its exact name or a wildcard for its parent's subdomains", "[cors]") {
    const Cors cors(
        listed({"https://app.example.com", "https://*.example.org", "*.example.net", "http://*.local:8080", "null"}));
    auto [origin, allowed] = GENERATE(table<std::string, bool>({
        {"https://app.example.com", true},
        {"https://APP.example.com", true},
        {"http://app.example.com", false},
        {"https://app.example.com:8443", false},
        {"https://app.example.com.evil.org", false},
        {"https://a.example.org", true},
        {"https://a.b.example.org", true},
        {"https://example.org", false},
        {"https://.example.org", false},
        {"https://a..example.org", false},
        {"https://evilexample.org", false},
        {"https://evil.com/.example.org", false},
        {"https://evil.com#.example.org", false},
        {"https://evil.com:80@a.example.org", false},
        {"https://a.example.org:444", false},
        {"http://a.example.org", false},
        {"http://x.example.net", true},
        {"ftp://x.example.net", true},
        {"x.example.net", false},
        {"http://box.local:8080", true},
        {"http://box.local", false},
        {"null", true},
        {"", false},
        {"https://a.example.org ", false},
        {"https://a.example.org,https://b", false},
        {"https://" + std::string(600, 'a') + ".example.org", false},
    }));
    INFO(origin);
    CHECK(cors.allows(origin) == allowed);
}

TEST_CASE("CORS that is off says nothing and allows nobody", "[cors]") {
    CorsSettings settings;
    settings.any_origin = true;
    CHECK(headers_for(settings, {"Origin: https://a.example"}).empty());
    CHECK_FALSE(Cors(settings).allows("https://a.example"));
}

TEST_CASE("the answer names who may read it", "[cors]") {
    CorsSettings any = listed({});
    any.any_origin = true;
    CorsSettings any_with_credentials = any;
    any_with_credentials.credentials = true;
    CorsSettings list = listed({"https://a.example"});
    CorsSettings list_with_credentials = list;
    list_with_credentials.credentials = true;

    CHECK(headers_for(any, {"Origin: https://a.example"}) == Headers{{"Access-Control-Allow-Origin", "*"}});
    CHECK(headers_for(any, {}) == Headers{{"Access-Control-Allow-Origin", "*"}});
    // Browsers refuse a star together with credentials.
    CHECK(headers_for(any_with_credentials, {"Origin: https://a.example"}) ==
          Headers{{"Access-Control-Allow-Origin", "https://a.example"},
                  {"Access-Control-Allow-Credentials", "true"},
                  {"Vary", "Origin"}});
    CHECK(headers_for(any_with_credentials, {}) == Headers{{"Vary", "Origin"}});
    CHECK(headers_for(list, {"Origin: https://a.example"}) ==
          Headers{{"Access-Control-Allow-Origin", "https://a.example"}, {"Vary", "Origin"}});
    CHECK(headers_for(list, {"Origin: https://b.example"}) == Headers{{"Vary", "Origin"}});
    CHECK(headers_for(list_with_credentials, {"Origin: https://b.example"}) == Headers{{"Vary", "Origin"}});
}

TEST_CASE("what a client wrote is echoed only if it can do no harm", "[cors]") {
    CorsSettings any = listed({});
    any.any_origin = any.credentials = true;
    const Headers none{{"Vary", "Origin"}};
    CHECK(headers_for(any, {"Origin: https://a b"}) == none);
    CHECK(headers_for(any, {"Origin: https://a\xff"}) == none);
    CHECK(headers_for(any, {"Origin: " + std::string(513, 'a')}) == none);

    const auto asked = [&](const std::string& names) {
        const auto response =
            Cors(any).preflight(make_head("OPTIONS", "/", {"Access-Control-Request-Headers: " + names}));
        const Headers headers(response.headers.begin(), response.headers.end());
        const auto found = headers.find("Access-Control-Allow-Headers");
        return found == headers.end() ? "" : found->second;
    };
    CHECK(asked("content-type, x-token") == "content-type, x-token");
    CHECK(asked("x: y").empty());
    CHECK(asked("\"x\"").empty());
    CHECK(asked(std::string(2049, 'x')).empty());
}

TEST_CASE("a preflight says what is allowed", "[cors]") {
    CorsSettings settings = listed({"https://a.example"});
    settings.max_age = std::chrono::seconds(600);
    const auto ask = [&] {
        return Cors(settings).preflight(
            make_head("OPTIONS", "/", {"Origin: https://a.example", "Access-Control-Request-Headers: x-custom"}));
    };
    auto response = ask();
    CHECK(response.status == 204);
    CHECK(response.body.empty());
    CHECK(Headers(response.headers.begin(), response.headers.end()) ==
          Headers{{"Content-Length", "0"},
                  {"Access-Control-Allow-Origin", "https://a.example"},
                  {"Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"},
                  {"Access-Control-Allow-Headers", "x-custom"},
                  {"Vary", "Origin, Access-Control-Request-Headers"},
                  {"Access-Control-Max-Age", "600"}});

    settings.allowed_headers = {"x-one", "x-two"};
    settings.methods = {"GET", "POST"};
    settings.max_age.reset();
    response = ask();
    CHECK(Headers(response.headers.begin(), response.headers.end()) ==
          Headers{{"Content-Length", "0"},
                  {"Access-Control-Allow-Origin", "https://a.example"},
                  {"Access-Control-Allow-Methods", "GET,POST"},
                  {"Access-Control-Allow-Headers", "x-one,x-two"},
                  {"Vary", "Origin"}});
}

TEST_CASE("headers that pages may read are named in answers", "[cors]") {
    CorsSettings settings = listed({"https://a.example"});
    settings.exposed_headers = {"x-one", "x-two"};
    CHECK(headers_for(settings, {})["Access-Control-Expose-Headers"] == "x-one,x-two");
}

TEST_CASE("a page's own server is recognised by its Host", "[cors]") {
    auto [host, origin, same] = GENERATE(table<std::string, std::string, bool>({
        {"hub.example:3000", "http://hub.example:3000", true},
        {"HUB.example", "https://hub.example", true},
        {"hub.example", "https://hub.example.evil", false},
        {"hub.example", "null", false},
        {"hub.example", "https://", false},
    }));
    const auto head = wshub::test::parse_head("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    CHECK(is_same_origin(head, origin) == same);
}
