// The namespaces that have been seen, each once for the whole life of the hub, so that a pointer to one names it. Any
// thread; looking one up takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace wshub::hub {

struct Namespace {
    Namespace(std::string_view its_name, std::size_t its_id, bool is_configured, std::size_t loops, base::Gauge* gauge)
        : name(its_name), id(its_id), configured(is_configured), joined(loops), sockets(gauge) {}

    std::size_t count() const {
        std::size_t sum = 0;
        for (const auto& on_loop : joined) sum += on_loop.load(std::memory_order_relaxed);
        return sum;
    }

    const std::string name;
    const std::size_t id;  // 0, 1, 2, ... in the order they came
    const bool configured;
    std::vector<std::atomic<std::uint32_t>> joined;  // sockets that are in, by loop
    std::atomic<std::uint64_t> total{0};             // since the start
    base::Gauge* const sockets;

private:
    friend class Namespaces;
    Namespace* next_ = nullptr;
};

class Namespaces {
public:
    Namespaces(const std::vector<std::string>& configured, std::size_t loops, base::Metrics& metrics);
    ~Namespaces();
    Namespaces(const Namespaces&) = delete;
    Namespaces& operator=(const Namespaces&) = delete;

    // Null if nobody has asked for it yet. That it is known does not mean that it still exists for clients.
    Namespace* find(std::string_view name) const;
    Namespace& obtain(std::string_view name);
    void for_each(const std::function<void(Namespace&)>& visit) const;

private:
    static constexpr std::size_t kBuckets = 64;
    std::atomic<Namespace*>& bucket(std::string_view name) const;
    Namespace& add(std::string_view name, bool configured);

    std::size_t loops_;
    base::Metrics& metrics_;
    std::mutex mutex_;       // for adding
    std::size_t count_ = 0;  // under the mutex
    mutable std::array<std::atomic<Namespace*>, kBuckets> buckets_{};
};

}  // namespace wshub::hub
