// `wshub client`: runs commands against a connection and shows what comes, until the commands end or the connection
// does. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "console/client.h"
#include "console/command.h"
#include "console/line_source.h"
#include "console/options.h"
#include "console/output.h"

namespace wshub::console {

enum ExitCode : int {
    kDone = 0,
    kFailed = 1,  // a command: no acknowledgement, or not what was expected
    kUsage = 2,
    kNotConnected = 3,
};

class Console {
public:
    // All of them outlive it.
    Console(const Options& options, LineSource& lines, Output& output, const base::Clock& clock);

    // Until the end, whose exit code it gives. Problems that no line of the output is for go to standard error. Once.
    int run();

private:
    enum class Turn { kDone, kReadable, kTimeout, kOver };
    using Condition = std::function<bool()>;
    struct Event {
        std::string name, args;
    };

    bool come_in();
    void run_lines();
    void run_line(const Line& line);
    // Empty if it was done, else why not.
    std::string run_command(const Command& command);
    std::string emit(const Command& command);
    std::string ask(std::string_view event, const Payload& payload, const std::optional<std::string>& wanted);
    std::string enter_or_leave_room(std::string_view event, std::string_view room);
    std::string wait_for(const Command& command);
    std::string connect();
    void help(std::string_view name);
    std::string be_connected();

    // Serves the connection until the condition holds, the descriptor can be read, the time has come, or all is over.
    Turn serve(const Condition& condition, int descriptor, std::optional<base::SteadyTime> until);
    void keep_connection();
    // Milliseconds for poll(); -1: nothing is due.
    int patience(std::optional<base::SteadyTime> until) const;
    void take(const Happening& happening);
    void take_event(const Happening& happening);
    void lost(const std::string& reason);
    void try_again_later(const std::string& reason);
    void drop_client();
    void end(int code) {
        over_ = true;
        exit_code_ = code;
    }

    const Options& options_;
    LineSource& lines_;
    Output& output_;
    const base::Clock& clock_;

    std::unique_ptr<Client> client_;
    bool connected_ = false;
    bool was_connected_ = false;
    std::optional<base::SteadyTime> again_at_;
    int attempts_ = 0;
    std::string why_not_;  // there is no connection

    std::string watched_;        // empty: all events are shown
    std::deque<Event> backlog_;  // not taken by `wait` or `expect` yet
    std::size_t backlog_bytes_ = 0;
    std::uint64_t next_ack_ = 0;
    std::optional<std::uint64_t> asked_;
    std::optional<std::string> answer_;

    bool over_ = false;
    int exit_code_ = kDone;
};

// `arguments` behind the word `client`. The exit code.
int run_client(const std::vector<std::string_view>& arguments);

}  // namespace wshub::console
