#include "hub/namespaces.h"

namespace wshub::hub {
namespace {

// A label's value in Prometheus text.
std::string label(std::string_view name) {
    std::string out = "namespace=\"";
    for (const char c : name) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace

Namespaces::Namespaces(const std::vector<std::string>& configured, std::size_t loops, base::Metrics& metrics)
    : loops_(loops), metrics_(metrics) {
    for (const std::string& name : configured) {
        if (!find(name)) add(name, true);
    }
}

Namespaces::~Namespaces() {
    for (auto& bucket : buckets_) {
        for (Namespace* at = bucket.load(); at;) {
            const std::unique_ptr<Namespace> gone(at);
            at = gone->next_;
        }
    }
}

Namespace* Namespaces::find(std::string_view name) const {
    for (Namespace* at = bucket(name).load(std::memory_order_acquire); at; at = at->next_) {
        if (at->name == name) return at;
    }
    return nullptr;
}

Namespace& Namespaces::obtain(std::string_view name) {
    if (Namespace* known = find(name)) return *known;
    const std::lock_guard lock(mutex_);
    Namespace* known = find(name);
    return known ? *known : add(name, false);
}

void Namespaces::for_each(const std::function<void(Namespace&)>& visit) const {
    for (const auto& bucket : buckets_) {
        for (Namespace* at = bucket.load(std::memory_order_acquire); at; at = at->next_) visit(*at);
    }
}

std::atomic<Namespace*>& Namespaces::bucket(std::string_view name) const {
    return buckets_[std::hash<std::string_view>{}(name) % kBuckets];
}

Namespace& Namespaces::add(std::string_view name, bool configured) {
    base::Gauge* gauge = metrics_.gauge("wshub_sockets", "Sockets joined to a namespace.", label(name));
    auto made = std::make_unique<Namespace>(name, count_++, configured, loops_, gauge);
    std::atomic<Namespace*>& head = bucket(name);
    made->next_ = head.load(std::memory_order_relaxed);
    head.store(made.get(), std::memory_order_release);
    return *made.release();
}

}  // namespace wshub::hub
