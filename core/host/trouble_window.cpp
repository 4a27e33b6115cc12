#include "host/trouble_window.h"

namespace wshub::host {

TroubleWindow::TroubleWindow(const Quarantine& quarantine) : quarantine_(quarantine) {}

bool TroubleWindow::add(base::SteadyTime now) {
    if (!quarantine_.on || quarantine_.limit == 0) return false;
    const std::lock_guard lock(mutex_);
    if (last_.size() < quarantine_.limit) {
        last_.push_back(now);
    } else {
        last_[next_] = now;
    }
    next_ = (next_ + 1) % quarantine_.limit;
    if (last_.size() < quarantine_.limit) return false;
    return now - last_[next_] <= quarantine_.window;  // the oldest
}

}  // namespace wshub::host
