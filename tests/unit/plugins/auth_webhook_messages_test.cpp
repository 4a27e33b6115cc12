#include <auth/webhook.h>
#include <auth/webhook_messages.h>

#include <catch2/catch.hpp>

#include <string>

using namespace auth;

namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;

std::string outcome(const std::string& body) {
    const auto answer = read_answer(body, kNow);
    if (std::holds_alternative<Refused>(answer)) return "refused";
    if (const auto* unusable = std::get_if<Unusable>(&answer)) return unusable->why;
    return "accepted";
}

}  // namespace

TEST_CASE("a question holds what is known of the client, and the headers that are passed", "[auth]") {
    Applicant applicant{
        "sid1",
        "/",
        "10.0.0.7",
        "agent \"x\"",
        "Host: hub\r\nCOOKIE: a=1\r\nCookie:b=2\r\nOrigin:  https://o \r\nX-Secret: s\r\norigin: p\r\nno colon\r\n",
        R"({"token":"t","n":12345678901234567890})"};
    CHECK(question_of(applicant, {"cookie", "origin"}) ==
          R"({"sid":"sid1","nsp":"/","remote":"10.0.0.7","userAgent":"agent \"x\"",)"
          R"("headers":{"cookie":"a=1; b=2","origin":"https://o, p"},"auth":{"token":"t","n":12345678901234567890}})");
    applicant.user_agent.reset();
    applicant.auth.reset();
    applicant.headers.clear();
    CHECK(question_of(applicant, {"cookie"}) ==
          R"({"sid":"sid1","nsp":"/","remote":"10.0.0.7","headers":{},"auth":null})");
}

TEST_CASE("an answer decides, or is not usable", "[auth]") {
    struct Row {
        const char *body, *outcome;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"accept":true})", "accepted"},
        {R"( {"accept" : true, "more":[]} )", "accepted"},
        {R"({"accept":true,"username":null,"roles":null,"expiresIn":null})", "accepted"},
        {R"({"accept":false})", "refused"},
        {R"({"accept":false,"username":7})", "refused"},
        {"", "it is no JSON object"},
        {"true", "it is no JSON object"},
        {"[true]", "it is no JSON object"},
        {R"({"accept":true)", "it is no JSON object"},
        {R"({"accept":true}{)", "it is no JSON object"},
        {"<html>", "it is no JSON object"},
        {"{}", "its accept is neither true nor false"},
        {R"({"accept":"true"})", "its accept is neither true nor false"},
        {R"({"accept":1})", "its accept is neither true nor false"},
        {R"({"accept":true,"username":7})", "its username is no text"},
        {R"({"accept":true,"roles":"admin"})", "its roles are no array of texts"},
        {R"({"accept":true,"roles":["a",7]})", "its roles are no array of texts"},
        {R"({"accept":true,"roles":[""]})", "its roles are no array of texts"},
        {R"({"accept":true,"expiresIn":0})", "its expiresIn is no number of seconds above 0"},
        {R"({"accept":true,"expiresIn":-1})", "its expiresIn is no number of seconds above 0"},
        {R"({"accept":true,"expiresIn":1e30})", "its expiresIn is no number of seconds above 0"},
        {R"({"accept":true,"expiresIn":"60"})", "its expiresIn is no number of seconds above 0"},
    }));
    INFO(row.body);
    CHECK(outcome(row.body) == row.outcome);
}

TEST_CASE("an answer may name the user, roles, and how long they last", "[auth]") {
    const auto answer = read_answer(R"({"accept":true,"username":"Ann","roles":["a","b"],"expiresIn":1.5})", kNow);
    const auto& grant = std::get<Grant>(answer);
    CHECK(grant.username == "Ann");
    CHECK(grant.roles == std::vector<std::string>{"a", "b"});
    CHECK(grant.ends_at_ms == kNow + 1500);
    CHECK_FALSE(std::get<Grant>(read_answer(R"({"accept":true})", kNow)).ends_at_ms);
}

TEST_CASE("a webhook's URL is http or https, without a password", "[auth]") {
    for (const char* good : {"http://127.0.0.1:8080/auth", "https://backend.example/auth?x=1", "http://[::1]/"}) {
        CHECK(problem_of_url(good).empty());
    }
    for (const char* bad :
         {"", "backend.example", "ftp://backend.example", "file:///etc/passwd", "https://", "http://a b/",
          "http://host:99999/", "HTTP//x", "https://user:pass@backend.example/", "https://user@backend.example/"}) {
        INFO(bad);
        CHECK_FALSE(problem_of_url(bad).empty());
        CHECK(problem_of_url(bad).find("pass@") == std::string::npos);
    }
}
