#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/latency_table.hpp>
#include <fitnas/space/limit.hpp>

#include "spaces_for_tests.hpp"

using namespace fitnas;

namespace {

latency_table random_table(std::uint64_t number) {
    random_stream random(seed{number}, purpose::user);
    std::vector<double> milliseconds;
    for (std::size_t i = 0; i < mixed_space::layout().blocks.size(); ++i) {
        milliseconds.push_back(random.uniform());
    }
    return {mixed_space::layout(), milliseconds};
}

/// The cost that a share of all codes does not exceed.
template <class Cost>
auto quantile(double share, Cost&& cost_of) {
    std::vector<decltype(cost_of(architecture<mixed_space>{}))> costs;
    for_each_architecture<mixed_space>(
        [&](const architecture<mixed_space>& a) { costs.push_back(cost_of(a)); });
    std::sort(costs.begin(), costs.end());
    return costs[static_cast<std::size_t>(share * static_cast<double>(costs.size()))];
}
const auto macs = [](const architecture<mixed_space>& a) { return cost::macs<mixed_space>(a); };
const auto parameters = [](const architecture<mixed_space>& a) { return cost::parameters<mixed_space>(a); };
auto latency(const latency_table& table) {
    return [&table](const architecture<mixed_space>& a) { return table.milliseconds<mixed_space>(a); };
}

} // namespace

TEST_CASE("limits hold together") {
    const latency_table table = random_table(1);
    const latency_table other = random_table(2);
    const long long most_macs = quantile(0.8, macs);
    const long long most_parameters = quantile(0.8, parameters);
    const double most[2] = {quantile(0.8, latency(table)), quantile(0.8, latency(other))};
    const cost::limit limit = cost::macs_at_most(most_macs) && cost::parameters_at_most(most_parameters) &&
                              cost::latency_at_most(table, most[0]) &&
                              cost::latency(other, "elsewhere").at_most(most[1]);
    const limit_check check = check_of<mixed_space>(limit);
    int met = 0;
    int refused[4] = {};
    for_each_architecture<mixed_space>([&](const architecture<mixed_space>& a) {
        const bool keeps[4] = {macs(a) <= most_macs, parameters(a) <= most_parameters,
                               latency(table)(a) <= most[0], latency(other)(a) <= most[1]};
        const bool all = keeps[0] && keeps[1] && keeps[2] && keeps[3];
        CHECK(limit.meets<mixed_space>(a) == all);
        CHECK(check.meets(a) == all);
        met += all;
        for (int i = 0; i < 4; ++i) {
            refused[i] += !keeps[i];
        }
    });
    CHECK(met > 0);
    for (const int count : refused) {
        CHECK(count > 0); // each limit says something
    }
}

TEST_CASE("a limit is met where the cost equals it") {
    const architecture<mixed_space> a{1, 2, 1, 3};
    CHECK(cost::macs_at_most(macs(a)).meets<mixed_space>(a));
    CHECK_FALSE(cost::macs_at_most(macs(a) - 1).meets<mixed_space>(a));
    CHECK(cost::parameters_at_most(parameters(a)).meets<mixed_space>(a));
    CHECK_FALSE(cost::parameters_at_most(parameters(a) - 1).meets<mixed_space>(a));
    for_each_architecture<mixed_space>([](const architecture<mixed_space>& each) {
        const double latency = random_table(3).milliseconds<mixed_space>(each);
        CHECK(
            cost::latency_at_most(random_table(3), latency).meets<mixed_space>(each)); // rounding is the same
    });
}

TEST_CASE("a beginning can meet a limit exactly where a completion does") {
    const latency_table table = random_table(4);
    for (const cost::limit& limit :
         {cost::macs_at_most(quantile(0.2, macs)), cost::parameters_at_most(quantile(0.2, parameters)),
          cost::latency_at_most(table, quantile(0.2, latency(table)))}) {
        int possible = 0;
        const limit_check check = check_of<mixed_space>(limit);
        for (int chosen = 0; chosen <= mixed_space::cells; ++chosen) {
            for_each_architecture<mixed_space>([&](const architecture<mixed_space>& a) {
                bool some = false;
                for_each_architecture<mixed_space>([&](const architecture<mixed_space>& b) {
                    some = some || (std::equal(a.begin(), a.begin() + chosen, b.begin()) && check.meets(b));
                });
                REQUIRE(check.can_meet(a, chosen) == some);
                possible += chosen == 2 && some;
            });
        }
        CHECK(possible > 0);
        CHECK(possible < 72);
    }
}

TEST_CASE("the smaller of two limits holds") {
    const cost::limit limit = cost::macs_at_most(20) && cost::macs_at_most(10) && cost::parameters_at_most(5);
    CHECK(limit.bounds.size() == 2);
    CHECK(limit.text() == "macs <= 10 and parameters <= 5");
    CHECK_FALSE(limit.empty());
    CHECK(cost::limit{}.empty());
    CHECK(cost::limit{}.text() == "no limit");
    CHECK((cost::latency_at_most(random_table(1), 2.5) && cost::macs_at_most(1'500'000)).text() ==
          "latency <= 2.5 ms and macs <= 1500000");
}

TEST_CASE("limits out of range are refused") {
    CHECK_THROWS_WITH_AS(cost::macs_at_most(-1), "[F0309] limit: macs: expected at most 0 or more, got -1",
                         option_error);
    CHECK_THROWS_WITH_AS(cost::parameters_at_most(-7),
                         "[F0309] limit: parameters: expected at most 0 or more, got -7", option_error);
    CHECK_THROWS_AS(cost::latency_at_most(random_table(1), -0.1), option_error);
    CHECK_THROWS_AS(cost::latency_at_most(random_table(1), std::numeric_limits<double>::quiet_NaN()),
                    option_error);
    CHECK_THROWS_AS(check_of<mixed_space>(cost::latency_at_most(latency_table(), 1)), shape_error);
    CHECK_THROWS_WITH_AS(
        cost::latency_at_most(random_table(1), 1) && cost::latency_at_most(random_table(2), 1),
        "[F0395] limit: expected names that say which cost is meant, got two costs named latency; "
        "a latency_table is named by cost::latency(table, name)",
        option_error);
    CHECK_THROWS_AS(cost::macs_at_most(10).meets<mixed_space>({3, 0, 0, 0}), architecture_error);
}

TEST_CASE("a space without costs takes no limits") {
    using bare = codes<2, 2>;
    CHECK(cost::limit{}.meets<bare>({1, 1}));
    CHECK_THROWS_WITH_AS(
        check_of<bare>(cost::macs_at_most(10)),
        "[F0315] cost: the space has no layout, so its codes have no macs; a cost of your own is made by "
        "cost::table<space>(name, unit, values)",
        option_error);
}

TEST_CASE("a limit below everything names the smallest cost") {
    long long smallest = (std::numeric_limits<long long>::max)();
    for_each_architecture<mixed_space>(
        [&](const architecture<mixed_space>& a) { smallest = (std::min)(smallest, macs(a)); });
    CHECK_NOTHROW(check_of<mixed_space>(cost::macs_at_most(smallest)).require_possible("test"));
    const std::string message =
        "[F0313] test: no architecture meets macs <= " + std::to_string(smallest - 1) + "; the least is " +
        std::to_string(smallest);
    CHECK_THROWS_WITH_AS(check_of<mixed_space>(cost::macs_at_most(smallest - 1)).require_possible("test"),
                         message.c_str(), limit_error);
}
