// What Plugin does while it runs: timers, posts, threads, operations on the hub, answers that clients owe; and what the
// host calls. Part of plugin.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugin.h"

namespace wshub {

// ---- timers, posts, threads, replies ----

inline Timer Plugin::after(Millis delay, std::function<void()> function, Session serial_with) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::uint64_t cookie = next_cookie_++;
    Once& once = once_[cookie];
    once.function = std::move(function);
    const std::uint64_t ms = delay.count() > 0 ? static_cast<std::uint64_t>(delay.count()) : 0;
    const std::int32_t code = host_->timer_add(host_.handle(), serial_with.id(), ms, 0, kOnceSlot, cookie, &once.timer);
    if (code < 0) {
        once_.erase(cookie);
        detail::refuse(code, "after");
    }
    return Timer(*this, cookie);
}

inline void Plugin::post(std::function<void()> function, Session serial_with) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::uint64_t cookie = next_cookie_++;
    once_[cookie].function = std::move(function);
    const std::int32_t code = host_->post(host_.handle(), serial_with.id(), kOnceSlot, cookie);
    if (code < 0) {
        once_.erase(cookie);
        detail::refuse(code, "post");
    }
}

inline void Plugin::control(std::string_view operation, const json::Raw& arguments,
                            std::function<void(const ControlAnswer&)> done) {
    if (!host_.has(&wshub_host_v1::control)) {
        return post([done = std::move(done)] { done(ControlAnswer("INTERNAL", "this hub has no operations")); });
    }
    std::uint64_t cookie = 0;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        cookie = next_cookie_++;
        controls_[cookie] = std::move(done);
    }
    const std::int32_t code =
        host_->control(host_.handle(), detail::str(operation), detail::str(arguments.text), kControlSlot, cookie);
    if (code >= 0) return;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        done = std::move(controls_[cookie]);
        controls_.erase(cookie);
    }
    if (code != WSHUB_ENOSYS) detail::refuse(code, "control");
    post([done = std::move(done)] { done(ControlAnswer("INTERNAL", "this hub has no operations")); });
}

inline void Plugin::thread(std::function<void(StopToken)> function) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || !started_) throw Error(WSHUB_ESTATE, "threads are made while the plugin runs");
    threads_.emplace_back([this, function = std::move(function)] {
        try {
            function(StopToken(*this));
        } catch (const std::exception& e) {
            error(std::string("a thread of the plugin ended by an exception: ") + e.what());
        } catch (...) {
            error("a thread of the plugin ended by an unknown exception");
        }
    });
}

template <class Callback, class... Args>
void Emit::ask(std::string_view event, Millis timeout, Callback callback, const Args&... args) && {
    std::vector<wshub_session> sessions(sessions_.data(), sessions_.data() + sessions_.size());
    std::sort(sessions.begin(), sessions.end());
    sessions.erase(std::unique(sessions.begin(), sessions.end()), sessions.end());
    if (sessions.empty()) return;
    const std::string text = json::arr(args...).text;
    wshub_emit message = this->message(event, text);
    message.sessions = sessions.data();
    message.n_sessions = sessions.size();
    message.reply_slot = Plugin::kReplySlot;
    message.reply_timeout_ms = static_cast<std::uint32_t>(timeout.count());
    {
        const std::lock_guard<std::mutex> lock(plugin_->mutex_);
        message.reply_cookie = plugin_->next_cookie_++;
        plugin_->asked_[message.reply_cookie] =
            std::make_shared<Plugin::Asked>(Plugin::Asked{std::move(callback), sessions.size()});
    }
    try {
        detail::check(host_->emit(host_.handle(), &message), "ask");
    } catch (...) {
        const std::lock_guard<std::mutex> lock(plugin_->mutex_);
        plugin_->asked_.erase(message.reply_cookie);
        throw;
    }
}

inline void Timer::cancel() {
    if (!plugin_) return;
    std::function<void()> dropped;  // its captures die outside of the lock
    const std::lock_guard<std::mutex> lock(plugin_->mutex_);
    const auto found = plugin_->once_.find(cookie_);
    if (found == plugin_->once_.end()) return;
    plugin_->host_->timer_cancel(plugin_->host_.handle(), found->second.timer);
    dropped = std::move(found->second.function);
    plugin_->once_.erase(found);
}

inline bool StopToken::stopping() const {
    const std::lock_guard<std::mutex> lock(plugin_->mutex_);
    return plugin_->stopping_;
}
inline bool StopToken::sleep(Millis duration) const {
    std::unique_lock<std::mutex> lock(plugin_->mutex_);
    return !plugin_->stop_changed_.wait_for(lock, duration, [this] { return plugin_->stopping_; });
}

inline void Plugin::start() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        started_ = true;
        stopping_ = false;
    }
    for (const Periodic& periodic : periodic_) {
        const auto ms = static_cast<std::uint64_t>(periodic.period.count());
        wshub_timer timer = 0;
        detail::check(host_->timer_add(host_.handle(), 0, ms, ms, periodic.slot, 0, &timer), "every");
    }
    on_start();
}

inline void Plugin::stop() {
    std::vector<std::thread> threads;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
        threads.swap(threads_);
    }
    stop_changed_.notify_all();
    try {
        on_stop();
    } catch (const std::exception& e) {
        error(std::string("stopping failed: ") + e.what());
    } catch (...) {
        error("stopping failed: unknown exception");
    }
    for (std::thread& thread : threads) thread.join();
    std::unordered_map<std::uint64_t, Once> once;
    std::unordered_map<std::uint64_t, std::shared_ptr<Asked>> asked;
    std::unordered_map<std::uint64_t, std::function<void(const ControlAnswer&)>> controls;
    const std::lock_guard<std::mutex> lock(mutex_);
    once.swap(once_);
    asked.swap(asked_);
    controls.swap(controls_);
    started_ = false;
}

inline std::int32_t Plugin::call(std::uint32_t kind, wshub_slot slot, const void* data) {
    if (slot >= kFirstSlot) return slot < slots_.size() ? slots_[slot](data) : WSHUB_EINVAL;
    if (slot == kReplySlot && kind == WSHUB_ON_REPLY) {
        call_reply(*static_cast<const wshub_reply*>(data));
        return WSHUB_OK;
    }
    if (slot == kOnceSlot && (kind == WSHUB_ON_TIMER || kind == WSHUB_ON_POST)) {
        call_once(*static_cast<const wshub_tick*>(data));
        return WSHUB_OK;
    }
    if (slot == kControlSlot && kind == WSHUB_ON_ANSWER) {
        call_control(*static_cast<const wshub_answer*>(data));
        return WSHUB_OK;
    }
    return WSHUB_EINVAL;
}

inline void Plugin::call_once(const wshub_tick& tick) {
    std::function<void()> function;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = once_.find(tick.cookie);
        if (found == once_.end()) return;  // cancelled meanwhile
        function = std::move(found->second.function);
        once_.erase(found);
    }
    function();
}

inline void Plugin::call_control(const wshub_answer& answer) {
    std::function<void(const ControlAnswer&)> done;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = controls_.find(answer.cookie);
        if (found == controls_.end()) return;
        done = std::move(found->second);
        controls_.erase(found);
    }
    done(ControlAnswer(answer));
}

inline void Plugin::call_reply(const wshub_reply& reply) {
    std::shared_ptr<Asked> asked;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = asked_.find(reply.cookie);
        if (found == asked_.end()) return;
        asked = found->second;
        if (--asked->left == 0) asked_.erase(found);
    }
    Reply given(host_, reply);
    asked->callback(given);
}

}  // namespace wshub
