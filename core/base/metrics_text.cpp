#include "base/metrics_text.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/log.h"

namespace wshub::base {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(std::string_view name, std::string_view more_letters) {
    const auto letter = [&](char c) { return is_letter(c) || more_letters.find(c) != std::string_view::npos; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Takes the value with its quotes off the front. False if there is none.
bool cut_value(std::string_view& labels) {
    if (labels.empty() || labels.front() != '"') return false;
    for (std::size_t at = 1; at < labels.size(); ++at) {
        const char c = labels[at];
        if (static_cast<unsigned char>(c) < 0x20) return false;
        if (c == '"') {
            labels.remove_prefix(at + 1);
            return true;
        }
        if (c != '\\') continue;
        ++at;
        if (at == labels.size() || std::string_view("\\\"n").find(labels[at]) == std::string_view::npos) return false;
    }
    return false;
}

}  // namespace

bool is_metric_name(std::string_view name) {
    return is_name(name, ":");
}

bool are_metric_labels(std::string_view labels) {
    std::set<std::string_view> names;
    while (!labels.empty()) {
        const std::size_t equals = labels.find('=');
        const std::string_view name = labels.substr(0, equals);
        if (equals == std::string_view::npos || !is_name(name, "") || !names.insert(name).second) return false;
        labels.remove_prefix(equals + 1);
        if (!cut_value(labels)) return false;
        if (labels.empty()) return true;
        if (labels.front() != ',' || labels.size() == 1) return false;
        labels.remove_prefix(1);
    }
    return true;
}

std::string metric_label(std::string_view name, std::string_view value) {
    std::string out(name);
    out += "=\"";
    for (const char c : log::printable(value, value.size())) {
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
    return out += '"';
}

std::string escape_metric_help(std::string_view help) {
    std::string out;
    for (const char c : help) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

void append_metric_value(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        fmt::format_to(std::back_inserter(out), "{}", value);
    }
}

}  // namespace wshub::base
