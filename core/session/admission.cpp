#include "session/admission.h"

namespace wshub::session {

Admission::~Admission() {
    if (from_ == nullptr) return;
    if (address_) address_->remove_session();
    from_->admitted_.fetch_sub(1, std::memory_order_relaxed);
}

Admissions::Admissions(const SessionLimits& limits, base::Metrics& metrics)
    : limits_(limits),
      addresses_(limits.per_address),
      sessions_(metrics, "sessions", limits.sessions_mode),
      sessions_per_address_(metrics, "sessions_per_address", limits.sessions_per_address_mode),
      connects_per_address_(metrics, "connects_per_address", limits.connects_per_address_mode) {}

base::Result<Admission, std::string_view> Admissions::admit(std::string_view remote, base::SteadyTime now) {
    const auto refused = [](std::string_view why) { return base::Failure<std::string_view>(why); };
    AddressBook::Entry address = addresses_.find(remote, now);
    if (address && !address->take_connect(now) && connects_per_address_.refuses(now, remote))
        return refused("Too many connects from your address");

    // Taken first and counted then, so that two loops cannot both take the last place. What goes wrong from here on
    // gives it back.
    const std::size_t of_all = admitted_.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::size_t of_address = address ? address->add_session() : 0;
    Admission admission(*this, std::move(address));
    const std::size_t most_of_address = limits_.per_address.max_sessions;
    if (most_of_address > 0 && of_address > most_of_address && sessions_per_address_.refuses(now, remote))
        return refused("Too many sessions from your address");
    if (limits_.max_sessions > 0 && of_all > limits_.max_sessions && sessions_.refuses(now, remote))
        return refused("Too many sessions");
    return base::Result<Admission, std::string_view>(std::move(admission));
}

}  // namespace wshub::session
