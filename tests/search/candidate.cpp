#include <doctest/doctest.h>

#include <fitnas/search/candidate.hpp>
#include <fitnas/space/codes.hpp>

#include "models.hpp"

using namespace fitnas;

TEST_CASE("a candidate carries its costs") {
    const latency_table first = random_latencies<small_space>(1);
    const named_cost second = cost::latency(random_latencies<small_space>(2), "elsewhere");
    const architecture<small_space> a{1, 2, 0, 1, 0};
    const auto c =
        search::candidate_of<small_space>(a, 0.75, cost::latency_at_most(first, 100) && second.at_most(100));
    CHECK(c.architecture == a);
    CHECK(c.predicted == 0.75);
    CHECK(c.macs == cost::macs<small_space>(a));
    CHECK(c.parameters == cost::parameters<small_space>(a));
    const std::vector<search::cost_value> costs{{"latency", "ms", first.milliseconds<small_space>(a)},
                                                {"elsewhere", "ms", second.of<small_space>(a)}};
    CHECK(c.costs == costs);
    CHECK(c.cost("elsewhere") == costs[1].value);
    CHECK(c.cost("macs") == static_cast<double>(c.macs));
    CHECK(c.cost("parameters") == static_cast<double>(c.parameters));
    CHECK(std::isnan(c.score));
    CHECK(search::candidate_of<small_space>(a, 0.75).costs.empty());
    CHECK(search::candidate_of<codes<2, 2>>({1, 0}, 0.5, {}).macs == 0);
}

TEST_CASE("what models and scorers are") {
    const auto by_value = model_by<small_space>(noise_of<small_space>);
    using by_value_type = std::remove_const_t<decltype(by_value)>;
    static_assert(search::model<by_value_type>);
    static_assert(search::scorer<by_value_type, small_space>);
    static_assert(!search::scorer<by_value_type, codes<2, 2>>);
    static_assert(!search::model<small_space>);
    struct wrong_result {
        using space = small_space;
        std::vector<float> predict(std::span<const architecture<small_space>>) const { return {}; }
    };
    static_assert(!search::model<wrong_result>);
    CHECK(by_value.predict({}).empty());
}
