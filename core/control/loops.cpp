#include "control/loops.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>

#include "control/arguments.h"

namespace wshub::control {
namespace {

// So many things that are to happen on loops. Shared with the tasks, since who waits may have given up before they run.
class Outstanding {
public:
    explicit Outstanding(std::size_t count) : left_(count) {}

    void one_done() {
        const std::lock_guard lock(mutex_);
        if (--left_ == 0) done_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        if (!done_.wait_for(lock, kLoopPatience, [this] { return left_ == 0; })) {
            throw Refused::internal("a loop did not answer in time; the log names the handler that holds it up");
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable done_;
    std::size_t left_;
};

struct Slice {
    std::vector<hub::SocketHandle> sockets;
    std::vector<std::size_t> places;  // in the answer
    std::vector<hub::SocketView> views;
};

}  // namespace

std::vector<hub::SocketView> look_at(const hub::Hub& hub, std::span<const hub::SocketHandle> sockets, hub::Look depth) {
    const std::size_t most = depth == hub::Look::kLoad ? 512 : 128;
    std::vector<std::shared_ptr<Slice>> slices, growing(256);
    for (std::size_t place = 0; place < sockets.size(); ++place) {
        std::shared_ptr<Slice>& slice = growing[hub::loop_of(sockets[place])];
        if (!slice || slice->sockets.size() == most) slices.push_back(slice = std::make_shared<Slice>());
        slice->sockets.push_back(sockets[place]);
        slice->places.push_back(place);
    }
    const auto outstanding = std::make_shared<Outstanding>(slices.size());
    for (const auto& slice : slices) {
        hub.loop_of_socket(slice->sockets.front()).post([&hub, slice, outstanding, depth] {
            for (const hub::SocketHandle socket : slice->sockets) {
                hub.look(socket, depth, slice->views.emplace_back());
            }
            outstanding->one_done();
        });
    }
    if (!slices.empty()) outstanding->wait();

    std::vector<hub::SocketView> views(sockets.size());
    for (const auto& slice : slices) {
        for (std::size_t i = 0; i < slice->places.size(); ++i) views[slice->places[i]] = std::move(slice->views[i]);
    }
    std::erase_if(views, [](const hub::SocketView& view) { return view.handle == 0; });
    return views;
}

}  // namespace wshub::control
