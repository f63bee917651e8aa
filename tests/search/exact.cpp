#include <cmath>
#include <limits>
#include <utility>

#include <doctest/doctest.h>

#include <fitnas/op/conv.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "../predictor/fixtures.hpp"
#include "../space/spaces_for_tests.hpp"
#include "models.hpp"
#include "random_windows.hpp"

using namespace fitnas;

namespace {

/// Both searches, to the bit.
template <class Space>
void compare(const windows<Space>& model, const cost::limit& limit, std::size_t top) {
    const auto expected = search::exhaustive(model, {.top = top, .limit = limit});
    for (const std::size_t beam : {1U, 4096U}) {
        search::exact_report report;
        const auto found = search::exact(model, {.top = top, .limit = limit, .beam = beam}, &report);
        REQUIRE(found.size() == expected.size());
        CHECK(report.gap == 0);
        CHECK(report.looked_at >= found.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(found[i].architecture == expected[i].architecture);
            CHECK(found[i].predicted == expected[i].predicted);
            CHECK(found[i].macs == expected[i].macs);
            CHECK(found[i].parameters == expected[i].parameters);
            CHECK(found[i].costs == expected[i].costs);
        }
    }
}

/// Limits between the cheapest and the dearest.
template <class Space>
std::vector<cost::limit> some_limits() {
    std::vector<cost::limit> limits{{}};
    if constexpr (search_space_type<Space>) {
        const latency_table first = random_latencies<Space>(5);
        const named_cost second = cost::latency(random_latencies<Space>(6), "elsewhere");
        std::vector<long long> macs;
        std::vector<long long> parameters;
        std::vector<double> milliseconds;
        for_each_architecture<Space>([&](const architecture<Space>& a) {
            macs.push_back(cost::macs<Space>(a));
            parameters.push_back(cost::parameters<Space>(a));
            milliseconds.push_back(first.milliseconds<Space>(a));
        });
        std::sort(macs.begin(), macs.end());
        std::sort(parameters.begin(), parameters.end());
        std::sort(milliseconds.begin(), milliseconds.end());
        const auto at = [](const auto& sorted, double share) {
            return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
        };
        limits.push_back(cost::macs_at_most(at(macs, 0.0)));
        limits.push_back(cost::latency_at_most(first, std::numeric_limits<double>::infinity()));
        for (const double share : {0.02, 0.3, 0.8, 1.0}) {
            const cost::limit m = cost::macs_at_most(at(macs, share));
            const cost::limit p = cost::parameters_at_most(at(parameters, share));
            const cost::limit l = cost::latency_at_most(first, at(milliseconds, share));
            limits.push_back(m);
            limits.push_back(l);
            if (share > 0.1) {
                limits.push_back(m && p);
                limits.push_back(m && p && l && second.at_most(at(milliseconds, 0.9)));
            }
        }
    }
    return limits;
}

template <class Space>
void compare_on(std::initializer_list<std::size_t> tops, int models) {
    const auto limits = some_limits<Space>();
    for (int number = 0; number < models; ++number) {
        const auto model = random_windows<Space>(static_cast<std::uint64_t>(number));
        for (const cost::limit& limit : limits) {
            for (const std::size_t top : tops) {
                compare(model, limit, top);
            }
        }
    }
}

/// Two stages of one shape whose operators are not the same: what is canonical is not seen pair by pair.
using first_ops = operator_set<op::identity, op::conv<3>, op::mbconv<3, 2>>;
using second_ops = operator_set<op::conv<3>, op::separable<3>, op::identity>;
using third_ops = operator_set<op::max_pool<3>, op::conv<3>, op::conv<3>>;
struct unlike_space
    : search_space<image<6, 6, 4>, stem<4>, stage<first_ops, 2, 4>, stage<second_ops, 1, 4>,
                   stage<first_ops, 1, 4>, stage<third_ops, 1, 4>, stage<second_ops, 1, 4>, head<4, 2>> {};

template <class Space>
using net = gcn::model<encoding::chain<Space, feature::cell_operator>, gcn::conv<12>, gcn::relu,
                       gcn::conv<12>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

template <class Space>
fitted<net<Space>> some_gcn(std::uint64_t number) {
    return fitted<net<Space>>(net<Space>::initial_parameters(seed{number}), line{70, 3});
}

} // namespace

TEST_CASE("exact search is what looking at everything finds: equal networks, ties, any limits") {
    CHECK(canonical_pairs_of<small_space>().sufficient);
    compare_on<small_space>({1, 5, 1000}, 14);
    compare_on<mixed_space>({1, 4, 1000}, 14);
}

TEST_CASE("exact search of cells whose canonical form is not seen in pairs") {
    CHECK_FALSE(canonical_pairs_of<unlike_space>().sufficient);
    compare_on<unlike_space>({1, 7, 2000}, 10);
}

TEST_CASE("exact search of bare codes") {
    compare_on<codes<5, 4, 3>>({1, 7, 60}, 10);
    compare_on<codes<2, 3, 1, 2, 4, 2, 3>>({1, 20}, 10);
    compare_on<codes<7>>({1, 20}, 6);
    compare_on<codes<1, 1>>({1}, 2);
}

TEST_CASE("exact search of larger spaces") {
    compare_on<spaces::nas_bench_macro>({1, 100}, 7);
    compare_on<spaces::fashion_mini>({50}, 5);
}

TEST_CASE("exact search by fitted models and baselines") {
    using space = spaces::nas_bench_macro;
    const auto model = some_gcn<space>(1);
    const ensemble<fitted<net<space>>> two({some_gcn<space>(2), some_gcn<space>(3)});
    for (const cost::limit& limit : some_limits<space>()) {
        compare(windows(model), limit, 30);
        compare(windows(two), limit, 30);
        compare(windows(cost_baseline<space>()), limit, 30);
        compare(windows(cost_baseline<space>(cost::parameters())), limit, 30);
    }
    // Without windows made before: the same.
    const auto found = search::exact(model, {.top = 3, .limit = cost::macs_at_most(50'000'000)});
    const auto again = search::exact(windows(model), {.top = 3, .limit = cost::macs_at_most(50'000'000)});
    REQUIRE(found.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(found[i].architecture == again[i].architecture);
        CHECK(found[i].predicted == doctest::Approx(model.predict(found[i].architecture)).epsilon(1e-6));
    }
}

TEST_CASE("what is found does not depend on the number of threads") {
    using space = spaces::mobile_19x6;
    const windows model(some_gcn<space>(4));
    const auto run = [&] {
        search::exact_report report;
        std::vector<std::pair<architecture<space>, double>> all;
        for (const auto& c :
             search::exact(model, {.top = 40, .limit = cost::macs_at_most(300'000'000)}, &report)) {
            all.emplace_back(c.architecture, c.predicted);
        }
        all.emplace_back(architecture<space>{}, static_cast<double>(report.looked_at));
        return all;
    };
    const auto one = fixtures::on_threads(1, run);
    CHECK(one == fixtures::on_threads(2, run));
    CHECK(one == fixtures::on_threads(3, run));
}

TEST_CASE("no random architecture of a large space, and no neighbour of what was found, is better") {
    using space = spaces::mobile_19x6;
    const windows model(some_gcn<space>(4));
    for (const cost::limit& limit :
         {cost::limit{}, cost::macs_at_most(300'000'000),
          cost::macs_at_most(300'000'000) && cost::parameters_at_most(3'500'000)}) {
        const auto found = search::exact(model, {.top = 500, .limit = limit});
        REQUIRE(found.size() == 500);
        std::set<architecture<space>> known;
        for (const auto& c : found) {
            CHECK(limit.meets<space>(c.architecture));
            CHECK(c.predicted == model.predict(c.architecture));
            CHECK(known.insert(c.architecture).second);
        }
        const auto check = [&](const architecture<space>& a) {
            if (!known.contains(a) && limit.meets<space>(a)) {
                CHECK(model.predict(a) <= found.back().predicted);
            }
        };
        for (const auto& a : sample<space>(2000, seed{1})) {
            check(a);
        }
        for (const auto& c : found) {
            for (std::size_t i = 0; i < c.architecture.size(); ++i) {
                for (std::uint8_t o = 0; o < 6; ++o) {
                    auto a = c.architecture;
                    a[i] = o;
                    check(a);
                }
            }
        }
    }
}

TEST_CASE("every architecture equal: the first codes, at once") {
    using space = spaces::mobile_19x6;
    const windows<space> flat(window_sum<space>(3));
    for (const cost::limit& limit : {cost::limit{}, cost::macs_at_most(300'000'000)}) {
        const auto found = search::exact(flat, {.top = 6, .limit = limit});
        REQUIRE(found.size() == 6);
        for (std::size_t i = 0; i < 6; ++i) {
            architecture<space> a{};
            a.back() = static_cast<std::uint8_t>(i);
            CHECK(found[i].architecture == a);
            CHECK(found[i].predicted == 3);
        }
    }
}

TEST_CASE("with a tolerance what is found is that near") {
    using space = spaces::nas_bench_macro;
    bool earlier = false;
    for (std::uint64_t number = 0; number < 6; ++number) {
        const auto model = random_windows<space>(number);
        for (const cost::limit& limit : some_limits<space>()) {
            const auto expected = search::exhaustive(model, {.top = 20, .limit = limit});
            for (const double tolerance : {0.01, 0.5, 100.0}) {
                search::exact_report report;
                const auto found = search::exact(
                    model, {.top = 20, .limit = limit, .tolerance = tolerance, .beam = 3}, &report);
                REQUIRE(found.size() == expected.size());
                CHECK(report.gap >= 0);
                CHECK(report.gap <= tolerance);
                for (std::size_t i = 0; i < found.size(); ++i) {
                    CHECK(limit.meets<space>(found[i].architecture));
                    CHECK(found[i].predicted == model.predict(found[i].architecture));
                    CHECK(found[i].predicted >= expected[i].predicted - report.gap);
                    earlier = earlier || found[i].architecture != expected[i].architecture;
                }
            }
        }
    }
    CHECK(earlier);
}

TEST_CASE("where the score is the limited cost, an exact answer is a hard knapsack, a near one is not") {
    const cost::limit limit = cost::macs_at_most(400'000'000);
    const cost_baseline<spaces::mobile_19x6> macs;
    search::exact_report near;
    const auto by_tolerance = search::exact(macs, {.top = 1, .limit = limit, .tolerance = 3e4}, &near);
    search::exact_report cut;
    const auto by_work = search::exact(macs, {.top = 1, .limit = limit, .most_beginnings = 10'000}, &cut);
    CHECK(near.gap <= 3e4);
    for (const auto& [found, gap] :
         {std::pair{by_tolerance.front(), near.gap}, std::pair{by_work.front(), cut.gap}}) {
        CHECK(found.macs <= 400'000'000);
        CHECK(gap > 0);
        CHECK(static_cast<double>(found.macs) + gap >= 399'990'000); // there are such
    }
}

TEST_CASE("exact search refuses what it cannot do") {
    const auto model = random_windows<small_space>(1);
    CHECK_THROWS_WITH_AS(search::exact(model, {.top = 0}), "[F0709] exact: top: expected at least 1, got 0",
                         option_error);
    CHECK_THROWS_WITH_AS(search::exact(model, {.beam = 0}), "[F0710] exact: beam: expected at least 1, got 0",
                         option_error);
    CHECK_THROWS_WITH_AS(search::exact(model, {.tolerance = -1}),
                         "[F0711] exact: tolerance: expected a number from 0, got -1", option_error);
    CHECK_THROWS_AS(search::exact(model, {.limit = cost::macs_at_most(10)}), limit_error);
    CHECK_THROWS_AS(search::exact(random_windows<codes<3, 2>>(1), {.limit = cost::macs_at_most(10)}),
                    option_error);
    CHECK_THROWS_AS(
        search::exact(model, {.limit = cost::latency_at_most(random_latencies<spaces::fashion_mini>(1), 3)}),
        shape_error);
}

TEST_CASE("limits that are possible one by one but not together are named") {
    using space = spaces::mobile_19x6;
    const auto model = random_windows<space>(3);
    // Quick exactly where an architecture has many macs.
    std::vector<double> milliseconds;
    for (const space_block& b : space::layout().blocks) {
        milliseconds.push_back(1e8 / (1e6 + static_cast<double>(b.macs)));
    }
    const latency_table table(space::layout(), milliseconds);
    architecture<space> cheap{};
    architecture<space> dear{};
    dear.fill(5);
    const double between = 0.3 * table.milliseconds<space>(cheap) + 0.7 * table.milliseconds<space>(dear);
    const cost::limit limit =
        cost::macs_at_most(cost::macs<space>(cheap) * 11 / 10) && cost::latency_at_most(table, between);
    CHECK_THROWS_AS(search::exact(model, {.limit = limit}), limit_error);
}

TEST_CASE("the default predictor is searched exactly") {
    const auto check = []<class Space>(Space*) {
        using model = default_model<Space>;
        std::vector<fitted<model>> members;
        for (const std::uint64_t number : {1U, 2U, 3U}) {
            members.emplace_back(model::initial_parameters(seed{number}), line{70, 3});
        }
        const ensemble<fitted<model>> all(std::move(members)); // as fit_default returns
        for (const cost::limit& limit : some_limits<Space>()) {
            compare(windows(all), limit, 20);
        }
        CHECK(search::exact(all, {.top = 3}).front().architecture ==
              search::exhaustive(windows(all), {.top = 1}).front().architecture);
    };
    check(static_cast<small_space*>(nullptr));
    check(static_cast<unlike_space*>(nullptr));
    check(static_cast<codes<3, 2, 4, 3, 2, 3>*>(nullptr));
}

namespace {

template <class Space>
windows<Space> in_unit(const windows<Space>& model, int exponent) {
    window_sum<Space> sum(std::ldexp(model.offset(), exponent));
    for (window_term t : model.terms()) {
        for (double& v : t.values) {
            v = std::ldexp(v, exponent);
        }
        sum.add(std::move(t));
    }
    return windows<Space>(sum);
}

} // namespace

TEST_CASE("searches by windows find the same in any unit of the predictions") {
    const auto limits = some_limits<small_space>();
    for (std::uint64_t number = 0; number < 8; ++number) {
        const auto model = random_windows<small_space>(number);
        for (const int exponent : {-1000, -960, -500, 500, 1000}) {
            CAPTURE(exponent);
            const auto other = in_unit(model, exponent);
            for (const cost::limit& limit : limits) {
                const auto expected = search::exact(model, {.top = 5, .limit = limit});
                const auto found = search::exact(other, {.top = 5, .limit = limit});
                REQUIRE(found.size() == expected.size());
                for (std::size_t i = 0; i < found.size(); ++i) {
                    CHECK(found[i].architecture == expected[i].architecture);
                    CHECK(found[i].predicted == std::ldexp(expected[i].predicted, exponent));
                }
                const auto front = search::detail::large_front(model, {.limit = limit});
                const auto scaled = search::detail::large_front(other, {.limit = limit});
                REQUIRE(front.size() == scaled.size());
                for (std::size_t i = 0; i < front.size(); ++i) {
                    CHECK(front[i].macs == scaled[i].macs);
                    CHECK(scaled[i].predicted == std::ldexp(front[i].predicted, exponent));
                }
            }
        }
    }
    // The tolerance and the gap are in that unit.
    const auto model = random_windows<spaces::fashion_mini>(4);
    const cost::limit limit = cost::macs_at_most(1'500'000);
    search::exact_report near;
    search::exact_report scaled;
    search::exact(model, {.limit = limit, .tolerance = 0.5, .beam = 1}, &near);
    search::exact(in_unit(model, 900), {.limit = limit, .tolerance = std::ldexp(0.5, 900), .beam = 1},
                  &scaled);
    CHECK(scaled.gap == std::ldexp(near.gap, 900));
}
