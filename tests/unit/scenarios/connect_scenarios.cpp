// Who gets in, who does not, and how sessions end.
#include "stage.h"

using namespace wshub::test;
using namespace std::chrono_literals;

TEST_CASE("connecting and its hooks", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["count",1,""],["count",2,""],["find_session","b"])");
    });
}

TEST_CASE("a session is refused with and without data", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("script":[["refuse","no entry","{\"code\":\"NO\"}"]])");
        at.connect("b", R"("script":[["refuse","",""]])");
        at.connect("c", R"("second":[["refuse","the second says no",""]])");
        at.connect("d", R"("script":[["refuse","x","{"],["refuse","hex:ff",""],["refuse","at last",""]])");
    });
}

TEST_CASE("a connect handler that fails refuses", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("script":[["return",-7]])");
        at.connect("b");
        at.run("b", R"(["count",1,""],["count",2,""])");
    });
}

TEST_CASE("what is emitted and joined during the connect follows when the session is in", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("script":[["emit",{"event":"early","args":"[1]","to":["me"]}],["join","me","r1",0],)"
                        R"(["emit",{"event":"to r1","rooms":[["r1",0]]}],["find_session","me"],["leave","me","r1",0],)"
                        R"(["join","me","r2",0],["set","me",6,"alice"],["count",1,""],["visit",1],["visit",3,"","r2"],)"
                        R"(["emit",{"event":"lost","flags":1,"to":["me"]}],["emit",{"event":"all","flags":2}]])");
        at.run("a", R"(["visit",4,"","",0,"me"],["find_user","","alice"],["num","me",3])");
    });
}

TEST_CASE("a session can be sent away while it connects", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("script":[["disconnect","me",0],["join","me","r",0]])");
        at.connect("b", R"("script":[["disconnect","me",1]])");
        at.connect("c");
        at.run("c", R"(["count",1,""],["join","a","r",0])");
    });
}

TEST_CASE("a name is free again when its session was refused", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("script":[["set","me",6,"x"],["refuse","no",""]])");
        at.connect("b", R"("script":[["set","me",6,"x"]])");
    });
}

TEST_CASE("a verdict comes later: yes", "[scenarios]") {
    same([](Stage& at) {
        at.connect("other");
        at.connect("a", R"("script":[["hold","me"],["hold","me"],["emit",{"event":"early","to":["me"]}]])");
        at.run("other", R"(["find_session","a"],["count",1,""],["join","a","r",0],["visit",3,"","r"],["str","a",2])");
        at.run("other", R"(["decide","a",1,"",""],["decide","a",1,"",""])");
        at.run("a", R"(["visit",4,"","",0,"me"])");
        at.run("other", R"(["decide","a",0,"too late",""])");
    });
}

TEST_CASE("a verdict comes later: no", "[scenarios]") {
    same([](Stage& at) {
        at.connect("other");
        at.connect("a", R"("script":[["hold","me"]])");
        at.run("other",
               R"(["decide","a",0,"no","{"],["decide","a",0,"hex:ff",""],["decide","a",0,"no","{\"code\":1}"])");
        at.connect("b", R"("script":[["hold","me"]],"second":[["refuse","the second says no",""]])");
        at.run("other", R"(["decide","b",1,"",""])");
        at.connect("c", R"("script":[["hold","me"]])");
        at.run("other", R"(["decide","c",0,"",""],["decide","nobody",1,"",""],["decide","other",1,"",""])");
    });
}

TEST_CASE("each of two handlers holds", "[scenarios]") {
    same([](Stage& at) {
        at.connect("other");
        at.connect("a", R"("script":[["hold","me"]],"second":[["hold","me"]])");
        at.run("other", R"(["decide","a",1,"",""])");
        at.run("other", R"(["decide","a",1,"",""])");
    });
}

TEST_CASE("a verdict at once, before the handler has returned", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("script":[["hold","me"],["decide","me",1,"",""]])");
        at.connect("b", R"("script":[["decide","me",1,"",""],["hold","me"],["refuse","no",""]])");
        at.connect("c", R"("script":[["refuse","no",""],["hold","me"]])");
        at.connect("d", R"("script":[["hold","me"],["return",-7]])");
        at.connect("e", R"("script":[["hold","a"]])");
        at.run("a", R"(["hold","me"],["refuse","no",""])");
    });
}

TEST_CASE("without a verdict the session is refused in the end", "[scenarios]") {
    same([](Stage& at) {
        at.connect("other");
        at.connect("a", R"("script":[["hold","me"]])");
        at.advance(44s);
        at.advance(1100ms);
        at.run("other", R"(["decide","a",1,"",""])");
    });
}

TEST_CASE("a session that waits for its verdict is sent away, or goes", "[scenarios]") {
    same([](Stage& at) {
        at.connect("other");
        at.connect("a", R"("script":[["hold","me"],["join","me","r",0]])");
        at.run("other", R"(["disconnect","a",0])");
        at.connect("b", R"("script":[["hold","me"]])");
        at.drop("b");
        at.run("other", R"(["decide","b",1,"",""],["count",1,""])");
    });
}

TEST_CASE("the server stops while sessions are in, and one waits", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b", R"("script":[["hold","me"]])");
        at.connect("c");
        at.run("c", R"(["join","me","r",0],["when","disconnect",[["count",1,""],["visit",1]]])");
        at.stop();
    });
}

TEST_CASE("leaving calls the leave hooks and then the disconnect hook", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["join","me","r1",0],["join","me","other",0],["join","me","r2",0],["set","me",6,"alice"])");
        at.run("b", R"(["when","leave",[["in_room","me","r1",0],["visit",4,"","",0,"me"],["visit",3,"","r2"]]],)"
                    R"(["when","disconnect",[["str","me",6],["visit",4,"","",0,"me"],["find_user","","alice"],)"
                    R"(["join","me","r3",0],["emit",{"event":"bye","to":["me"]}],["count",1,""],["set","b",6,"alice"],)"
                    R"(["find_session","me"],["num","me",4],["disconnect","me",0]]])");
        at.disconnect("a");
        at.run("b", R"(["str","a",6],["set","me",6,"alice"])");
    });
}

TEST_CASE("a transport that closes ends the session", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["join","me","r1",0])");
        at.drop("a");
    });
}

TEST_CASE("the plugin disconnects a session, and a whole connection", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.connect("c");
        at.run("a", R"(["disconnect","b",0],["disconnect","b",0],["join","b","r",0])");
        at.run("a", R"(["disconnect","c",1],["join","c","r",0],["emit",{"event":"last","to":["c"]}])");
        at.run("a", R"(["disconnect","me",0],["join","me","r",0],["emit",{"event":"lost","to":["me"]}])");
    });
}

TEST_CASE("namespaces are apart", "[scenarios]") {
    same("exercise", {{"namespaces", "/, /chat"}}, [](Stage& at) {
        at.connect("a");
        at.connect("b", "", "/chat");
        at.connect("nobody", "", "/none");
        at.also("a2", "a", "/chat");
        at.run("a", R"(["join","me","r",0],["set","me",6,"x"],["str","me",2],["count",1,""],["count",1,"/chat"],)"
                    R"(["count",1,"/none"],["visit",7],["visit",1],["visit",1,"/chat"])");
        at.run("b", R"(["join","me","r",0],["set","me",6,"x"],["find_user","","x"],["find_user","/","x"],["visit",2],)"
                    R"(["emit",{"event":"to r","rooms":[["r",0]]}],["emit",{"event":"there","nsp":"/","flags":2}])");
        at.run("a", R"(["post","none",[["count",1,""],["visit",2],["emit",{"event":"all","flags":2,"to":["a"]}]]],)"
                    R"(["post","b",[["count",1,""],["emit",{"event":"mine","flags":2,"to":["a"]}]]])");
        at.run("a", R"(["disconnect","me",1])");
    });
}

TEST_CASE("only those with the role are heard", "[scenarios]") {
    same("exercise", {{"roles", "admin, chief"}}, [](Stage& at) {
        at.connect("a");
        at.connect("b", R"("script":[["set","me",12,"[\"admin\"]"]])");
        at.run("a", R"(["now"])");
        at.emit("a", "chain", "[]");
        at.run("b", R"(["has_role","me","admin"])");
        at.ask("b", "chain", "[]");
    });
}
