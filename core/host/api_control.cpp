// The host function for operations on the running hub.
#include <cstddef>
#include <memory>
#include <string>

#include "host/abi_text.h"
#include "host/host_api.h"
#include "host/timers.h"

namespace wshub::host {
namespace {

constexpr std::size_t kMostArguments = 1'000'000;

std::int32_t control(Instance& instance, wshub_str operation, wshub_str arguments, wshub_slot slot,
                     std::uint64_t cookie) {
    Services& services = instance.services();
    if (!services.control) return WSHUB_ENOSYS;
    if (view(operation).empty()) return WSHUB_EINVAL;
    if (arguments.n > kMostArguments) return WSHUB_ELIMIT;
    services.timers.expect(instance);
    const std::weak_ptr<Instance> asking = instance.weak_from_this();
    services.control(std::string(view(operation)), std::string(view(arguments)), "plugin " + instance.name(),
                     [asking, slot, cookie](const ControlAnswer& answer) {
                         TimerTask task;
                         task.instance = asking.lock();
                         if (!task.instance) return;
                         task.slot = slot;
                         task.cookie = cookie;
                         task.loop = &task.instance->home_loop();
                         Timers& timers = task.instance->services().timers;
                         timers.answer(std::move(task), std::make_shared<const ControlAnswer>(answer));
                     });
    return WSHUB_OK;
}

}  // namespace

void add_control(wshub_host_v1& table) {
    table.control = acting<control>;
}

}  // namespace wshub::host
