// The figures of one run, in the order they were added; as lines for people and as one JSON object for programs.
// Names carry their unit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wshub::bench {

class Report {
public:
    void add(std::string_view name, std::uint64_t value);
    void add(std::string_view name, double value);
    void add(std::string_view name, bool value);
    // `value` must need no escapes in JSON but those of quotes and backslashes.
    void add(std::string_view name, std::string_view value);
    void add_milliseconds(std::string_view name, std::chrono::nanoseconds value);

    std::string json() const;
    std::string text() const;

private:
    struct Line {
        std::string name;
        std::string json;  // the value
    };
    std::vector<Line> lines_;
};

}  // namespace wshub::bench
