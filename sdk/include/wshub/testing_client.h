// What a fake client sees: messages, answers, HTTP answers. Part of testing.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event.h"

namespace wshub {

// An event that a client got.
struct FakeMessage {
    std::string event;
    std::string args;                      // JSON array, as the plugin gave it
    std::vector<std::string> attachments;  // those that the arguments name: {"_placeholder":true,"num":0} is the first
    bool asks = false;                     // sent by ask(): see FakeClient::answer()
    bool answered = false;
    std::uint64_t ack_id = 0;

    json::View operator[](std::size_t i) const { return json::View(args)[i]; }
    // `chat:message ["hi"]`; attachments behind it, each as <its bytes>.
    std::string text() const;
};

// Who comes to a channel.
struct FakeChannelConnect {
    std::string remote = "192.0.2.1";
    std::string user_agent;  // empty: it sends none
    std::string headers;     // "Name: value\r\n" for each
};

namespace fake {

struct Instance;

// One client of a channel.
struct ChannelSide {
    wshub_channel_session id = 0;
    Instance* instance = nullptr;
    wshub_slot slot = 0;
    std::string path, sid;
    std::string target;  // of its request
    FakeChannelConnect as;
    bool open = true;
    std::string end;  // code and reason that the client is told
    std::vector<std::string> inbox;
    std::size_t fetched = 0;
};

inline std::string with_attachments(std::string text, const std::vector<std::string>& attachments) {
    for (const std::string& bytes : attachments) text += " <" + bytes + ">";
    return text;
}

struct AnswerState {
    enum class Kind : std::uint8_t { waiting, given, not_connected } kind = Kind::waiting;
    std::string args;
    std::vector<std::string> attachments;
    std::size_t number = 0;  // of the client's callbacks
};

struct HttpState {
    int status = 0;  // 0: no answer yet
    std::string headers, body;
    bool abandoned = false;
};

// One client in one namespace, as it sees itself.
struct ClientSide {
    enum class State : std::uint8_t { waiting, connected, refused, disconnected } state = State::waiting;
    std::string refusal;  // {"message":...,"data":...}
    std::string end;      // the reason that the client is told
    std::vector<FakeMessage> inbox;
    std::size_t fetched = 0;  // of the inbox, by received()
    std::size_t asked = 0;    // callbacks made
    std::string history;

    void note(const std::string& line) { history += line + "\n"; }
};

}  // namespace fake

inline std::string FakeMessage::text() const {
    return fake::with_attachments(event + " " + args, attachments);
}
inline std::ostream& operator<<(std::ostream& out, const FakeMessage& message) {
    return out << message.text();
}

// The hub's answer to an event: what the client's callback gets. Look again when time has passed, it may come later.
// Compares with its text: CHECK(client.ask("echo", "hi") == R"(["hi"])").
class FakeAnswer {
public:
    explicit FakeAnswer(std::shared_ptr<const fake::AnswerState> state) : state_(std::move(state)) {}

    bool given() const { return state_->kind == fake::AnswerState::Kind::given; }
    // JSON array of the callback's arguments; attachments behind it, each as <its bytes>. "no answer" if none has come,
    // "not connected" if the client could not ask.
    std::string text() const {
        switch (state_->kind) {
            case fake::AnswerState::Kind::waiting: return "no answer";
            case fake::AnswerState::Kind::not_connected: return "not connected";
            case fake::AnswerState::Kind::given: break;
        }
        return fake::with_attachments(state_->args, state_->attachments);
    }
    // The callback's i-th argument. Valid as long as this.
    json::View operator[](std::size_t i) const { return given() ? json::View(state_->args)[i] : json::View(); }
    const std::vector<std::string>& attachments() const { return state_->attachments; }

    friend bool operator==(const FakeAnswer& answer, std::string_view text) { return answer.text() == text; }
    friend bool operator!=(const FakeAnswer& answer, std::string_view text) { return answer.text() != text; }
    friend std::ostream& operator<<(std::ostream& out, const FakeAnswer& answer) { return out << answer.text(); }

private:
    std::shared_ptr<const fake::AnswerState> state_;
};

// The answer to an HTTP request; it may come later. Compares with its text, `200 hello`.
class FakeHttpAnswer {
public:
    explicit FakeHttpAnswer(std::shared_ptr<fake::HttpState> state) : state_(std::move(state)) {}

    bool given() const { return state_->status != 0; }
    int status() const { return state_->status; }  // 0: no answer yet
    const std::string& body() const { return state_->body; }
    const std::string& headers() const { return state_->headers; }  // "Name: value\r\n" for each
    // The first header of that name, without regard to case; empty: none.
    std::string header(std::string_view name) const {
        wshub_http http{};
        http.headers = detail::str(state_->headers);
        return std::string(Http(Host(), http).header(name));
    }
    // "no answer" if none has come.
    std::string text() const {
        return given() ? std::to_string(state_->status) + " " + state_->body : std::string("no answer");
    }
    // The client goes away without waiting for its answer.
    void abandon() { state_->abandoned = true; }

    friend bool operator==(const FakeHttpAnswer& answer, std::string_view text) { return answer.text() == text; }
    friend bool operator!=(const FakeHttpAnswer& answer, std::string_view text) { return answer.text() != text; }
    friend std::ostream& operator<<(std::ostream& out, const FakeHttpAnswer& answer) { return out << answer.text(); }

private:
    std::shared_ptr<fake::HttpState> state_;
};

}  // namespace wshub
