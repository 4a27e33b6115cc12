// Operations on the hub, as plugins ask for them.
#include "stage.h"

using namespace wshub::test;

TEST_CASE("operations that change something are done and answered", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("b", R"(["join","me","r",0])");
        at.run("a", R"(["control","broadcast",{"event":"all","args":[1.50,{"x":"y"}]},7])");
        at.run("a", R"(["control","broadcast",{"event":"some","room":"r"},8])");
        at.run("a", R"(["control","reload",{"plugin":"nobody"},9])");
    });
}

TEST_CASE("operations that are refused say why", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["control","",{},1],["elsewhere",["control","",{},1]])");
        at.run("a", R"(["control","make tea",{},2])");
        at.run("a", R"(["control","kick",{"sid":"nobody"},3])");
        at.run("a", R"(["control","kick",{"sid":"nobody","how":"hard"},4])");
        at.run("a", R"(["control","leave",{"sid":"nobody","room":"r"},5])");
        at.run("a", R"(["control","broadcast",{"event":"disconnect"},6])");
        at.run("a", R"(["control","broadcast",{"event":"x","room":"nobody there"},7])");
        at.run("a", R"(["control","kick","[1]",8])");
        at.run("a", R"(["control","kick","{",9])");
    });
}
