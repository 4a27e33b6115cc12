// A new version takes over, or cannot: what the plugin, and its clients, still have afterwards.
#include "stage.h"

using namespace wshub::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kCannotTakeOver = R"(["when","cannot restore",[]])";

}  // namespace

TEST_CASE("a new version has what the old one saved, its variables, and its clients with all they have",
          "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["set","me",6,"alice"],["join","me","r",0],["join","me","p",1],["var_set",0,"own","1"],)"
                    R"(["var_set","me","its","2"],["when","leave",[["count",1,""]]])");
        at.ask("b", "run", R"([["keep_ack","later"]])");
        at.reload();
        at.run("a", R"(["str","b",6],["str","me",6],["in_room","me","r",0],["in_room","me","p",1],["var_get",0,"own"],)"
                    R"(["var_get","me","its"],["ack_later","[5]",[],"later"],["ack_later","[6]",[],"later"])");
        at.run("a", R"(["leave","me","r",0],["emit",{"event":"still","rooms":[["p",1]]}])");
        at.drop("b");
    });
}

TEST_CASE("timers and posts are of the version that made them", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["timer",0,100,100,"t",[["log",2,"tick"]]],["timer","me",150,0,"u",[["log",2,"tock"]]])");
        at.advance(100ms);
        at.reload();
        at.advance(300ms);
        at.run("a", R"(["cancel","t"],["timer",0,100,0,"v",[["log",2,"new"]]])");
        at.advance(300ms);
    });
}

TEST_CASE("who is held at a reload is closed, and may come again", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b", R"("script":[["hold","me"]])");
        at.connect("c", R"("second":[["hold","me"]])");
        at.reload();
        at.run("a", R"(["decide","b",1,"",""],["count",1,""])");
        at.connect("b");
        at.advance(60s);
    });
}

TEST_CASE("what clients owe when the plugin stops counts as timed out, before it stops", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["emit",{"event":"first","to":["me","b"],"ask":5000}])");
        at.run("a", R"(["emit",{"event":"second","to":["b"],"ask":0}])");
        at.answer("b", "first", "[1]");
        at.reload();
        at.answer("a", "first", "[2]");
        at.answer("b", "second", "[3]");
        at.run("a", R"(["emit",{"event":"third","to":["me","b"],"ask":1000}])");
        at.answer("a", "third", "[4]");
        at.advance(30s);
    });
}

TEST_CASE("what is told of owed answers may use the host still", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["when","reply",[["emit",{"event":"told","to":["me"]}],["var_set",0,"told","true"]]])");
        at.run("a", R"(["emit",{"event":"question","to":["me"],"ask":5000}])");
        at.reload();
        at.run("a", R"(["var_get",0,"told"])");
    });
}

TEST_CASE("the old version goes on when the new one cannot take over", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b", R"("script":[["hold","me"]])");
        at.run("a", R"(["var_set",0,"own","1"],["timer",0,100,100,"t",[["log",2,"tick"]]])");
        at.ask("a", "run", R"([["keep_ack","later"]])");
        at.run("a", R"(["emit",{"event":"question","to":["me"],"ask":5000}])");
        at.run("a", kCannotTakeOver);
        at.reload();
        at.answer("a", "question", "[1]");
        at.run("a", R"(["var_get",0,"own"],["ack_later","[5]",[],"later"],["str","b",1])");
        at.run("a", R"(["emit",{"event":"question","to":["me"],"ask":5000}])");
        at.answer("a", "question", "[2]");
        at.advance(1s);
    });
}
