#include "host/workers.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

using namespace wshub;
using namespace std::chrono_literals;
using host::Workers;

TEST_CASE("work is done, and then what follows it", "[workers]") {
    Workers workers(3);
    std::atomic<int> done = 0, followed = 0;
    for (int i = 0; i < 100; ++i) workers.submit([&] { ++done; }, [&] { ++followed; });
    workers.stop(10s);
    CHECK(done == 100);
    CHECK(followed == 100);
    workers.submit([&] { ++done; }, [] {});
    workers.stop(10s);
    CHECK(done == 100);
}

TEST_CASE("so many run at a time, and no more", "[workers]") {
    Workers workers(2);
    std::mutex mutex;
    std::condition_variable changed;
    int inside = 0, most = 0, ended = 0;
    for (int i = 0; i < 8; ++i) {
        workers.submit(
            [&] {
                std::unique_lock lock(mutex);
                most = std::max(most, ++inside);
                changed.notify_all();
                // The first two wait for each other.
                changed.wait_for(lock, 10s, [&] { return most == 2; });
                --inside;
                ++ended;
            },
            [] {});
    }
    workers.stop(10s);
    CHECK(most == 2);
    CHECK(ended == 8);
}

TEST_CASE("one that does not come back is left alone", "[workers]") {
    std::promise<void> begun, release, returned;
    std::atomic<bool> followed = false;
    const std::shared_future<void> released = release.get_future().share();
    {
        Workers workers(1);
        workers.submit(
            [&] {
                begun.set_value();
                released.wait();
                returned.set_value();
            },
            [&] { followed = true; });
        begun.get_future().wait();
        workers.submit([] {}, [&] { followed = true; });
        workers.stop(1ms);
    }
    release.set_value();
    returned.get_future().wait();
    CHECK_FALSE(followed);
}
