#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/study/rank_table.hpp>

using namespace fitnas;

namespace {

std::vector<double> noisy(const std::vector<double>& truth, double noise, std::uint64_t s) {
    random_stream random(seed{s}, purpose::user);
    std::vector<double> values;
    for (const double t : truth) {
        values.push_back(t + noise * random.normal());
    }
    return values;
}

} // namespace

TEST_CASE("a ranking is judged over all networks and among those it puts on top") {
    // The top two of `values` are the rows 4 and 3, in the wrong order of their truths; with row 2, three.
    const std::vector<double> truth{1, 2, 3, 5, 4};
    const std::vector<double> values{1, 2, 3, 4, 5};
    const study::rank_quality q = study::judge({&values, 1}, truth, 0.4);
    CHECK(q.tau.value == doctest::Approx(0.8));
    CHECK(q.selected.value == doctest::Approx(1.0 / 3)); // rows 2, 3, 4
    CHECK(q.first.value == 4);
    CHECK(q.top.value == doctest::Approx(4.5));
    CHECK(q.tau.range.low <= q.tau.value);
    CHECK(q.tau.range.high >= q.tau.value);
}

TEST_CASE("several replicates are averaged; a gain is the difference of taus") {
    std::vector<double> truth;
    for (int i = 0; i < 120; ++i) {
        truth.push_back(0.01 * i);
    }
    const std::vector<std::vector<double>> raw{noisy(truth, 0.5, 1), noisy(truth, 0.5, 2)};
    const std::vector<std::vector<double>> fitted{noisy(truth, 0.1, 3), noisy(truth, 0.1, 4)};
    const double raw_tau = study::judge(raw, truth, 0.25).tau.value;
    CHECK(raw_tau == doctest::Approx((kendall_tau(raw[0], truth) + kendall_tau(raw[1], truth)) / 2));
    const study::estimate gain = study::tau_gain(fitted, raw, truth);
    CHECK(gain.value == doctest::Approx(study::judge(fitted, truth, 0.25).tau.value - raw_tau));
    CHECK(gain.range.low > 0);
    const study::estimate none = study::tau_gain(raw, raw, truth);
    CHECK(none.value == doctest::Approx(0));
    CHECK(none.range.high == doctest::Approx(0));
}

TEST_CASE("replicates agree as far as their noise lets them") {
    const std::vector<std::vector<double>> three{{1, 2, 3, 4}, {1, 2, 4, 3}, {4, 3, 2, 1}};
    const study::estimate tau = study::tau_between(three);
    CHECK(tau.value == doctest::Approx((2.0 / 3 - 1 - 2.0 / 3) / 3));
    CHECK(tau.range.low <= tau.value);
    CHECK(tau.range.high >= tau.value);
    CHECK_THROWS_AS(study::tau_between({&three[0], 1}), shape_error);
}

TEST_CASE("the mean over equal replicates is one replicate's, to the last bit") {
    const std::vector<double> truth{0.1, 0.1, 0.1, 0.7};
    const std::vector<double> values{3, 2, 1, 0};
    for (std::size_t n = 1; n < 8; ++n) {
        const std::vector<std::vector<double>> replicates(n, values);
        const study::rank_quality q = study::judge(replicates, truth, 0.75, {}, {.draws = 10});
        CHECK(q.tau.value == kendall_tau(values, truth));
        CHECK(q.first.value == 0.1);
        CHECK(q.top.value == 0.1); // of the three first
        CHECK(study::tau_gain(replicates, replicates, truth, {.draws = 10}).value == 0);
        if (n > 1) {
            CHECK(study::tau_between(replicates, {.draws = 10}).value == 1);
        }
    }
}

TEST_CASE("regret is judged where costs are known, and one kind's is compared with another's") {
    const std::vector<double> truth{1, 2, 3, 5, 4};
    const std::vector<double> cost{1, 2, 3, 4, 5};
    const std::vector<std::vector<double>> replicates{{1, 2, 3, 4, 5}, {1, 2, 3, 5, 4}};
    // The first replicate loses 1 under the last limit, at 5; the limits below leave out row 4. The second
    // loses none.
    const study::rank_quality q = study::judge(replicates, truth, 0.4, cost);
    CHECK(q.regret.value == doctest::Approx(1.0 / 8 / 2));
    CHECK(q.regret.range.low >= 0);
    CHECK(std::isnan(study::judge(replicates, truth, 0.4).regret.value));
    const study::estimate gain = study::regret_gain({&replicates[1], 1}, {&replicates[0], 1}, truth, cost);
    CHECK(gain.value == doctest::Approx(1.0 / 8));
    CHECK(gain.range.low >= 0);
    CHECK(study::regret_gain({&replicates[0], 1}, {&replicates[1], 1}, truth, cost).value ==
          doctest::Approx(-1.0 / 8));
}

TEST_CASE("kinds of score are compared with the first, and the second with all") {
    std::vector<double> truth;
    for (int i = 0; i < 60; ++i) {
        truth.push_back(0.01 * i);
    }
    const std::vector<study::ranking> all{{"raw", {noisy(truth, 0.3, 1), noisy(truth, 0.3, 2)}},
                                          {"fitted", {noisy(truth, 0.05, 3), noisy(truth, 0.05, 4)}},
                                          {"macs", {truth}}};
    study::rank_table table;
    table.add_all(all, truth, truth, 0.25);
    CHECK(table.find("macs", "tau").value().value == 1);
    CHECK(table.find("macs", "regret").value().value == 0);
    CHECK(table.find("fitted", "tau_over_raw").value().value ==
          doctest::Approx(table.find("fitted", "tau")->value - table.find("raw", "tau")->value));
    CHECK(table.find("fitted", "regret_below_raw").value().value ==
          doctest::Approx(table.find("raw", "regret")->value - table.find("fitted", "regret")->value));
    CHECK(table.find("fitted", "tau_over_macs").value().value < 0);
    CHECK(table.find("macs", "tau_over_raw").value().value > 0);
    CHECK_FALSE(table.find("macs", "tau_over_fitted"));
    table.add_gains(all[2], all[1], truth, truth);
    CHECK(table.find("macs", "tau_over_fitted").value().value ==
          doctest::Approx(-table.find("fitted", "tau_over_macs").value().value));
    CHECK(table.find("macs", "regret_below_fitted").value().value ==
          doctest::Approx(table.find("fitted", "regret")->value));
    CHECK_FALSE(table.find("raw", "tau_over_fitted"));
}
