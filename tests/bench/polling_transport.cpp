// Engine.IO over long polling: one connection on which a GET always waits, one for POSTs, both kept alive.
#include <functional>

#include "transport.h"
#include "wire.h"

namespace wshub::bench {

namespace {

constexpr char kSeparator = '\x1e';

// One request at a time over one connection, which is opened anew when the server has closed it in between.
class HttpChannel final : private ConnectionHandler {
public:
    using OnAnswer = std::function<void(const HttpAnswer&)>;
    using OnFailure = std::function<void(std::string_view)>;

    HttpChannel(Loop& loop, const Endpoint& endpoint, OnAnswer on_answer, OnFailure on_failure)
        : connection_(loop, *this),
          endpoint_(endpoint),
          on_answer_(std::move(on_answer)),
          on_failure_(std::move(on_failure)) {}

    bool busy() const { return busy_; }

    std::optional<std::string> request(const std::string& bytes) {
        if (!connection_.is_open()) {
            reader_ = HttpReader();
            if (auto reason = connection_.open(endpoint_)) return reason;
        }
        busy_ = true;
        connection_.send(bytes);
        return std::nullopt;
    }

    void close() {
        busy_ = false;
        connection_.close();
    }

private:
    void on_connected() override {}

    void on_bytes(std::string_view bytes) override {
        HttpAnswer answer;
        const HttpReader::Step step = reader_.feed(bytes, answer);
        if (step == HttpReader::Step::kNeedMore) return;
        if (step == HttpReader::Step::kBroken || !busy_) {
            close();
            return on_failure_("the server broke HTTP");
        }
        busy_ = false;
        if (!answer.keep_alive) connection_.close();
        on_answer_(answer);
    }

    void on_closed(std::string_view reason) override {
        if (!busy_) return;  // the server may close what is idle
        busy_ = false;
        on_failure_(reason);
    }

    Connection connection_;
    const Endpoint& endpoint_;
    OnAnswer on_answer_;
    OnFailure on_failure_;
    HttpReader reader_;
    bool busy_ = false;
};

class PollingTransport final : public Transport {
public:
    PollingTransport(Loop& loop, const Target& target, TransportHandler& handler)
        : target_(target),
          handler_(handler),
          poll_(
              loop, target.endpoint, [this](const HttpAnswer& answer) { on_poll_answer(answer); },
              [this](std::string_view reason) { fail(reason); }),
          post_(
              loop, target.endpoint, [this](const HttpAnswer& answer) { on_post_answer(answer); },
              [this](std::string_view reason) { fail(reason); }) {}

    std::optional<std::string> open() override {
        open_ = true;
        return poll_.request(request_head("GET") + "\r\n");
    }

    void send(std::string_view packet) override {
        if (!waiting_.empty()) waiting_.push_back(kSeparator);
        waiting_.append(packet);
        post();
    }

    void close() override {
        open_ = false;
        poll_.close();
        post_.close();
    }

private:
    std::string request_head(std::string_view method) const {
        std::string head(method);
        head.append(" ").append(target_.path).append("?EIO=4&transport=polling");
        if (!sid_.empty()) head.append("&sid=").append(sid_);
        head.append(" HTTP/1.1\r\nHost: ").append(target_.endpoint.host_header()).append("\r\n");
        return head;
    }

    void poll() {
        if (auto reason = poll_.request(request_head("GET") + "\r\n")) fail(*reason);
    }

    void post() {
        // A second POST beside the first would end the session; what comes meanwhile goes with the next one.
        if (!open_ || sid_.empty() || post_.busy() || waiting_.empty()) return;
        std::string request = request_head("POST");
        request.append("Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ");
        request.append(std::to_string(waiting_.size())).append("\r\n\r\n").append(waiting_);
        waiting_.clear();
        if (auto reason = post_.request(request)) fail(*reason);
    }

    void on_poll_answer(const HttpAnswer& answer) {
        if (answer.status != 200) return fail("a poll was answered with " + std::to_string(answer.status));
        std::string_view rest = answer.body;
        while (open_ && !rest.empty()) {
            const std::size_t end = rest.find(kSeparator);
            const std::string_view packet = rest.substr(0, end);
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
            if (packet.starts_with('0')) take_sid(packet);
            if (!packet.empty() && packet.front() != 'b') handler_.on_packet(packet);
        }
        if (open_) poll();
    }

    void on_post_answer(const HttpAnswer& answer) {
        if (answer.status != 200) return fail("a post was answered with " + std::to_string(answer.status));
        post();
    }

    void take_sid(std::string_view open_packet) {
        constexpr std::string_view kKey = "\"sid\":\"";
        const std::size_t key = open_packet.find(kKey);
        if (key == std::string_view::npos) return;
        const std::string_view value = open_packet.substr(key + kKey.size());
        sid_ = value.substr(0, value.find('"'));
    }

    void fail(std::string_view reason) {
        if (!open_) return;
        const std::string kept(reason);
        close();
        handler_.on_transport_closed(kept);
    }

    const Target& target_;
    TransportHandler& handler_;
    HttpChannel poll_;
    HttpChannel post_;
    std::string sid_;
    std::string waiting_;  // packets for the next POST
    bool open_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_polling_transport(Loop& loop, const Target& target, TransportHandler& handler) {
    return std::make_unique<PollingTransport>(loop, target, handler);
}

}  // namespace wshub::bench
