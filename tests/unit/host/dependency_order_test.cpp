#include "host/dependency_order.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

using namespace wshub::host;

namespace {

struct Outcome {
    std::vector<std::string> order;
    std::map<std::string, std::string> refused;
};

Outcome sort(const std::vector<Descriptor>& plugins) {
    std::vector<const Descriptor*> pointers;
    for (const Descriptor& plugin : plugins) pointers.push_back(&plugin);
    const DependencyOrder sorted = order_by_dependency(pointers);
    Outcome outcome;
    for (const std::size_t index : sorted.order) outcome.order.push_back(plugins[index].name);
    for (const auto& [index, reason] : sorted.refused) outcome.refused[plugins[index].name] = reason;
    return outcome;
}

Descriptor plugin(std::string name, std::vector<Requirement> requirements = {}, std::string version = "1.0.0") {
    Descriptor descriptor;
    descriptor.name = std::move(name);
    descriptor.version = std::move(version);
    descriptor.requirements = std::move(requirements);
    return descriptor;
}

using Names = std::vector<std::string>;
using Reasons = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("plugins that need nothing keep their order", "[dependency_order]") {
    CHECK(sort({plugin("c"), plugin("a"), plugin("b")}).order == Names{"c", "a", "b"});
}

TEST_CASE("what is required comes first, and only that moves", "[dependency_order]") {
    const Outcome outcome = sort({plugin("x"), plugin("top", {{"middle", ""}}), plugin("middle", {{"base", "1.0"}}),
                                  plugin("y"), plugin("base")});
    CHECK(outcome.order == Names{"x", "base", "middle", "top", "y"});
    CHECK(outcome.refused.empty());
}

TEST_CASE("a plugin whose requirement is missing or too old is refused, and so are those that need it",
          "[dependency_order]") {
    const Outcome outcome = sort({plugin("top", {{"middle", ""}}), plugin("middle", {{"nobody", ""}}),
                                  plugin("picky", {{"old", "1.10"}}), plugin("old", {}, "1.9.3"), plugin("fine")});
    CHECK(outcome.order == Names{"old", "fine"});
    CHECK(outcome.refused == Reasons{{"middle", "requires nobody, which is not enabled"},
                                     {"top", "requires middle, which was refused"},
                                     {"picky", "requires old>=1.10, which is 1.9.3"}});
}

TEST_CASE("each plugin of a cycle is refused with the cycle as it sees it", "[dependency_order]") {
    const Outcome outcome = sort({plugin("outside", {{"a", ""}}), plugin("a", {{"b", ""}}), plugin("b", {{"c", ""}}),
                                  plugin("c", {{"a", ""}}), plugin("self", {{"self", ""}}), plugin("fine")});
    CHECK(outcome.order == Names{"fine"});
    CHECK(outcome.refused == Reasons{{"a", "requirements form a cycle: a -> b -> c -> a"},
                                     {"b", "requirements form a cycle: b -> c -> a -> b"},
                                     {"c", "requirements form a cycle: c -> a -> b -> c"},
                                     {"outside", "requires a, which was refused"},
                                     {"self", "requirements form a cycle: self -> self"}});
}
