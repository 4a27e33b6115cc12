#include "console/command.h"

#include <catch2/catch.hpp>

using namespace wshub::console;
using std::chrono::milliseconds;

TEST_CASE("lines without a command", "[command]") {
    const auto line = GENERATE(as<std::string>(), "", "   ", "# emit x", "\t# x", "\r");
    CHECK_FALSE(parse_command(line));
}

TEST_CASE("emit and ack take a name and values", "[command]") {
    auto command = parse_command(R"(  emit room_message {"room":"a","message":[1, 2]} "x y" 5 )");
    REQUIRE(command);
    CHECK(command->verb == Verb::kEmit);
    CHECK(command->name == "room_message");
    CHECK(command->args == R"([{"room":"a","message":[1, 2]},"x y",5])");
    CHECK_FALSE(command->wanted);

    command = parse_command(R"(ack "my event" => {"status":"ok"} 1)");
    REQUIRE(command);
    CHECK(command->verb == Verb::kAck);
    CHECK(command->name == "my event");
    CHECK(command->args == "[]");
    CHECK(command->wanted == R"([{"status":"ok"},1])");

    CHECK(parse_command("ack ping")->wanted == std::nullopt);
}

TEST_CASE("waiting takes a name and a time", "[command]") {
    auto command = parse_command("wait room_* 500ms");
    CHECK(command->verb == Verb::kWait);
    CHECK(command->name == "room_*");
    CHECK(command->time == milliseconds(500));
    CHECK_FALSE(parse_command("wait x")->time);

    command = parse_command(R"(expect message {"data":"hi"} within 2s)");
    CHECK(command->verb == Verb::kExpect);
    CHECK(command->wanted == R"([{"data":"hi"}])");
    CHECK(command->time == milliseconds(2000));
    CHECK(parse_command("expect message")->wanted == "[]");
    CHECK(parse_command("sleep 1.5s")->time == milliseconds(1500));
}

TEST_CASE("rooms, patterns and words", "[command]") {
    CHECK(parse_command("join \"my room\"")->name == "my room");
    CHECK(parse_command("leave lobby")->verb == Verb::kLeave);
    CHECK(parse_command("watch")->name.empty());
    CHECK(parse_command("watch system:*")->name == "system:*");
    CHECK(parse_command("connect")->verb == Verb::kConnect);
    CHECK(parse_command("disconnect")->verb == Verb::kDisconnect);
    CHECK(parse_command("help wait")->name == "wait");
    CHECK(parse_command("quit\r")->verb == Verb::kQuit);
}

TEST_CASE("a wrong line is told with what would do", "[command]") {
    auto [line, words] = GENERATE(table<std::string, std::string>({
        {"emitt x", "there is no command \"emitt\""},
        {"emit", "expected the event's name; its form is: emit EVENT JSON..."},
        {"emit x hello", "\"hello\" is not JSON; a text needs its quotes"},
        {"emit x {\"a\":}", "is not JSON"},
        {"emit \"x", "expected the event's name"},
        {"ack x 1 => oops", "\"oops\" is not JSON"},
        {"join", "expected the room's name"},
        {"join a b", "\"b\" is too much here"},
        {"wait x soon", "\"soon\": expected a duration"},
        {"wait x 1s 2s", "\"2s\" is too much here"},
        {"expect x {} within", "expected a duration"},
        {"sleep", "expected a duration"},
        {"sleep 5", "\"5\": expected a duration"},
        {"quit now", "\"now\" is too much here"},
        {"\xff", "not UTF-8"},
        {"emit x \x1b[31m", "\\x1b"},
    }));
    CAPTURE(line);
    CHECK_THROWS_WITH(parse_command(line), Catch::Contains(words));
}

TEST_CASE("a very deep value is refused, not followed", "[command]") {
    CHECK_THROWS_AS(parse_command("emit x " + std::string(1'000'000, '[')), CommandError);
}

TEST_CASE("every command is explained", "[command]") {
    for (const char* const name : {"emit", "ack", "join", "leave", "watch", "wait", "expect", "sleep", "connect",
                                   "disconnect", "help", "quit"}) {
        CAPTURE(name);
        CHECK(command_help(name).find(name) == 0);
        CHECK(command_help("").find(name) != std::string::npos);
    }
    CHECK(command_help("dance").empty());
}

TEST_CASE("a pattern means names", "[command]") {
    auto [pattern, name, meant] = GENERATE(table<std::string, std::string, bool>({
        {"a", "a", true},
        {"a", "ab", false},
        {"*", "", true},
        {"*", "anything at all", true},
        {"room_*", "room_message", true},
        {"room_*", "room", false},
        {"*:set*", "system:setData", true},
        {"*a*b", "xxaxxbxb", true},
        {"*a*b", "xxaxxbx", false},
        {"a*", "a", true},
        {"", "", true},
        {"", "a", false},
        {"*****b", std::string(10'000, 'a'), false},
    }));
    CAPTURE(pattern, name);
    CHECK(matches(pattern, name) == meant);
}
