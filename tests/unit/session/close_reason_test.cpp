#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "session/session.h"

using namespace wshub::session;

TEST_CASE("each close reason has a name of its own", "[session]") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(CloseReason::kOverload); ++i)
        names.insert(close_reason_name(static_cast<CloseReason>(i)));
    CHECK(names.size() == static_cast<std::size_t>(CloseReason::kOverload) + 1);
}

TEST_CASE("handlers are told the reasons that Node's handlers know", "[session]") {
    const std::set<std::string_view> known{"transport close",
                                           "transport error",
                                           "ping timeout",
                                           "parse error",
                                           "forced close",
                                           "client namespace disconnect",
                                           "server namespace disconnect",
                                           "server shutting down",
                                           "forced server close"};
    for (int i = 0; i <= static_cast<int>(CloseReason::kOverload); ++i)
        CHECK(known.count(close_reason_text(static_cast<CloseReason>(i))) == 1);
    CHECK(close_reason_text(CloseReason::kPingTimeout) == "ping timeout");
    CHECK(close_reason_text(CloseReason::kServerForced) == "forced server close");
    CHECK(transport_name(TransportKind::kPolling) == "polling");
    CHECK(transport_name(TransportKind::kWebSocket) == "websocket");
}
