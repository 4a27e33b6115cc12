#include "console/http.h"

#include <Poco/Net/NetException.h>
#include <Poco/URI.h>

#include "console/json.h"
#include "console/payload.h"
#include "protocol/json_scan.h"

namespace wshub::console {

void set_up_session(Poco::Net::HTTPClientSession& session, const Options& options) {
    const Poco::Timespan timeout(options.timeout.count() * 1000);
    session.setHost(options.address.host);
    session.setPort(options.address.port);
    session.setTimeout(timeout, timeout, timeout);
    session.setKeepAlive(true);
}

std::string engine_target(const Options& options, std::string_view transport, std::string_view sid) {
    std::string target = options.path + '?';
    if (!options.address.query.empty()) target += options.address.query + '&';
    target += "EIO=4&transport=" + std::string(transport);
    if (!sid.empty()) {
        std::string encoded;
        Poco::URI::encode(std::string(sid), "&?#+/=", encoded);
        target += "&sid=" + encoded;
    }
    return target;
}

void add_headers(Poco::Net::HTTPRequest& request, const Options& options) {
    for (const auto& [name, value] : options.headers) request.set(name, value);
}

std::string reason_of(const Poco::Exception& error) {
    if (dynamic_cast<const Poco::TimeoutException*>(&error) != nullptr) return "no answer in time";
    if (dynamic_cast<const Poco::Net::ConnectionRefusedException*>(&error) != nullptr) return "connection refused";
    if (dynamic_cast<const Poco::Net::HostNotFoundException*>(&error) != nullptr) return "there is no such host";
    if (dynamic_cast<const Poco::Net::NoMessageException*>(&error) != nullptr) return "it closed the connection";
    return plain(error.displayText());
}

std::string refusal(const Poco::Net::HTTPResponse& response, std::string_view body) {
    std::string text =
        "HTTP " + std::to_string(static_cast<int>(response.getStatus())) + ' ' + plain(response.getReason());
    const auto json = protocol::scan_document(body);
    const auto message = json ? json_text(*json, "message") : std::nullopt;
    if (message) text += ": " + plain(*message);
    if (response.getStatus() == Poco::Net::HTTPResponse::HTTP_NOT_FOUND) {
        text += " (is there a Socket.IO server under this path? --path)";
    }
    return text;
}

}  // namespace wshub::console
