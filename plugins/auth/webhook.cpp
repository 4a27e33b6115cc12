#include "webhook.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <deque>
#include <list>
#include <optional>
#include <random>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "digest.h"
#include "free.h"
#include "shares.h"

namespace auth {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMaxAnswerBytes = 65'536;
constexpr milliseconds kFirstBackoff{200};
constexpr milliseconds kWantedRhythm{200};
constexpr milliseconds kIdle{60'000};
// Seconds; then their file is read again, since it may have been replaced.
[[maybe_unused]] constexpr long kCertificatesKept = 60;

using Easy = std::unique_ptr<CURL, Free<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Free<curl_multi_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Free<curl_slist_free_all>>;
using Url = std::unique_ptr<CURLU, Free<curl_url_cleanup>>;

// A question and what has become of it so far.
struct Job {
    Webhook::Question question;
    int tries = 0;
    Clock::time_point next_try;
    std::string answer;
    bool too_large = false;
    Headers headers;
    Easy easy;  // last, so that it goes first: it refers to the headers
};
using Jobs = std::list<Job>;

std::size_t take_answer(char* bytes, std::size_t, std::size_t count, void* job_pointer) {
    Job& job = *static_cast<Job*>(job_pointer);
    job.too_large = job.answer.size() + count > kMaxAnswerBytes;
    if (job.too_large) return 0;  // which ends the transfer
    job.answer.append(bytes, count);
    return count;
}

// Whether another try may help: the backend was not reached, or went away before it answered.
bool is_passing(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return true;
        default: return false;
    }
}

bool add_header(Headers& headers, const std::string& line) {
    curl_slist* const longer = ::curl_slist_append(headers.get(), line.c_str());
    if (!longer) return false;
    static_cast<void>(headers.release());
    headers.reset(longer);
    return true;
}

// libcurl asks for addresses on a thread of its own, which it leaves behind if it is stopped meanwhile. That thread
// comes back into libcurl, which therefore has to stay mapped when the plugin is unloaded.
void keep_libcurl_mapped() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<const void*>(&::curl_multi_init), &info) == 0) return;
    if (void* const library = ::dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE)) ::dlclose(library);
}

}  // namespace

std::string problem_of_url(const std::string& url) {
    const std::string expected = "expected a URL such as https://backend.example/auth";
    const auto starts_with = [&url](std::string_view scheme) { return url.rfind(scheme, 0) == 0; };
    if (!starts_with("http://") && !starts_with("https://")) return expected;
    const Url parsed(::curl_url());
    if (!parsed || ::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return expected;
    char* user = nullptr;
    if (::curl_url_get(parsed.get(), CURLUPART_USER, &user, 0) == CURLUE_OK) {
        ::curl_free(user);
        return expected + ", without user and password: webhook_secret signs the questions";
    }
    return {};
}

// Without note, the members belong to the thread of run().
class Webhook::Impl {
public:
    explicit Impl(WebhookSettings settings)
        : settings_(std::move(settings)), shares_(settings_.concurrency + settings_.queue) {
        if (::curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl does not start");
        keep_libcurl_mapped();
        multi_.reset(::curl_multi_init());
        if (!multi_) {
            ::curl_global_cleanup();
            throw std::runtime_error("libcurl does not start");
        }
        ::curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.concurrency));
    }
    ~Impl() {
        drop_all();
        multi_.reset();
        ::curl_global_cleanup();
    }
    Impl(const Impl&) = delete;

    bool ask(Question question) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (stopped_) return false;
            Shares::Place place = shares_.take(question.asker);
            if (!place.given) return false;
            if (!place.instead_of.empty()) leaving_.push_back(std::move(place.instead_of));
            arrived_.emplace_back();
            arrived_.back().question = std::move(question);
        }
        ::curl_multi_wakeup(multi_.get());
        return true;
    }

    void start() {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopped_ = false;
    }

    void stop() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stopped_ = true;
        }
        ::curl_multi_wakeup(multi_.get());
    }

    void run() {
        while (take_arrived()) {
            make_room();
            start_waiting();
            int count = 0;
            ::curl_multi_perform(multi_.get(), &count);
            finish_transfers();
            drop_unwanted();
            if (can_start()) continue;
            ::curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(patience().count()), nullptr);
        }
        drop_all();
    }

private:
    // False: stop.
    bool take_arrived() {
        const std::lock_guard<std::mutex> lock(mutex_);
        waiting_.splice(waiting_.end(), arrived_);
        return !stopped_;
    }

    // Of those that have to leave: what came last and has not begun, or has begun last.
    void make_room() {
        while (const std::optional<std::string> asker = next_leaving()) {
            const auto theirs = [&asker](const Job& job) { return job.question.asker == *asker; };
            Jobs* jobs = &waiting_;
            auto last = std::find_if(jobs->rbegin(), jobs->rend(), theirs);
            if (last == jobs->rend()) {
                jobs = &running_;
                last = std::find_if(jobs->rbegin(), jobs->rend(), theirs);
            }
            if (last == jobs->rend()) continue;
            const auto job = std::prev(last.base());
            job->question.done({0, {}, {}, true});
            drop(*jobs, job);
        }
    }
    std::optional<std::string> next_leaving() {
        const std::lock_guard<std::mutex> lock(mutex_);
        while (!leaving_.empty()) {
            std::string asker = std::move(leaving_.back());
            leaving_.pop_back();
            if (shares_.must_leave(asker)) return asker;
        }
        return std::nullopt;
    }

    bool can_start() const {
        return running_.size() < settings_.concurrency && next_due(Clock::now()) != waiting_.end();
    }
    Jobs::const_iterator next_due(Clock::time_point now) const {
        return std::find_if(waiting_.begin(), waiting_.end(), [now](const Job& job) { return job.next_try <= now; });
    }

    // In turn: who has the fewest under way is next, so that one asker's many do not hold up another's first.
    void start_waiting() {
        const Clock::time_point now = Clock::now();
        std::unordered_map<std::string_view, std::size_t> under_way;
        for (const Job& job : running_) ++under_way[job.question.asker];
        while (running_.size() < settings_.concurrency) {
            auto next = waiting_.end();
            std::size_t fewest = 0;
            for (auto job = waiting_.begin(); job != waiting_.end(); ++job) {
                if (job->next_try > now) continue;
                const auto found = under_way.find(job->question.asker);
                const std::size_t count = found == under_way.end() ? 0 : found->second;
                if (next != waiting_.end() && count >= fewest) continue;
                next = job;
                fewest = count;
                if (count == 0) break;
            }
            if (next == waiting_.end()) return;
            running_.splice(running_.end(), waiting_, next);
            ++under_way[next->question.asker];
            if (start(*next)) continue;
            end(next, {0, {}, "libcurl has no memory"});
            return;
        }
    }

    bool start(Job& job) {
        ++job.tries;
        job.answer.clear();
        job.too_large = false;
        job.easy.reset(::curl_easy_init());
        job.headers.reset();
        if (!job.easy || !prepare_headers(job)) return false;
        CURL* const easy = job.easy.get();
        bool good = true;
        const auto set = [&](CURLoption option, auto value) {
            good = good && ::curl_easy_setopt(easy, option, value) == CURLE_OK;
        };
        set(CURLOPT_URL, settings_.url.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, "");  // whatever the environment says
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        if (!settings_.ca_file.empty()) {
            set(CURLOPT_CAINFO, settings_.ca_file.c_str());
            set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
        }
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE, static_cast<long>(job.question.body.size()));
        set(CURLOPT_POSTFIELDS, job.question.body.c_str());
        set(CURLOPT_HTTPHEADER, job.headers.get());
        set(CURLOPT_WRITEFUNCTION, &take_answer);
        set(CURLOPT_WRITEDATA, static_cast<void*>(&job));
        set(CURLOPT_PRIVATE, static_cast<void*>(&job));
        set_what_newer_libcurl_has(easy);
        return good && ::curl_multi_add_handle(multi_.get(), easy) == CURLM_OK;
    }

    // Since 7.87, and the hub does without: a stop may wait until a name is resolved, certificates are read at each
    // try. The libcurl at hand may be older than the one that this was compiled with.
    static void set_what_newer_libcurl_has([[maybe_unused]] CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
        ::curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
        ::curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, kCertificatesKept);
#endif
    }

    // Each try is signed anew, so that the backend may insist on a fresh time.
    bool prepare_headers(Job& job) const {
        Headers& headers = job.headers;
        bool good = add_header(headers, "Content-Type: application/json") &&
                    add_header(headers, "Accept: application/json") && add_header(headers, "User-Agent: wshub") &&
                    add_header(headers, "Expect:");
        if (settings_.secret.empty()) return good;
        const std::string now = std::to_string(static_cast<long long>(std::time(nullptr)));
        const std::string signature = hmac_sha256_hex(settings_.secret, now + "." + job.question.body);
        return good && add_header(headers, "X-Wshub-Timestamp: " + now) &&
               add_header(headers, "X-Wshub-Signature: sha256=" + signature);
    }

    void finish_transfers() {
        int left = 0;
        while (const CURLMsg* const message = ::curl_multi_info_read(multi_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const CURLcode code = message->data.result;
            void* job_pointer = nullptr;
            ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job_pointer);
            const auto job = std::find_if(running_.begin(), running_.end(),
                                          [job_pointer](const Job& each) { return &each == job_pointer; });
            if (job != running_.end()) finish(job, code);
        }
    }

    void finish(Jobs::iterator job, CURLcode code) {
        long status = 0;
        ::curl_easy_getinfo(job->easy.get(), CURLINFO_RESPONSE_CODE, &status);
        const bool passing = code == CURLE_OK ? status >= 500 : is_passing(code) && !job->too_large;
        if (passing && job->tries <= settings_.retries) return try_later(job);
        Answer answer;
        if (code == CURLE_OK) {
            answer.status = static_cast<int>(status);
            answer.body = job->answer;
        } else {
            answer.failure = job->too_large ? "the answer is too large" : ::curl_easy_strerror(code);
        }
        end(job, answer);
    }

    void try_later(Jobs::iterator job) {
        remove(*job);
        const milliseconds backoff = kFirstBackoff * (1 << (job->tries - 1));
        // Not all at once, where many failed at once.
        std::uniform_int_distribution<milliseconds::rep> spread(backoff.count() / 2, backoff.count());
        job->next_try = Clock::now() + milliseconds(spread(random_));
        waiting_.splice(waiting_.end(), running_, job);
    }

    void drop_unwanted() {
        const Clock::time_point now = Clock::now();
        if (now < next_wanted_check_) return;
        next_wanted_check_ = now + kWantedRhythm;
        for (Jobs* jobs : {&waiting_, &running_}) {
            for (auto job = jobs->begin(); job != jobs->end();) {
                const auto next = std::next(job);
                if (!job->question.wanted()) drop(*jobs, job);
                job = next;
            }
        }
    }

    void end(Jobs::iterator job, const Answer& answer) {
        job->question.done(answer);
        drop(running_, job);
    }
    void drop(Jobs& jobs, Jobs::iterator job) {
        remove(*job);
        const std::string asker = std::move(job->question.asker);
        jobs.erase(job);
        const std::lock_guard<std::mutex> lock(mutex_);
        shares_.give_back(asker);
    }
    void drop_all() {
        take_arrived();
        while (!running_.empty()) drop(running_, running_.begin());
        while (!waiting_.empty()) drop(waiting_, waiting_.begin());
    }
    void remove(Job& job) {
        if (!job.easy) return;
        ::curl_multi_remove_handle(multi_.get(), job.easy.get());
        job.easy.reset();
    }

    milliseconds patience() const {
        milliseconds patience = running_.empty() && waiting_.empty() ? kIdle : kWantedRhythm;
        const Clock::time_point now = Clock::now();
        for (const Job& job : waiting_) {
            const auto left = std::chrono::ceil<milliseconds>(job.next_try - now);
            if (left.count() > 0) patience = std::min(patience, left);
        }
        return patience;
    }

    const WebhookSettings settings_;
    Multi multi_;
    Jobs waiting_, running_;
    Clock::time_point next_wanted_check_;
    std::minstd_rand random_{std::random_device{}()};

    std::mutex mutex_;  // of what follows
    Jobs arrived_;
    Shares shares_;                     // of all three lists
    std::vector<std::string> leaving_;  // who has to leave a place, as often as it has to
    bool stopped_ = true;
};

Webhook::Webhook(WebhookSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Webhook::~Webhook() = default;
bool Webhook::ask(Question question) {
    return impl_->ask(std::move(question));
}
void Webhook::start() {
    impl_->start();
}
void Webhook::run() {
    impl_->run();
}
void Webhook::stop() {
    impl_->stop();
}

}  // namespace auth
