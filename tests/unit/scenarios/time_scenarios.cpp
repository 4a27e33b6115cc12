// Timers, posts, figures, the log, and the end of the plugin.
#include "stage.h"

using namespace wshub::test;
using namespace std::chrono_literals;

TEST_CASE("timers run once, and in their rhythm", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["timer",0,1000,0,"once",[["emit",{"event":"once","flags":2}],["cancel","once"]]],)"
                    R"(["timer",0,300,500,"often",[["emit",{"event":"often","flags":2}]]])");
        at.advance(250ms);
        at.advance(100ms);
        at.advance(700ms);
        at.advance(1050ms);
        at.run("a", R"(["cancel","often"],["cancel","often"],["cancel","none"])");
        at.advance(5s);
    });
}

TEST_CASE("a timer that ends itself, and one that starts another", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a",
               R"(["timer",0,100,100,"t",[["cancel","t"],["log",2,"ran"],["timer",0,100,0,"u",[["log",2,"next"]]]]])");
        at.advance(550ms);
        at.run("a", R"(["timer",0,0,0,"now",[["log",2,"at once"]]])");
        at.advance(50ms);
    });
}

TEST_CASE("timers and posts belong to sessions", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run(
            "a",
            R"(["timer","me",100,0,"t",[["count",1,""],["str","a",2],["keep_ack","x"]]],["post","me",[["count",1,""]]],)"
            R"(["post","nobody",[["count",1,""]]],["timer",18374686479671623680,1,0,"x",[]],)"
            R"(["post",-1,[]])");
        at.drop("a");
        at.advance(150ms);
    });
}

TEST_CASE("posts run behind the handler and its hooks, in order", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["post",0,[["log",2,"first"],["join","a","from post",0],["post",0,[["log",2,"third"]]]]],)"
                    R"(["post",0,[["log",2,"second"]]],["join","me","r",0],["emit",{"event":"x","flags":2}])");
    });
}

TEST_CASE("timers and posts that fail are told of", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["timer",0,1200,0,"t",[["return",-7]]],["post",0,[["return",-1]]])");
        at.advance(1500ms);
    });
}

TEST_CASE("figures", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.metrics();
        at.run(
            "a",
            R"(["metric_add","counter",2],["metric_add","counter",-5],["metric_add","counter",1.75],)"
            R"(["metric_set","counter",100],["metric_add","labelled",3],["metric_add","none",1],["metric_set","none",1],)"
            R"(["metric_add","gauge",2.5],["metric_add","gauge",-1])");
        at.metrics();
        at.run("a", R"(["metric_set","gauge",-0.25])");
        at.metrics();
    });
}

TEST_CASE("the log", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run(
            "a",
            R"(["log",1,"debug"],["log",2,"info"],["log",3,"warn"],["log",4,"error"],["log",5,"critical"],)"
            R"(["log",99,"above"],["log",2,"two\nlines \u0007"],["log",2,"hex:ff41"],["log",2,""],["log_enabled",4])");
        at.run("a", R"(["log",2,")" + std::string(4100, 'x') + R"("])");
    });
}

TEST_CASE("the time", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["now"])");
        at.advance(12340ms);
        at.run("a", R"(["now"])");
    });
}

TEST_CASE("when the plugin has been stopped nothing of it is called", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["timer",0,100,100,"t",[["log",2,"tick"]]],["join","me","r",0])");
        at.run("a", R"(["emit",{"event":"question","to":["me"],"ask":1000}])");
        at.stop();
        at.advance(1200ms);
        at.metrics();
    });
}
