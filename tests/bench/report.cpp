#include "report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace wshub::bench {

void Report::add(std::string_view name, std::uint64_t value) {
    lines_.push_back({std::string(name), std::to_string(value)});
}

void Report::add(std::string_view name, double value) {
    std::array<char, 64> text{};
    // JSON has no word for what is no number.
    std::snprintf(text.data(), text.size(), "%.6g", value);
    lines_.push_back({std::string(name), std::isfinite(value) ? text.data() : "null"});
}

void Report::add(std::string_view name, bool value) {
    lines_.push_back({std::string(name), value ? "true" : "false"});
}

void Report::add(std::string_view name, std::string_view value) {
    std::string quoted = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') quoted.push_back('\\');
        quoted.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    }
    quoted.push_back('"');
    lines_.push_back({std::string(name), std::move(quoted)});
}

void Report::add_milliseconds(std::string_view name, std::chrono::nanoseconds value) {
    add(name, std::chrono::duration<double, std::milli>(value).count());
}

std::string Report::json() const {
    std::string out = "{";
    for (const Line& line : lines_) {
        if (out.size() > 1) out.push_back(',');
        out.append("\"").append(line.name).append("\":").append(line.json);
    }
    out.append("}\n");
    return out;
}

std::string Report::text() const {
    std::size_t width = 0;
    for (const Line& line : lines_) width = std::max(width, line.name.size());
    std::string out;
    for (const Line& line : lines_) {
        out.append(line.name).append(width - line.name.size() + 2, ' ').append(line.json).push_back('\n');
    }
    return out;
}

}  // namespace wshub::bench
