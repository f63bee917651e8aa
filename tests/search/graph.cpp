// Searches of spaces whose cells are graphs.

#include <algorithm>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/search/evolution.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>

#include "../supernet/graph_spaces.hpp"
#include "random_windows.hpp"

using namespace fitnas;

namespace {

template <class Space>
void compare(const windows<Space>& model, const cost::limit& limit) {
    const auto expected = search::exhaustive(model, {.top = 40, .limit = limit});
    const auto found = search::exact(model, {.top = 40, .limit = limit});
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].architecture == expected[i].architecture);
        CHECK(found[i].predicted == expected[i].predicted);
        CHECK(canonical<Space>(found[i].architecture) == found[i].architecture);
    }
}

} // namespace

// The smaller of equal codes stands for its network, and costs of edges that play no part are its own.
TEST_CASE("exact search of graphs is what looking at everything finds, by any sum over windows") {
    using space = small::two_graphs; // 8 cells of 3 operators
    for (std::uint64_t number = 0; number < 4; ++number) {
        const auto model = random_windows<space>(number);
        compare<space>(model, {});
        compare<space>(model, cost::macs_at_most(cost::macs<space>(parse<space>("10101010"))));
    }
}

TEST_CASE("the default model of a graph sees all of it: all networks are looked at") {
    using space = small::graph_space;
    using net = default_model<space>;
    const fitted<net> model(net::initial_parameters(seed{3}), line{70, 3});
    const long long most = cost::macs<space>(parse<space>("303030"));
    const auto best = search::exhaustive(model, {.top = 5, .limit = cost::macs_at_most(most)});
    REQUIRE(best.size() == 5);
    double largest = -1e300;
    for (const auto& a : different_networks<space>()) {
        largest = cost::macs<space>(a) <= most ? (std::max)(largest, model.predict(a)) : largest;
    }
    CHECK(best.front().predicted == largest);
}

TEST_CASE("evolution of graphs keeps the limit and proposes no network twice") {
    using space = small::graph_space;
    const auto limit = cost::macs_at_most(cost::macs<space>(parse<space>("303030")));
    const auto model = random_windows<space>(5);
    const auto found = search::evolution(model, {.limit = limit, .seed = seed{1}});
    REQUIRE(!found.empty());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(cost::macs<space>(found[i].architecture) <= cost::macs<space>(parse<space>("303030")));
        for (std::size_t j = 0; j < i; ++j) {
            CHECK_FALSE(same_network<space>(found[i].architecture, found[j].architecture));
        }
    }
}
