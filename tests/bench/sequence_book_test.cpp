#include "sequence_book.h"

#include <catch2/catch.hpp>
#include <initializer_list>

using wshub::bench::SequenceBook;

namespace {

struct Counts {
    std::uint64_t in_order = 0;
    std::uint64_t late = 0;
    std::uint64_t doubled = 0;
    std::uint64_t lost = 0;
    bool operator==(const Counts&) const = default;
};

Counts counted(std::initializer_list<std::uint32_t> arrivals, std::uint32_t sent) {
    SequenceBook book;
    Counts counts;
    for (const std::uint32_t sequence : arrivals) {
        switch (book.receive(sequence)) {
            case SequenceBook::Arrival::kInOrder: ++counts.in_order; break;
            case SequenceBook::Arrival::kLate: ++counts.late; break;
            case SequenceBook::Arrival::kDuplicate: ++counts.doubled; break;
        }
    }
    counts.lost = book.lost(sent);
    return counts;
}

}  // namespace

TEST_CASE("messages that all come in order are neither lost, late nor doubled", "[bench]") {
    CHECK(counted({0, 1, 2, 3}, 4) == Counts{4, 0, 0, 0});
    CHECK(counted({}, 0) == Counts{});
}

TEST_CASE("what did not come is lost, at the start, in the middle and at the end", "[bench]") {
    CHECK(counted({1, 2}, 3) == Counts{2, 0, 0, 1});
    CHECK(counted({0, 3}, 4) == Counts{2, 0, 0, 2});
    CHECK(counted({0, 1}, 5) == Counts{2, 0, 0, 3});
    CHECK(counted({}, 7) == Counts{0, 0, 0, 7});
}

TEST_CASE("what fills a gap is late and no longer lost", "[bench]") {
    CHECK(counted({0, 2, 1}, 3) == Counts{2, 1, 0, 0});
    CHECK(counted({3, 0, 2, 1}, 4) == Counts{1, 3, 0, 0});
}

TEST_CASE("what comes again is doubled, also when it was late the first time", "[bench]") {
    CHECK(counted({0, 0, 1, 0}, 2) == Counts{2, 0, 2, 0});
    CHECK(counted({1, 0, 0}, 2) == Counts{1, 1, 1, 0});
}

TEST_CASE("only messages that were sent can be lost", "[bench]") {
    CHECK(counted({5}, 3).lost == 3);
    CHECK(counted({5}, 6).lost == 5);
}
