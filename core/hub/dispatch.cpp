// What a client's packets lead to, and everything that is called upwards.
#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "hub/client.h"
#include "hub/shard.h"
#include "protocol/json_scan.h"
#include "protocol/utf8.h"

namespace wshub::hub {
namespace {

constexpr std::string_view kOkArgs = R"([{"status":"ok"}])";
constexpr std::string_view kRejected = "Connection rejected by server";

// {"code":...,"message":...} as the only argument; `status` is put in front if it is not empty.
std::string error_args(std::string_view status, std::string_view code, std::string_view message) {
    std::string out = "[{";
    if (!status.empty()) {
        out += "\"status\":";
        protocol::append_quoted(out, status);
        out += ',';
    }
    out += "\"code\":";
    protocol::append_quoted(out, code);
    out += ",\"message\":";
    protocol::append_quoted(out, message);
    out += "}]";
    return out;
}

// At most `most` bytes of valid UTF-8, cut between characters.
std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

// An event's name as text. Most names need no unescaping, and then no memory.
std::string_view name_text(std::string_view name_json, std::string& storage) {
    if (name_json.front() != '"') return name_json;
    if (name_json.find('\\') == std::string_view::npos) return name_json.substr(1, name_json.size() - 2);
    storage = protocol::event_name(name_json);
    return storage;
}

}  // namespace

template <class Call>
auto Shard::call_sink(Call call) {
    struct Calling {
        unsigned& depth;
        ~Calling() { --depth; }
    };
    ++calling_;
    const Calling end{calling_};
    return call(*core_.sink);
}

// ---- CONNECT

void Shard::connect(Client& client, session::Session& session, Namespace& nsp, std::string_view auth) {
    ask_plugins(open(client, session, nsp, auth), {});
}

void Shard::ask_plugins(Socket& socket, Holder behind) {
    const ConnectRequest request{socket.handle, socket.nsp.name, socket.record.auth, behind};
    socket.entrance->asking = true;
    ConnectVerdict verdict = call_sink([&](EventSink& sink) { return sink.on_connect(request); });
    socket.entrance->asking = false;
    if (socket.entrance->rejected) verdict = ConnectVerdict::refusal();
    conclude(socket, verdict);
}

void Shard::conclude(Socket& socket, const ConnectVerdict& verdict) {
    switch (verdict.answer) {
        case ConnectVerdict::Answer::kAccept:
            accept(socket);
            call_sink([&](EventSink& sink) { sink.on_connected(socket.handle, socket.nsp.name); });
            break;
        case ConnectVerdict::Answer::kRefuse: vanish(socket, verdict); break;
        case ConnectVerdict::Answer::kHold: keep_waiting(socket); break;
        case ConnectVerdict::Answer::kClose: socket.session.close(session::CloseReason::kServerForced); break;
    }
    run_hooks();
}

void Shard::vanish(Socket& socket, const ConnectVerdict& verdict) {
    std::string_view message = kRejected;
    if (!verdict.message.empty() && protocol::is_utf8(verdict.message)) message = verdict.message;
    const std::string_view data = verdict.data.empty() ? std::string_view() : core_.checked_json(verdict.data, '\0');
    if (data.empty() && !verdict.data.empty()) {
        base::log::warn("data of a refused connect is not JSON and was left out namespace={}", socket.nsp.name);
    }
    core_.figures.connects_refused->add();
    socket.session.send(protocol::encode_connect_error(socket.nsp.name, message, data));

    socket.client.refused(socket.handle);
    drop(socket);
}

void Shard::abandon(SocketHandle handle) {
    if (Socket* socket = alive(handle)) drop(*socket);
}

void Shard::drop(Socket& socket) {
    detach(socket, true);
    erase(socket);
}

// ---- verdicts that come later

HubError Shard::hold(SocketHandle handle, Holder holder) {
    Socket* socket = alive(handle);
    if (!socket || !socket->entrance || !socket->entrance->asking) return HubError::kNoSuchSocket;
    std::uint64_t nobody = 0;
    return socket->holder.compare_exchange_strong(nobody, packed(holder)) ? HubError::kNone : HubError::kTaken;
}

void Shard::keep_waiting(Socket& socket) {
    if (core_.settings.connect_timeout > base::milliseconds{0}) {
        loop_.arm(socket.entrance->patience, socket.entrance->deadline);
    }
    socket.client.waits(socket.nsp, socket.handle);
}

void Shard::decided(SocketHandle handle, Holder holder, const ConnectVerdict& verdict) {
    Socket* socket = alive(handle);
    // A session that is closing will soon take it along.
    if (!socket || !socket->entrance || socket->session.closing()) return;
    if (verdict.answer == ConnectVerdict::Answer::kAccept) return ask_plugins(*socket, holder);
    conclude(*socket, verdict);
}

void Entrance::expired(void* self) {
    const auto& late = *static_cast<Entrance*>(self);
    late.shard.decided_too_late(late.socket);
}

void Shard::decided_too_late(SocketHandle handle) {
    Socket* socket = alive(handle);
    // Without a holder the verdict is on its way.
    if (!socket || socket->holder.exchange(0) == 0) return;
    base::log::debug("no verdict on a connect in time namespace={} sid={}", socket->nsp.name, socket->record.sid);
    conclude(*socket, ConnectVerdict::refusal("Connection timed out"));
}

void Shard::refuse_held(std::uint32_t owner, const ConnectVerdict& verdict) {
    std::vector<SocketHandle> held;
    sockets_.for_each([&](const std::unique_ptr<Socket>& socket) {
        std::uint64_t holder = socket->holder.load();
        if (holder == 0 || unpacked(holder).owner != owner) return;
        if (socket->holder.compare_exchange_strong(holder, 0)) held.push_back(socket->handle);
    });
    for (const SocketHandle handle : held) decided(handle, {}, verdict);
}

// ---- EVENT

void Shard::event(Socket& socket, const protocol::SocketPacket& packet, std::span<const std::string_view> attachments) {
    if (!socket.suspension) return handle_event(socket, packet, attachments);
    struct Copy {
        std::string name, args;
        std::optional<std::uint64_t> ack_id;
        std::vector<std::string> attachments;
    };
    const auto copy = std::make_shared<const Copy>(Copy{std::string(packet.name_json),
                                                        std::string(packet.args),
                                                        packet.ack_id,
                                                        {attachments.begin(), attachments.end()}});
    std::size_t bytes = copy->name.size() + copy->args.size();
    for (const std::string& each : copy->attachments) bytes += each.size();
    const bool fits = put_off(socket, bytes, [this, copy](Socket* its) {
        if (!its) return;
        protocol::SocketPacket again{};
        again.name_json = copy->name;
        again.args = copy->args;
        again.ack_id = copy->ack_id;
        const std::vector<std::string_view> views(copy->attachments.begin(), copy->attachments.end());
        handle_event(*its, again, views);
    });
    if (!fits && core_.limiters.events_waiting.refuses(loop_.now(), socket.record.handshake->remote)) {
        refuse(socket, packet.ack_id, "RATE_LIMIT", "Too many events");
    }
}

void Shard::handle_event(Socket& socket, const protocol::SocketPacket& packet,
                         std::span<const std::string_view> attachments) {
    std::string storage;
    IncomingEvent event;
    event.socket = socket.handle;
    event.nsp = socket.nsp.name;
    event.name = name_text(packet.name_json, storage);
    event.args = packet.args;
    event.attachments = attachments;
    event.ack = packet.ack_id ? acks_.open(socket.handle, *packet.ack_id) : 0;
    socket.last_in = loop_.now();
    socket.story.add(socket.last_in, Happening::kEvent, event.name);

    in_event_ = socket.handle;
    const bool known = call_sink([&](EventSink& sink) { return sink.on_event(event); });
    in_event_ = 0;
    if (socket.suspension) {
        // Its end may come before that of the handlers.
        if (event.ack != 0) {
            acks_.keep(event.ack, socket.kept_acks);
            acks_.settle(event.ack);
        }
        return run_hooks();
    }
    if (!known) unknown_event(socket, event.ack, event.name);
    if (event.ack != 0) {
        const auto owed = acks_.settle(event.ack);
        if (owed && socket.state != SocketState::kLeaving) send_ack(socket, owed->id, kOkArgs);
    }
    run_hooks();
}

// ---- events that are handled elsewhere

HubError Shard::suspend(SocketHandle handle) {
    Socket* socket = find(handle);
    if (!socket || handle != in_event_ || socket->suspension) return HubError::kNoSuchSocket;
    socket->suspension = std::make_unique<Suspension>();
    suspended_.push_back(handle);
    return HubError::kNone;
}

// False: too much waits already.
bool Shard::put_off(Socket& socket, std::size_t bytes, std::function<void(Socket*)> handle) {
    constexpr std::size_t kEntryCost = 256;
    Suspension& suspension = *socket.suspension;
    bytes += kEntryCost;
    if (suspension.bytes + bytes > 4 * core_.settings.limits.max_event_bytes) return false;
    suspension.bytes += bytes;
    suspension.waiting.push_back({std::move(handle), bytes});
    return true;
}

void Shard::event_done(SocketHandle handle, AckHandle ack, std::string_view name, bool known, bool kept) {
    std::erase(suspended_, handle);
    Socket* socket = find(handle);
    if (!socket || !socket->suspension) return;
    if (alive(handle)) {
        if (!known) unknown_event(*socket, ack, name);
        const Acks::Owed* const owed = kept ? nullptr : acks_.find(ack);
        const std::uint64_t id = owed ? owed->id : 0;
        if (owed && acks_.take(ack) == HubError::kNone) send_ack(*socket, id, kOkArgs);
    }
    const std::unique_ptr<Suspension> over = std::move(socket->suspension);
    // Of one that has gone, events are nobody's any more; replies come before the hooks of its end.
    if (!alive(handle)) {
        for (const Suspension::Waiting& each : std::exchange(over->waiting, {})) each.handle(nullptr);
    }
    for (const std::function<void()>& hook : over->hooks) hook();
    over->hooks.clear();
    run_hooks();
    while (!over->waiting.empty()) {
        const Suspension::Waiting next = std::move(over->waiting.front());
        over->waiting.pop_front();
        over->bytes -= next.bytes;
        next.handle(alive(handle));
        socket = find(handle);
        if (!socket || !socket->suspension) continue;
        // Suspended again. Nothing can have been put off meanwhile.
        over->hooks = std::move(socket->suspension->hooks);
        *socket->suspension = std::move(*over);
        return;
    }
}

void Shard::orphan(const Client& client) {
    for (const SocketHandle handle : suspended_) {
        Socket* const socket = find(handle);
        if (socket && &socket->client == &client) socket->orphaned = true;
    }
}

// Behind what is handled elsewhere.
void Shard::hand_up(const Reply& reply) {
    Socket* const socket = find(reply.socket);
    if (!socket || !socket->suspension) {
        call_sink([&](EventSink& sink) { sink.on_reply(reply); });
        return run_hooks();
    }
    const auto args = std::make_shared<const std::string>(reply.args);
    std::vector<std::string> attachments(reply.attachments.begin(), reply.attachments.end());
    socket->suspension->waiting.push_back({[this, reply, args, attachments](Socket*) {
                                               const std::vector<std::string_view> views(attachments.begin(),
                                                                                         attachments.end());
                                               Reply again = reply;
                                               again.args = *args;
                                               again.attachments = views;
                                               call_sink([&](EventSink& sink) { sink.on_reply(again); });
                                               run_hooks();
                                           },
                                           0});
}

void Shard::unknown_event(Socket& socket, AckHandle ack, std::string_view name) {
    constexpr std::size_t kMostOfName = 100;
    constexpr std::string_view kCode = "UNKNOWN_EVENT";
    std::string message = "Unknown event: ";
    message += cut(name, kMostOfName);
    if (core_.settings.unknown_event_is_error) {
        fail(socket.handle, ack, kCode, message, {});
        return;
    }
    core_.figures.errors.count(kCode);
    if (ack != 0) answer(ack, error_args("error", kCode, message), {});
}

void Shard::refuse(Socket& socket, std::optional<std::uint64_t> ack_id, std::string_view code, std::string_view message,
                   bool say_so) {
    note_refusal(socket, code);
    core_.figures.errors.count(code);
    if (say_so) send_error(socket, code, message);
    if (ack_id) send_ack(socket, *ack_id, error_args("error", code, message));
}

HubError Shard::fail(SocketHandle handle, AckHandle ack, std::string_view code, std::string_view message,
                     std::string_view ack_args) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    note_refusal(*socket, code);
    core_.figures.errors.count(code);
    send_error(*socket, code, message);
    if (ack == 0) return HubError::kNone;
    if (!ack_args.empty()) return answer(ack, ack_args, {});
    return answer(ack, error_args("error", code, message), {});
}

void Shard::note_refusal(Socket& socket, std::string_view code) {
    socket.refusals.add(code);
    socket.story.add(loop_.now(), Happening::kRefused, code);
}

void Shard::send_error(Socket& socket, std::string_view code, std::string_view message) {
    const auto packets =
        protocol::encode_event(socket.nsp.name, "system:error", error_args({}, code, message), std::nullopt, {});
    if (packets && give(socket, *packets, false)) core_.figures.events_out->add();
}

// ---- acks to the client

HubError Shard::answer(AckHandle ack, std::string_view args, std::span<const std::string_view> attachments) {
    const Acks::Owed* owed = acks_.find(ack);
    Socket* socket = owed ? alive(owed->socket) : nullptr;
    if (!socket) return HubError::kNoSuchAck;
    auto packets = protocol::encode_ack(socket->nsp.name, owed->id, args, attachments);
    if (!packets) {
        return packets.error() == protocol::SocketError::kAttachments ? HubError::kLimit : HubError::kInvalid;
    }
    if (const HubError taken = acks_.take(ack); taken != HubError::kNone) return taken;
    core_.figures.acks_out->add();
    for (protocol::PacketRef& packet : *packets) socket->session.send(std::move(packet));
    return HubError::kNone;
}

HubError Shard::keep(AckHandle ack) {
    const Acks::Owed* owed = acks_.find(ack);
    Socket* socket = owed ? alive(owed->socket) : nullptr;
    return socket ? acks_.keep(ack, socket->kept_acks) : HubError::kNoSuchAck;
}

void Shard::send_ack(Socket& socket, std::uint64_t id, std::string_view args) {
    auto packets = protocol::encode_ack(socket.nsp.name, id, args, {});
    if (!packets) return;
    core_.figures.acks_out->add();
    for (protocol::PacketRef& packet : *packets) socket.session.send(std::move(packet));
}

// ---- acks from the client

void Shard::reply(Socket& socket, std::uint64_t id, std::string_view args,
                  std::span<const std::string_view> attachments) {
    const auto asked = socket.requests.find(id);
    if (asked == socket.requests.end()) return;  // late, or made up
    const Reply reply{socket.handle, ReplyStatus::kAnswered, asked->second.owner, asked->second.cookie, args,
                      attachments};
    socket.requests.erase(asked);
    core_.figures.acks_in->add();
    hand_up(reply);
}

void PendingReply::expired(void* self) {
    auto& late = *static_cast<PendingReply*>(self);
    late.shard.reply_is_late(late);
}

void Shard::reply_is_late(PendingReply& late) {
    const Reply reply{late.socket, ReplyStatus::kTimeout, late.owner, late.cookie, {}, {}};
    if (Socket* socket = find(late.socket)) socket->requests.erase(late.id);
    hand_up(reply);
}

// ---- hooks

void Shard::queue(Hook hook) {
    hooks_.push_back(std::move(hook));
    if (calling_ > 0 || running_ || deferred_) return;  // somebody will look
    deferred_ = true;
    loop_.defer([this] {
        deferred_ = false;
        run_hooks();
    });
}

void Shard::run_hooks() {
    if (calling_ > 0 || running_) return;
    running_ = true;
    while (!hooks_.empty()) {
        const Hook hook = std::move(hooks_.front());
        hooks_.pop_front();
        run(hook);
    }
    running_ = false;
}

void Shard::run(const Hook& hook) {
    if (Socket* busy = find(hook.socket); busy && busy->suspension) {
        busy->suspension->hooks.push_back([this, hook] { hooks_.push_back(hook); });
        return;
    }
    if (hook.kind == Hook::Kind::kReplyLost) {
        const Reply reply{hook.socket, ReplyStatus::kDisconnected, hook.owner, hook.cookie, {}, {}};
        call_sink([&](EventSink& sink) { sink.on_reply(reply); });
        return;
    }
    Socket* socket = find(hook.socket);
    if (!socket) return;
    switch (hook.kind) {
        case Hook::Kind::kJoin:
            call_sink([&](EventSink& sink) { sink.on_join(hook.socket, socket->nsp.name, hook.room); });
            break;
        case Hook::Kind::kLeave:
            call_sink([&](EventSink& sink) { sink.on_leave(hook.socket, socket->nsp.name, hook.room); });
            break;
        case Hook::Kind::kGone: finish(*socket); break;
        case Hook::Kind::kReplyLost: break;
    }
}

// Nobody can change the record's rooms any more, so they may be walked while plugins are called.
void Shard::finish(Socket& socket) {
    const std::string& nsp = socket.nsp.name;
    for (const std::string& room : socket.record.rooms) {
        call_sink([&](EventSink& sink) { sink.on_leave(socket.handle, nsp, room); });
    }
    call_sink([&](EventSink& sink) { sink.on_disconnect(socket.handle, nsp, socket.reason); });
    erase(socket);
}

}  // namespace wshub::hub
