#include <wshub/plugin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base64.h"
#include "common/sender.h"
#include "listing.h"
#include "requests.h"
#include "user_data.h"

namespace {

namespace json = wshub::json;
using families::Refusal;

// Session variable: the custom fields, a JSON object, for plugins alone.
constexpr std::string_view kCustom = "users.custom";

enum class Askers { everyone, named, admins, nobody };

class Users : public wshub::Plugin {
public:
    explicit Users(wshub::Host host) : Plugin(host) {
        on("system:setData", [this](wshub::Event& event) { set_data(event); });
        on("system:clients", [this](wshub::Event& event) { list_clients(event); });
        // Before others tell of it: who hears that somebody came or went finds it in the list.
        constexpr std::int32_t kFirst = std::numeric_limits<std::int32_t>::max();
        on_connected([this](wshub::Session session) { listing_.changed(session); }, kFirst);
        on_disconnect([this](wshub::Session session, std::string_view) { listing_.changed(session); }, kFirst);
        every(wshub::Millis(60'000), [this] { listing_.tidy_up(); });
    }

private:
    // ---- system:setData

    // Everything that can be refused is looked at before the name is claimed, and what follows the claim cannot fail.
    void set_data(wshub::Event& event) {
        const wshub::Session session = event.session();
        const users::UserData before = data_of(session);
        const auto read = users::read_set_data(event[0], !before.username.empty(), event.attachments().size());
        if (const auto* refusal = std::get_if<Refusal>(&read)) return refuse_data(event, *refusal);
        const auto& given = std::get<users::SetData>(read);

        const auto merged = users::merge(before, given, bytes_of(event.attachments()), max_bytes_);
        if (!merged) return refuse_data(event, users::kTooLarge);
        const users::UserData& after = *merged;
        if (given.username) {
            switch (session.set_username(after.username)) {
                case wshub::Session::Claim::done: break;
                case wshub::Session::Claim::taken: return refuse_data(event, users::kTaken);
                case wshub::Session::Claim::fixed: return refuse_data(event, users::kFixed);
                case wshub::Session::Claim::invalid: return refuse_data(event, users::kBadUsername);
                case wshub::Session::Claim::gone: return;
            }
        }
        keep(session, given, after);
        listing_.changed(session);
        if (!given.following.is_missing()) tell_followed(before, after);
        const json::Raw done = users::data_set(given, timestamp());
        to(session).emit("system:dataSet", done);
        event.ack(done);
    }

    void refuse_data(wshub::Event& event, const Refusal& refusal) {
        const json::Raw not_done = users::data_not_set(refusal.message, timestamp());
        to(event.session()).emit("system:dataSet", not_done);
        event.fail_with(refusal.code, refusal.message, not_done);
    }

    static users::UserData data_of(const wshub::Session& session) {
        users::UserData data;
        data.username = session.username();
        const auto take = [](std::string& field, std::string kept) {
            if (!kept.empty()) field = std::move(kept);
        };
        take(data.following, session.following());
        take(data.profile, session.profile());
        take(data.custom, session.var(kCustom));
        data.profile_attachments = families::profile_attachments(session);
        return data;
    }

    static void keep(const wshub::Session& session, const users::SetData& given, const users::UserData& data) {
        if (!given.following.is_missing()) session.set_following(json::Raw{data.following});
        if (!given.custom.empty()) session.set_var(kCustom, json::Raw{data.custom});
        if (given.profile.is_missing()) return;
        session.set_profile(json::Raw{data.profile});
        std::vector<std::string> attachments;
        for (const std::string& each : data.profile_attachments) attachments.push_back(families::to_base64(each));
        if (attachments.empty()) {
            session.erase_var(families::kProfileAttachments);
        } else {
            session.set_var(families::kProfileAttachments, attachments);
        }
    }

    static std::vector<std::string_view> bytes_of(const wshub::Attachments& attachments) {
        std::vector<std::string_view> out;
        for (std::size_t i = 0; i < attachments.size(); ++i) out.push_back(attachments[i]);
        return out;
    }

    // Who is named twice, or was followed under another spelling of the name, is one session.
    void tell_followed(const users::UserData& before, const users::UserData& after) {
        const json::View were(before.following);
        std::vector<wshub::Session> told =
            families::online(*this, users::newly_followed(were, json::View(after.following)));
        if (told.empty()) return;
        const std::vector<wshub::Session> known = families::online(*this, families::names(were));
        told.erase(std::remove_if(told.begin(), told.end(),
                                  [&known](const wshub::Session& each) {
                                      return std::binary_search(known.begin(), known.end(), each);
                                  }),
                   told.end());
        to(told).emit("system:followed", users::followed(after.username, timestamp()));
    }

    // ---- system:clients

    void list_clients(wshub::Event& event) {
        if (!may_list(event.session())) return families::refuse(event, users::kMayNotList);
        listing_.answer(event);
    }

    bool may_list(const wshub::Session& session) const {
        switch (askers_) {
            case Askers::everyone: return true;
            case Askers::named: return !session.username().empty();
            case Askers::admins: return session.has_role("admin");
            case Askers::nobody: break;
        }
        return false;
    }

    Askers read_askers() {
        constexpr std::array<std::pair<std::string_view, Askers>, 4> kWords{{{"everyone", Askers::everyone},
                                                                             {"named", Askers::named},
                                                                             {"admins", Askers::admins},
                                                                             {"nobody", Askers::nobody}}};
        const std::string word =
            config("list", "everyone", "Who may ask for the list of clients: everyone, named, admins or nobody.");
        for (const auto& [name, askers] : kWords) {
            if (word == name) return askers;
        }
        throw wshub::Error(WSHUB_EINVAL, "list = \"" + word + "\": expected everyone, named, admins or nobody");
    }

    const std::size_t max_bytes_ =
        config("max_bytes", wshub::Size{10'000},
               "The most that is kept of a user: name, following, profile and custom fields.")
            .bytes;
    const Askers askers_ = read_askers();
    users::Listing listing_{
        *this,
        config("max_list_bytes", wshub::Size{3'800'000},
               "The largest list of clients that is sent, the acknowledgement counted too; keep it below [limits] "
               "max_queued_bytes.")
            .bytes};
};

}  // namespace

WSHUB_PLUGIN(Users, "users", "0.1.0")
