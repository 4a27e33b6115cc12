// Events and their answers: acks, errors, chains of handlers, HTTP.
#include "stage.h"

using namespace wshub::test;
using namespace std::chrono_literals;

TEST_CASE("an event that nobody answers is acknowledged", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.ask("a", "run", R"([["silent"]])");
        at.emit("a", "run", R"([["now"]])");
        at.ask("a", "chain", "[]");
    });
}

TEST_CASE("the first answer counts", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["ack","[1,2]"],["ack","[3]"],["keep_ack","k"],["fail","me","LATE","x",""])");
        at.run("a", R"(["ack","{}"],["ack","["],["ack","hex:ff"],["ack_without_bins"],["ack",""])");
        at.emit("a", "run", R"([["ack","[]"],["keep_ack","k"]])");
    });
}

TEST_CASE("answers carry attachments", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["ack","[{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":1}]",["x","y"]])");
        at.run("a", R"(["ack","[{\"_placeholder\":true,\"num\":2}]",["x","y"]],["ack","[7]",["x"]])");
        at.ask("a", "run", R"([["silent"],{"_placeholder":true,"num":0}])", {"bytes"});
    });
}

TEST_CASE("an answer is kept and given later", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["keep_ack","k"],["keep_ack","k"])");
        at.run("b", R"(["ack_later","[\"late\"]",[],"k"],["ack_later","[]",[],"k"])");
        at.run("a", R"(["keep_ack","gone"])");
        at.drop("a");
        at.run("b", R"(["ack_later","[]",[],"gone"],["ack_later","[]",[],"none"])");
    });
}

TEST_CASE("a kept answer is given within its handler", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["keep_ack","k"],["ack_later","[1]",[],"k"],["ack","[2]"])");
        at.run("a", R"(["ack_later","[3]",[],"k"])");
    });
}

TEST_CASE("the client is gone before it is answered", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["disconnect","me",0],["ack","[1]"],["keep_ack","k"],["fail","me","X","x",""])");
        at.connect("b");
        at.run("b", R"(["disconnect","me",1],["ack","[1]"])");
    });
}

TEST_CASE("requests are refused", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.connect("b");
        at.run("a", R"(["fail","me","NO","not \"today\"",""])");
        at.emit("a", "run", R"([["fail","me","NO","not today",""]])");
        at.run("a", R"(["fail","me","NO","with args","[{\"ok\":false}]"])");
        at.run("a", R"(["fail","b","NO","another's",""])");
        at.run("a", R"(["fail","me","hex:ff","x",""],["fail","me","X","hex:ff",""],["fail","me","X","x","{}"],)"
                    R"(["fail","nobody","X","x",""],["ack","[\"fine\"]"])");
    });
}

TEST_CASE("a handler that fails is an internal error", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["return",-7])");
        at.advance(1500ms);
        at.emit("a", "run", R"([["return",-1]])");
        at.advance(1500ms);
        at.run("a", R"(["ack","[1]"],["return",-7])");
        at.advance(1500ms);
        at.ask("a", "chain", R"([{"first":[["return",-7]]}])");
        at.advance(1500ms);
        at.ask("a", "chain", R"([{"first":[["return",-7]],"second":[["var_set","me","k","[1]"]]}])");
        at.run("a", R"(["var_get","me","k"])");
    });
}

TEST_CASE("handlers run by priority, until one stops the chain", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.ask("a", "chain", R"([{"first":[["ack","[\"first\"]"]],"second":[["ack","[\"second\"]"]]}])");
        at.ask("a", "chain", R"([{"second":[["return",1]]}])");
        at.ask("a", "chain:more", "[]");
        at.ask("a", "chai", "[]");
    });
}

TEST_CASE("an event that nobody knows", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.ask("a", "what", "[1]");
        at.emit("a", "wh\"at", "[]");
        at.emit("a", std::string(99, 'x') + "\xC3\xA4\xC3\xA4", "[]");
    });
}

TEST_CASE("a handler for everything makes nothing known unless it does something", "[scenarios]") {
    same("exercise", {{"everything", "yes"}}, [](Stage& at) {
        at.connect("a");
        at.ask("a", "what", "[]");
        at.emit("a", "what", "[]");
        at.ask("a", "what", R"([{"everything":[["ack","[1]"]]}])");
        at.ask("a", "what", R"([{"everything":[["keep_ack","k"]]}])");
        at.emit("a", "what", R"([{"everything":[["keep_ack","k"]]}])");
        at.ask("a", "what", R"([{"everything":[["fail","me","NO","x",""]]}])");
        at.emit("a", "what", R"([{"everything":[["fail","me","NO","x",""]]}])");
        at.ask("a", "what", R"([{"everything":[["return",1]]}])");
        at.ask("a", "what", R"([{"everything":[["return",-7]]}])");
        at.ask("a", "what", R"([{"everything":[["ack","{"],["elsewhere",["ack","[2]"]]]}])");
        at.ask("a", "chain", R"([{"everything":[["now"]]}])");
    });
}

TEST_CASE("the plugin's functions for create() are refused later, others earlier", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["on"],["metric"],["config"],["timer_nowhere"],["str_nowhere","me",1])");
    });
}

TEST_CASE("the C++ face says the same before both hosts", "[scenarios]") {
    same("good", {}, [](Stage& at) {
        at.connect("a");
        at.connect("banned", R"("banned":true)");
        at.ask("a", "echo", R"(["hi",{"a":[1,2]}])");
        at.ask("a", "echo", R"([{"_placeholder":true,"num":0}])", {"bytes"});
        for (const char* event : {"chain", "silent", "refuse", "refuse_with", "boom"}) at.ask("a", event, "[true]");
        at.advance(1200ms);
        at.ask("a", "boom_int", "[]");
        at.ask("a", "forward", R"([{"part":{"_placeholder":true,"num":0}}])", {"bytes"});
        at.ask("a", "bytes", "[]");
        at.ask("a", "join", R"(["room"])");
        at.ask("a", "hide", "[]");
        at.ask("a", "name", R"(["alice"])");
        at.ask("a", "vars", R"([{"x":1}])");
        at.ask("a", "who", "[]");
        at.ask("a", "later", "[]");
        at.ask("a", "post", "[]");
        at.ask("a", "cancelled", "[]");
        at.advance(150ms);
        at.ask("a", "ask", "[]");
        at.answer("a", "question", "[42]");
        at.ask("a", "ask", "[]");
        at.advance(1300ms);
        at.ask("a", "fields", "[]");
        at.ask("a", "everywhere", "[]");
        at.http("h", "GET", "/good?x=y");
        at.http("h", "GET", "/good/later/x");
        at.http("h", "GET", "/good/boom");
        at.advance(1200ms);
        at.metrics();
        at.stop();
    });
}

TEST_CASE("HTTP requests are answered by the plugin", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["when","http",[["http_reply","me",200,"X-One: 1\r\nContent-Length: 7\r\n","hello"],)"
                    R"(["http_reply","me",200,"","again"]]])");
        at.http("1", "GET", "/x?a=%20b");
        at.http("2", "HEAD", "/x");
        at.http("3", "POST", "/x", "some text");
        at.http("4", "GET", "/x/files/a/b");
        at.http("5", "GET", "/x/");
        at.http("6", "GET", "/nothing");
        at.http("7", "PUT", "/x");
    });
}

TEST_CASE("HTTP answers that make no sense are refused", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["when","http",[["http_reply","me",100,"",""],["http_reply","me",600,"",""],)"
                    R"(["http_reply","me",200,"no colon\r\n",""],["http_reply","me",200,"A b: c\r\n",""],)"
                    R"(["http_reply","me",200,"A: b\nC: d\r\n",""],["http_reply","nobody",200,"",""],)"
                    R"(["http_reply","me",404,"A: b\r\nDate: x\r\n","gone"]]])");
        at.http("1", "GET", "/x");
    });
}

TEST_CASE("HTTP answers come later, or never", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["when","http",[["keep_request","k"]]])");
        at.http("1", "GET", "/x");
        at.advance(10s);
        at.run("a", R"(["http_reply","k",201,"","late"],["http_reply","k",201,"","again"])");
        at.http("2", "GET", "/x");
        at.advance(30100ms);
        at.run("a", R"(["http_reply","k",201,"","too late"],["when","http",[["return",-7]]])");
        at.http("3", "GET", "/x");
        at.run("a", R"(["when","http",[["keep_request","k"]]])");
        at.http("4", "GET", "/x");
        at.stop();
        at.http("5", "GET", "/x");
    });
}

TEST_CASE("errors of an HTTP handler that has answered are its own", "[scenarios]") {
    same([](Stage& at) {
        at.connect("a");
        at.run("a", R"(["when","http",[["http_reply","me",200,"","done"],["return",-7]]])");
        at.http("1", "GET", "/x");
    });
}
