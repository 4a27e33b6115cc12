// Where commands come from: a list, a stream, or somebody who types.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wshub::console {

struct Line {
    std::string text;
    std::string where;  // "-e 2", "greet.wsc:3", or empty
};

// Waits until the descriptor can be read, and serves the connection meanwhile. False: the console has ended.
using Waiting = std::function<bool(int descriptor)>;

class LineSource {
public:
    virtual ~LineSource() = default;
    // Nothing at the end.
    virtual std::optional<Line> next(const Waiting& waiting) = 0;
    // Somebody sees what is typed and can mend it.
    virtual bool interactive() const { return false; }
    // Around each line that is shown while somebody types.
    virtual void step_aside() {}
    virtual void come_back() {}
};

std::unique_ptr<LineSource> listed_lines(std::vector<Line> lines);

// Of a descriptor that is no terminal; it is not closed. Lines above 64 MiB are cut into several.
std::unique_ptr<LineSource> stream_lines(int descriptor, std::string name);

// Of the terminal that standard input and output are, with history and keys as in a shell (libedit).
std::unique_ptr<LineSource> typed_lines();

}  // namespace wshub::console
