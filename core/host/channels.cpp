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

}  // namespace

Channels::Channels(ChannelSettings settings, std::vector<net::Loop*> loops, const Router& router,
                   base::Metrics& metrics)
    : settings_(std::move(settings)),
      loops_(std::move(loops)),
      router_(router),
      metrics_(metrics),
      messages_(metrics, "events", settings_.messages_mode),
      messages_per_address_(metrics, "events_per_address", settings_.messages_per_address_mode) {
    for (net::Loop* loop : loops_) shards_.push_back(std::make_shared<ChannelShard>(*loop));
}

Channels::~Channels() = default;

bool Channels::is_path(std::string_view text) {
    return text.size() > 2 && text.front() == '/' && text.back() == '/' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; }) &&
           text.find_first_of("?#*%\"\\") == std::string_view::npos && text.find("//") == std::string_view::npos;
}

// ---- whose they are

std::vector<ChannelRoute> Channels::routes_of(const Instance& instance) {
    std::vector<ChannelRoute> routes;
    for (const Registration& each : instance.registrations()) {
        if (each.kind == WSHUB_ON_CHANNEL) routes.push_back({each.name, &channel(each.name, each.flags), 0, each.slot});
    }
    return routes;
}

Channel& Channels::channel(const std::string& path, std::uint32_t form) {
    const session::Form wanted = form == WSHUB_CHANNEL_WEBSOCKET ? session::Form::kWebSocket : session::Form::kEngineIo;
    const std::lock_guard lock(mutex_);
    const auto before = std::find_if(channels_.begin(), channels_.end(),
                                     [&](const auto& each) { return each->path() == path && each->form() == wanted; });
    if (before != channels_.end()) return **before;
    session::EngineSettings engine = settings_.engine;
    engine.path = path;
    engine.form = wanted;
    engine.metric_labels = "channel=\"" + path + "\"";
    engine.cookie.clear();
    if (!settings_.limits) settings_.limits = std::make_shared<session::SharedLimits>(engine, metrics_);
    channels_.push_back(std::make_unique<Channel>(std::move(engine), loops_, shards_, router_,
                                                  MessageLimits{settings_.messages, messages_, messages_per_address_},
                                                  metrics_, settings_.limits));
    if (refuses_) channels_.back()->engine().refuse_handshakes();
    return *channels_.back();
}

void Channels::follow(const std::string& plugin) {
    for (const auto& shard : shards_) {
        shard->loop.post([this, shard, plugin] {
            for (const auto& session : shard->of(plugin)) {
                if (!session->follow(router_)) session->restart();
            }
        });
    }
}

void Channels::drop(const std::string& plugin) {
    for (const auto& shard : shards_) {
        shard->loop.post([shard, plugin] {
            for (const auto& session : shard->of(plugin)) session->restart();
        });
    }
}

std::vector<Channel*> Channels::all() const {
    std::vector<Channel*> all;
    const std::lock_guard lock(mutex_);
    for (const auto& channel : channels_) all.push_back(channel.get());
    return all;
}

void Channels::drain(bool on) {
    const std::lock_guard lock(mutex_);
    refuses_ = on;
    for (const auto& channel : channels_) {
        on ? channel->engine().refuse_handshakes() : channel->engine().accept_handshakes();
    }
}

void Channels::close_some(session::CloseReason reason, double share) {
    for (Channel* const channel : all()) channel->engine().close_some(reason, share);
}

void Channels::begin_close(session::CloseReason reason) {
    {
        const std::lock_guard lock(mutex_);
        refuses_ = true;
    }
    for (Channel* const channel : all()) channel->engine().begin_close(reason);
}

void Channels::end_close(base::milliseconds patience) {
    for (Channel* const channel : all()) channel->engine().end_close(patience);
}

// ---- requests

// Null: no plugin serves it, any more.
Channel* Channels::find(std::string_view path) const {
    const ChannelRoute* const route = router_.table().channel_at(path);
    return route ? route->channel : nullptr;
}

bool Channels::handle(std::unique_ptr<net::HttpExchange>& exchange) {
    Channel* const channel = find(exchange->head().path());
    if (!channel) return false;
    channel->engine().on_exchange(std::move(exchange));
    return true;
}

std::optional<std::optional<net::HttpResponse>> Channels::refuse_body(const protocol::HttpHead& head) {
    Channel* const channel = find(head.path());
    if (!channel) return std::nullopt;
    return channel->engine().refuse_body(head);
}

std::optional<unsigned> Channels::home_loop(const protocol::HttpHead& head) const {
    Channel* const channel = find(head.path());
    return channel ? channel->engine().home_loop(head) : std::nullopt;
}

std::shared_ptr<void> Channels::announce(const protocol::HttpHead& head) {
    Channel* const channel = find(head.path());
    return channel ? channel->engine().announce(head) : nullptr;
}

// ---- sessions

std::shared_ptr<ChannelSession> Channels::session(const Instance& instance, wshub_channel_session handle) const {
    const unsigned loop = hub::loop_of(handle);
    if (loop >= shards_.size()) return nullptr;
    auto found = shards_[loop]->find(handle);
    return found && found->plugin == instance.name() ? found : nullptr;
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
        to->end(its_code, session::CloseReason::kServerForced, reason);
        return WSHUB_OK;
    }
    to->loop->post(
        [to, its_code, text = std::string(reason)] { to->end(its_code, session::CloseReason::kServerForced, text); });
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
