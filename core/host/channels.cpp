#include "host/channels.h"

#include <algorithm>
#include <utility>

#include "host/abi_text.h"
#include "host/channel.h"
#include "host/instance.h"
#include "host/request_text.h"
#include "protocol/encoded_packet.h"
#include "protocol/utf8.h"

namespace wshub::host {
namespace {

// What RFC 6455, section 7.4, lets an endpoint say.
bool is_close_code(std::uint32_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

protocol::PacketRef packet_of(session::Form form, std::string_view data, bool binary) {
    if (binary) return protocol::EncodedPacket::binary(data);
    if (form == session::Form::kWebSocket) return protocol::EncodedPacket::text(data);
    protocol::EncodedPacket::Builder builder(data.size() + 1);
    builder.bytes().append(1, '4').append(data);
    return builder.text();
}

void end(ChannelSession& session, protocol::CloseCode code, std::string_view text, session::CloseReason reason) {
    if (!session.session || session.session->closing()) return;
    session.session->say_at_close(code, text);
    session.session->close(reason);
}

net::HttpResponse not_found() {
    return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, "Not found.\n"};
}

}  // namespace

Channels::Channels(ChannelSettings settings, std::vector<net::Loop*> loops, base::Metrics& metrics)
    : settings_(std::move(settings)),
      loops_(std::move(loops)),
      metrics_(metrics),
      messages_(metrics, "events", settings_.messages_mode),
      messages_per_address_(metrics, "events_per_address", settings_.messages_per_address_mode),
      channels_(std::make_shared<const List>()) {
    for (net::Loop* loop : loops_) shards_.push_back(std::make_shared<ChannelShard>(*loop));
}

Channels::~Channels() = default;

bool Channels::is_path(std::string_view text) {
    return text.size() > 2 && text.front() == '/' && text.back() == '/' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; }) &&
           text.find_first_of("?#*%\"\\") == std::string_view::npos && text.find("//") == std::string_view::npos;
}

// ---- main thread

std::optional<std::string> Channels::add(std::shared_ptr<Instance> instance, std::string_view path, std::uint32_t form,
                                         wshub_slot slot) {
    const std::string name(path), &server = settings_.engine.path;
    if (name.starts_with(server) || server.starts_with(name))
        return "the channel '" + name + "' overlaps with the path of Socket.IO, '" + server + "'";
    const std::string taken = overlapping(path, true);
    if (!taken.empty()) return "the channel '" + name + "' overlaps with the channel '" + taken + "'";

    const session::Form wanted = form == WSHUB_CHANNEL_WEBSOCKET ? session::Form::kWebSocket : session::Form::kEngineIo;
    const auto all = list();
    // One that was there before: an engine cannot go while its loops run, but it can serve again.
    const auto before = std::find_if(all->begin(), all->end(), [&](const auto& channel) {
        return channel->path() == path && channel->form() == wanted;
    });
    if (before != all->end()) {
        (*before)->bind(std::move(instance), slot);
        return std::nullopt;
    }
    session::EngineSettings engine = settings_.engine;
    engine.path = name;
    engine.form = wanted;
    engine.metric_labels = "channel=\"" + name + "\"";
    engine.cookie.clear();
    if (!settings_.limits) settings_.limits = std::make_shared<session::SharedLimits>(engine, metrics_);
    const auto made = std::make_shared<Channel>(std::move(engine), loops_, shards_,
                                                MessageLimits{settings_.messages, messages_, messages_per_address_},
                                                metrics_, settings_.limits);
    made->bind(std::move(instance), slot);
    auto longer = std::make_shared<List>(*all);
    longer->push_back(made);
    const std::lock_guard lock(mutex_);
    channels_ = std::move(longer);
    return std::nullopt;
}

void Channels::remove(const Instance& instance) {
    const auto all = list();
    for (const auto& channel : *all) {
        if (channel->owner().get() == &instance) channel->bind(nullptr, 0);
    }
}

std::string Channels::overlapping(std::string_view path, bool is_prefix) const {
    const auto all = list();
    for (const auto& channel : *all) {
        const std::string& its = channel->path();
        const bool meets = path.starts_with(its) || (is_prefix && std::string_view(its).starts_with(path));
        if (meets && channel->owner()) return its;
    }
    return {};
}

std::vector<std::string> Channels::prefixes() const {
    std::vector<std::string> prefixes;
    const auto all = list();
    for (const auto& channel : *all) {
        if (channel->owner()) prefixes.push_back(channel->path());
    }
    return prefixes;
}

void Channels::release(const Instance& instance) {
    const auto all = list();
    for (const auto& channel : *all) {
        if (channel->owner().get() == &instance) channel->engine().accept_handshakes();
    }
}

void Channels::drop(const Instance& instance) {
    const auto all = list();
    for (const auto& channel : *all) {
        if (channel->owner().get() == &instance) channel->engine().refuse_handshakes();
    }
    for (const auto& shard : shards_) {
        shard->loop.post([shard, gone = instance.shared_from_this()] {
            for (const auto& session : shard->of(*gone))
                end(*session, protocol::CloseCode::kServiceRestart, {}, session::CloseReason::kTransportClose);
        });
    }
}

void Channels::begin_close(session::CloseReason reason) {
    const auto all = list();
    for (const auto& channel : *all) channel->engine().begin_close(reason);
}

void Channels::end_close(base::milliseconds patience) {
    const auto all = list();
    for (const auto& channel : *all) channel->engine().end_close(patience);
}

// ---- requests

std::shared_ptr<const Channels::List> Channels::list() const {
    const std::lock_guard lock(mutex_);
    return channels_;
}

// One that somebody owns if there is one: of another form there may be one that was given up.
std::shared_ptr<Channel> Channels::find(std::string_view path) const {
    const auto all = list();
    std::shared_ptr<Channel> found;
    for (const auto& channel : *all) {
        if (!path.starts_with(channel->path())) continue;
        found = channel;
        if (channel->owner()) break;
    }
    return found;
}

bool Channels::handle(std::unique_ptr<net::HttpExchange>& exchange) {
    const auto channel = find(exchange->head().path());
    if (!channel) return false;
    if (!channel->owner()) return exchange->respond(not_found()), true;
    channel->engine().on_exchange(std::move(exchange));
    return true;
}

std::optional<std::optional<net::HttpResponse>> Channels::refuse_body(const protocol::HttpHead& head) {
    const auto channel = find(head.path());
    if (!channel) return std::nullopt;
    return channel->engine().refuse_body(head);
}

std::optional<unsigned> Channels::home_loop(const protocol::HttpHead& head) const {
    const auto channel = find(head.path());
    return channel ? channel->engine().home_loop(head) : std::nullopt;
}

std::shared_ptr<void> Channels::announce(const protocol::HttpHead& head) {
    const auto channel = find(head.path());
    return channel ? channel->engine().announce(head) : nullptr;
}

// ---- sessions

std::shared_ptr<ChannelSession> Channels::session(const Instance& instance, wshub_channel_session handle) const {
    const unsigned loop = hub::loop_of(handle);
    if (loop >= shards_.size()) return nullptr;
    auto found = shards_[loop]->find(handle);
    return found && found->instance.get() == &instance ? found : nullptr;
}

std::int32_t Channels::send(const Instance& instance, wshub_channel_session handle, std::string_view data,
                            bool binary) {
    const auto to = session(instance, handle);
    if (!to) return WSHUB_ENOENT;
    if (!binary && !protocol::is_utf8(data)) return WSHUB_EINVAL;
    auto packet = packet_of(to->form, data, binary);
    if (to->loop->in_thread()) {
        if (!to->session || to->session->closing()) return WSHUB_ENOENT;
        to->session->send(std::move(packet));
        return WSHUB_OK;
    }
    to->loop->post([to, packet = std::move(packet)] {
        if (to->session) to->session->send(packet);
    });
    return WSHUB_OK;
}

std::int32_t Channels::close(const Instance& instance, wshub_channel_session handle, std::uint32_t code,
                             std::string_view reason) {
    const auto to = session(instance, handle);
    if (!to) return WSHUB_ENOENT;
    if (code == 0) code = 1000;
    if (!is_close_code(code) || !protocol::is_utf8(reason)) return WSHUB_EINVAL;
    const auto its_code = static_cast<protocol::CloseCode>(code);
    if (to->loop->in_thread()) {
        if (!to->session || to->session->closing()) return WSHUB_ENOENT;
        end(*to, its_code, reason, session::CloseReason::kServerForced);
        return WSHUB_OK;
    }
    to->loop->post(
        [to, its_code, text = std::string(reason)] { end(*to, its_code, text, session::CloseReason::kServerForced); });
    return WSHUB_OK;
}

std::int32_t Channels::text(const Instance& instance, wshub_channel_session handle, std::uint32_t field,
                            std::string& out) const {
    const auto of = session(instance, handle);
    if (!of) return WSHUB_ENOENT;
    const session::Handshake& handshake = *of->handshake;
    switch (field) {
        case WSHUB_F_SID: out = of->sid; return WSHUB_OK;
        case WSHUB_F_REMOTE: out = handshake.remote; return WSHUB_OK;
        case WSHUB_F_USER_AGENT: out = handshake.user_agent; return handshake.has_user_agent ? WSHUB_OK : WSHUB_NONE;
        case WSHUB_F_TRANSPORT: out = session::transport_name(of->transport); return WSHUB_OK;
        case WSHUB_F_HEADERS: out = header_lines(handshake.head); return WSHUB_OK;
        case WSHUB_F_QUERY: out = query_of(handshake.target); return WSHUB_OK;
        case WSHUB_F_PATH: out = path_of(handshake.target); return WSHUB_OK;
        default: return WSHUB_EINVAL;
    }
}

}  // namespace wshub::host
