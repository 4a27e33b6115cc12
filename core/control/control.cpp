#include "control/control.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/alternate_stack.h"
#include "base/log.h"
#include "control/operations.h"

namespace wshub::control {
namespace {

// Each may hold a megabyte of arguments.
constexpr std::size_t kMostWaiting = 64;

const std::map<std::string_view, Operation>& table() {
    static const std::map<std::string_view, Operation> operations{
        {"stats", stats},         {"sessions", sessions}, {"session", session}, {"rooms", rooms},
        {"room", room},           {"plugins", plugins},   {"closes", closes},   {"kick", kick},
        {"broadcast", broadcast}, {"leave", leave},       {"reload", reload},   {"log-level", log_level},
        {"drain", drain},
    };
    return operations;
}

host::ControlAnswer answer_of(const Refused& refused) {
    return {refused.code(), refused.what(), {}};
}

}  // namespace

struct Control::Impl {
    explicit Impl(Subject given)
        : subject(std::move(given)), context{subject, subject.clock.wall(), subject.clock.steady(), {}} {}

    struct Task {
        std::string operation, arguments, who;
        host::ControlDone done;
    };

    void run();
    void carry_out(Task& task);

    const Subject subject;
    Context context;  // the thread's

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> waiting;  // under the mutex, and so is the next
    bool taking = false;
    std::thread thread;
};

Control::Control(Subject subject) : impl_(std::make_unique<Impl>(std::move(subject))) {}

Control::~Control() = default;

void Control::start() {
    impl_->taking = true;
    impl_->thread = std::thread([this] { impl_->run(); });
}

void Control::stop() {
    std::deque<Impl::Task> left;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->taking = false;
        left.swap(impl_->waiting);
    }
    impl_->changed.notify_all();
    if (impl_->thread.joinable()) impl_->thread.join();
    for (const Impl::Task& task : left) task.done({"INTERNAL", "the server is stopping", {}});
}

void Control::request(std::string operation, std::string arguments, std::string who, host::ControlDone done) {
    const char* refusal = nullptr;
    {
        const std::lock_guard lock(impl_->mutex);
        if (!impl_->taking) {
            refusal = "the server is starting or stopping";
        } else if (impl_->waiting.size() >= kMostWaiting) {
            refusal = "too many operations are waiting";
        } else {
            impl_->waiting.push_back({std::move(operation), std::move(arguments), std::move(who), std::move(done)});
        }
    }
    if (refusal) return done({"INTERNAL", refusal, {}});
    impl_->changed.notify_all();
}

std::vector<std::string_view> Control::operations() {
    std::vector<std::string_view> names;
    for (const auto& [name, operation] : table()) names.push_back(name);
    return names;
}

void Control::Impl::run() {
    const base::AlternateStack for_crashes;
    std::unique_lock lock(mutex);
    while (taking) {
        const auto ready = [this] { return !taking || !waiting.empty(); };
        if (context.drain.next) {
            changed.wait_until(lock, *context.drain.next, ready);
        } else {
            changed.wait(lock, ready);
        }
        if (!taking) return;
        std::optional<Task> task;
        if (!waiting.empty()) {
            task = std::move(waiting.front());
            waiting.pop_front();
        }
        lock.unlock();
        if (task) carry_out(*task);
        go_on_draining(context);
        task.reset();
        lock.lock();
    }
}

void Control::Impl::carry_out(Task& task) {
    host::ControlAnswer answer;
    try {
        const auto found = table().find(task.operation);
        if (found == table().end()) {
            throw Refused::not_found("there is no operation " + base::log::printable(task.operation));
        }
        Arguments arguments(std::move(task.arguments));
        Request request{context, arguments, task.who, task.done};
        auto result = found->second(request);
        if (!result) return;
        answer.json = std::move(result->text);
    } catch (const Refused& refused) {
        answer = answer_of(refused);
    } catch (const std::exception& error) {
        base::log::error("control operation failed operation={} reason=\"{}\"", task.operation, error.what());
        answer = {"INTERNAL", "the operation failed, see the log", {}};
    }
    task.done(answer);
}

}  // namespace wshub::control
