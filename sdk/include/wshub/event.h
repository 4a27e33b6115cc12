// What handlers are given: Event with its Ack, Connect, Reply, Http. Valid while the handler runs, unless said
// otherwise. Part of plugin.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "session.h"

namespace wshub {

// The attachments of an event or reply; views hold as long as it does.
class Attachments {
public:
    Attachments() = default;
    Attachments(const wshub_bytes* bytes, std::size_t count) : bytes_(bytes), count_(count) {}
    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    // Empty if there are fewer.
    std::string_view operator[](std::size_t i) const {
        return i < count_ ? detail::view(bytes_[i]) : std::string_view();
    }
    const wshub_bytes* data() const { return bytes_; }

private:
    const wshub_bytes* bytes_ = nullptr;
    std::size_t count_ = 0;
};

// An answer that is owed to a client. May be kept and given later, from any thread; the first one counts.
class Ack {
public:
    Ack() = default;
    Ack(Host host, wshub_ack id) : host_(host), id_(id) {}

    // The client asked for an answer.
    explicit operator bool() const { return id_ != 0; }
    wshub_ack id() const { return id_; }

    // False: nobody waits for it any more, or it was given already. Nothing happens if the client did not ask.
    template <class... Args>
    bool operator()(const Args&... args) const {
        return raw(json::arr(args...).text);
    }
    // `args` is a JSON array, and names its attachments with json::bin(i).
    bool raw(std::string_view args, const std::vector<std::string_view>& attachments = {}) const {
        std::vector<wshub_bytes> bytes;
        for (const std::string_view each : attachments) bytes.push_back({each.data(), each.size()});
        return send(args, bytes.data(), bytes.size());
    }

private:
    friend class Event;
    bool send(std::string_view args, const wshub_bytes* bytes, std::size_t count) const {
        if (id_ == 0) return false;
        const std::int32_t code = host_->ack(host_.handle(), id_, detail::str(args), bytes, count);
        return code != WSHUB_EEXIST && detail::check_there(code, "ack");
    }

    Host host_;
    wshub_ack id_ = 0;
};

class Event {
public:
    Event(Host host, const wshub_event& event) : host_(host), event_(event) {}
    Event(const Event&) = delete;

    Session session() const { return {host_, event_.session}; }
    std::string_view name() const { return detail::view(event_.name); }
    std::string_view nsp() const { return detail::view(event_.nsp); }

    json::View operator[](std::size_t i) const { return args()[i]; }
    json::View args() const { return json::View(raw_args()); }
    // JSON array as the client sent it, the event's name not in it.
    std::string_view raw_args() const { return detail::view(event_.args); }
    Attachments attachments() const { return {event_.bins, event_.n_bins}; }

    bool wants_ack() const { return event_.ack != 0; }
    // Answers the client if it asked for that. Parts of the event's arguments may be in it: attachments go along.
    // False: it did not ask, or was answered already.
    template <class... Args>
    bool ack(const Args&... args) {
        return ack_raw(json::arr(args...).text);
    }
    bool ack_raw(std::string_view args) { return Ack(host_, event_.ack).send(args, event_.bins, event_.n_bins); }
    // The answer will be given later with this. An event that nobody answers or takes is answered {"status":"ok"} by
    // the hub when its handlers are done.
    Ack take_ack() {
        if (event_.ack != 0) host_->keep_ack(host_.handle(), event_.ack);
        return {host_, event_.ack};
    }
    // Refuses the request: system:error {code,message} to the client, and, if it asked for an answer,
    // {"status":"error",code,message}.
    void fail(std::string_view code, std::string_view message) { fail_raw(code, message, {}); }
    // The same with other arguments for the answer.
    template <class... Args>
    void fail_with(std::string_view code, std::string_view message, const Args&... ack_args) {
        fail_raw(code, message, json::arr(ack_args...).text);
    }

    // No later handler gets this event.
    void stop() { stopped_ = true; }
    bool stopped() const { return stopped_; }

private:
    void fail_raw(std::string_view code, std::string_view message, std::string_view ack_args) {
        detail::check_there(host_->fail(host_.handle(), event_.session, event_.ack, detail::str(code),
                                        detail::str(message), detail::str(ack_args)),
                            "fail");
    }

    Host host_;
    const wshub_event& event_;
    bool stopped_ = false;
};

// A verdict on a session that Connect::hold() keeps waiting. Copy freely; any thread.
class Verdict {
public:
    Verdict(Host host, wshub_session session) : host_(host), session_(session) {}

    Session session() const { return {host_, session_}; }
    // False: the client is gone, or the verdict was given.
    bool accept() const { return decide(1, {}, {}); }
    // As Connect::reject().
    bool reject(std::string_view code, std::string_view message) const {
        return reject_raw(message, json::obj("code", code, "message", message).text);
    }
    bool reject_raw(std::string_view message, std::string_view data = {}) const { return decide(0, message, data); }

private:
    bool decide(std::uint32_t accept, std::string_view message, std::string_view data) const {
        return detail::check_there(
            host_->decide(host_.handle(), session_, accept, detail::str(message), detail::str(data)), "decide");
    }

    Host host_;
    wshub_session session_;
};

// A session that wants in. May still be refused by a later plugin: no side effects; announce things in on_connected().
class Connect {
public:
    Connect(Host host, const wshub_connect& connect) : host_(host), connect_(connect) {}
    Connect(const Connect&) = delete;

    Session session() const { return {host_, connect_.session}; }
    std::string_view nsp() const { return detail::view(connect_.nsp); }
    // What the client sent with CONNECT; missing if it sent nothing.
    json::View auth() const { return json::View(detail::view(connect_.auth)); }

    // The client gets connect_error: its message, and as data {code,message}.
    void reject(std::string_view code, std::string_view message) {
        reject_raw(message, json::obj("code", code, "message", message).text);
    }
    // `data` is JSON; empty: none.
    void reject_raw(std::string_view message, std::string_view data = {}) {
        detail::check(host_->refuse(host_.handle(), detail::str(message), detail::str(data)), "reject");
    }

    // The verdict comes later, within [engine] connect_timeout. Plugins behind this one are asked when it accepts.
    Verdict hold() {
        detail::check(host_->hold(host_.handle(), connect_.session), "hold");
        return {host_, connect_.session};
    }

private:
    Host host_;
    const wshub_connect& connect_;
};

// A client's answer to ask(), or that there is none.
class Reply {
public:
    Reply(Host host, const wshub_reply& reply) : host_(host), reply_(reply) {}
    Reply(const Reply&) = delete;

    Session session() const { return {host_, reply_.session}; }
    bool answered() const { return reply_.status == WSHUB_REPLY_ANSWERED; }
    bool timed_out() const { return reply_.status == WSHUB_REPLY_TIMEOUT; }
    bool disconnected() const { return reply_.status == WSHUB_REPLY_DISCONNECTED; }

    json::View operator[](std::size_t i) const { return json::View(raw_args())[i]; }
    std::string_view raw_args() const { return detail::view(reply_.args); }
    Attachments attachments() const { return {reply_.bins, reply_.n_bins}; }

private:
    Host host_;
    const wshub_reply& reply_;
};

// The answer to an HTTP request. May be kept and given later, from any thread, within 30 s.
class HttpAnswer {
public:
    HttpAnswer(Host host, wshub_request id) : host_(host), id_(id) {}

    // False: the client is gone, or was answered already. `headers`: "Name: value\r\n" for each.
    bool operator()(int status, std::string_view content_type, std::string_view body,
                    std::string_view headers = {}) const {
        std::string all = "Content-Type: " + std::string(content_type) + "\r\n";
        all += headers;
        return detail::check_there(host_->http_reply(host_.handle(), id_, status, detail::str(all), detail::str(body)),
                                   "http_reply");
    }

private:
    Host host_;
    wshub_request id_;
};

class Http {
public:
    Http(Host host, const wshub_http& http) : host_(host), http_(http) {}
    Http(const Http&) = delete;

    std::string_view method() const { return detail::view(http_.method); }
    std::string_view path() const { return detail::view(http_.path); }    // as sent, without the query
    std::string_view query() const { return detail::view(http_.query); }  // as sent, behind the '?'
    std::string_view headers() const { return detail::view(http_.headers); }
    // The first header of that name; empty: none. Case does not matter.
    std::string_view header(std::string_view name) const;
    std::string_view body() const { return detail::view(http_.body); }
    std::string_view remote() const { return detail::view(http_.remote); }

    bool reply(int status, std::string_view content_type, std::string_view body, std::string_view headers = {}) {
        return answer()(status, content_type, body, headers);
    }
    // For an answer after the handler has returned.
    HttpAnswer answer() const { return {host_, http_.request}; }

private:
    Host host_;
    const wshub_http& http_;
};

// What came of Plugin::control(). Valid while the callback runs.
class ControlAnswer {
public:
    explicit ControlAnswer(const wshub_answer& answer)
        : code_(detail::view(answer.code)),
          message_(detail::view(answer.message)),
          result_(detail::view(answer.result)) {
        if (answer.status < 0 && code_.empty()) code_ = "INTERNAL";
    }
    ControlAnswer(std::string_view code, std::string_view message) : code_(code), message_(message) {}

    bool done() const { return code_.empty(); }
    // INVALID_FORMAT, NOT_FOUND, FORBIDDEN or INTERNAL, and why; empty if it was done.
    std::string_view code() const { return code_; }
    std::string_view message() const { return message_; }
    // An object if it was done.
    json::View result() const { return json::View(result_); }

private:
    std::string_view code_, message_, result_;
};

inline std::string_view Http::header(std::string_view name) const {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    const auto same = [&](std::string_view other) {
        if (other.size() != name.size()) return false;
        for (std::size_t i = 0; i < name.size(); ++i) {
            if (lower(other[i]) != lower(name[i])) return false;
        }
        return true;
    };
    std::string_view rest = headers();
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2 <= rest.size() ? line.size() + 2 : rest.size());
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !same(line.substr(0, colon))) continue;
        const std::string_view value = line.substr(colon + 1);
        const std::size_t first = value.find_first_not_of(" \t");
        if (first == std::string_view::npos) return {};
        return value.substr(first, value.find_last_not_of(" \t") - first + 1);
    }
    return {};
}

}  // namespace wshub
