#include <wshub/plugin.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/headers.h"
#include "expiry.h"
#include "grant.h"
#include "jwt.h"
#include "jwt_keys.h"
#include "reloaded.h"
#include "settings.h"
#include "shares.h"
#include "tokens.h"
#include "watched_file.h"
#include "webhook.h"
#include "webhook_messages.h"

namespace {

using namespace std::chrono_literals;
using auth::Grant;
using auth::Reason;
namespace fs = std::filesystem;
namespace json = wshub::json;

constexpr std::int32_t kPriority = 100;  // behind the admin plugin, before the others
constexpr wshub::Millis kFileRhythm = 2s;
// What let the session in, if it ends some time or may be refreshed: {"endsAt"?,"sub","iss"}.
constexpr std::string_view kGrantVar = "auth.grant";

std::runtime_error wrong(std::string_view key, std::string_view what) {
    return std::runtime_error("[plugin.auth] " + std::string(key) + ": " + std::string(what));
}
std::runtime_error wrong_file(std::string_view key, const std::string& path, std::string_view what) {
    return std::runtime_error("[plugin.auth] " + std::string(key) + " = \"" + path + "\": " + std::string(what));
}

json::Raw roles_of(const Grant& grant) {
    json::Raw roles;
    json::put(roles.text, grant.roles);
    return roles;
}

class Auth : public wshub::Plugin {
public:
    explicit Auth(wshub::Host host) : Plugin(host), settings_(read_settings()) {
        for (std::size_t i = 0; i < refused_.size(); ++i) {
            refused_[i] = counter("auth_refused_total", "Clients that were not let in, and refreshes refused",
                                  "reason=\"" + std::string(auth::kReasonNames[i]) + "\"");
        }
        const std::string problem = auth::problem_of(settings_);
        if (!problem.empty()) throw std::runtime_error(problem);
        if (settings_.mode == "none") return;

        if (settings_.mode == "token") set_up_tokens();
        if (settings_.mode == "jwt") set_up_jwt();
        if (settings_.mode == "webhook") set_up_webhook();
        on_connect([this](wshub::Connect& connect) { judge(connect); }, kPriority);
        on_connected([this](wshub::Session session) { begin(session); }, kPriority);
        on_disconnect([this](wshub::Session session, std::string_view) { expiry_.forget(session); });
    }

private:
    void on_start() override {
        // Sessions may be older than this instance of the plugin.
        if (settings_.mode != "none") {
            for (const wshub::Session& session : sessions()) watch(session);
        }
        if (file_) thread([this](wshub::StopToken stop) { watch_file(stop); });
        if (!webhook_) return;
        webhook_->start();
        thread([this](wshub::StopToken) { run_webhook(); });
    }
    void on_stop() override {
        if (webhook_) webhook_->stop();
    }

    auth::Settings read_settings();
    void set_up_tokens();
    void set_up_jwt();
    void set_up_webhook();

    // ---- letting in

    void judge(wshub::Connect& connect);
    using Checked = std::variant<Grant, Reason>;
    Checked check_token(std::string_view text) const;
    Checked check_jwt(std::string_view text) const;
    Checked check(std::string_view text) const;
    std::variant<std::string, Reason> credential(const wshub::Connect& connect) const;
    // Gives the session what the grant says. Nothing if that could be done.
    std::optional<Reason> apply(const wshub::Session& session, const Grant& grant) const;
    void remember(const wshub::Session& session, const Grant& grant) const;
    void begin(const wshub::Session& session);
    void watch(const wshub::Session& session);
    void refresh(wshub::Event& event);
    std::optional<Reason> check_refresh(const wshub::Session& session, const Grant& grant) const;

    void run_webhook();
    void send_away(const wshub::Session& session);
    void ask_backend(wshub::Connect& connect);
    void decide(const wshub::Verdict& verdict, const auth::Webhook::Answer& answer);
    Checked read(const auth::Webhook::Answer& answer);
    Checked backend_failed(std::string_view why);

    void count(const wshub::Session& session, Reason reason);
    template <class Door>
    void refuse(Door& door, Reason reason) {
        count(door.session(), reason);
        door.reject("FORBIDDEN", "Unauthorized");
    }

    // ---- the file of tokens or keys

    void load_file();  // throws what is wrong
    void watch_file(wshub::StopToken stop);

    const auth::Settings settings_;
    std::optional<auth::WatchedFile> file_;  // from on_start() on, its thread's
    std::vector<auth::Token> listed_;        // `tokens`
    auth::Reloaded<std::vector<auth::Token>> tokens_;
    auth::Reloaded<std::vector<auth::Key>> keys_;
    std::unique_ptr<auth::Webhook> webhook_;
    std::atomic<bool> backend_fails_{false};  // as of its last answer

    std::array<wshub::Counter, auth::kReasonNames.size()> refused_;
    wshub::Counter accepted_ = counter("auth_accepted_total", "Clients that were let in");
    wshub::Counter refreshed_ = counter("auth_refreshed_total", "Tokens that were replaced by a newer one");
    wshub::Counter unchecked_ =
        counter("auth_unchecked_total", "Clients that were let in since the backend failed (webhook_on_failure)");
    auth::Expiry expiry_{*this, settings_.warn_before,
                         counter("auth_expired_total", "Sessions that ended since what let them in ran out")};
};

// ---- settings

auth::Settings Auth::read_settings() {
    auth::Settings s;
    s.mode = config("mode", "none", "What a client must show: none, token, jwt, or webhook, which asks a backend.");
    s.header =
        families::lower_case(config("header", "", "A request header that holds the token where CONNECT has none."));

    s.tokens = config_secret("tokens", "Tokens that let in, separated by commas.");
    s.tokens_file = config("tokens_file", fs::path(), "A file of hashed tokens with their roles and usernames.");

    s.secret = config_secret("secret", "The secret that JWTs are signed with by HS256, 32 or more bytes.");
    s.keys_file =
        config("keys_file", fs::path(), "Public keys in PEM, or a JWKS document, that JWTs are checked with.");
    s.rules.issuer = config("issuer", "", "The iss that a JWT must have; empty is any.");
    s.rules.audience = config("audience", std::vector<std::string>(), "A JWT must name one of these in its aud.");
    s.rules.leeway = config("leeway", wshub::Millis(30s), "How far the clock of who signs may differ.", {0ms, 10min});
    s.rules.require_exp = config("require_exp", true, "Whether a JWT must have an exp.");
    s.rules.username_claim = config("username_claim", "", "The claim that holds the username; empty sets none.");
    s.rules.roles_claim = config("roles_claim", "roles", "The claim that holds the roles; empty sets none.");
    s.warn_before = config("warn_before", wshub::Millis(60s),
                           "How long before its end a session gets auth:expiring; 0s is never.", {0ms, 24h});

    s.webhook.url = config_secret(
        "webhook_url", "The backend that is asked, http or https; its query may be a secret, so that it is not shown.");
    s.webhook.ca_file =
        config("webhook_ca_file", fs::path(), "The certificates that the backend is checked with, in PEM.");
    s.webhook.secret = config_secret("webhook_secret", "The secret that questions are signed with; empty: unsigned.");
    s.webhook_headers =
        config("webhook_headers", std::vector<std::string>{"authorization", "cookie", "user-agent", "origin"},
               "The headers of the client's request that the backend sees.");
    for (std::string& name : s.webhook_headers) name = families::lower_case(name);
    s.webhook.timeout = config("webhook_timeout", wshub::Millis(5s), "How long one try may take.", {10ms, 60s});
    s.webhook.retries = config("webhook_retries", 1, "How often a try that failed is repeated.", {0, 5});
    s.webhook_on_failure =
        config("webhook_on_failure", "refuse", "What happens if the backend fails: refuse, or accept everybody.");
    s.webhook.concurrency =
        static_cast<std::size_t>(config("webhook_concurrency", 64, "How many questions may be under way.", {1, 1000}));
    s.webhook.queue = static_cast<std::size_t>(
        config("webhook_queue", 1024, "How many more may wait; above it clients are refused.", {0, 100'000}));
    return s;
}

void Auth::set_up_tokens() {
    auto listed = auth::parse_token_list(settings_.tokens);
    if (const auto* problem = std::get_if<auth::Problem>(&listed)) throw wrong("tokens", *problem);
    listed_ = std::get<std::vector<auth::Token>>(std::move(listed));
    if (settings_.tokens_file.empty()) return tokens_.set(listed_);
    file_.emplace(settings_.tokens_file);
    load_file();
}

void Auth::set_up_jwt() {
    on("auth:refresh", [this](wshub::Event& event) { refresh(event); });
    if (!settings_.keys_file.empty()) {
        file_.emplace(settings_.keys_file);
        return load_file();
    }
    auto key = auth::parse_secret(settings_.secret);
    if (const auto* problem = std::get_if<auth::KeyProblem>(&key)) throw wrong("secret", problem->what);
    keys_.set({std::get<auth::Key>(std::move(key))});
}

void Auth::set_up_webhook() {
    const std::string& ca_file = settings_.webhook.ca_file;
    if (!ca_file.empty()) {
        const auto text = auth::WatchedFile(ca_file).read();
        if (const auto* unreadable = std::get_if<auth::WatchedFile::Unreadable>(&text)) {
            throw wrong_file("webhook_ca_file", ca_file, "cannot be read: " + unreadable->why);
        }
        if (std::get<std::string>(text).find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
            throw wrong_file("webhook_ca_file", ca_file, "expected certificates in PEM (-----BEGIN CERTIFICATE-----)");
        }
    }
    webhook_ = std::make_unique<auth::Webhook>(settings_.webhook);
}

// ---- the file

void Auth::load_file() {
    const bool of_tokens = settings_.mode == "token";
    const std::string_view key = of_tokens ? "tokens_file" : "keys_file";
    const auto read = file_->read();
    if (const auto* unreadable = std::get_if<auth::WatchedFile::Unreadable>(&read)) {
        throw wrong_file(key, file_->path(), "cannot be read: " + unreadable->why);
    }
    const auto& text = std::get<std::string>(read);
    if (of_tokens) {
        auto tokens = auth::parse_token_file(text);
        if (const auto* problem = std::get_if<auth::Problem>(&tokens)) throw wrong_file(key, file_->path(), *problem);
        auto all = std::get<std::vector<auth::Token>>(std::move(tokens));
        all.insert(all.end(), listed_.begin(), listed_.end());
        tokens_.set(std::move(all));
    } else {
        auto keys = auth::parse_keys(text);
        if (const auto* problem = std::get_if<auth::KeyProblem>(&keys))
            throw wrong_file(key, file_->path(), problem->what);
        auto& all = std::get<auth::Keys>(keys);
        for (const std::string& why : all.skipped) info(std::string(key) + " " + file_->path() + ": not used: " + why);
        keys_.set(std::move(all.keys));
    }
}

void Auth::watch_file(wshub::StopToken stop) {
    while (stop.sleep(kFileRhythm)) {
        if (!file_->changed()) continue;
        try {
            load_file();
            info("read again file=" + file_->path());
        } catch (const std::exception& e) {
            error(std::string("what was read before stays in use: ") + e.what());
        }
    }
}

// ---- letting in

void Auth::judge(wshub::Connect& connect) {
    if (connect.session().var("admin.proved") == "true") return;  // it has shown the admin token
    if (webhook_) return ask_backend(connect);
    const auto text = credential(connect);
    if (const auto* reason = std::get_if<Reason>(&text)) return refuse(connect, *reason);
    const Checked checked = check(std::get<std::string>(text));
    if (const auto* reason = std::get_if<Reason>(&checked)) return refuse(connect, *reason);
    if (const auto reason = apply(connect.session(), std::get<Grant>(checked))) return refuse(connect, *reason);
}

std::variant<std::string, Reason> Auth::credential(const wshub::Connect& connect) const {
    const json::View token = connect.auth()["token"];
    if (token.is_string()) return token.str();
    if (token) return Reason::malformed;
    std::optional<std::string> found;
    if (!settings_.header.empty()) {
        const std::string headers = connect.session().headers();
        families::each_header(headers, [&](std::string_view name, std::string_view value) {
            if (families::lower_case(name) != settings_.header) return true;
            constexpr std::string_view kScheme = "bearer ";
            if (families::lower_case(value.substr(0, kScheme.size())) == kScheme) value.remove_prefix(kScheme.size());
            found = std::string(value);
            return false;
        });
    }
    if (!found) return Reason::missing;
    return *std::move(found);
}

Auth::Checked Auth::check(std::string_view text) const {
    return settings_.mode == "token" ? check_token(text) : check_jwt(text);
}

Auth::Checked Auth::check_token(std::string_view text) const {
    if (text.size() > auth::kMaxTokenBytes) return Reason::too_large;
    const auto tokens = tokens_.get();
    const auth::Token* const token = auth::find_token(*tokens, text);
    if (!token) return Reason::unknown_token;
    Grant grant;
    grant.username = token->username;
    grant.roles = token->roles;
    return grant;
}

Auth::Checked Auth::check_jwt(std::string_view text) const {
    return auth::verify_jwt(text, *keys_.get(), settings_.rules, now_ms());
}

std::optional<Reason> Auth::apply(const wshub::Session& session, const Grant& grant) const {
    using Claim = wshub::Session::Claim;
    if (grant.username) {
        if (grant.username->empty()) return Reason::username_invalid;  // would release the one it has
        switch (session.set_username(*grant.username)) {
            case Claim::taken:
            case Claim::fixed: return Reason::username_taken;
            case Claim::invalid: return Reason::username_invalid;
            case Claim::done:
            case Claim::gone: break;
        }
    }
    if (!grant.roles.empty()) session.set_roles(roles_of(grant));
    remember(session, grant);
    return std::nullopt;
}

void Auth::remember(const wshub::Session& session, const Grant& grant) const {
    const bool refreshable = settings_.mode == "jwt";
    if (!grant.ends_at_ms && !refreshable) return;
    session.set_var(kGrantVar, json::obj("endsAt", grant.ends_at_ms, "sub", grant.subject, "iss", grant.issuer));
}

void Auth::begin(const wshub::Session& session) {
    accepted_.inc();
    watch(session);
}

void Auth::watch(const wshub::Session& session) {
    const std::string grant = session.var(kGrantVar);
    if (grant.empty()) return;
    const json::View ends_at = json::View(grant)["endsAt"];
    if (ends_at) expiry_.watch(session, ends_at.num());
}

void Auth::count(const wshub::Session& session, Reason reason) {
    refused_[static_cast<std::size_t>(reason)].inc();
    if (!log_enabled(wshub::Level::debug)) return;
    debug("refused reason=" + std::string(auth::name_of(reason)) + " sid=" + session.sid() +
          " remote=" + session.remote());
}

// ---- a newer token for a session

void Auth::refresh(wshub::Event& event) {
    const json::View token = event[0]["token"];
    if (!token.is_string()) return event.fail("INVALID_FORMAT", "auth:refresh takes an object with a token");
    const wshub::Session session = event.session();
    const Checked checked = check_jwt(token.str());
    const auto* const grant = std::get_if<Grant>(&checked);
    const auto reason = grant ? check_refresh(session, *grant) : std::get<Reason>(checked);
    if (reason) {
        count(session, *reason);
        return event.fail("FORBIDDEN", "Unauthorized");
    }
    if (!session.set_roles(roles_of(*grant))) return;
    remember(session, *grant);
    auth::Expiry::warn_again(session);
    if (grant->ends_at_ms) {
        expiry_.watch(session, *grant->ends_at_ms);
    } else {
        expiry_.forget(session);
    }
    refreshed_.inc();
    const auto expires_at = grant->ends_at_ms ? std::optional(wshub::iso8601_millis(*grant->ends_at_ms)) : std::nullopt;
    event.ack(json::obj("status", "ok", "expiresAt", expires_at));
}

// Only for who was let in with a token, and is the same by the new one.
std::optional<Reason> Auth::check_refresh(const wshub::Session& session, const Grant& grant) const {
    const std::string before = session.var(kGrantVar);
    if (before.empty() || grant.subject.empty()) return Reason::subject;
    const json::View known(before);
    const bool same = known["sub"].equals(grant.subject) && known["iss"].equals(grant.issuer);
    return same ? std::nullopt : std::optional(Reason::subject);
}

// ---- the backend

void Auth::run_webhook() {
    try {
        webhook_->run();
    } catch (...) {
        webhook_->stop();  // so that clients are refused, and do not wait for nobody
        throw;
    }
}

void Auth::ask_backend(wshub::Connect& connect) {
    const wshub::Session session = connect.session();
    const auth::Applicant applicant{session.sid(),        session.nsp(),     session.remote(),
                                    session.user_agent(), session.headers(), session.auth()};
    std::string body = auth::question_of(applicant, settings_.webhook_headers);
    if (body.size() > auth::kMaxQuestionBytes) return refuse(connect, Reason::too_large);
    const wshub::Verdict verdict = connect.hold();
    auth::Webhook::Question question{auth::network_of(applicant.remote), std::move(body),
                                     [this, verdict](const auth::Webhook::Answer& answer) { decide(verdict, answer); },
                                     [session] { return session.connected_at_ms() != 0; }};
    // Never accepted unseen: a flood of clients would open the door.
    if (!webhook_->ask(std::move(question))) send_away(session);
}

// Not by a refusal, after which clients stay away.
void Auth::send_away(const wshub::Session& session) {
    count(session, Reason::overloaded);
    session.close_transport();
}

// On the thread of the webhook.
void Auth::decide(const wshub::Verdict& verdict, const auth::Webhook::Answer& answer) {
    wshub::Verdict door = verdict;
    if (answer.overloaded) return send_away(door.session());
    try {
        const Checked checked = read(answer);
        if (const auto* reason = std::get_if<Reason>(&checked)) return refuse(door, *reason);
        if (const auto reason = apply(door.session(), std::get<Grant>(checked))) return refuse(door, *reason);
        door.accept();
    } catch (const std::exception& e) {
        error(std::string("a client could not be let in: ") + e.what());
        door.reject("FORBIDDEN", "Unauthorized");
    }
}

// A client must not be able to make the backend "fail" by what it sends: whatever blames the request is a no.
bool is_refusal(long status) {
    constexpr long kRequestTimeout = 408, kTooManyRequests = 429;
    return status >= 400 && status < 500 && status != kRequestTimeout && status != kTooManyRequests;
}

Auth::Checked Auth::read(const auth::Webhook::Answer& answer) {
    if (answer.status == 0) return backend_failed(answer.failure);
    Checked checked = Reason::backend_refused;
    if (answer.status == 200) {
        const auto read = auth::read_answer(answer.body, now_ms());
        if (const auto* unusable = std::get_if<auth::Unusable>(&read)) {
            return backend_failed("its answer is not usable: " + unusable->why);
        }
        if (const auto* grant = std::get_if<Grant>(&read)) checked = *grant;
    } else if (!is_refusal(answer.status)) {
        return backend_failed("it answered with status " + std::to_string(answer.status));
    }
    if (backend_fails_.exchange(false)) info("the backend answers again");
    return checked;
}

Auth::Checked Auth::backend_failed(std::string_view why) {
    // Said once, since every client meets it.
    if (!backend_fails_.exchange(true)) {
        warn("the backend fails, clients are " +
             std::string(settings_.webhook_on_failure == "accept" ? "accepted" : "refused") + ": " + std::string(why));
    }
    if (settings_.webhook_on_failure != "accept") return Reason::backend_failed;
    unchecked_.inc();
    return Grant{};
}

}  // namespace

WSHUB_PLUGIN(Auth, "auth", "0.1.0")
