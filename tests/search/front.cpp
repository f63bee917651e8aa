#include <limits>

#include <doctest/doctest.h>

#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/space/spaces.hpp>

#include "../space/spaces_for_tests.hpp"
#include "models.hpp"
#include "random_windows.hpp"

using namespace fitnas;

namespace {

/// Two stages of one shape whose operators are not the same.
using first_ops = operator_set<op::identity, op::conv<3>, op::mbconv<3, 2>>;
using second_ops = operator_set<op::conv<3>, op::separable<3>, op::identity>;
struct unlike_space : search_space<image<6, 6, 4>, stem<4>, stage<first_ops, 2, 4>, stage<second_ops, 2, 4>,
                                   stage<first_ops, 1, 6>, stage<second_ops, 2, 6>, head<4, 2>> {};

/// What enumeration finds, of equal points one.
template <class Space>
void compare(std::uint64_t number, const cost::limit& limit, const named_cost& against) {
    const auto model = random_windows<Space>(number);
    auto expected = search::pareto(model, {.limit = limit, .against = against});
    expected.erase(std::unique(expected.begin(), expected.end(),
                               [&](const auto& a, const auto& b) {
                                   return a.predicted == b.predicted &&
                                          a.cost(against.name()) == b.cost(against.name());
                               }),
                   expected.end());
    const auto found = search::detail::large_front(model, {.limit = limit, .against = against});
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].predicted == expected[i].predicted);
        CHECK(found[i].cost(against.name()) == expected[i].cost(against.name()));
        CHECK(canonical<Space>(found[i].architecture) == found[i].architecture);
        CHECK(model.predict(found[i].architecture) == found[i].predicted);
        CHECK(limit.template meets<Space>(found[i].architecture));
    }
}

template <class Space>
void compare_on(std::uint64_t models) {
    const latency_table table = random_latencies<Space>(3);
    std::vector<long long> parameters;
    for (const auto& a : different_networks<Space>()) {
        parameters.push_back(cost::parameters<Space>(a));
    }
    std::sort(parameters.begin(), parameters.end());
    const cost::limit all = cost::latency_at_most(table, std::numeric_limits<double>::infinity());
    for (std::uint64_t number = 0; number < models; ++number) {
        for (const named_cost& against : {cost::macs(), cost::parameters(), cost::latency(table)}) {
            compare<Space>(number, all, against);
            compare<Space>(number, all && cost::parameters_at_most(parameters[parameters.size() / 3]),
                           against);
        }
    }
}

} // namespace

TEST_CASE("label setting finds the front that enumeration finds") {
    compare_on<small_space>(8);
    compare_on<mixed_space>(8);
    compare_on<unlike_space>(8);
    compare_on<spaces::nas_bench_macro>(6);
}

TEST_CASE("the front of a space of 6^19 codes agrees with exact search at each of its points") {
    using space = spaces::mobile_19x6;
    using net = gcn::model<encoding::chain<space, feature::cell_operator>, gcn::conv<12>, gcn::relu,
                           gcn::conv<12>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
    const fitted<net> model(net::initial_parameters(seed{4}));
    const windows tables(model);
    const auto front = search::pareto(model);
    REQUIRE(front.size() > 20);
    for (std::size_t i = 0; i < front.size(); i += 1 + front.size() / 20) {
        const auto best = search::exact(tables, {.top = 1, .limit = cost::macs_at_most(front[i].macs)});
        CHECK(best.front().predicted == front[i].predicted);
        if (i > 0) {
            const auto before =
                search::exact(tables, {.top = 1, .limit = cost::macs_at_most(front[i].macs - 1)});
            CHECK(before.front().predicted == front[i - 1].predicted);
        }
    }
    CHECK(search::exact(tables, {.top = 1}).front().predicted == front.back().predicted);
    CHECK_THROWS_AS(search::pareto(model, {.limit = cost::macs_at_most(1000)}), limit_error);
}

TEST_CASE("more labels than the first look keeps: the front agrees with exact search, also under a limit") {
    using space = spaces::mobile_19x6;
    const auto model = random_windows<space>(2);
    const latency_table table = random_latencies<space>(3);
    const cost::limit limit = cost::parameters_at_most(3'300'000);
    const auto front = search::pareto(model, {.limit = limit, .against = table});
    REQUIRE(front.size() > 30);
    for (std::size_t i = 0; i < front.size(); i += 9) {
        CHECK(limit.meets<space>(front[i].architecture));
        const cost::limit both = limit && cost::latency_at_most(table, front[i].cost("latency"));
        const auto best = search::exact(model, {.top = 1, .limit = both});
        CHECK(best.front().predicted == front[i].predicted);
    }
    // Each possible alone: the fewest parameters need the first operator, which is slow here.
    std::vector<double> milliseconds(space::layout().blocks.size(), 0.0);
    milliseconds[static_cast<std::size_t>(space::layer_of(18).first_block)] = 5;
    const latency_table slow(space::layout(), milliseconds);
    const long long fewest = cost::parameters<space>({});
    CHECK_THROWS_WITH_AS(
        search::pareto(model, {.limit = cost::parameters_at_most(fewest) && cost::latency_at_most(slow, 1)}),
        doctest::Contains("pareto: no architecture of the space meets"), limit_error);
}
