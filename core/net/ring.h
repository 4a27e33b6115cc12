// A doubly linked ring whose links lie inside its members: adding, removing and moving cost O(1) and no memory, and a
// member takes itself out when it is destroyed. One thread.
#pragma once

#include <utility>

namespace wshub::net {

template <class T>
class Ring;

// T derives from RingLink<T>, at most one ring holds it at a time.
template <class T>
class RingLink {
public:
    RingLink() = default;
    RingLink(const RingLink&) = delete;
    RingLink& operator=(const RingLink&) = delete;

    bool linked() const { return next_ != nullptr; }
    void unlink() {
        if (!linked()) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = next_ = nullptr;
    }

protected:
    ~RingLink() { unlink(); }

private:
    friend class Ring<T>;
    RingLink* prev_ = nullptr;
    RingLink* next_ = nullptr;
};

template <class T>
class Ring {
public:
    Ring() { head_.prev_ = head_.next_ = &head_; }
    ~Ring() {
        while (!empty()) pop_front();
        head_.prev_ = head_.next_ = nullptr;
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    bool empty() const { return head_.next_ == &head_; }

    // Takes the member out of the ring it is in.
    void push_back(T& member) {
        RingLink<T>& link = member;
        link.unlink();
        link.prev_ = head_.prev_;
        link.next_ = &head_;
        head_.prev_->next_ = &link;
        head_.prev_ = &link;
    }

    // Not of an empty ring.
    T& pop_front() {
        RingLink<T>* link = head_.next_;
        link->unlink();
        return static_cast<T&>(*link);
    }

    // Moves all of the other ring's members to the end of this one.
    void take_all(Ring& other) {
        if (other.empty()) return;
        other.head_.next_->prev_ = head_.prev_;
        head_.prev_->next_ = other.head_.next_;
        other.head_.prev_->next_ = &head_;
        head_.prev_ = other.head_.prev_;
        other.head_.prev_ = other.head_.next_ = &other.head_;
    }

private:
    struct Head : RingLink<T> {};
    Head head_;
};

}  // namespace wshub::net
