// Something read from a file that readers on many threads use while it is replaced.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace auth {

// Any thread.
template <class Value>
class Reloaded {
public:
    std::shared_ptr<const Value> get() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return value_;
    }
    void set(Value value) {
        auto next = std::make_shared<const Value>(std::move(value));
        const std::lock_guard<std::mutex> lock(mutex_);
        value_.swap(next);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Value> value_ = std::make_shared<const Value>();
};

}  // namespace auth
