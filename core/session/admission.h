// Who may open a session: the limits on how many there are and how fast they come, over all loops. Asked before
// anything is made for the session. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/limit.h"
#include "base/metrics.h"
#include "base/result.h"
#include "session/address_book.h"
#include "session/session_limits.h"

namespace wshub::session {

class Admissions;

// A session's place among those there may be; given back when this goes.
class Admission {
public:
    Admission(Admission&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), address_(std::move(other.address_)) {}
    Admission& operator=(Admission&&) = delete;
    ~Admission();

    // What the clients of its address share; null if nothing.
    Address* address() const { return address_.get(); }

private:
    friend class Admissions;
    Admission(Admissions& from, AddressBook::Entry address) : from_(&from), address_(std::move(address)) {}

    Admissions* from_;
    AddressBook::Entry address_;
};

class Admissions {
public:
    // `limits` lasts as long as this.
    Admissions(const SessionLimits& limits, base::Metrics& metrics);

    // A place for a client at this address; or which limit it is above, in words for the client.
    base::Result<Admission, std::string_view> admit(std::string_view remote, base::SteadyTime now);

    const AddressBook& addresses() const { return addresses_; }

private:
    friend class Admission;

    const SessionLimits& limits_;
    AddressBook addresses_;
    base::Limit sessions_, sessions_per_address_, connects_per_address_;
    std::atomic<std::size_t> admitted_{0};
};

}  // namespace wshub::session
