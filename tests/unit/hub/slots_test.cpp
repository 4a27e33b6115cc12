#include "hub/slots.h"

#include <catch2/catch.hpp>
#include <set>

using wshub::hub::loop_of;
using wshub::hub::SlotTable;

TEST_CASE("a handle finds what it was given for, and carries its loop", "[slots]") {
    SlotTable<int> table(7, 0);
    const auto one = table.add(1), two = table.add(2);
    CHECK(*table.find(one) == 1);
    CHECK(*table.find(two) == 2);
    CHECK(loop_of(one) == 7);
    CHECK(one != 0);
}

TEST_CASE("a handle whose thing is gone finds nothing, also when its place is used again", "[slots]") {
    SlotTable<int> table(0, 0);
    const auto before = table.add(1);
    table.erase(before);
    CHECK(table.find(before) == nullptr);
    const auto after = table.add(2);
    CHECK(static_cast<std::uint32_t>(after) == static_cast<std::uint32_t>(before));
    CHECK(table.find(before) == nullptr);
    CHECK(*table.find(after) == 2);
    table.erase(before);
    CHECK(*table.find(after) == 2);
}

TEST_CASE("handles that nobody gave find nothing", "[slots]") {
    SlotTable<int> table(1, 0);
    const auto real = table.add(1);
    const auto handle = GENERATE_COPY(std::uint64_t{0}, ~std::uint64_t{0}, real + 1, real ^ (std::uint64_t{1} << 56),
                                      real ^ (std::uint64_t{1} << 32), real & 0xffffffffu);
    CHECK(table.find(handle) == nullptr);
}

TEST_CASE("a place lies idle until the reserve is full, the longest idle first", "[slots]") {
    SlotTable<int> table(0, 3);
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 4; ++i) {
        const auto handle = table.add(i);
        CHECK(seen.insert(static_cast<std::uint32_t>(handle)).second);
        table.erase(handle);
    }
    CHECK(static_cast<std::uint32_t>(table.add(0)) == 0);
}

TEST_CASE("a generation comes round without becoming no handle", "[slots]") {
    SlotTable<char> table(0, 0);
    std::uint64_t handle = 0;
    for (int i = 0; i < (1 << 24); ++i) {
        handle = table.add('x');
        table.erase(handle);
    }
    CHECK(table.add('y') == (std::uint64_t{1} << 32 | 0) + (std::uint64_t{1} << 32));
}
