// The thread on which plugins are reloaded, one change at a time: waits for requests and for changes of the plugin
// directory, and hands over what has come together.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "host/reload_outcome.h"

namespace wshub::host {

struct ReloadRequest {
    bool configuration = false;                          // read again, and every file looked at
    bool all_files = false;                              // any of them may have changed
    std::set<std::filesystem::path> files;               // that changed, came or went
    std::set<std::string> plugins;                       // asked for by name, whether they changed or not
    std::vector<std::shared_ptr<ReloadWaiter>> waiters;  // to be told of the outcome

    bool empty() const { return !configuration && !all_files && files.empty() && plugins.empty(); }
    void add(const ReloadRequest& other);
};

class ReloadThread {
public:
    // Changes in `directory` (empty: none is watched) count when it has been quiet for that long.
    static constexpr base::milliseconds kQuiet{150};
    static constexpr base::milliseconds kLookEvery{100};

    // Starts it. `act` gets the requests; `look` is called now and then while it gives true, and after each request.
    ReloadThread(std::filesystem::path directory, std::function<void(const ReloadRequest&)> act,
                 std::function<bool()> look);
    // When what is under way is done.
    ~ReloadThread();
    ReloadThread(const ReloadThread&) = delete;

    // Any thread.
    void request(const ReloadRequest& request);
    // No request is taken any more.
    void refuse();
    // Whether something that was requested is not done yet.
    bool is_busy();
    // Waits until all that was requested before is done.
    void finish();

private:
    class Watch;

    void run();
    void wake() const;
    void take_changes();
    ReloadRequest take_requests();

    const std::unique_ptr<Watch> watch_;
    const std::function<void(const ReloadRequest&)> act_;
    const std::function<bool()> look_;

    int wake_fd_ = -1;
    std::mutex mutex_;
    std::condition_variable done_;
    ReloadRequest requested_;
    bool busy_ = false, ending_ = false;

    // The thread's own.
    ReloadRequest changed_;
    base::SteadyTime first_change_{}, last_change_{};
    std::thread thread_;
};

}  // namespace wshub::host
