#include "hub/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "hub/shard.h"
#include "session/address_book.h"

namespace wshub::hub {
namespace {

using protocol::SocketPacket;
using protocol::SocketType;

// What a client may send with CONNECT: room for a large token.
constexpr std::size_t kMaxConnectBytes = 64'000;
constexpr unsigned kMostRefusals = 10;  // of one connection

bool is_event(SocketType type) {
    return type == SocketType::kEvent || type == SocketType::kBinaryEvent;
}
bool is_ack(SocketType type) {
    return type == SocketType::kAck || type == SocketType::kBinaryAck;
}

// Known from the first byte, before anything is decoded.
bool announces_attachments(std::span<const char> text) {
    return !text.empty() && (text.front() == '5' || text.front() == '6');
}

std::string_view view(std::span<const char> bytes) {
    return {bytes.data(), bytes.size()};
}

}  // namespace

Client::Client(Shard& shard, session::Session& session)
    : shard_(shard), session_(session), address_(session.address()) {
    wait_for_connect();
}

Client::~Client() {
    for (const Membership& at : memberships_) {
        shard_.forget(at.socket);
        shard_.forget(at.waiting);
    }
    shard_.orphan(*this);
}

// ---- messages

void Client::on_text(std::span<char> text) {
    if (pending_) return parse_error("text where an attachment is due");
    if (announces_attachments(text)) return begin_binary(text);
    const auto packet = protocol::decode_socket_packet(text, shard_.core().settings.limits.max_json_depth);
    if (!packet) return parse_error("not a packet");
    if (packet->type == SocketType::kConnect) return connect(*packet);
    receive(*packet, text.size());
}

void Client::begin_binary(std::span<char> text) {
    // Copied before it is decoded, since the message is gone when its attachments come.
    auto pending = std::make_unique<Pending>(*this);
    pending->text.assign(text.data(), text.size());
    const auto packet = protocol::decode_socket_packet(pending->text, shard_.core().settings.limits.max_json_depth);
    if (!packet || packet->attachments == 0) return parse_error("not a binary packet");
    Membership* at = addressed(*packet);
    if (!at) return;

    pending->packet = *packet;
    pending->socket = at->socket;
    pending->bytes = text.size();
    pending->missing = packet->attachments;
    pending->is_over = text.size() > shard_.core().settings.limits.max_event_bytes;
    const Verdict verdict = judge(*at, *packet, text.size());
    if (verdict != Verdict::kFine) pending->discard(verdict);
    pending_ = std::move(pending);
    const base::milliseconds patience = shard_.core().settings.connect_timeout;
    if (patience > base::milliseconds{0}) shard_.loop().arm_in(pending_->deadline, patience);
}

void Client::attachments_are_late(void* self) {
    static_cast<Client*>(self)->parse_error("attachments that did not come");
}

void Client::on_binary(std::span<char> bytes) {
    if (!pending_) return parse_error("binary without a packet that announces it");
    Pending& pending = *pending_;
    const std::size_t most = shard_.core().settings.limits.max_event_bytes;
    if (pending.verdict == Verdict::kFine) {
        pending.bytes += bytes.size();
        const bool was_over = std::exchange(pending.is_over, pending.bytes > most);
        if (pending.is_over && !was_over && refuses_size()) pending.discard(Verdict::kTooBig);
    }
    if (--pending.missing > 0) {
        if (pending.verdict == Verdict::kFine) pending.attachments.emplace_back(bytes.data(), bytes.size());
        return;
    }

    // The last one need not be kept, as it is here.
    const std::unique_ptr<Pending> whole = std::move(pending_);
    std::array<std::string_view, protocol::kMaxAttachments> attachments;
    const std::size_t kept = std::min(whole->attachments.size(), attachments.size() - 1);
    std::copy_n(whole->attachments.begin(), kept, attachments.begin());
    attachments[kept] = view(bytes);
    complete(whole->socket, whole->verdict, whole->packet, std::span(attachments).first(kept + 1));
}

void Client::Pending::discard(Verdict because) {
    verdict = because;
    attachments = {};
    text = {};
    packet.nsp = packet.json = packet.name_json = packet.args = {};
}

void Client::receive(const SocketPacket& packet, std::size_t bytes) {
    if (packet.type == SocketType::kConnectError) return parse_error("CONNECT_ERROR of a client");
    if (packet.type == SocketType::kDisconnect && stops_waiting(packet.nsp)) return;
    Membership* at = addressed(packet);
    if (!at) return;
    complete(at->socket, judge(*at, packet, bytes), packet, {});
}

Client::Verdict Client::judge(Membership& at, const SocketPacket& packet, std::size_t bytes) {
    if (at.socket == 0) return Verdict::kUnwanted;
    const Limits& limits = shard_.core().settings.limits;
    if (is_event(packet.type) && !may_send(at)) return Verdict::kTooMany;
    if (is_ack(packet.type)) {
        const Socket* socket = shard_.alive(at.socket);
        if (!socket || !packet.ack_id || !socket->requests.contains(*packet.ack_id)) return Verdict::kUnwanted;
    }
    return bytes > limits.max_event_bytes && refuses_size() ? Verdict::kTooBig : Verdict::kFine;
}

void Client::complete(SocketHandle handle, Verdict verdict, const SocketPacket& packet,
                      std::span<const std::string_view> attachments) {
    // The socket may have been sent away while the attachments came.
    Socket* socket = shard_.alive(handle);
    if (!socket || verdict == Verdict::kUnwanted) return;
    if (is_event(packet.type)) return complete_event(*socket, verdict, packet, attachments);
    if (is_ack(packet.type)) {
        if (verdict == Verdict::kTooBig) return too_big(*socket, std::nullopt);
        return shard_.reply(*socket, *packet.ack_id, packet.json, attachments);
    }
    if (packet.type != SocketType::kDisconnect) return;
    left(handle, false);
    shard_.leave(*socket, "client namespace disconnect", "client_namespace_disconnect");
    shard_.run_hooks();
}

void Client::complete_event(Socket& socket, Verdict verdict, const SocketPacket& packet,
                            std::span<const std::string_view> attachments) {
    socket.record.events_in.add();
    shard_.core().figures.events_in->add();
    switch (verdict) {
        case Verdict::kFine: return shard_.event(socket, packet, attachments);
        case Verdict::kTooMany: return too_many(socket, packet.ack_id);
        case Verdict::kTooBig: return too_big(socket, packet.ack_id);
        case Verdict::kUnwanted: return;
    }
}

// ---- namespaces

void Client::connect(const SocketPacket& packet) {
    Core& core = shard_.core();
    const auto refuse = [&](std::string_view message, std::string_view data = {}) {
        core.figures.connects_refused->add();
        session_.send(protocol::encode_connect_error(packet.nsp, message, data));
    };
    if (!may_connect()) {
        refuse("Too many connects", R"({"code":"RATE_LIMIT","message":"Too many connects"})");
        return count_drop();
    }
    // It is kept for as long as the socket lives.
    if (packet.json.size() > std::min(kMaxConnectBytes, core.settings.limits.max_event_bytes)) {
        return refuse("Payload too large");
    }
    Namespace* nsp = core.namespaces.find(packet.nsp);
    if (!nsp || !nsp->configured) {
        if (!core.sink->serves(packet.nsp)) return refuse("Invalid namespace");
        nsp = &core.namespaces.obtain(packet.nsp);
    }
    Membership* at = membership(packet.nsp);
    if (!at) {
        at = &memberships_.emplace_back();
        at->nsp = nsp;
    }
    if (at->socket != 0) return parse_error("a second CONNECT");
    if (at->waiting != 0) return;  // an impatient client: the answer to the first is on its way
    at->left_by_server = false;
    shard_.connect(*this, session_, *nsp, packet.json);
}

void Client::joined(const Namespace& nsp, SocketHandle socket) {
    Membership& at = *membership(nsp.name);
    at.socket = socket;
    at.waiting = 0;
    was_in_ = true;
    connect_timer_.cancel();
}

void Client::waits(const Namespace& nsp, SocketHandle socket) {
    membership(nsp.name)->waiting = socket;
    connect_timer_.cancel();  // the wait has a bound of its own
}

void Client::refused(SocketHandle socket) {
    // Each may have cost a backend's answer or a signature.
    if (++refusals_ >= kMostRefusals) session_.close(session::CloseReason::kServerForced);
    const auto at = std::find_if(memberships_.begin(), memberships_.end(),
                                 [&](const Membership& other) { return other.waiting == socket; });
    if (at == memberships_.end()) return;  // at once, without having waited
    at->waiting = 0;
    wait_if_in_none();
}

bool Client::stops_waiting(std::string_view nsp) {
    Membership* at = membership(nsp);
    if (!at || at->waiting == 0) return false;
    shard_.abandon(std::exchange(at->waiting, 0));
    shard_.run_hooks();
    wait_if_in_none();
    return true;
}

void Client::left(SocketHandle socket, bool by_server) {
    Membership* at = membership(socket);
    if (!at) return;
    at->socket = 0;
    at->left_by_server = by_server;
    wait_if_in_none();
}

void Client::wait_if_in_none() {
    const bool in_none = std::all_of(memberships_.begin(), memberships_.end(),
                                     [](const Membership& at) { return at.socket == 0 && at.waiting == 0; });
    if (in_none) wait_for_connect();
}

Client::Membership* Client::addressed(const SocketPacket& packet) {
    Membership* at = membership(packet.nsp);
    if (at && (at->socket != 0 || at->left_by_server)) return at;
    parse_error("a packet for a namespace that was not joined");
    return nullptr;
}

Client::Membership* Client::membership(std::string_view nsp) {
    const auto found = std::find_if(memberships_.begin(), memberships_.end(),
                                    [&](const Membership& at) { return at.nsp->name == nsp; });
    return found == memberships_.end() ? nullptr : &*found;
}

Client::Membership* Client::membership(SocketHandle socket) {
    const auto found = std::find_if(memberships_.begin(), memberships_.end(),
                                    [&](const Membership& at) { return at.socket == socket; });
    return found == memberships_.end() ? nullptr : &*found;
}

// ---- limits

bool Client::may_send(Membership& at) {
    Core& core = shard_.core();
    const base::SteadyTime now = shard_.loop().now();
    const std::string& remote = session_.handshake()->remote;
    if (!at.events.take(core.settings.limits.events, now) && core.limiters.events.refuses(now, remote)) return false;
    return !address_ || address_->take_event(now) || !core.limiters.events_per_address.refuses(now, remote);
}

bool Client::may_connect() {
    Core& core = shard_.core();
    const Limits& limits = core.settings.limits;
    const base::SteadyTime now = shard_.loop().now();
    const std::string& remote = session_.handshake()->remote;
    if (limits.connects.per_second > 0) {
        if (!connects_.take(limits.connects, now) && core.limiters.connects.refuses(now, remote)) return false;
        if (limits.connects_mode == base::LimitMode::kEnforced) return true;
    }
    return connect_guard_.take(connect_rate(limits.events), now) || !core.limiters.connect_guard.refuses(now, remote);
}

// Counts something above max_event_bytes.
bool Client::refuses_size() {
    return shard_.core().limiters.event_bytes.refuses(shard_.loop().now(), session_.handshake()->remote);
}

void Client::too_big(Socket& socket, std::optional<std::uint64_t> ack_id) {
    shard_.refuse(socket, ack_id, "PAYLOAD_TOO_LARGE",
                  "More than " + std::to_string(shard_.core().settings.limits.max_event_bytes) + " bytes");
}

void Client::too_many(Socket& socket, std::optional<std::uint64_t> ack_id) {
    constexpr std::chrono::seconds kTellEvery{1};
    const base::SteadyTime now = shard_.loop().now();
    std::optional<base::SteadyTime>& told = membership(socket.handle)->told;
    const bool say_so = !told || now - *told >= kTellEvery;
    if (say_so) told = now;
    shard_.refuse(socket, ack_id, "RATE_LIMIT", "Too many events", say_so);
    count_drop();
}

void Client::count_drop() {
    if (!drops_) drops_ = std::make_unique<Drops>();
    if (drops_->add(shard_.loop().now()) < most_drops(shard_.core().settings.limits.events)) return;
    base::log::info("client sends too much and is closed remote={}", session_.handshake()->remote);
    session_.close(session::CloseReason::kRateLimit);
}

// ---- ends

void Client::on_closed(session::CloseReason reason) {
    connect_timer_.cancel();
    pending_.reset();
    if (!was_in_) shard_.closed_outside(session_, reason);
    for (Membership& at : memberships_) {
        Socket* socket = shard_.alive(std::exchange(at.socket, 0));
        if (socket) shard_.leave(*socket, session::close_reason_text(reason), session::close_reason_name(reason));
        shard_.abandon(std::exchange(at.waiting, 0));
    }
    shard_.run_hooks();
}

void Client::parse_error(std::string_view what) {
    base::log::debug("client broke the protocol remote={} what=\"{}\"", session_.handshake()->remote, what);
    session_.close(session::CloseReason::kParseError);
}

void Client::wait_for_connect() {
    const base::milliseconds patience = shard_.core().settings.connect_timeout;
    if (patience > base::milliseconds{0}) shard_.loop().arm_in(connect_timer_, patience);
}

void Client::connect_timed_out(void* self) {
    // Nothing was ever sent to it that it could wait for.
    static_cast<Client*>(self)->session_.close(session::CloseReason::kConnectTimeout,
                                               session::Session::CloseMode::kDiscard);
}

void Client::on_upgraded() {
    for (const Membership& at : memberships_) {
        if (Socket* socket = shard_.find(at.socket)) shard_.note_transport(*socket);
    }
}

}  // namespace wshub::hub
