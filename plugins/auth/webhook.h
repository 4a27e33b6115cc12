// Asks an HTTP backend, many questions at once, on one thread. Knows neither what is asked nor what the answers mean.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

struct WebhookSettings {
    std::string url;
    std::string ca_file;  // empty: those of the system
    std::string secret;   // empty: questions are not signed
    std::chrono::milliseconds timeout{5000};
    int retries = 1;
    std::size_t concurrency = 64;  // most questions under way
    std::size_t queue = 1024;      // most that wait, those that will be tried again included
};

// What is wrong with a URL for an operator; empty: nothing.
std::string problem_of_url(const std::string& url);

class Webhook {
public:
    struct Answer {
        int status = 0;           // 0: there was none, see `failure`
        std::string_view body;    // valid during the call
        std::string failure;      // for the log; never a part of question or answer
        bool overloaded = false;  // it was not asked, or not to the end, in favour of somebody who asks less
    };
    struct Question {
        std::string asker;  // all that ask under one name share the places fairly with the others
        std::string body;   // JSON
        // On the thread of run(), once, unless nobody wants to know any more. After all tries.
        std::function<void(const Answer&)> done;
        // Asked now and then, on that thread; once it says no, the question is dropped.
        std::function<bool()> wanted;
    };

    // Throws std::runtime_error if libcurl does not start.
    explicit Webhook(WebhookSettings settings);
    ~Webhook();
    Webhook(const Webhook&) = delete;

    // False: too many wait, of whom nobody asks more than this one, or it does not run; `question` is dropped. Any
    // thread.
    bool ask(Question question);
    // Questions are taken from here on, until stop().
    void start();
    // Works until stop(). What is unanswered then is dropped without a word.
    void run();
    // Any thread.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace auth
