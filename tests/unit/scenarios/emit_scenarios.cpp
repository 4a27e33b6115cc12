// Who gets what is emitted, and asking clients.
#include "stage.h"

using namespace wshub::test;
using namespace std::chrono_literals;

namespace {

void three(Stage& at) {
    at.connect("a");
    at.connect("b");
    at.connect("c");
}

}  // namespace

TEST_CASE("emits reach sessions, rooms and all, each once", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a", R"(["join","me","r",0],["join","b","r",0],["join","b","s",0])");
        at.run("a",
               R"(["emit",{"event":"one","args":"[1]","to":["b"]}],["emit",{"event":"two","to":["b","b","c"]}],)"
               R"(["emit",{"event":"three","rooms":[["r",0],["s",0]],"to":["b"]}],)"
               R"(["emit",{"event":"four","flags":2,"rooms":[["r",0]]}],["emit",{"event":"none","rooms":[["t",0]]}])");
        at.run("a", R"(["num","me",4],["num","b",4],["num","b",2],["num","b",3],["num","me",2],["num","me",3])");
    });
}

TEST_CASE("the excepted are left out", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a", R"(["join","b","r",0],["join","c","r",0],["join","c","s",0])");
        at.run("a", R"(["emit",{"event":"one","flags":2,"except":["me"]}],)"
                    R"(["emit",{"event":"two","rooms":[["r",0]],"except_rooms":[["s",0]]}],)"
                    R"(["emit",{"event":"three","to":["b","c"],"except":["b"],"except_rooms":[["nobody",0]]}],)"
                    R"(["emit",{"event":"four","to":["c"],"except_rooms":[["r",0]]}])");
    });
}

TEST_CASE("private rooms are no client's", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a", R"(["join","me","x",1],["join","b","x",0],["join","c","x",3],["in_room","me","x",1],)"
                    R"(["in_room","me","x",0],["in_room","me","x",3],["join","me","x",2],["join","me","x",1],)"
                    R"(["num","me",4],["visit",4,"","",0,"me"],["visit",2],["visit",3,"","x",1],["visit",3,"","x",3])");
        at.run("a", R"(["emit",{"event":"own","rooms":[["x",1]]}],["emit",{"event":"clients","rooms":[["x",0]]}],)"
                    R"(["emit",{"event":"shared","rooms":[["x",3]]}],["emit",{"event":"bad","rooms":[["x",2]]}],)"
                    R"(["emit",{"event":"but own","flags":2,"except_rooms":[["x",1]]}],["leave","me","x",1],)"
                    R"(["leave","me","x",1])");
        at.disconnect("c");
    });
}

TEST_CASE("emits that make no sense", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a",
               R"(["emit",{"event":"","to":["me"]}],["emit",{"event":"connect","to":["me"]}],)"
               R"(["emit",{"event":"hex:ff","to":["me"]}],["emit",{"event":"x","args":"{}","to":["me"]}],)"
               R"(["emit",{"event":"x","args":"[1","to":["me"]}],["emit",{"event":"x"}],)"
               R"(["emit",{"event":"x","size":16,"to":["me"]}],["emit",{"event":"x","flags":1024,"to":["me"]}],)"
               R"(["emit",{"event":"x","rooms_missing":1}],["emit",{"event":"x","to":["nobody",0]}],)"
               R"(["emit",{"event":"x","rooms":[["",0],["hex:ff",0],["",1]]}],)"
               R"(["emit",{"event":"x","flags":2,"nsp":"/none"}],["emit",{"event":"y","args":" [ ] ","to":["me"]}])");
    });
}

TEST_CASE("emits carry the attachments that they name", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run(
            "a",
            R"(["emit",{"event":"x","to":["me"],"bins":["one","two"],)"
            R"("args":"[{\"_placeholder\":true,\"num\":1},{\"a\":{\"_placeholder\":true,\"num\":0}}]"}],)"
            R"(["emit",{"event":"x","to":["me"],"bins":["one","two"],"args":"[{\"num\":1,\"_placeholder\":true}]"}],)"
            R"(["emit",{"event":"x","to":["me"],"bins":["one"],"args":"[{\"_placeholder\":true,\"num\":1}]"}],)"
            R"(["emit",{"event":"x","to":["me"],"bins":["one"],"args":"[{\"_placeholder\":true,\"num\":-1}]"}],)"
            R"(["emit",{"event":"x","to":["me"],"bins":["one"],"args":"[{\"_placeholder\":false,\"num\":9}]"}],)"
            R"(["emit",{"event":"x","to":["me"],"args":"[{\"_placeholder\":true,\"num\":5}]"}])");
        std::string many, args;
        for (int i = 0; i < 11; ++i) {
            many += (i > 0 ? R"(,"b")" : R"("b")");
            args += std::string(i > 0 ? "," : "") + R"({\"_placeholder\":true,\"num\":)" + std::to_string(i) + "}";
        }
        at.run("a", R"(["emit",{"event":"x","to":["me"],"bins":[)" + many + R"(],"args":"[)" + args + R"(]"}])");
        at.ask("a", "run", R"([["now"],{"_placeholder":true,"num":0}])", {"sent"});
    });
}

TEST_CASE("deep arguments are refused", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
        for (const std::size_t depth : {std::size_t{128}, std::size_t{129}, std::size_t{160}, std::size_t{161}}) {
            at.run("a", R"(["emit",{"event":"x","to":["me"],"args":")" + nested(depth) +
                            R"("}],["var_set","me","k",")" + nested(depth) + R"("],["var_set",0,"k",")" +
                            nested(depth) + R"("])");
        }
    });
}

TEST_CASE("a client is asked and answers", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a", R"(["emit",{"event":"question","args":"[1]","to":["b","c","b"],"ask":5000}])");
        at.answer("b", "question", R"(["yes",{"x":null}])");
        at.answer("c", "question", R"([{"_placeholder":true,"num":0}])", {"bytes"});
        at.run("a", R"(["when","reply",[["emit",{"event":"after","to":["me"]}],["count",1,""],["ack","[]"]]])");
        at.run("a", R"(["emit",{"event":"again","to":["b"],"ask":5000}])");
        at.answer("b", "again", "[]");
    });
}

TEST_CASE("a client that was asked does not answer, or goes", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a", R"(["emit",{"event":"question","to":["b","c"],"ask":2000},"x"])");
        at.run("c", R"(["join","me","r",0])");
        at.drop("c");
        at.advance(2100ms);
        at.run("a", R"(["emit",{"event":"question","to":["c","nobody"],"ask":2000}])");
        at.run("a", R"(["emit",{"event":"patient","to":["b"],"ask":0}])");
        at.run("a", R"(["emit",{"event":"bye","to":["me"],"ask":1000}],["disconnect","me",0])");
    });
}

TEST_CASE("asking is for sessions", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a",
               R"(["emit",{"event":"x","flags":2,"ask":1000}],["emit",{"event":"x","rooms":[["r",0]],"ask":1000}],)"
               R"(["emit",{"event":"x","ask":1000}],["emit",{"event":"x","to":["b"],"except":["c"],"ask":1000}],)"
               R"(["emit",{"event":"x","to":["b"],"except_rooms":[["r",0]],"ask":1000}])");
    });
}

TEST_CASE("a volatile emit arrives if the client can take it", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["emit",{"event":"x","flags":3}],["emit",{"event":"y","flags":5,"to":["me"]}])");
    });
}

TEST_CASE("emits to rooms that sessions are joining at the same time", "[scenarios]") {
    same([](Stage& at) {
        three(at);
        at.run("a",
               R"(["join","me","r",0],["emit",{"event":"in","rooms":[["r",0]]}],["leave","me","r",0],)"
               R"(["emit",{"event":"out","rooms":[["r",0]]}],["when","join",[["emit",{"event":"joined","flags":2}],)"
               R"(["leave","me","r",0]]],["join","b","r",0])");
    });
}
