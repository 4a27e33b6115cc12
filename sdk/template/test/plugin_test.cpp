// Tests of the plugin without a hub: wshub::FakeHost plays its part. A few lines of checking are enough to begin with;
// any framework will do as well.
#include <wshub/testing.h>

#include <iostream>
#include <string>

namespace json = wshub::json;

namespace {

int failures = 0;

// Tells what differs. Messages, answers and whatever else is compared are texts.
void expect(const std::string& what, const std::string& actual, const std::string& expected) {
    if (actual == expected) return;
    ++failures;
    std::cerr << what << ":\n  expected " << expected << "\n  got      " << actual << "\n";
}

void everybody_else_hears_of_a_greeting() {
    wshub::FakeHost host;
    host.load();
    wshub::FakeClient alice = host.connect(), bob = host.connect();
    const auto answer = alice.ask("@PLUGIN@:greet", json::obj("name", "Alice"));
    expect("the answer", answer.text(), R"([{"text":"Hello, Alice!"}])");
    expect("what Bob hears", bob.received(), R"(@PLUGIN@:greeted [{"name":"Alice"}])");
    expect("what Alice hears", alice.received(), "");
    expect("how many were greeted", std::to_string(host.metric("greeted_total")), std::to_string(1.0));
}

void the_greeting_is_a_setting() {
    wshub::FakeHost host;
    host.load({{"greeting", "Good morning"}});
    const auto answer = host.connect().ask("@PLUGIN@:greet", json::obj("name", "Bob"));
    expect("the answer", answer.text(), R"([{"text":"Good morning, Bob!"}])");
}

void nobody_is_greeted_without_a_name() {
    wshub::FakeHost host;
    host.load();
    wshub::FakeClient alice = host.connect(), bob = host.connect();
    const auto answer = alice.ask("@PLUGIN@:greet", 5);
    expect("the code", answer[0]["code"].str(), "INVALID_FORMAT");
    expect("what Bob hears", bob.received(), "");
}

void a_new_version_goes_on_with_the_count_and_the_clients() {
    wshub::FakeHost host;
    host.load();
    wshub::FakeClient alice = host.connect();
    alice.emit("@PLUGIN@:greet", json::obj("name", "Alice"));
    host.reload();
    expect("how Alice stands", alice.state(), "connected");
    expect("the count", alice.ask("@PLUGIN@:count").text(), R"([{"count":1}])");
    expect("what went wrong", host.failures(), "");
}

}  // namespace

int main() {
    everybody_else_hears_of_a_greeting();
    the_greeting_is_a_setting();
    nobody_is_greeted_without_a_name();
    a_new_version_goes_on_with_the_count_and_the_clients();
    return failures == 0 ? 0 : 1;
}
