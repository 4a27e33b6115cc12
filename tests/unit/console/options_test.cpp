#include "console/options.h"

#include <catch2/catch.hpp>

using namespace wshub::console;

using Arguments = std::vector<std::string_view>;

TEST_CASE("a URL says host, port and namespace", "[options]") {
    auto [url, host, port, nsp] = GENERATE(table<std::string, std::string, int, std::string>({
        {"http://127.0.0.1:3000", "127.0.0.1", 3000, "/"},
        {"http://example.org", "example.org", 80, "/"},
        {"http://example.org/", "example.org", 80, "/"},
        {"ws://example.org:81/orders", "example.org", 81, "/orders"},
        {"127.0.0.1:3000", "127.0.0.1", 3000, "/"},
        {"localhost:3000/a/b", "localhost", 3000, "/a/b"},
        {"http://[::1]:3000/x", "::1", 3000, "/x"},
        {"http://127.0.0.1:3000/socket.io/", "127.0.0.1", 3000, "/"},
        {"http://127.0.0.1:3000/socket.io", "127.0.0.1", 3000, "/"},
        {"http://127.0.0.1:3000/socket.iota", "127.0.0.1", 3000, "/socket.iota"},
    }));
    CAPTURE(url);
    const Options options = parse_options({url});
    CHECK(options.address.host == host);
    CHECK(options.address.port == port);
    CHECK(options.address.nsp == nsp);
}

TEST_CASE("the path of a URL is no namespace where Socket.IO is served at it", "[options]") {
    CHECK(parse_options({"http://h/io/", "--path", "/io/"}).address.nsp == "/");
    CHECK(parse_options({"http://h/socket.io/", "--path", "/io/"}).address.nsp == "/socket.io/");
    CHECK(parse_options({"http://h/io/", "--path", "/io/", "--namespace", "/io/"}).address.nsp == "/io/");
}

TEST_CASE("options stand before and behind the URL", "[options]") {
    const Options options = parse_options({"--namespace=orders", "--transport", "polling", "http://h:1/other?a=b",
                                           "--auth", R"({"token":"x"})", "--header", "X-A: b:c", "-e", "emit a",
                                           "--json", "--stay", "--timeout", "2s", "--path=/io/"});
    CHECK(options.address.nsp == "/orders");
    CHECK(options.address.query == "a=b");
    CHECK(options.transport == Transport::kPolling);
    CHECK(options.auth == R"({"token":"x"})");
    CHECK(options.headers == std::vector<std::pair<std::string, std::string>>{{"X-A", "b:c"}});
    CHECK(options.json);
    CHECK(options.stay);
    CHECK(options.reconnect);
    CHECK(options.timeout == std::chrono::seconds(2));
    CHECK(options.path == "/io/");
}

TEST_CASE("what is wrong is told", "[options]") {
    auto [arguments, words] = GENERATE(table<Arguments, std::string>({
        {Arguments{}, "client needs a URL"},
        {{"http://a", "http://b"}, "unexpected argument \"http://b\""},
        {{"https://a"}, "https is not supported yet"},
        {{"wss://a"}, "https is not supported yet"},
        {{"ftp://a"}, "expected an address such as"},
        {{"http://"}, "expected an address such as"},
        {{"http://me@a"}, "expected an address such as"},
        {{"http://a:99999"}, "expected an address such as"},
        {{"http://a:x"}, "expected an address such as"},
        {{"http://a/b,c"}, "no name of a namespace"},
        {{"http://a", "--namespace", "b c"}, "--namespace"},
        {{"http://a", "--auth", "secret"}, "--auth \"secret\": expected a JSON object"},
        {{"http://a", "--auth", "[1]"}, "expected a JSON object"},
        {{"http://a", "--header", "none"}, "--header \"none\": expected a header"},
        {{"http://a", "--header", "a b: c"}, "expected a header"},
        {{"http://a", "--header", "a: b\r\nc: d"}, "expected a header"},
        {{"http://a", "--transport", "pigeon"}, "expected websocket or polling"},
        {{"http://a", "--timeout", "0s"}, "--timeout"},
        {{"http://a", "--timeout", "soon"}, "expected a duration"},
        {{"http://a", "--path", "io"}, "expected a path"},
        {{"http://a", "--json=yes"}, "--json takes no value"},
        {{"http://a", "-e"}, "-e needs a value"},
        {{"http://a", "-x"}, "unknown option \"-x\""},
        {{"http://a", "-e", "quit", "--script", "f"}, "do not go together"},
    }));
    CHECK_THROWS_WITH(parse_options(arguments), Catch::Contains(words));
}

TEST_CASE("the help names every option", "[options]") {
    const std::string help = options_help();
    for (const char* const name :
         {"--namespace", "--path", "--transport", "--auth", "--header", "-e", "--script", "--timeout", "--json",
          "--stay", "--keep-going", "--no-reconnect", "--no-answer", "--help"}) {
        CAPTURE(name);
        CHECK(help.find("\n  " + std::string(name)) != std::string::npos);
    }
    CHECK(parse_options({"--help"}).help);
}
