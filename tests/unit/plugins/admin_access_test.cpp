#include <catch2/catch.hpp>
#include <string>

#include "admin/access.h"

using namespace admin;
namespace json = wshub::json;

TEST_CASE("the words for access are known, and no others", "[admin]") {
    CHECK(read_access("token") == Access::token);
    CHECK(read_access("loopback") == Access::loopback);
    CHECK(read_access("open") == Access::open);
    for (const char* wrong : {"", "Token", "none", "open "}) CHECK_FALSE(read_access(wrong));
}

TEST_CASE("a token is accepted whole", "[admin]") {
    CHECK(is_token("secret", "secret"));
    CHECK(is_token("a", "a"));
    for (const char* wrong : {"", "s", "secre", "secrets", "Secret", "secres", "secretsecret", "tecret"}) {
        CAPTURE(wrong);
        CHECK_FALSE(is_token(wrong, "secret"));
    }
    CHECK_FALSE(is_token("", ""));
    CHECK_FALSE(is_token("a", ""));
    CHECK_FALSE(is_token(std::string("secret\0", 7), "secret"));
}

TEST_CASE("who comes from this machine is local", "[admin]") {
    const std::string remote = GENERATE("127.0.0.1", "127.255.255.254", "127.1.2.3", "::1");
    CHECK(is_local(remote, ""));
    CHECK(is_local(remote, "Host: localhost:3000\r\nUser-Agent: y\r\n"));
}

TEST_CASE("who comes from elsewhere is not local", "[admin]") {
    const std::string remote =
        GENERATE("", "128.0.0.1", "10.0.0.1", "1270.0.0.1", "12.7.0.0", "::2", "::", "fe80::1", "127.0.0.1.evil.org");
    CAPTURE(remote);
    CHECK_FALSE(is_local(remote, ""));
}

TEST_CASE("whom a proxy of this machine brings is not local", "[admin]") {
    const std::string header = GENERATE("X-Forwarded-For: 127.0.0.1", "x-forwarded-for: 10.1.1.1",
                                        "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1", "X-FORWARDED-FOR:");
    CHECK_FALSE(is_local("127.0.0.1", "Host: localhost\r\n" + header + "\r\nAccept: */*\r\n"));
}

TEST_CASE("a page of another machine in a browser of this one is not local", "[admin]") {
    const auto [origin, local] = GENERATE(table<std::string, bool>({
        {"http://localhost:3000", true},
        {"http://LOCALHOST", true},
        {"https://127.0.0.1:8443", true},
        {"http://[::1]:3000", true},
        {"http://evil.org", false},
        {"http://localhost.evil.org", false},
        {"http://127.0.0.1.evil.org", false},
        {"http://evil.org:80/://localhost", false},
        {"http://[::1.evil", false},
        {"null", false},
        {"", false},
    }));
    CAPTURE(origin);
    CHECK(is_local("127.0.0.1", "origin: " + origin + "\r\n") == local);
}

TEST_CASE("a name of somebody else's that leads to this machine is not local", "[admin]") {
    const auto [host, local] = GENERATE(table<std::string, bool>({
        {"localhost", true},
        {"LocalHost:3000", true},
        {"127.0.0.1:3000", true},
        {"[::1]:3000", true},
        {"evil.example:3000", false},
        {"localhost.evil.example", false},
        {"10.0.0.1", false},
        {"", false},
    }));
    CAPTURE(host);
    CHECK(is_local("127.0.0.1", "Host: " + host + "\r\n") == local);
}

TEST_CASE("the role is added to those that are there, once", "[admin]") {
    CHECK(with_role(json::View("[]")).text == R"(["admin"])");
    CHECK(with_role(json::View("")).text == R"(["admin"])");
    CHECK(with_role(json::View(R"(["a","b"])")).text == R"(["a","b","admin"])");
    CHECK(with_role(json::View(R"(["admin","b"])")).text == R"(["admin","b"])");
}
