#include "base/metrics.h"

#include <algorithm>

#include <fmt/format.h>

namespace wshub::base {
namespace {

// Data model of the Prometheus documentation: [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string escape_help(std::string_view help) {
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

}  // namespace

unsigned thread_number() {
    static std::atomic<unsigned> next{0};
    thread_local const unsigned mine = next.fetch_add(1, std::memory_order_relaxed);
    return mine;
}

Metrics::Family* Metrics::family(std::string_view name, std::string_view help, bool is_counter) {
    if (!is_metric_name(name)) return nullptr;
    auto found = families_.find(name);
    if (found == families_.end()) {
        found = families_.emplace(std::string(name), Family{std::string(help), is_counter, {}, {}}).first;
    }
    return found->second.is_counter == is_counter ? &found->second : nullptr;
}

Counter* Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    Family* in = family(name, help, true);
    if (!in) return nullptr;
    Counter*& slot = in->counters[std::string(labels)];
    if (!slot) slot = &counters_.emplace_back();
    return slot;
}

Gauge* Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    Family* in = family(name, help, false);
    if (!in) return nullptr;
    Gauge*& slot = in->gauges[std::string(labels)];
    if (!slot) slot = &gauges_.emplace_back();
    return slot;
}

double Metrics::total(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = families_.find(name);
    if (found == families_.end()) return 0;
    double sum = 0;
    for (const auto& [labels, counter] : found->second.counters) sum += static_cast<double>(counter->value());
    for (const auto& [labels, gauge] : found->second.gauges) sum += gauge->value();
    return sum;
}

std::string Metrics::text() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    const auto line = [&out](const std::string& name, const std::string& labels, const auto& value) {
        if (labels.empty()) {
            out += fmt::format("{} {}\n", name, value);
        } else {
            out += fmt::format("{}{{{}}} {}\n", name, labels, value);
        }
    };
    for (const auto& [name, family] : families_) {
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escape_help(family.help), name,
                           family.is_counter ? "counter" : "gauge");
        for (const auto& [labels, counter] : family.counters) line(name, labels, counter->value());
        for (const auto& [labels, gauge] : family.gauges) line(name, labels, gauge->value());
    }
    return out;
}

}  // namespace wshub::base
