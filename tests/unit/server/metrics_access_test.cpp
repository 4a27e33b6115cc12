#include "server/metrics_access.h"

#include <catch2/catch.hpp>

#include "fake_exchange.h"

using namespace wshub;
using server::MetricsAccess;
using server::MetricsRule;

namespace {

protocol::HttpHead head_of(const std::string& lines) {
    return test::parse_head("GET /metrics HTTP/1.1\r\n" + lines + "\r\n");
}

bool is_local(const std::string& address, const std::string& lines) {
    return server::is_local_request(head_of(lines), {address, 4000, false});
}

}  // namespace

TEST_CASE("a request is local if its address and its host are of this machine", "[metrics-access]") {
    const auto [address, host, local] = GENERATE(table<std::string, std::string, bool>({
        {"127.0.0.1", "localhost:3000", true},
        {"127.8.9.1", "LOCALHOST", true},
        {"::1", "[::1]:3000", true},
        {"127.0.0.1", "127.0.0.1:3000", true},
        {"192.0.2.1", "localhost", false},
        {"::2", "localhost", false},
        {"", "localhost", false},
        {"127.0.0.1", "evil.example", false},  // a name that was made to lead here
        {"127.0.0.1", "evil.example:3000", false},
        {"127.0.0.1", "127.0.0.1.evil.example", false},
        {"127.0.0.1", "localhost.evil.example", false},
        {"127.0.0.1", "[::2]:3000", false},
    }));
    CAPTURE(address, host);
    CHECK(is_local(address, "Host: " + host + "\r\n") == local);
}

TEST_CASE("a request that was passed on, or that a page of another machine made, is not local", "[metrics-access]") {
    const std::string line =
        GENERATE("X-Forwarded-For: 127.0.0.1", "x-forwarded-for: ", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1",
                 "Origin: https://evil.example", "Origin: null", "Origin: http://127.0.0.1.evil.example");
    CAPTURE(line);
    CHECK_FALSE(is_local("127.0.0.1", "Host: localhost\r\n" + line + "\r\n"));
    CHECK(is_local("127.0.0.1", "Host: localhost\r\nOrigin: http://localhost:8080\r\n"));
}

TEST_CASE("a token is asked for whole", "[metrics-access]") {
    const MetricsRule rule{MetricsAccess::kToken, "0123456789abcdef"};
    const net::Peer nearby{"127.0.0.1", 1, false}, remote{"192.0.2.1", 1, false};
    const auto admits = [&](const std::string& line) { return rule.admits(head_of("Host: hub\r\n" + line), remote); };
    CHECK(admits("Authorization: Bearer 0123456789abcdef\r\n"));
    CHECK(admits("authorization: bearer   0123456789abcdef\r\n"));
    CHECK_FALSE(rule.admits(head_of("Host: localhost\r\n"), nearby));
    for (const std::string value :
         {"Bearer 0123456789abcdeg", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Bearer ", "Bearer",
          "Basic 0123456789abcdef", "0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdef"}) {
        CAPTURE(value);
        CHECK_FALSE(admits("Authorization: " + value + "\r\n"));
    }
    CHECK_FALSE(MetricsRule{MetricsAccess::kToken, ""}.admits(head_of("Host: localhost\r\nAuthorization: Bearer \r\n"),
                                                              nearby));
}

TEST_CASE("the rules are for whom they say", "[metrics-access]") {
    const net::Peer nearby{"127.0.0.1", 1, false}, remote{"192.0.2.1", 1, false};
    const auto head = head_of("Host: localhost\r\n");
    CHECK(MetricsRule{}.admits(head, nearby));
    CHECK_FALSE(MetricsRule{}.admits(head, remote));
    CHECK(MetricsRule{MetricsAccess::kOpen, ""}.admits(head, remote));
}
