#include "protocol/socket_packet.h"

#include <catch2/catch.hpp>
#include <string>

using namespace wshub::protocol;
using namespace std::literals;

namespace {

// Keeps the text that the packet points into.
struct Decoded {
    explicit Decoded(std::string_view text, std::size_t max_depth = kDefaultJsonDepth)
        : bytes(text), packet(decode_socket_packet(bytes, max_depth)) {}

    std::string bytes;
    wshub::base::Result<SocketPacket, SocketError> packet;
};

std::optional<SocketError> error_of(std::string_view text) {
    const Decoded decoded(text);
    if (decoded.packet) return std::nullopt;
    return decoded.packet.error();
}

std::string payload(const EncodedMessage& message, std::size_t index = 0) {
    return std::string(message.at(index)->payload());
}

using Attachments = std::vector<std::string_view>;

}  // namespace

TEST_CASE("an event is name and arguments", "[socket_packet]") {
    const auto [text, nsp, name, args] =
        GENERATE(table<std::string_view, std::string_view, std::string_view, std::string_view>({
            {R"(2["hi"])", "/", R"("hi")", "[]"},
            {R"(2["hi",1])", "/", R"("hi")", "[1]"},
            {R"(2["hi",1,{"a":[2]}])", "/", R"("hi")", R"([1,{"a":[2]}])"},
            {R"(2[ "hi" , 1 ])", "/", R"("hi")", "[ 1 ]"},
            {R"(2["hi" ])", "/", R"("hi")", "[]"},
            {R"(2 ["hi"] )", "/", R"("hi")", "[]"},
            {R"(2/admin,["hi",null])", "/admin", R"("hi")", "[null]"},
            {R"(2/a?token=1&b=2,["hi"])", "/a?token=1&b=2", R"("hi")", "[]"},
            {R"(2/,["hi"])", "/", R"("hi")", "[]"},
            {R"(2["a\"b]",1])", "/", R"("a\"b]")", "[1]"},
            {R"(2["\\",1])", "/", R"("\\")", "[1]"},
            {R"(2["é😀",1])", "/", R"("é😀")", "[1]"},
            {R"(2["",1])", "/", R"("")", "[1]"},
            {"2[1]", "/", "1", "[]"},
            {"2[1,2]", "/", "1", "[2]"},
            {"2[-1.5e3 ,2]", "/", "-1.5e3", "[2]"},
            {"2[0]", "/", "0", "[]"},
        }));
    CAPTURE(text);
    const Decoded decoded(text);
    REQUIRE(decoded.packet);
    CHECK(decoded.packet->type == SocketType::kEvent);
    CHECK(decoded.packet->nsp == nsp);
    CHECK(decoded.packet->name_json == name);
    CHECK(decoded.packet->args == args);
    CHECK(decoded.packet->json.empty());
    CHECK_FALSE(decoded.packet->ack_id.has_value());
    CHECK(decoded.packet->attachments == 0);
}

TEST_CASE("an ack id is decimal, up to 2^53 - 1", "[socket_packet]") {
    const auto [text, id] = GENERATE(table<std::string_view, std::uint64_t>({
        {R"(20["a"])", 0},
        {R"(212["a"])", 12},
        {R"(2/admin,7["a"])", 7},
        {R"(2007["a"])", 7},
        {R"(29007199254740991["a"])", 9007199254740991},
        {R"(2/2,3["a"])", 3},
        {"312[]", 12},
        {R"(3/admin,0["ok",{"a":1}])", 0},
    }));
    CAPTURE(text);
    const Decoded decoded(text);
    REQUIRE(decoded.packet);
    CHECK(decoded.packet->ack_id == id);
}

TEST_CASE("an ack's payload is its array", "[socket_packet]") {
    const Decoded decoded(R"(3/a,5 [1, "x"] )");
    REQUIRE(decoded.packet);
    CHECK(decoded.packet->type == SocketType::kAck);
    CHECK(decoded.packet->nsp == "/a");
    CHECK(decoded.packet->json == R"([1, "x"])");
}

TEST_CASE("a connect has an object or nothing", "[socket_packet]") {
    const auto [text, nsp, json] = GENERATE(table<std::string_view, std::string_view, std::string_view>({
        {"0", "/", ""},
        {"0{}", "/", "{}"},
        {R"(0{"token":"x"})", "/", R"({"token":"x"})"},
        {"0/admin", "/admin", ""},
        {"0/admin,", "/admin", ""},
        {"0/admin,{}", "/admin", "{}"},
        {R"(0/admin?a=b,{"token":1})", "/admin?a=b", R"({"token":1})"},
    }));
    CAPTURE(text);
    const Decoded decoded(text);
    REQUIRE(decoded.packet);
    CHECK(decoded.packet->type == SocketType::kConnect);
    CHECK(decoded.packet->nsp == nsp);
    CHECK(decoded.packet->json == json);
}

TEST_CASE("a disconnect has a namespace at most", "[socket_packet]") {
    const auto [text, nsp] = GENERATE(
        table<std::string_view, std::string_view>({{"1", "/"}, {"1/admin", "/admin"}, {"1/admin,", "/admin"}}));
    const Decoded decoded(text);
    REQUIRE(decoded.packet);
    CHECK(decoded.packet->type == SocketType::kDisconnect);
    CHECK(decoded.packet->nsp == nsp);
    CHECK(decoded.packet->json.empty());
}

TEST_CASE("a connect error has an object or a string", "[socket_packet]") {
    CHECK(Decoded(R"(4{"message":"no"})").packet->json == R"({"message":"no"})");
    CHECK(Decoded(R"(4/a,"no")").packet->json == R"("no")");
    CHECK(Decoded(R"(4"no")").packet->type == SocketType::kConnectError);
}

TEST_CASE("a binary packet counts what follows it", "[socket_packet]") {
    const Decoded event(R"(51-["e",{"_placeholder":true,"num":0}])");
    REQUIRE(event.packet);
    CHECK(event.packet->type == SocketType::kBinaryEvent);
    CHECK(event.packet->attachments == 1);
    CHECK(event.packet->args == R"([{"_placeholder":true,"num":0}])");

    const Decoded ack(R"(610-/admin,13[{"a":{"_placeholder":true,"num":9}}])");
    REQUIRE(ack.packet);
    CHECK(ack.packet->type == SocketType::kBinaryAck);
    CHECK(ack.packet->attachments == 10);
    CHECK(ack.packet->nsp == "/admin");
    CHECK(ack.packet->ack_id == 13u);
}

TEST_CASE("wrong packets are refused with their reason", "[socket_packet]") {
    const auto [text, error] = GENERATE(table<std::string_view, SocketError>({
        {"", SocketError::kUnknownType},
        {"7", SocketError::kUnknownType},
        {"9[\"a\"]", SocketError::kUnknownType},
        {"a", SocketError::kUnknownType},
        {"[\"a\"]", SocketError::kUnknownType},
        {"-1", SocketError::kUnknownType},
        {" 2[\"a\"]", SocketError::kUnknownType},

        {"5", SocketError::kAttachments},
        {"5[\"a\"]", SocketError::kAttachments},
        {"5-[\"a\"]", SocketError::kAttachments},
        {"51[\"a\"]", SocketError::kAttachments},
        {"51", SocketError::kAttachments},
        {"50-[\"a\"]", SocketError::kAttachments},
        {"501-[\"a\"]", SocketError::kAttachments},
        {"511-[\"a\"]", SocketError::kAttachments},
        {"599-[\"a\"]", SocketError::kAttachments},
        {"5100-[\"a\"]", SocketError::kAttachments},
        {"599999999999999999999-[\"a\"]", SocketError::kAttachments},
        {"5-1-[\"a\"]", SocketError::kAttachments},
        {"51.0-[\"a\"]", SocketError::kAttachments},
        {"51e0-[\"a\"]", SocketError::kAttachments},
        {"50x1-[\"a\"]", SocketError::kAttachments},
        {"5 1-[\"a\"]", SocketError::kAttachments},
        {"60-1[]", SocketError::kAttachments},
        {"611-1[]", SocketError::kAttachments},
        {"21-[\"a\"]", SocketError::kAttachments},
        {"31-1[]", SocketError::kAttachments},
        {"01-{}", SocketError::kAttachments},

        {"2/admin[\"a\"]", SocketError::kNamespace},
        {"2/admin", SocketError::kNamespace},
        {"3/admin1[]", SocketError::kNamespace},
        {"4/admin{}", SocketError::kNamespace},
        {"51-/admin[\"a\"]", SocketError::kNamespace},
        {"0/a\x1e"
         "b",
         SocketError::kNamespace},
        {"0/a\nb,{}", SocketError::kNamespace},
        {"0/a\0"sv, SocketError::kNamespace},
        {"0/\x7f", SocketError::kNamespace},
        {"0/\xff,", SocketError::kNamespace},
        {"0/\xc3", SocketError::kNamespace},

        {"29007199254740992[\"a\"]", SocketError::kAckId},
        {"299999999999999999999999999999999999999[\"a\"]", SocketError::kAckId},
        {"01", SocketError::kAckId},
        {"01{}", SocketError::kAckId},
        {"0/a,1{}", SocketError::kAckId},
        {"11", SocketError::kAckId},
        {"41{}", SocketError::kAckId},
        {"3[]", SocketError::kAckId},
        {"3", SocketError::kAckId},
        {"3/a,[]", SocketError::kAckId},
        {"61-[]", SocketError::kAckId},

        {"2[", SocketError::kJson},
        {"2[\"a\"", SocketError::kJson},
        {"2[\"a\"]x", SocketError::kJson},
        {"2[\"a\"][]", SocketError::kJson},
        {"2[\"a\",]", SocketError::kJson},
        {"2[\"a\",undefined]", SocketError::kJson},
        {"2[\"\xff\"]", SocketError::kJson},
        {"2[\"a\",\"\0\"]"sv, SocketError::kJson},
        {"2 ", SocketError::kJson},
        {"0 ", SocketError::kJson},
        {"0{", SocketError::kJson},
        {"0{}{}", SocketError::kJson},
        {"0/a,x", SocketError::kJson},
        {"1x", SocketError::kJson},
        {"0,{}", SocketError::kJson},
        {"31[1", SocketError::kJson},

        {"2", SocketError::kPayload},
        {"2-1", SocketError::kPayload},
        {"2/a,", SocketError::kPayload},
        {"21", SocketError::kPayload},
        {"2{}", SocketError::kPayload},
        {"2\"a\"", SocketError::kPayload},
        {"2null", SocketError::kPayload},
        {"2[]", SocketError::kPayload},
        {"2[ ]", SocketError::kPayload},
        {"2[null]", SocketError::kPayload},
        {"2[true]", SocketError::kPayload},
        {"2[[\"a\"]]", SocketError::kPayload},
        {"2[{\"a\":1}]", SocketError::kPayload},
        {"51-[{\"_placeholder\":true,\"num\":0}]", SocketError::kPayload},
        {"31", SocketError::kPayload},
        {"31{}", SocketError::kPayload},
        {"31\"a\"", SocketError::kPayload},
        {"31null", SocketError::kPayload},
        {"61-1{}", SocketError::kPayload},
        {"0[]", SocketError::kPayload},
        {"0\"x\"", SocketError::kPayload},
        {"0null", SocketError::kPayload},
        {"0true", SocketError::kPayload},
        {"0/a,[]", SocketError::kPayload},
        {"1{}", SocketError::kPayload},
        {"1/a,{}", SocketError::kPayload},
        {"1/a,null", SocketError::kPayload},
        {"4", SocketError::kPayload},
        {"4[]", SocketError::kPayload},
        {"4null", SocketError::kPayload},

        {R"(2["connect"])", SocketError::kReservedName},
        {R"(2["connect_error",1])", SocketError::kReservedName},
        {R"(2["disconnect"])", SocketError::kReservedName},
        {R"(2["disconnecting"])", SocketError::kReservedName},
        {R"(2["newListener"])", SocketError::kReservedName},
        {R"(21["removeListener"])", SocketError::kReservedName},
        {R"(2["\u0063onnect"])", SocketError::kReservedName},
        {R"(51-["disconnect",{"_placeholder":true,"num":0}])", SocketError::kReservedName},

        {R"(51-["e",{"_placeholder":true,"num":1}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":-1}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":-0}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":0.5}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":0e0}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":"0"}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":null}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":[0]}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":99999999999999999999}])", SocketError::kPlaceholder},
        {R"(52-["e",{"a":[{"b":{"num":2,"_placeholder":true}}]}])", SocketError::kPlaceholder},
        {R"(51-["e",{"\u005fplaceholder":true,"n\u0075m":1}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":0,"num":1}])", SocketError::kPlaceholder},
        {R"(51-["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])", SocketError::kPlaceholder},
        {R"(61-1[{"_placeholder":true,"num":1}])", SocketError::kPlaceholder},
    }));
    CAPTURE(text);
    CHECK(error_of(text) == error);
}

TEST_CASE("placeholders are found wherever they stand and however they are written", "[socket_packet]") {
    const std::string_view text = GENERATE(values<std::string_view>({
        R"(52-["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])",
        R"(52-["e",{"num":1,"_placeholder":true}])",
        R"(51-["e",{"a":[[{"b": { "_placeholder" : true , "num" : 0 } }]]}])",
        R"(51-["e",{"\u005fplaceholder":true,"\u006eum":0}])",
        R"(51-["e",{"_placeholder":true,"num":0,"more":{"x":[1,"]}"]}}])",
        R"(51-["e",{"_placeholder":true,"num":7,"num":0}])",
        // Not placeholders at all: they are ordinary values, whatever their num says.
        R"(51-["e",{"_placeholder":false,"num":9}])",
        R"(51-["e",{"_placeholder":"true","num":9}])",
        R"(51-["e",{"_placeholder":1,"num":9}])",
        R"(51-["e",{"_placeholder":[true],"num":9}])",
        R"(51-["e",{"_placeholder":true,"_placeholder":null,"num":9}])",
        R"(51-["e",{"_Placeholder":true,"num":9}])",
        R"(51-["e",{"num":9}])",
        R"(51-["e","_placeholder",true,"num",9])",
        R"(51-["e",{"x":"{\"_placeholder\":true,\"num\":9}"}])",
        // What lies inside a placeholder goes away with it.
        R"(51-["e",{"_placeholder":true,"num":0,"in":{"_placeholder":true,"num":9}}])",
        R"(51-["e",{"in":[{"_placeholder":true,"num":9}],"_placeholder":true,"num":0}])",
        // Attachments that nothing names are no error.
        R"(51-["e"])",
        R"(51-["e",1])",
    }));
    CAPTURE(text);
    CHECK(error_of(text) == std::nullopt);
}

TEST_CASE("in a packet without attachments a placeholder is an object like any other", "[socket_packet]") {
    CHECK(error_of(R"(2["e",{"_placeholder":true,"num":5}])") == std::nullopt);
    CHECK(error_of(R"(31[{"_placeholder":true}])") == std::nullopt);
}

TEST_CASE("a namespace may have 256 bytes", "[socket_packet]") {
    const std::string longest = "/" + std::string(kMaxNamespaceLength - 1, 'n');
    CHECK(error_of("0" + longest) == std::nullopt);
    CHECK(error_of("0" + longest + ",") == std::nullopt);
    CHECK(error_of("2" + longest + ",[\"a\"]") == std::nullopt);
    CHECK(error_of("0" + longest + "n") == SocketError::kNamespace);
    CHECK(error_of("0" + longest + "n,{}") == SocketError::kNamespace);
    CHECK(error_of("2" + longest + "n,[\"a\"]") == SocketError::kNamespace);
}

TEST_CASE("the event's own array counts as one level of depth", "[socket_packet]") {
    CHECK(Decoded(R"(2["a",[[1]]])", 3).packet);
    CHECK(Decoded(R"(2["a",[[1]]])", 2).packet.error() == SocketError::kJson);
}

TEST_CASE("names that resemble reserved ones are legal", "[socket_packet]") {
    const std::string_view name = GENERATE(values<std::string_view>(
        {"Connect", "connect ", "connected", "error", "reconnect", "ping", "newlistener", ""}));
    CHECK_FALSE(is_reserved_event(name));
    CHECK(error_of("2[\"" + std::string(name) + "\"]") == std::nullopt);
}

TEST_CASE("the name of an event is its meaning, that of a number its text", "[socket_packet]") {
    CHECK(event_name(R"("a\u0062\n")") == "ab\n");
    CHECK(event_name("1.50") == "1.50");
    CHECK(event_name(R"("")").empty());
}

TEST_CASE("events are encoded as clients expect them", "[socket_packet]") {
    const auto [nsp, name, args, id, text] = GENERATE(
        table<std::string_view, std::string_view, std::string_view, std::optional<std::uint64_t>, std::string_view>({
            {"/", "hi", "[]", std::nullopt, R"(42["hi"])"},
            {"/", "hi", "[ ]", std::nullopt, R"(42["hi" ])"},
            {"/", "hi", " [1] ", std::nullopt, R"(42["hi",1])"},
            {"/", "hi", R"([1,{"a":"b"}])", std::nullopt, R"(42["hi",1,{"a":"b"}])"},
            {"/admin", "hi", "[1.0]", std::nullopt, R"(42/admin,["hi",1.0])"},
            {"/", "hi", "[]", 0, R"(420["hi"])"},
            {"/a", "hi", "[1]", 9007199254740991, R"(42/a,9007199254740991["hi",1])"},
            {"/", "a\"\n", "[]", std::nullopt, R"(42["a\"\n"])"},
            {"/", "hi", R"([{"_placeholder":true,"num":7}])", std::nullopt,
             R"(42["hi",{"_placeholder":true,"num":7}])"},
        }));
    const auto message = encode_event(nsp, name, args, id, {});
    REQUIRE(message);
    REQUIRE(message->size() == 1);
    CHECK(payload(*message) == text);
    CHECK_FALSE(message->front()->is_binary());
}

TEST_CASE("attachments follow their packet, numbered in the order met", "[socket_packet]") {
    const Attachments bytes{"zero", "one", "two"};
    const auto message = encode_event(
        "/a", "e",
        R"([{"_placeholder":true,"num":2},{"x": {"num":0,"_placeholder":true} },{"_placeholder":true,"num":2}])", 4,
        bytes);
    REQUIRE(message);
    REQUIRE(message->size() == 3);
    CHECK(
        payload(*message) ==
        R"(452-/a,4["e",{"_placeholder":true,"num":0},{"x": {"_placeholder":true,"num":1} },{"_placeholder":true,"num":0}])");
    CHECK(payload(*message, 1) == "two");
    CHECK(payload(*message, 2) == "zero");
    CHECK(message->at(1)->is_binary());
}

TEST_CASE("attachments that nothing names are left out, and then the packet is a plain one", "[socket_packet]") {
    const Attachments bytes{"zero"};
    const auto event = encode_event("/", "e", "[1]", std::nullopt, bytes);
    REQUIRE(event);
    CHECK(event->size() == 1);
    CHECK(payload(*event) == R"(42["e",1])");
    const auto ack = encode_ack("/", 3, "[1]", bytes);
    REQUIRE(ack);
    CHECK(ack->size() == 1);
    CHECK(payload(*ack) == "433[1]");
}

TEST_CASE("acks are encoded as clients expect them", "[socket_packet]") {
    CHECK(payload(*encode_ack("/", 0, "[]", {})) == "430[]");
    CHECK(payload(*encode_ack("/admin", 12, R"([{"a":1}])", {})) == R"(43/admin,12[{"a":1}])");
    const Attachments bytes{"zero"};
    const auto ack = encode_ack("/", 5, R"([{"_placeholder":true,"num":0}])", bytes);
    REQUIRE(ack);
    CHECK(payload(*ack) == R"(461-5[{"_placeholder":true,"num":0}])");
    CHECK(payload(*ack, 1) == "zero");
}

TEST_CASE("a placeholder that names no attachment cannot be sent", "[socket_packet]") {
    const Attachments bytes{"zero"};
    const std::string_view args = GENERATE(values<std::string_view>(
        {R"([{"_placeholder":true,"num":1}])", R"([{"_placeholder":true}])", R"([{"_placeholder":true,"num":"0"}])"}));
    CHECK(encode_event("/", "e", args, std::nullopt, bytes).error() == SocketError::kPlaceholder);
    CHECK(encode_ack("/", 1, args, bytes).error() == SocketError::kPlaceholder);
}

TEST_CASE("ten attachments can be sent, eleven cannot", "[socket_packet]") {
    const Attachments bytes(12, "x");
    const auto args = [](int count) {
        std::string out = "[";
        for (int i = 0; i < count; ++i)
            out +=
                (i ? ",{\"_placeholder\":true,\"num\":" : "{\"_placeholder\":true,\"num\":") + std::to_string(i) + "}";
        return out + "]";
    };
    const auto ten = encode_event("/", "e", args(10), std::nullopt, bytes);
    REQUIRE(ten);
    CHECK(ten->size() == 11);
    CHECK(payload(*ten).substr(0, 5) == "4510-");
    CHECK(encode_event("/", "e", args(11), std::nullopt, bytes).error() == SocketError::kAttachments);
}

TEST_CASE("connect, connect error and disconnect are encoded as clients expect them", "[socket_packet]") {
    CHECK(encode_connect_request("/", "")->payload() == "40");
    CHECK(encode_connect_request("/admin", R"({"token":1})")->payload() == R"(40/admin,{"token":1})");
    CHECK(encode_connect("/", "Xk2")->payload() == R"(40{"sid":"Xk2"})");
    CHECK(encode_connect("/admin", "Xk2")->payload() == R"(40/admin,{"sid":"Xk2"})");
    CHECK(encode_connect_error("/zz", "Invalid namespace", "")->payload() ==
          R"(44/zz,{"message":"Invalid namespace"})");
    CHECK(encode_connect_error("/", "a\"b", R"({"code":1})")->payload() == R"(44{"message":"a\"b","data":{"code":1}})");
    CHECK(encode_disconnect("/")->payload() == "41");
    CHECK(encode_disconnect("/admin")->payload() == "41/admin,");
}

TEST_CASE("what is encoded can be decoded", "[socket_packet]") {
    const auto message = encode_event("/n", "name", R"([1,"x"])", 77, {});
    const Decoded decoded(message->front()->payload().substr(1));
    REQUIRE(decoded.packet);
    CHECK(decoded.packet->nsp == "/n");
    CHECK(decoded.packet->ack_id == 77u);
    CHECK(decoded.packet->name_json == "\"name\"");
    CHECK(decoded.packet->args == R"([1,"x"])");
}

TEST_CASE("a megabyte of small values, names or placeholders is decoded in one pass", "[socket_packet]") {
    std::string text = "51-[\"e\"";
    for (int i = 0; i < 30'000; ++i) text += ",{\"_placeholder\":true,\"num\":0}";
    text += "]";
    CHECK(error_of(text) == std::nullopt);
    CHECK(error_of("2[\"e\",\"" + std::string(1'000'000, 'x') + "\"]") == std::nullopt);
}
