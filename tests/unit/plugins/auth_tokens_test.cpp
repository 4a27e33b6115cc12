#include <auth/tokens.h>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace auth;

namespace {

// sha256sum of "open sesame", of "abc", and of nothing
const std::string kSesame = "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb";
const std::string kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::vector<Token> tokens_of(const std::string& text) {
    auto parsed = parse_token_file(text);
    if (const auto* problem = std::get_if<Problem>(&parsed)) FAIL(*problem);
    return std::get<std::vector<Token>>(parsed);
}
std::string problem_in(const std::string& text) {
    const auto parsed = parse_token_file(text);
    const auto* const problem = std::get_if<Problem>(&parsed);
    return problem ? *problem : "none";
}

}  // namespace

TEST_CASE("a line of a token file has a name, a hash, roles and a username", "[auth]") {
    const auto tokens = tokens_of("# who may come in\r\n\n  \nann " + kAbc + "\nbob\t" + kSesame +
                                  "  admin,editor   Bob the Builder \r\n  # end");
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[0].name == "ann");
    CHECK(tokens[0].roles.empty());
    CHECK_FALSE(tokens[0].username);
    CHECK(tokens[1].name == "bob");
    CHECK(tokens[1].roles == std::vector<std::string>{"admin", "editor"});
    CHECK(tokens[1].username == "Bob the Builder");
    CHECK(tokens_of("cy " + kAbc + " - Cy")[0].roles.empty());
    CHECK(tokens_of("cy " + kAbc + " - Cy")[0].username == "Cy");
    CHECK(tokens_of("").empty());
}

TEST_CASE("a token is found by its text, whole and exact", "[auth]") {
    const auto tokens =
        tokens_of("ann " + kAbc + "\nbob BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AE\n");
    REQUIRE(find_token(tokens, "abc"));
    CHECK(find_token(tokens, "abc")->name == "ann");
    for (const std::string& text : {std::string(), std::string("abcd"), std::string("ab"), std::string("ABC"),
                                    std::string("abc\0", 4), kAbc, std::string(kMaxTokenBytes + 1, 'x')}) {
        CHECK_FALSE(find_token(tokens, text));
    }
    CHECK_FALSE(find_token({}, "abc"));
}

TEST_CASE("a wrong line of a token file is named, and no hash is repeated", "[auth]") {
    struct Row {
        std::string text, expected;
    };
    const auto row = GENERATE(values<Row>({
        {"ann", "line 1: expected: NAME SHA256 [ROLES] [USERNAME], where SHA256 is 64 hexadecimal digits"},
        {"\n\nann secret", "line 3: expected: NAME SHA256 [ROLES] [USERNAME], where SHA256 is 64 hexadecimal digits"},
        {"ann " + kAbc.substr(1),
         "line 1: expected: NAME SHA256 [ROLES] [USERNAME], where SHA256 is 64 hexadecimal digits"},
        {"ann " + kAbc.substr(1) + "g",
         "line 1: expected: NAME SHA256 [ROLES] [USERNAME], where SHA256 is 64 hexadecimal digits"},
        {"ann " + kAbc + " a,,b",
         "line 1: expected roles separated by commas alone, such as admin,editor, or - for none"},
        {"ann " + kAbc + " " + std::string(129, 'r'),
         "line 1: expected roles separated by commas alone, such as admin,editor, or - for none"},
        {"ann " + kAbc + "\nann " + kSesame, "line 2: the name ann stands there twice"},
        {"ann " + kAbc + "\nbob " + kAbc, "line 2: the token of bob stands there twice"},
    }));
    CHECK(problem_in(row.text) == row.expected);
}

TEST_CASE("the tokens of the INI file are separated by commas", "[auth]") {
    const auto parsed = parse_token_list(" abc ,open sesame,x");
    const auto* const tokens = std::get_if<std::vector<Token>>(&parsed);
    REQUIRE(tokens);
    REQUIRE(tokens->size() == 3);
    CHECK(find_token(*tokens, "abc") == &(*tokens)[0]);
    CHECK(find_token(*tokens, "open sesame") == &(*tokens)[1]);
    CHECK_FALSE(find_token(*tokens, " abc "));
    CHECK(std::get<std::vector<Token>>(parse_token_list("")).empty());
    CHECK(std::holds_alternative<Problem>(parse_token_list("a,,b")));
    CHECK(std::holds_alternative<Problem>(parse_token_list(",a")));
}

TEST_CASE("HMAC-SHA256 is that of RFC 4231", "[auth]") {
    CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
