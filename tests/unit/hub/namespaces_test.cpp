#include "hub/namespaces.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace wshub;

TEST_CASE("a namespace is the same one each time, and configured ones say so", "[namespaces]") {
    base::Metrics metrics;
    hub::Namespaces all({"/", "/chat", "/"}, 2, metrics);
    REQUIRE(all.find("/chat"));
    CHECK(all.find("/chat")->configured);
    CHECK(all.find("/other") == nullptr);
    hub::Namespace& other = all.obtain("/other");
    CHECK_FALSE(other.configured);
    CHECK(&all.obtain("/other") == &other);
    CHECK(all.find("/other") == &other);
    CHECK(other.id == 2);
    CHECK(other.joined.size() == 2);
}

TEST_CASE("many threads that ask for a namespace get one", "[namespaces]") {
    base::Metrics metrics;
    hub::Namespaces all({}, 1, metrics);
    std::vector<hub::Namespace*> got(4 * 100);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < 100; ++i) got[t * 100 + i] = &all.obtain("/" + std::to_string(i));
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < 400; ++i) CHECK(got[i] == all.find("/" + std::to_string(i % 100)));
    std::size_t count = 0;
    all.for_each([&](hub::Namespace&) { ++count; });
    CHECK(count == 100);
}

TEST_CASE("a namespace's name is escaped where it labels a figure", "[namespaces]") {
    base::Metrics metrics;
    hub::Namespaces all({"/a\"b\\c\nd"}, 1, metrics);
    CHECK(metrics.text().find(R"(wshub_sockets{namespace="/a\"b\\c\nd"} 0)") != std::string::npos);
}
