// to("room").except(session).emit("name", args...): who gets an event, written as one expression. Part of plugin.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "event.h"

namespace wshub {

namespace detail {

// A list that allocates only when it gets long.
template <class T>
class ShortList {
public:
    void add(T value) {
        if (!many_.empty()) {
            many_.push_back(value);
        } else if (size_ < kFew) {
            few_[size_] = value;
        } else {
            many_.assign(few_, few_ + kFew);
            many_.push_back(value);
        }
        ++size_;
    }
    const T* data() const { return many_.empty() ? few_ : many_.data(); }
    std::size_t size() const { return size_; }

private:
    static constexpr std::size_t kFew = 4;
    T few_[kFew]{};
    std::size_t size_ = 0;
    std::vector<T> many_;
};

class RoomList {
public:
    void add(std::string_view room, std::uint32_t flags) {
        names_.add(str(room));
        flags_.add(flags);
    }
    const wshub_str* names() const { return names_.data(); }
    const std::uint32_t* flags() const { return flags_.data(); }
    std::size_t size() const { return names_.size(); }

private:
    ShortList<wshub_str> names_;
    ShortList<std::uint32_t> flags_;
};

}  // namespace detail

class Plugin;
using Millis = std::chrono::milliseconds;

// Made by Plugin::to() and its like. Every step needs the temporary that the step before gave, so that no view outlives
// its text: going on with one that was kept in a variable does not compile.
//
// Whoever is addressed in several ways gets the event once. Without in(), rooms and all() mean the namespace of what is
// being handled on this thread; outside of handlers, each namespace that the plugin serves.
class Emit {
public:
    Emit(Plugin& plugin, Host host) : plugin_(&plugin), host_(host) {}
    Emit(const Emit&) = delete;
    Emit& operator=(const Emit&) = delete;

    Emit&& to(std::string_view room) && { return std::move(*this).to_room(room); }
    Emit&& to_room(std::string_view room) && {
        rooms_.add(room, 0);
        return std::move(*this);
    }
    // A room that only plugins put sessions into: the same name given by a client is another room. It is this plugin's
    // own, another plugin's of that name is another one, unless all plugins are to share it.
    Emit&& to_private(std::string_view room, Share share = Share::own) && {
        rooms_.add(room, static_cast<std::uint32_t>(share));
        return std::move(*this);
    }
    Emit&& to(Session session) && {
        sessions_.add(session.id());
        return std::move(*this);
    }
    Emit&& to(const std::vector<Session>& sessions) && {
        for (const Session& session : sessions) sessions_.add(session.id());
        return std::move(*this);
    }
    Emit&& to_all() && {
        flags_ |= WSHUB_EMIT_ALL;
        return std::move(*this);
    }

    Emit&& except(std::string_view room) && { return std::move(*this).except_room(room); }
    Emit&& except_room(std::string_view room) && {
        except_rooms_.add(room, 0);
        return std::move(*this);
    }
    Emit&& except_private(std::string_view room, Share share = Share::own) && {
        except_rooms_.add(room, static_cast<std::uint32_t>(share));
        return std::move(*this);
    }
    Emit&& except(Session session) && {
        except_sessions_.add(session.id());
        return std::move(*this);
    }
    Emit&& except(const std::vector<Session>& sessions) && {
        for (const Session& session : sessions) except_sessions_.add(session.id());
        return std::move(*this);
    }

    Emit&& in(std::string_view nsp) && {
        nsp_ = nsp;
        return std::move(*this);
    }
    // May be lost if a client cannot take it at once.
    Emit&& volatile_() && {
        flags_ |= WSHUB_EMIT_VOLATILE;
        return std::move(*this);
    }
    // To clients of this server only.
    Emit&& local() && {
        flags_ |= WSHUB_EMIT_LOCAL;
        return std::move(*this);
    }
    // All attachments of the event may be named by the arguments, as they are in its own; the rest is left out.
    Emit&& with(const Event& event) && { return std::move(*this).with(event.attachments()); }
    Emit&& with(Attachments attachments) && {
        for (std::size_t i = 0; i < attachments.size(); ++i) attachments_.add(attachments.data()[i]);
        return std::move(*this);
    }
    // One more attachment; the arguments name the i-th one with json::bin(i).
    Emit&& with(std::string_view bytes) && {
        attachments_.add({bytes.data(), bytes.size()});
        return std::move(*this);
    }

    template <class... Args>
    void emit(std::string_view event, const Args&... args) && {
        std::move(*this).emit_raw(event, json::arr(args...).text);
    }
    // `args` is a JSON array of the arguments.
    void emit_raw(std::string_view event, std::string_view args) && { send(message(event, args)); }

    // Emits to sessions (no rooms, nobody excepted) and asks for their answers: callback(Reply&) runs once for each
    // session, on its loop, also if it does not answer in time or goes.
    template <class Callback, class... Args>
    void ask(std::string_view event, Millis timeout, Callback callback, const Args&... args) &&;

private:
    friend class Plugin;
    Emit(Emit&&) = default;

    wshub_emit message(std::string_view event, std::string_view args) const {
        wshub_emit message{};
        message.size = sizeof message;
        message.flags = flags_;
        message.nsp = detail::str(nsp_);
        message.event = detail::str(event);
        message.args = detail::str(args);
        message.bins = attachments_.data();
        message.n_bins = attachments_.size();
        message.sessions = sessions_.data();
        message.n_sessions = sessions_.size();
        message.rooms = rooms_.names();
        message.room_flags = rooms_.flags();
        message.n_rooms = rooms_.size();
        message.except_sessions = except_sessions_.data();
        message.n_except_sessions = except_sessions_.size();
        message.except_rooms = except_rooms_.names();
        message.except_room_flags = except_rooms_.flags();
        message.n_except_rooms = except_rooms_.size();
        return message;
    }
    void send(const wshub_emit& message) {
        if (message.n_sessions == 0 && message.n_rooms == 0 && (flags_ & WSHUB_EMIT_ALL) == 0) return;  // to nobody
        detail::check_there(host_->emit(host_.handle(), &message), "emit");
    }

    Plugin* plugin_;
    Host host_;
    std::uint32_t flags_ = 0;
    std::string_view nsp_;
    detail::ShortList<wshub_session> sessions_, except_sessions_;
    detail::RoomList rooms_, except_rooms_;
    detail::ShortList<wshub_bytes> attachments_;
};

}  // namespace wshub
