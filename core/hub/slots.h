// Numbered places for things that are named from far away: a handle is loop (8 bits), generation (24), slot (32), and
// one whose thing is gone finds nothing. External lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "hub/types.h"

namespace wshub::hub {

template <class T>
class SlotTable {
public:
    // So many slots lie idle before the first is used again, so that a generation takes long to come round.
    SlotTable(unsigned loop, std::size_t reserve) : loop_(loop), reserve_(reserve) {}

    std::uint64_t add(T value) {
        const std::uint32_t slot = free_ > reserve_ ? take_free() : grow();
        Slot& at = slots_[slot];
        at.used = true;
        at.value = std::move(value);
        return static_cast<std::uint64_t>(loop_) << 56 | static_cast<std::uint64_t>(at.generation) << 32 | slot;
    }

    // Null if the handle is stale, or none of this table. Valid until the next add().
    T* find(std::uint64_t handle) { return const_cast<T*>(std::as_const(*this).find(handle)); }
    const T* find(std::uint64_t handle) const {
        const std::uint32_t slot = slot_of(handle);
        if (slot >= slots_.size() || loop_of(handle) != loop_) return nullptr;
        const Slot& at = slots_[slot];
        return at.used && at.generation == generation_of(handle) ? &at.value : nullptr;
    }

    void erase(std::uint64_t handle) {
        if (!find(handle)) return;
        const std::uint32_t slot = slot_of(handle);
        Slot& at = slots_[slot];
        at.used = false;
        at.value = T{};
        at.generation = at.generation == kMaxGeneration ? 1 : at.generation + 1;
        give_back(slot);
    }

    template <class Visit>
    void for_each(Visit visit) const {
        for (const Slot& slot : slots_) {
            if (slot.used) visit(slot.value);
        }
    }

private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t kMaxGeneration = (1u << 24) - 1;
    struct Slot {
        std::uint32_t generation = 1;  // never 0, so that no handle is 0
        std::uint32_t next_free = kNone;
        bool used = false;
        T value{};
    };

    static std::uint32_t slot_of(std::uint64_t handle) { return static_cast<std::uint32_t>(handle); }
    static std::uint32_t generation_of(std::uint64_t handle) {
        return static_cast<std::uint32_t>(handle >> 32) & kMaxGeneration;
    }

    std::uint32_t grow() {
        slots_.emplace_back();
        return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    std::uint32_t take_free() {
        const std::uint32_t slot = first_free_;
        first_free_ = slots_[slot].next_free;
        if (first_free_ == kNone) last_free_ = kNone;
        --free_;
        return slot;
    }
    void give_back(std::uint32_t slot) {
        slots_[slot].next_free = kNone;
        (last_free_ == kNone ? first_free_ : slots_[last_free_].next_free) = slot;
        last_free_ = slot;
        ++free_;
    }

    unsigned loop_;
    std::size_t reserve_;
    std::vector<Slot> slots_;
    std::uint32_t first_free_ = kNone, last_free_ = kNone;  // the one idle longest is used first
    std::size_t free_ = 0;
};

}  // namespace wshub::hub
