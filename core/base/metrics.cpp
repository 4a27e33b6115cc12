#include "base/metrics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/metrics_text.h"

namespace wshub::base {
namespace {

std::string_view type_name(Metrics::Kind kind) {
    switch (kind) {
        case Metrics::Kind::kCounter:
        case Metrics::Kind::kSeconds: return "counter";
        case Metrics::Kind::kGauge: return "gauge";
        case Metrics::Kind::kHistogram: return "histogram";
    }
    return "untyped";
}

// Whether the label stands among the labels, whole.
bool has_label(std::string_view labels, std::string_view label) {
    for (std::size_t at = labels.find(label); at != std::string_view::npos; at = labels.find(label, at + 1)) {
        const std::size_t end = at + label.size();
        if ((at == 0 || labels[at - 1] == ',') && (end == labels.size() || labels[end] == ',')) return true;
    }
    return false;
}

// The lines of one family.
class Lines {
public:
    Lines(std::string& out, std::string_view name) : out_(out), name_(name) {}

    void add(const Metrics::Sample& sample) {
        switch (sample.kind) {
            case Metrics::Kind::kCounter: return whole({}, sample.labels, {}, static_cast<std::int64_t>(sample.value));
            case Metrics::Kind::kSeconds:
            case Metrics::Kind::kGauge: return real({}, sample.labels, sample.value);
            case Metrics::Kind::kHistogram: return histogram(sample.labels, sample.histogram);
        }
    }

private:
    void histogram(std::string_view labels, const HistogramReading& reading) {
        for (const HistogramReading::Bucket& bucket : reading.buckets) {
            std::string le = "le=\"";
            append_metric_value(le, bucket.le);
            le += '"';
            whole("_bucket", labels, le, bucket.count);
        }
        real("_sum", labels, reading.sum);
        whole("_count", labels, {}, reading.count);
    }

    void whole(std::string_view suffix, std::string_view labels, std::string_view more, std::int64_t value) {
        begin(suffix, labels, more);
        fmt::format_to(std::back_inserter(out_), "{}\n", value);
    }
    void real(std::string_view suffix, std::string_view labels, double value) {
        begin(suffix, labels, {});
        append_metric_value(out_, value);
        out_ += '\n';
    }
    void begin(std::string_view suffix, std::string_view labels, std::string_view more) {
        out_.append(name_).append(suffix);
        if (!labels.empty() || !more.empty()) {
            out_.append("{").append(labels).append(labels.empty() || more.empty() ? "" : ",").append(more).append("}");
        }
        out_ += ' ';
    }

    std::string& out_;
    std::string_view name_;
};

}  // namespace

namespace detail {

constinit thread_local unsigned t_thread_number = 0;

unsigned take_thread_number() {
    static std::atomic<unsigned> last{0};
    t_thread_number = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return t_thread_number - 1;
}

}  // namespace detail

// Under the mutex.
Metrics::Figure* Metrics::figure(std::string_view name, std::string_view help, Kind kind, std::string_view labels) {
    if (!is_metric_name(name) || !are_metric_labels(labels)) return nullptr;
    auto found = families_.find(name);
    if (found == families_.end()) {
        found = families_.emplace(std::string(name), Family{std::string(help), kind, {}}).first;
    }
    return found->second.kind == kind ? &found->second.figures[std::string(labels)] : nullptr;
}

Counter* Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    Figure* const at = figure(name, help, Kind::kCounter, labels);
    if (at && !at->counter) at->counter = &counters_.emplace_back();
    return at ? at->counter : nullptr;
}

TimeCounter* Metrics::seconds(std::string_view name, std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    Figure* const at = figure(name, help, Kind::kSeconds, labels);
    if (at && !at->seconds) at->seconds = &seconds_.emplace_back();
    return at ? at->seconds : nullptr;
}

Gauge* Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    Figure* const at = figure(name, help, Kind::kGauge, labels);
    if (at && !at->gauge) at->gauge = &gauges_.emplace_back();
    return at ? at->gauge : nullptr;
}

Histogram* Metrics::histogram(std::string_view name, std::string_view help,
                              std::span<const std::chrono::nanoseconds> bounds, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    if (const auto known = families_.find(name); known != families_.end() && known->second.kind == Kind::kHistogram) {
        if (!known->second.figures.begin()->second.histogram->has_bounds(bounds)) return nullptr;
    }
    Figure* const at = figure(name, help, Kind::kHistogram, labels);
    if (at && !at->histogram) at->histogram = &histograms_.emplace_back(bounds);
    return at ? at->histogram : nullptr;
}

void Metrics::before_reading(std::function<void()> refresh) {
    const std::lock_guard lock(reading_);
    refreshers_.push_back(std::move(refresh));
}

void Metrics::refresh() const {
    const std::lock_guard lock(reading_);
    for (const auto& each : refreshers_) each();
}

Metrics::Sample Metrics::sample(std::string_view name, std::string_view labels, Kind kind, const Figure& figure) {
    Sample out{name, labels, kind, 0, {}};
    switch (kind) {
        case Kind::kCounter: out.value = static_cast<double>(figure.counter->value()); break;
        case Kind::kSeconds: out.value = std::chrono::duration<double>(figure.seconds->value()).count(); break;
        case Kind::kGauge: out.value = figure.gauge->value(); break;
        case Kind::kHistogram:
            out.histogram = figure.histogram->read();
            out.value = out.histogram.sum;
            break;
    }
    return out;
}

void Metrics::read(const std::function<void(const Sample&)>& visit) const {
    refresh();
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
        for (const auto& [labels, figure] : family.figures) visit(sample(name, labels, family.kind, figure));
    }
}

double Metrics::total(std::string_view name, std::string_view label) const {
    const std::lock_guard lock(mutex_);
    double sum = 0;
    const auto family = families_.find(name);
    if (family == families_.end()) return sum;
    for (const auto& [labels, figure] : family->second.figures) {
        if (label.empty() || has_label(labels, label)) sum += sample(name, labels, family->second.kind, figure).value;
    }
    return sum;
}

HistogramReading Metrics::total_histogram(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    HistogramReading sum;
    const auto family = families_.find(name);
    if (family == families_.end() || family->second.kind != Kind::kHistogram) return sum;
    for (const auto& [labels, figure] : family->second.figures) sum.add(figure.histogram->read());
    return sum;
}

std::string Metrics::text() const {
    refresh();
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, family] : families_) {
        fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, escape_metric_help(family.help),
                       name, type_name(family.kind));
        Lines lines(out, name);
        for (const auto& [labels, figure] : family.figures) lines.add(sample(name, labels, family.kind, figure));
    }
    return out;
}

}  // namespace wshub::base
