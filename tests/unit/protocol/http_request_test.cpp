#include "protocol/http_request.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wshub::protocol;
using namespace std::literals;

namespace {

using Step = HttpReader::Step;

constexpr std::string_view kHost = "Host: example.org\r\n";

// What a reader makes of a stream: "head" or "continue" for each head, "request <method> <target> <body>" for each
// whole request, and the status if it fails.
std::vector<std::string> read(std::string_view bytes, std::size_t piece, const HttpLimits& limits = {}) {
    HttpReader reader(limits);
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string_view part = bytes.substr(at, piece);
        std::span<const char> in(part);
        for (;;) {
            const auto step = reader.next(in);
            if (!step) {
                out.push_back(std::to_string(static_cast<int>(step.error())));
                return out;
            }
            if (*step == Step::kNeedMore) break;
            if (*step == Step::kHead) out.push_back("head");
            if (*step == Step::kContinue) out.push_back("continue");
            if (*step == Step::kRequest) {
                const HttpReader::Request request = reader.take();
                out.push_back("request " + std::string(request.head.method()) + " " +
                              std::string(request.head.target()) + " " + request.body);
            }
        }
        CHECK(in.empty());
    }
    return out;
}

using Steps = std::vector<std::string>;

// The same in one piece and in pieces of several sizes.
void check_reads(std::string_view bytes, const Steps& expected, const HttpLimits& limits = {}) {
    CAPTURE(bytes);
    for (const std::size_t piece :
         {bytes.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{11}}) {
        CAPTURE(piece);
        CHECK(read(bytes, piece, limits) == expected);
    }
}

// The head of one request that must be legal.
HttpHead head_of(std::string_view bytes) {
    HttpReader reader({});
    std::span<const char> in(bytes);
    REQUIRE(reader.next(in));
    REQUIRE(reader.next(in));
    return reader.take().head;
}

std::string get(std::string_view headers) {
    return "GET / HTTP/1.1\r\n" + std::string(kHost) + std::string(headers) + "\r\n";
}

std::string post(std::string_view headers, std::string_view body = {}) {
    return "POST / HTTP/1.1\r\n" + std::string(kHost) + std::string(headers) + "\r\n" + std::string(body);
}

std::string chunked(std::string_view body) {
    return post("Transfer-Encoding: chunked\r\n", body);
}

}  // namespace

TEST_CASE("a request is taken apart", "[http]") {
    const std::string text =
        "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a:80\r\nUser-Agent: \t x y "
        "\t\r\nEmpty:\r\nX:a:b\r\n\r\n";
    const HttpHead head = head_of(text);
    CHECK(head.method() == "GET");
    CHECK(head.target() == "/socket.io/?EIO=4&transport=polling");
    CHECK(head.path() == "/socket.io/");
    CHECK(head.query() == "EIO=4&transport=polling");
    CHECK(head.minor_version() == 1);
    CHECK(head.text() == text);
    REQUIRE(head.headers().size() == 4);
    CHECK(head.headers()[1].name == "User-Agent");
    CHECK(head.header("user-agent") == "x y");
    CHECK(head.header("EMPTY") == "");
    CHECK(head.header("x") == "a:b");
    CHECK_FALSE(head.header("y").has_value());
}

TEST_CASE("a head keeps its views when it is moved", "[http]") {
    HttpHead first = head_of("GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n");
    const HttpHead second = std::move(first);
    CHECK(second.path() == "/a");
    CHECK(second.header("host") == "h");
}

TEST_CASE("targets have a path and a query", "[http]") {
    const auto [line, path, query] = GENERATE(table<std::string_view, std::string_view, std::string_view>({
        {"GET / HTTP/1.1", "/", ""},
        {"GET /? HTTP/1.1", "/", ""},
        {"GET /a?b?c HTTP/1.1", "/a", "b?c"},
        {"GET //x/../y HTTP/1.1", "//x/../y", ""},
        {"GET /%41%zz HTTP/1.1", "/%41%zz", ""},
        {"GET /a|{\"b\"}<>\\^` HTTP/1.1", "/a|{\"b\"}<>\\^`", ""},
        {"GET http://example.org/a?b HTTP/1.1", "/a", "b"},
        {"GET HTTPS://example.org:443/a HTTP/1.1", "/a", ""},
        {"GET http://example.org HTTP/1.1", "/", ""},
        {"GET http://example.org?q HTTP/1.1", "/", "q"},
        {"GET http://[::1]:80/ HTTP/1.1", "/", ""},
        {"OPTIONS * HTTP/1.1", "*", ""},
        {"M-SEARCH /x HTTP/1.1", "/x", ""},
    }));
    CAPTURE(line);
    const HttpHead head = head_of(std::string(line) + "\r\nHost: h\r\n\r\n");
    CHECK(head.path() == path);
    CHECK(head.query() == query);
}

TEST_CASE("a request without a body is whole with its head", "[http]") {
    check_reads(get(""), {"head", "request GET / "});
    check_reads("GET / HTTP/1.0\r\n\r\n", {"head", "request GET / "});
    check_reads("DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", {"head", "request DELETE / "});
    check_reads("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", {"head", "request OPTIONS * "});
    check_reads(post("Content-Length: 0\r\n"), {"head", "request POST / "});
}

TEST_CASE("a body ends with its length", "[http]") {
    check_reads(post("Content-Length: 5\r\n", "hello"), {"head", "request POST / hello"});
    check_reads(post("content-length:  005 \r\n", "hello"), {"head", "request POST / hello"});
    check_reads(get("Content-Length: 2\r\n") + "hi", {"head", "request GET / hi"});
    check_reads("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", {"head", "request POST / x"});
    check_reads(post("Content-Length: 5\r\n", "hell"), {"head"});
}

TEST_CASE("requests may follow each other without waiting", "[http]") {
    check_reads(
        post("Content-Length: 2\r\n", "hi") + get("") + chunked("1\r\nx\r\n0\r\n\r\n") + get(""),
        {"head", "request POST / hi", "head", "request GET / ", "head", "request POST / x", "head", "request GET / "});
}

TEST_CASE("one empty line before a request is passed over", "[http]") {
    check_reads("\r\n" + get(""), {"head", "request GET / "});
    check_reads(get("") + "\r\n" + get(""), {"head", "request GET / ", "head", "request GET / "});
    check_reads("\r\n\r\n" + get(""), {"400"});
    check_reads("\n" + get(""), {"400"});
    check_reads("\r" + get(""), {"400"});
}

TEST_CASE("chunked bodies come out decoded", "[http]") {
    const auto [body, decoded] = GENERATE(table<std::string_view, std::string_view>({
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"},
        {"a\r\n0123456789\r\n00A\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789"},
        {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
        {"1;name=value\r\nx\r\n0;last\r\n\r\n", "x"},
        {"1 ; name=\"quo;ted\"\r\nx\r\n0\r\n\r\n", "x"},
        {"1\r\nx\r\n0\r\nTrailer: value\r\nAnother:\r\n\r\n", "x"},
    }));
    check_reads(chunked(body), {"head", "request POST / " + std::string(decoded)});
}

TEST_CASE("broken chunks are refused", "[http]") {
    const std::string_view body = GENERATE(values<std::string_view>({
        "\r\n"sv,
        "x\r\n"sv,
        "-1\r\n"sv,
        "+1\r\n"sv,
        "0x1\r\n"sv,
        " 1\r\n"sv,
        "1 \r\nx\r\n"sv,
        "1 x\r\n"sv,
        "1\nx\n0\n\n"sv,
        "1\r\nx\n0\r\n\r\n"sv,
        "1\r\nxy0\r\n\r\n"sv,
        "1\r\nx\r0\r\n\r\n"sv,
        "1\rx\r\n"sv,
        "1;a\rb\r\nx\r\n"sv,
        "1;a\nb\r\nx\r\n"sv,
        "1;a\0b\r\nx\r\n"sv,
        "1,a\r\nx\r\n"sv,
        "1\r\nx\r\n0\r\nno colon\r\n\r\n"sv,
        "1\r\nx\r\n0\r\nname : value\r\n\r\n"sv,
        "1\r\nx\r\n0\r\n folded: x\r\n\r\n"sv,
        "1\r\nx\r\n0\r\nname: a\n\r\n"sv,
        "1\r\nx\r\n0\r\n\n"sv,
    }));
    check_reads(chunked(body), {"head", "400"});
}

TEST_CASE("chunk sizes cannot wrap around", "[http]") {
    const std::string_view size =
        GENERATE(values<std::string_view>({"f4241", "ffffffff", "7fffffffffffffff", "ffffffffffffffff",
                                           "10000000000000000", "100000000000000000000000000000001"}));
    check_reads(chunked(std::string(size) + "\r\n"), {"head", "413"});
    if (size != "f4241") check_reads(chunked("1\r\nx\r\n" + std::string(size) + "\r\n"), {"head", "413"});
}

TEST_CASE("extensions and trailers of a chunked body are bounded", "[http]") {
    check_reads(chunked("1;" + std::string(252, 'x') + "\r\ny\r\n0\r\n\r\n"), {"head", "request POST / y"});
    check_reads(chunked("1;" + std::string(253, 'x') + "\r\ny\r\n"), {"head", "400"});
    check_reads(chunked(std::string(300, '0')), {"head", "400"});

    std::string extended;
    for (int i = 0; i < 200; ++i) extended += "1;" + std::string(100, 'x') + "\r\ny\r\n";
    check_reads(chunked(extended), {"head", "400"});

    check_reads(chunked("0\r\nT: " + std::string(16 * 1024, 'x') + "\r\n\r\n"), {"head", "431"});
    std::string trailers;
    for (int i = 0; i < 2000; ++i) trailers += "Name: value\r\n";
    check_reads(chunked("0\r\n" + trailers + "\r\n"), {"head", "431"});
}

TEST_CASE("what two parsers could read differently is refused", "[http]") {
    const std::string_view bytes = GENERATE(values<std::string_view>({
        // lengths and codings
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\nx"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\nx"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5abc\r\n\r\nhello"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1 1\r\n\r\nhello"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\n\r\n"sv,
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
        // header lines
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 1\r\n\r\nx"sv,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length\t: 1\r\n\r\nx"sv,
        "GET / HTTP/1.1\r\nHost: h\r\n Folded: x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: x\r\n\tfolded\r\n\r\n"sv,
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\n: no name\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nna me: x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nna(me: x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nn\xc3\xa9: x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: x\0y\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA\0: x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: x\ry\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: x\x7f\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: x\x1b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\nA: x\r\n\r\n"sv,
        "GET / HTTP/1.1\nHost: h\n\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\n\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n"sv,
        // host
        "GET / HTTP/1.1\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"sv,
        "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost:\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: []\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: [x]\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"sv,
        // request line
        "GET /\r\nHost: h\r\n\r\n"sv,
        "GET\r\nHost: h\r\n\r\n"sv,
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"sv,
        "GET /  HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / a HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        " GET / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/1.1x\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/11\r\nHost: h\r\n\r\n"sv,
        "GET / http/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/1.10\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/a.b\r\nHost: h\r\n\r\n"sv,
        "GET / FTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET /#f HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET path HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET * HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET ?q HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"sv,
        // no HTTP at all
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv,
        "\0\0\0\0"sv,
        "\xff"sv,
    }));
    check_reads(bytes, {"400"});
}

TEST_CASE("hosts of all forms are taken", "[http]") {
    const std::string_view host = GENERATE(
        values<std::string_view>({"a", "example.org", "example.org:8080", "a:", "127.0.0.1:80", "[::1]",
                                  "[fe80::1]:443", "[::ffff:1.2.3.4]:1", "my_host-1", "%41", "xn--e1afmkfd.example."}));
    check_reads("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", {"head", "request GET / "});
}

TEST_CASE("other versions are refused as such", "[http]") {
    const std::string_view version =
        GENERATE(values<std::string_view>({"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"}));
    check_reads("GET / " + std::string(version) + "\r\nHost: h\r\n\r\n", {"505"});
}

TEST_CASE("the preface of HTTP/2 is refused as another version", "[http]") {
    check_reads("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {"505"});
}

TEST_CASE("another coding before chunked is not implemented", "[http]") {
    check_reads(post("Transfer-Encoding: gzip, chunked\r\n"), {"501"});
    check_reads(post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), {"501"});
    check_reads(post("Transfer-Encoding: \tCHUNKED \r\n", "0\r\n\r\n"), {"head", "request POST / "});
}

TEST_CASE("methods with a body need its length", "[http]") {
    const std::string method = GENERATE("POST", "PUT", "PATCH");
    check_reads(method + " / HTTP/1.1\r\nHost: h\r\n\r\n", {"411"});
    check_reads(method + " / HTTP/1.0\r\n\r\n", {"411"});
}

TEST_CASE("a body up to the limit is read, a greater one refused with its head", "[http]") {
    HttpLimits limits;
    limits.max_body = 10;
    check_reads(post("Content-Length: 10\r\n", "0123456789"), {"head", "request POST / 0123456789"}, limits);
    check_reads(post("Content-Length: 11\r\n"), {"413"}, limits);
    check_reads(post("Content-Length: 18446744073709551616\r\n"), {"413"}, limits);
    check_reads(post("Content-Length: 99999999999999999999999999999999999\r\n"), {"413"}, limits);
    check_reads(post("Content-Length: 11\r\nExpect: 100-continue\r\n"), {"413"}, limits);
    check_reads(chunked("a\r\n0123456789\r\n0\r\n\r\n"), {"head", "request POST / 0123456789"}, limits);
    check_reads(chunked("a\r\n0123456789\r\n1\r\n"), {"head", "413"}, limits);
    check_reads(chunked("b\r\n"), {"head", "413"}, limits);
    limits.max_body = 0;
    check_reads(post("Content-Length: 0\r\n"), {"head", "request POST / "}, limits);
    check_reads(post("Content-Length: 1\r\n"), {"413"}, limits);
    limits.max_body = 5;
    check_reads(post("Content-Length: 9\r\n"), {"413"}, limits);
}

TEST_CASE("heads are limited in bytes and in lines", "[http]") {
    HttpLimits limits;
    limits.max_head = 100;
    limits.max_headers = 3;
    const std::string full = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    const auto padded = [&full](std::size_t size) {
        return full + std::string(size - full.size() - 4, 'x') + "\r\n\r\n";
    };
    check_reads(padded(100), {"head", "request GET / "}, limits);
    check_reads(padded(101), {"431"}, limits);
    check_reads(padded(5000), {"431"}, limits);
    check_reads("GET /" + std::string(100, 'x'), {"414"}, limits);
    check_reads("GET /" + std::string(81, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", {"431"}, limits);
    check_reads(get("A: 1\r\nB: 2\r\n"), {"head", "request GET / "}, limits);
    check_reads(get("A: 1\r\nB: 2\r\nC: 3\r\n"), {"431"}, limits);
}

TEST_CASE("a client that waits for 100 is told apart", "[http]") {
    check_reads(post("Expect: 100-continue\r\nContent-Length: 2\r\n", "hi"), {"continue", "request POST / hi"});
    check_reads(post("Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                {"continue", "request POST / "});
    check_reads(post("Expect: 100-continue\r\nContent-Length: 0\r\n"), {"head", "request POST / "});
    check_reads(get("Expect: 100-continue\r\n"), {"head", "request GET / "});
    check_reads(get("Expect: something\r\n"), {"417"});
    check_reads(get("Expect:\r\n"), {"417"});
    check_reads(post("Expect: 100-continue\r\nExpect: x\r\nContent-Length: 0\r\n"), {"417"});
    check_reads("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
                {"head", "request POST / hi"});
}

TEST_CASE("the reader tells how far a request is", "[http]") {
    HttpReader reader({});
    const auto feed = [&reader](std::string_view bytes) {
        std::span<const char> in(bytes);
        const auto step = reader.next(in);
        REQUIRE(step);
        return *step;
    };
    CHECK_FALSE(reader.in_request());
    CHECK(feed("\r\n") == Step::kNeedMore);
    CHECK_FALSE(reader.in_request());
    CHECK(feed("P") == Step::kNeedMore);
    CHECK(reader.in_request());
    CHECK_FALSE(reader.has_head());
    CHECK_FALSE(reader.in_body());
    CHECK(feed("OST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n") == Step::kHead);
    CHECK(reader.has_head());
    CHECK(reader.head().method() == "POST");
    CHECK(reader.in_body());
    CHECK(feed("h") == Step::kNeedMore);
    CHECK(feed("i") == Step::kRequest);
    CHECK_FALSE(reader.in_body());
    CHECK(reader.in_request());
    CHECK(feed("next") == Step::kRequest);
    CHECK(reader.take().body == "hi");
    CHECK_FALSE(reader.in_request());
    CHECK_FALSE(reader.has_head());
}

TEST_CASE("bytes behind a request are left for the next", "[http]") {
    HttpReader reader({});
    const std::string bytes = post("Content-Length: 2\r\n", "hi") + "GET";
    std::span<const char> in(bytes);
    REQUIRE(reader.next(in) == Step::kHead);
    REQUIRE(reader.next(in) == Step::kRequest);
    CHECK(std::string_view(in.data(), in.size()) == "GET");
}

TEST_CASE("a failure behind the head's syntax leaves the head to be read, and lasts", "[http]") {
    HttpReader reader({});
    const std::string bytes = post("Content-Length: 2000000\r\nOrigin: o\r\n");
    std::span<const char> in(bytes);
    CHECK(reader.next(in).error() == HttpError::kBodyTooLarge);
    REQUIRE(reader.has_head());
    CHECK(reader.head().header("origin") == "o");
    const std::string more = get("");
    in = more;
    CHECK(reader.next(in).error() == HttpError::kBodyTooLarge);
}

TEST_CASE("a failure of the head's syntax leaves none", "[http]") {
    HttpReader reader({});
    const std::string_view bytes = "GET / HTTP/1.1\r\nbroken\r\n\r\n";
    std::span<const char> in(bytes);
    CHECK(reader.next(in).error() == HttpError::kBadRequest);
    CHECK_FALSE(reader.has_head());
}

TEST_CASE("tokens are found in lists over several lines, whatever their case", "[http]") {
    const HttpHead head =
        head_of(get("Connection: keep-alive, Upgrade\r\nconnection:\tother , , x\r\nUpgrade: WebSocket\r\n"));
    CHECK(head.has_token("Connection", "upgrade"));
    CHECK(head.has_token("connection", "KEEP-ALIVE"));
    CHECK(head.has_token("Connection", "x"));
    CHECK(head.has_token("upgrade", "websocket"));
    CHECK_FALSE(head.has_token("Connection", "keep"));
    CHECK_FALSE(head.has_token("Connection", "close"));
    CHECK_FALSE(head.has_token("missing", "x"));
}

TEST_CASE("a connection lives on as its version and headers say", "[http]") {
    const auto [bytes, alive] = GENERATE(table<std::string, bool>({
        {get(""), true},
        {get("Connection: close\r\n"), false},
        {get("Connection: keep-alive, Close\r\n"), false},
        {get("Connection: x\r\nConnection: close\r\n"), false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    }));
    CHECK(head_of(bytes).keep_alive() == alive);
}

TEST_CASE("query parameters are found and decoded", "[http]") {
    const auto [query, name, value] = GENERATE(table<std::string_view, std::string_view, std::optional<std::string>>({
        {"EIO=4&transport=polling", "EIO", "4"},
        {"EIO=4&transport=polling", "transport", "polling"},
        {"EIO=4&transport=polling", "sid", std::nullopt},
        {"a=1&a=2", "a", "1"},
        {"a", "a", ""},
        {"a=", "a", ""},
        {"a=b=c", "a", "b=c"},
        {"", "a", std::nullopt},
        {"", "", std::nullopt},
        {"&&", "", std::nullopt},
        {"=x", "", "x"},
        {"xa=1", "a", std::nullopt},
        {"a%3D=1", "a=", "1"},
        {"%73id=1", "sid", "1"},
        {"a=%41%2b+%e2%82%AC", "a", "A++€"},
        {"a=%", "a", "%"},
        {"a=%4", "a", "%4"},
        {"a=%zz%4g%g4", "a", "%zz%4g%g4"},
        {"a=%00", "a", std::string(1, '\0')},
        {"a=%2541", "a", "%41"},
        {"a=1&b", "b", ""},
    }));
    CAPTURE(query, name);
    CHECK(query_parameter(query, name) == value);
}

TEST_CASE("a large body in single bytes is no more work than in one", "[http]") {
    const std::string bytes = post("Content-Length: 900000\r\n", std::string(900'000, 'x'));
    CHECK(read(bytes, 1).size() == 2);
    std::string tiny_chunks;
    for (int i = 0; i < 100'000; ++i) tiny_chunks += "1\r\nx\r\n";
    CHECK(read(chunked(tiny_chunks + "0\r\n\r\n"), 1).size() == 2);
}
