#include "desk.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "access.h"

namespace admin {

namespace {

constexpr std::string_view kNotAllowed = "Only admins may do this";
constexpr std::string_view kNotAnObject = "Expected one object of arguments, or none";

// All plugins, or this one.
bool means_us(const json::View& arguments) {
    const json::View plugin = arguments["plugin"];
    return !plugin || plugin.equals("admin");
}

}  // namespace

void Desk::handle(wshub::Event& event, const Operation& operation) {
    const wshub::Session admin = event.session();
    if (!admin.has_role(kRole)) return event.fail("FORBIDDEN", kNotAllowed);
    const json::View given = event[0];
    if (given && !given.is_object()) {
        return event.fail_with("INVALID_FORMAT", kNotAnObject, failure("INVALID_FORMAT", kNotAnObject));
    }
    const json::Raw arguments{given ? std::string(given.text()) : "{}"};
    const std::string about = operation.changes_something ? subject(json::View(arguments.text)) : std::string();
    const wshub::Ack ack = event.take_ack();
    const Owed owed{admin.id(), ack.id(), operation.name == "reload" && means_us(json::View(arguments.text))};
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        owed_.push_back(owed);
    }
    const auto done = [this, admin, ack, about, owed, &operation](const wshub::ControlAnswer& come) {
        forget(owed);
        if (operation.changes_something) log_action(operation, admin, about, come.done() ? "done" : come.code());
        if (come.done()) return void(ack(success(come.result())));
        fail(admin, ack, come.code(), come.message());
    };
    try {
        plugin_.control(operation.name, arguments, done);
    } catch (...) {
        forget(owed);
        throw;
    }
}

void Desk::fail(const wshub::Session& admin, const wshub::Ack& ack, std::string_view code, std::string_view message) {
    plugin_.to(admin).emit("system:error", json::obj("code", code, "message", message));
    ack(failure(code, message));
}

void Desk::log_action(const Operation& operation, const wshub::Session& admin, const std::string& about,
                      std::string_view outcome) const {
    plugin_.info("admin action operation=" + std::string(operation.name) + about + " outcome=" + std::string(outcome) +
                 " by=" + admin.sid() + " username=\"" + admin.username() + "\" address=" + admin.remote());
}

// ---- live updates

void Desk::subscribe(wshub::Event& event) {
    const wshub::Session admin = event.session();
    if (!admin.has_role(kRole)) return event.fail("FORBIDDEN", kNotAllowed);
    std::string why_not;
    auto wish = Subscriptions::read(event[0], why_not);
    if (!wish) return event.fail_with("INVALID_FORMAT", why_not, failure("INVALID_FORMAT", why_not));
    event.ack(json::obj("success", true, "topics", wish->topics, "interval", wish->interval_ms));
    subscriptions_.set(admin.id(), std::move(*wish));
}

void Desk::push() {
    if (subscriptions_.none()) return;
    for (auto& [topic, sessions] : subscriptions_.due(plugin_.now_ms())) {
        plugin_.control(topic, arguments_of_topic(topic),
                        [this, topic = topic, sessions = std::move(sessions)](const wshub::ControlAnswer& come) {
                            std::vector<wshub::Session> admins;
                            for (const std::uint64_t id : sessions) {
                                const wshub::Session admin = plugin_.session(id);
                                if (admin.has_role(kRole)) {
                                    admins.push_back(admin);
                                } else {
                                    subscriptions_.remove(id);
                                }
                            }
                            if (come.done() && !admins.empty()) {
                                plugin_.to(admins).emit("admin:" + topic, come.result());
                            }
                        });
    }
}

// ---- reloads

void Desk::forget(const Owed& owed) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find(owed_.begin(), owed_.end(), owed);
    if (found != owed_.end()) owed_.erase(found);
}

json::Raw Desk::save() const {
    json::Raw owed{"["};
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [admin, ack, reloads_us] : owed_) {
        if (owed.text.size() > 1) owed.text += ',';
        owed.text += json::arr(std::to_string(admin), std::to_string(ack), reloads_us).text;
    }
    owed.text += ']';
    return json::obj("subscriptions", subscriptions_.save(), "owed", owed);
}

void Desk::restore(const json::View& saved) {
    subscriptions_.restore(saved["subscriptions"]);
    const auto number = [](const json::View& text) { return std::strtoull(text.str().c_str(), nullptr, 10); };
    const std::lock_guard<std::mutex> lock(mutex_);
    saved["owed"].each([&](std::string_view, const json::View& each) {
        taken_over_.push_back({number(each[0]), number(each[1]), each[2].boolean()});
        return true;
    });
}

// Either this is the new version, or the one that could not be replaced and was started again.
void Desk::started() {
    std::vector<Owed> replaced, going_on;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        replaced.swap(taken_over_);
        going_on.swap(owed_);
    }
    const auto tell = [this](const Owed& owed, std::string_view why) {
        fail(plugin_.session(owed.admin), wshub::Ack(plugin_.host(), owed.ack), "INTERNAL", why);
    };
    constexpr std::string_view kLost = "the plugin admin was reloaded meanwhile: ask again, or look what came of it";
    for (const Owed& owed : replaced) {
        if (!owed.reloads_us) {
            tell(owed, kLost);
        } else {
            wshub::Ack(plugin_.host(), owed.ack)(success(json::View("{}")));
        }
    }
    for (const Owed& owed : going_on) {
        tell(owed, owed.reloads_us ? "the new version could not take over, see the log; this one serves on" : kLost);
    }
}

}  // namespace admin
