// What the clients of one address share: buckets, and a count of their sessions. Whoever keeps a session keeps its
// address's entry with it, so that an event needs no look-up. Any thread; a look-up takes the lock of one shelf.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/shared_bucket.h"
#include "protocol/ip_address.h"
#include "session/session_limits.h"

namespace wshub::session {

// An entry of the book. Any thread, without a lock.
class Address {
public:
    explicit Address(const AddressLimits& limits) : limits_(limits) {}

    // False: one event too many.
    bool take_event(base::SteadyTime now) { return events_.take(limits_.events, now); }
    // The same for a new session.
    bool take_connect(base::SteadyTime now) { return connects_.take(limits_.connects, now); }
    // Counts one session more, or one less. How many there are now.
    std::size_t add_session() { return sessions_.fetch_add(1, std::memory_order_relaxed) + 1; }
    void remove_session() { sessions_.fetch_sub(1, std::memory_order_relaxed); }

private:
    friend class AddressBook;
    const AddressLimits& limits_;
    base::SharedBucket events_, connects_;
    std::atomic<std::size_t> sessions_{0};
    std::uint32_t holders_ = 0;  // under the shelf's lock, and so is the next
    bool left_ = false;          // on the shelf's list of those that nobody may hold any more
};

class AddressBook {
public:
    explicit AddressBook(const AddressLimits& limits) : limits_(limits) {}
    AddressBook(const AddressBook&) = delete;
    AddressBook& operator=(const AddressBook&) = delete;

    // Keeps an entry in the book. The book outlives it.
    class Entry {
    public:
        Entry() = default;
        Entry(Entry&& other) noexcept
            : book_(std::exchange(other.book_, nullptr)), entry_(std::exchange(other.entry_, nullptr)) {}
        Entry& operator=(Entry other) noexcept {
            std::swap(book_, other.book_);
            std::swap(entry_, other.entry_);
            return *this;
        }
        ~Entry() {
            if (entry_ != nullptr) book_->release(*entry_);
        }

        // Null: no limit is set on addresses.
        Address* get() const { return entry_ == nullptr ? nullptr : &entry_->second; }
        Address* operator->() const { return get(); }
        explicit operator bool() const { return entry_ != nullptr; }

    private:
        friend class AddressBook;
        using Pair = std::pair<const protocol::IpAddress, Address>;
        Entry(AddressBook& book, Pair& entry) : book_(&book), entry_(&entry) {}
        AddressBook* book_ = nullptr;
        Pair* entry_ = nullptr;
    };

    // The entry of this address, made if there is none; nothing while no limit is set on addresses. One that nobody
    // holds is forgotten once its buckets are full again, as it then says nothing: each look-up clears a few away.
    Entry find(std::string_view remote, base::SteadyTime now);

    std::size_t size() const;

private:
    struct alignas(64) Shelf {
        mutable std::mutex mutex;
        std::unordered_map<protocol::IpAddress, Address> entries;
        std::deque<Entry::Pair*> left;
    };

    void release(Entry::Pair& entry);
    static void clear_away(Shelf& shelf, base::SteadyTime now);
    Shelf& shelf_of(const protocol::IpAddress& address);

    const AddressLimits& limits_;
    std::array<Shelf, 64> shelves_;
};

}  // namespace wshub::session
