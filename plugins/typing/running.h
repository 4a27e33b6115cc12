// To whom one typist is typing, and until when that holds without another word. Knows no server and no clock: who uses
// it says what time it is. Its session's handlers only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace typing {

using Time = std::chrono::steady_clock::time_point;
using Target = std::uint64_t;  // a session, which stays the same when its user takes another name

class Running {
public:
    // So many at once. Nobody types to more people; a client that says so makes us forget the one it has not spoken of
    // for the longest time.
    static constexpr std::size_t kMost = 100;

    struct Started {
        bool first = false;             // it was not running: tell the target
        std::optional<Target> dropped;  // forgotten to make room: it has to be told that this is over
    };
    Started start(Target target, Time until);
    void stop(Target target);

    // Takes those that are over by `now`, the longest over first.
    std::vector<Target> take_over(Time now);
    std::vector<Target> take_all();
    // When the next is over; nothing if none runs.
    std::optional<Time> next() const;

    struct Entry {
        Target target;
        Time until;
    };
    const std::vector<Entry>& entries() const { return entries_; }

private:
    // By `until`: the timeout is the same for all, and so whoever is spoken of goes to the end.
    std::vector<Entry> entries_;
};

}  // namespace typing
