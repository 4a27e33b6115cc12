#include "control/caller.h"

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/setting.h"
#include "control/json_writer.h"

namespace wshub::control {
namespace {

constexpr std::size_t kMostAnswer = 64 * 1024 * 1024;

// A hub that has no room closes without reading, and has said so before: what it said is still to be read.
void send(Poco::Net::StreamSocket& socket, const std::string& text) {
    try {
        for (std::size_t sent = 0; sent < text.size();) {
            const int took = socket.sendBytes(text.data() + sent, static_cast<int>(text.size() - sent), MSG_NOSIGNAL);
            sent += static_cast<std::size_t>(std::max(took, 0));
        }
    } catch (const Poco::Net::ConnectionResetException&) {
    } catch (const Poco::IOException& error) {
        if (error.code() != EPIPE) throw;
    }
}

}  // namespace

struct Caller::Impl {
    Poco::Net::StreamSocket socket;
};

Caller::Caller(const std::filesystem::path& path) : impl_(std::make_unique<Impl>()) {
    if (path.native().size() >= sizeof(sockaddr_un::sun_path)) {
        throw CallerError(path.string() + ": longer than the path of a socket may be");
    }
    try {
        impl_->socket.connect(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path.string()));
    } catch (const Poco::Exception& error) {
        throw CallerError("no hub answers at " + path.string() + ": " + error.displayText() +
                          " (does it run, with [control] enabled, and may you open its socket?)");
    }
}

Caller::~Caller() = default;

std::string Caller::ask(const std::string& operation, const std::string& arguments, base::milliseconds patience) {
    const std::string request =
        Object().add("operation", operation).add("arguments", Json{arguments}).done().text + '\n';
    std::string answer;
    try {
        impl_->socket.setReceiveTimeout(Poco::Timespan(patience.count() * 1000));
        send(impl_->socket, request);
        std::array<char, 64 * 1024> buffer;
        while (answer.empty() || answer.back() != '\n') {
            const int got = impl_->socket.receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
            if (got <= 0) throw CallerError("the hub closed the connection before it had answered");
            answer.append(buffer.data(), static_cast<std::size_t>(got));
            if (answer.size() > kMostAnswer) throw CallerError("the hub's answer is too long to be one");
        }
    } catch (const Poco::TimeoutException&) {
        throw CallerError("the hub has not answered within " + base::format_duration(patience));
    } catch (const Poco::Exception& error) {
        throw CallerError("the connection to the hub broke: " + error.displayText());
    }
    answer.pop_back();
    return answer;
}

}  // namespace wshub::control
