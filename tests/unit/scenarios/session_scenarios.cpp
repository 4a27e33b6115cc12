// Rooms, users, fields, variables, and what is done from a thread of the plugin.
#include "stage.h"

using namespace wshub::test;
using namespace std::chrono_literals;

TEST_CASE("rooms are joined and left", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["join","me","r2",0],["join","me","r1",0],["join","me","r1",0],["join","b","r1",0],)"
                    R"(["in_room","me","r1",0],["in_room","me","r3",0],["in_room","nobody","r1",0],["num","me",4],)"
                    R"(["visit",4,"","",0,"me"],["visit",2],["visit",3,"","r1"],["visit",3,"","none"])");
        at.run("a", R"(["leave","me","r2",0],["leave","me","r2",0],["leave","nobody","r1",0],["join","nobody","r1",0],)"
                    R"(["visit",4,"","",0,"me"],["visit",2],["visit",4,"","",0,"nobody"])");
    });
}

TEST_CASE("names that no room can have", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        const std::string longest(255, 'x');
        at.run("a", R"(["join","me","",0],["join","me","hex:ff",0],["join","me",")" + longest +
                        R"(",0],["join","me",")" + longest + R"(y",0],["join","me",")" + longest +
                        R"(y",1],["join","me","",1],["join","me","r",4],)" +
                        R"(["leave","me","",0],["in_room","me","",0],["in_room","me","r",2],["join","nobody","",0])");
    });
}

TEST_CASE("a session is in no more rooms than it may be", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        for (int part = 0; part < 10; ++part) {
            std::string script;
            for (int i = 0; i < 100; ++i) {
                script += (i > 0 ? "," : "") + (R"(["join","me","x)" + std::to_string(part * 100 + i) + R"(",0])");
            }
            at.run("a", script);
        }
        at.run("a", R"(["join","me","one more",0],["join","me","x1",0],["join","me","hidden",1],)"
                    R"(["elsewhere",["join","me","one more",0]],["leave","me","x1",0],["join","me","one more",0])");
    });
}

TEST_CASE("usernames are unique", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["set","me",6,"alice"],["set","me",6,"alice"],["set","b",6,"alice"],["find_user","","alice"],)"
                    R"(["str","me",6],["str","b",6],["visit",5],["set","nobody",6,"x"],["find_user","","nobody"])");
        at.run("a", R"(["set","me",6,"bob"],["set","b",6,"alice"],["visit",5],["set","me",6,""],["set","b",6,"bob"],)"
                    R"(["find_user","","alice"],["find_user","/none","bob"],["find_user","","hex:ff"],["visit",5])");
        at.disconnect("b");
        at.run("a", R"(["set","me",6,"bob"],["visit",5])");
    });
}

TEST_CASE("texts that are no usernames", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        const std::string longest(64, 'x');
        std::string wide;
        for (int i = 0; i < 64; ++i) wide += "\xC3\xA4";
        at.run(
            "a",
            R"(["set","me",6,")" + longest + R"("],["set","me",6,")" + longest + R"(y"],["set","me",6,")" + wide +
                R"("],["set","me",6,")" + wide + R"(x"],["set","me",6," "],["set","me",6,"\u00a0\u3000"],)" +
                R"(["set","me",6,"a\u0000b"],["set","me",6,"a\n"],["set","me",6,"a\u0085b"],["set","me",6,"a\u2028"],)" +
                R"(["set","me",6,"hex:c328"],["set","me",6," x "],["set","me",6,"\u200b"],["str","me",6])");
    });
}

TEST_CASE("profiles, roles and following have their forms", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run(
            "a",
            R"(["str","me",7],["set","me",7," {\"x\": 1} "],["str","me",7],["set","me",7,"[]"],["set","me",7,""],)"
            R"(["set","me",7,"{"],["set","nobody",7,"{}"],["str","me",12],["set","me",12," [\"admin\", \"a\\u0062\"] "],)"
            R"(["str","me",12],["has_role","me","admin"],["has_role","me","ab"],["has_role","me","x"],)"
            R"(["has_role","nobody","admin"],["set","me",12,"[1]"],["set","me",12,"{}"],["set","me",12,""],)"
            R"(["str","me",12],["set","me",12,"[]"],["has_role","me","admin"],["set","me",1,"x"],["set","me",99,"x"])");
        at.run(
            "a",
            R"(["str","me",11],["set","me",11," [\"bob\", \"bob\",\"\"] "],["str","me",11],["set","b",11,"[\"bob\"]"],)"
            R"(["visit",8,"","bob"],["visit",8,"",""],["visit",8,"","carl"],["set","me",11,"[1]"],["set","me",11,"x"],)"
            R"(["visit",8,"/none","bob"],["set","b",11,"[]"],["visit",8,"","bob"],["set","nobody",11,"[]"])");
        at.disconnect("a");
        at.run("b", R"(["visit",8,"","bob"])");
    });
}

TEST_CASE("fields of a session", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a", R"("x":"y")");
        at.advance(1500ms);
        at.connect("b");
        at.run("a",
               R"(["str","me",2],["str","me",3],["str","me",4],["str","me",5],["str","me",6],["str","me",8],)"
               R"(["str","me",9],["str","me",10],["str","me",0],["str","me",99],["str","nobody",1],["num","me",1],)"
               R"(["num","b",1],["num","me",2],["num","me",5],["num","me",0],["num","me",99],["num","nobody",1])");
    });
}

TEST_CASE("sessions are found and counted", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a",
               R"(["find_session","b"],["find_session","nobody"],["count",1,""],["count",2,"/"],["count",3,""],)"
               R"(["count",1,"/none"],["visit",1],["visit",1,"/none"],["visit",1,"","",0,0,1],["visit",6],["visit",7],)"
               R"(["visit",99],["visit",0],["visit",3,"","r",8],["visit",2,"","",2])");
        at.drop("b");
        at.run("a", R"(["find_session","b"],["count",1,""],["count",2,""],["visit",1])");
    });
}

TEST_CASE("variables of sessions and of the plugin", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a",
               R"(["var_get","me","k"],["var_set","me","k"," {\"a\": 1} "],["var_get","me","k"],["var_get","b","k"],)"
               R"(["var_get",0,"k"],["var_set",0,"k"," [1] "],["var_get",0,"k"],["var_set","me","k","{"],)"
               R"(["var_set",0,"k","{"],["var_set","me","","1"],["var_set","me","hex:ff","1"],["var_set",0,"","1"],)"
               R"(["var_set","nobody","k","1"],["var_get","nobody","k"],["var_set","me","k",""],["var_get","me","k"],)"
               R"(["var_set","me","none",""],["var_set",0,"k",""],["var_get",0,"k"])");
        at.run("b", R"(["var_set","a","k","7"],["when","disconnect",[["var_get","me","k"],["var_set","me","k","8"]]])");
        at.disconnect("a");
        at.run("b", R"(["var_get","a","k"])");
    });
}

TEST_CASE("what the server tells of itself", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run(
            "a",
            R"(["server_str",1],["server_str",2],["server_str",3],["server_str",4],["server_str",0],["server_str",5])");
    });
}

TEST_CASE("a hook may do what causes hooks", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a",
               R"(["when","leave",[["join","b","from leave",0],["emit",{"event":"left","flags":2}]]],)"
               R"(["when","join",[["leave","me","r1",0],["emit",{"event":"joined","flags":2}]]],["join","me","r1",0],)"
               R"(["join","me","r2",0],["emit",{"event":"first","flags":2}])");
        at.run("b", R"(["when","disconnect",[["disconnect","b",0]]],["when","leave",[]],["when","join",[]])");
        at.disconnect("a");
    });
}

TEST_CASE("hooks that fail harm nobody", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("b", R"(["when","join",[["return",-7]]],["when","disconnect",[["return",-7]]])");
        at.run("a", R"(["join","me","r",0])");
        at.advance(1500ms);
        at.disconnect("a");
        at.run("b", R"(["count",1,""])");
    });
}

TEST_CASE("from a thread of the plugin things are done a little later", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run(
            "a",
            R"(["elsewhere",["join","me","r",0]],["in_room","me","r",0],["elsewhere",["leave","me","s",0]],)"
            R"(["elsewhere",["emit",{"event":"x","args":"[1]","rooms":[["r",0]]}]],)"
            R"(["elsewhere",["emit",{"event":"y","args":"{","to":["me"]}]],)"
            R"(["elsewhere",["emit",{"event":"z","to":["me"],"bins":["b"],"args":"[{\"_placeholder\":true,\"num\":1}]"}]],)"
            R"(["elsewhere",["set","me",6,"alice"]],["elsewhere",["set","b",6,"alice"]],)"
            R"(["elsewhere",["find_user","","alice"]],["elsewhere",["join","nobody","r",0]],)"
            R"(["elsewhere",["join","me","",0]],["elsewhere",["in_room","me","r",0]],["elsewhere",["count",1,""]])");
        at.run("a",
               R"(["in_room","me","r",0],["elsewhere",["join","me","r",0]],["elsewhere",["leave","me","r",0]],)"
               R"(["str","me",6],["elsewhere",["var_set","me","k","1"]],["elsewhere",["set","me",7,"{\"a\":1}"]],)"
               R"(["elsewhere",["set","me",12,"[\"x\"]"]],["elsewhere",["refuse","x",""]],)"
               R"(["elsewhere",["ack","[\"from afar\"]"]],["elsewhere",["ack","{}"]],["elsewhere",["keep_ack","k"]])");
        at.run("a", R"(["var_get","me","k"],["str","me",7],["str","me",12],["elsewhere",["post",0,[["count",1,""]]]],)"
                    R"(["elsewhere",["emit",{"event":"question","to":["b"],"ask":1000}]],)"
                    R"(["elsewhere",["fail","b","NO","from afar",""]],["elsewhere",["fail","nobody","NO","x",""]])");
        at.answer("b", "question", "[true]");
        at.run("a", R"(["elsewhere",["disconnect","b",0]],["elsewhere",["disconnect","nobody",0]],["count",1,""])");
    });
}

TEST_CASE("an answer from a thread is late when its event has been acknowledged", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["keep_ack","k"])");
        at.run("a", R"(["elsewhere",["ack_later","[1]",[],"k"]],["elsewhere",["ack_later","[2]",[],"k"]])");
        at.ask("a", "run", R"([["silent"],["elsewhere",["ack","[\"not kept\"]"]]])");
    });
}

TEST_CASE("channels that nobody has come to", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["channel"],["channel_send",0],["channel_send",77],["channel_close",77])");
        at.run("a", R"(["channel_str",0],["channel_str",77],["channel_str_nowhere",77])");
    });
}
