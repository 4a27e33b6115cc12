#include "desk.h"

#include <algorithm>
#include <utility>

#include "access.h"

namespace admin {

namespace json = wshub::json;

namespace {

constexpr std::string_view kNotAllowed = "Only admins may do this";
constexpr std::string_view kNotAnObject = "Expected one object of arguments, or none";

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
    const bool reloads = operation.name == "reload";
    if (reloads) remember(ack.id(), true);
    plugin_.control(operation.name, arguments,
                    [this, admin, ack, about, reloads, &operation](const wshub::ControlAnswer& come) {
                        if (reloads) remember(ack.id(), false);
                        if (operation.changes_something)
                            log_action(operation, admin, about, come.done() ? "done" : come.code());
                        answer(admin, ack, come);
                    });
}

void Desk::answer(const wshub::Session& admin, const wshub::Ack& ack, const wshub::ControlAnswer& come) {
    if (come.done()) {
        ack(success(come.result()));
        return;
    }
    plugin_.to(admin).emit("system:error", json::obj("code", come.code(), "message", come.message()));
    ack(failure(come.code(), come.message()));
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

void Desk::remember(wshub_ack ack, bool pending) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (pending) {
        reloading_.push_back(ack);
    } else {
        const auto found = std::find(reloading_.begin(), reloading_.end(), ack);
        if (found != reloading_.end()) reloading_.erase(found);
    }
}

std::string Desk::save() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::string> acks;
    for (const wshub_ack ack : reloading_) acks.push_back(std::to_string(ack));
    return json::obj("subscriptions", subscriptions_.save(), "reloading", acks).text;
}

void Desk::restore(std::string_view text) {
    const auto saved = json::View::parse(text);
    if (!saved) return;
    subscriptions_.restore((*saved)["subscriptions"]);
    const std::lock_guard<std::mutex> lock(mutex_);
    (*saved)["reloading"].each([this](std::string_view, const json::View& ack) {
        taken_over_.push_back(std::strtoull(ack.str().c_str(), nullptr, 10));
        return true;
    });
}

// Answers to reloads that stopped this plugin come to nobody: either this is the new version, or the one that could not
// be replaced and was started again.
void Desk::started() {
    std::vector<wshub_ack> done, failed;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        done.swap(taken_over_);
        failed.swap(reloading_);
    }
    for (const wshub_ack ack : done) wshub::Ack(plugin_.host(), ack)(success(json::View("{}")));
    const json::Raw why = failure("INTERNAL", "the new version could not take over, see the log; this one serves on");
    for (const wshub_ack ack : failed) wshub::Ack(plugin_.host(), ack)(why);
}

}  // namespace admin
