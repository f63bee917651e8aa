#include <cmath>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

using namespace fitnas;

namespace {

// Additive, with one best code: all operators the largest.
template <class Space>
std::vector<double> score(std::span<const architecture<Space>> some) {
    std::vector<double> values;
    for (const auto& a : some) {
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            sum += a[i] * (1 + 0.1 * static_cast<double>(i));
        }
        values.push_back(sum);
    }
    return values;
}
constexpr auto fit_ridge = [](const auto& table) { return ridge(table); };

} // namespace

TEST_CASE("iterative sampling finds the best of a space from few scores, each network asked for once") {
    using space = codes<4, 4, 4, 4, 4, 4>;
    std::set<architecture<space>> asked;
    std::vector<std::size_t> calls;
    const auto count = [&](std::span<const architecture<space>> some) {
        calls.push_back(some.size());
        for (const auto& a : some) {
            CHECK(asked.insert(a).second);
        }
        return score<space>(some);
    };
    const auto found = search::iterative<space>(
        count, fit_ridge, {.evaluations = 60, .uniform = 0.5, .rounds = 4, .seed = seed{3}});
    CHECK(calls == std::vector<std::size_t>{30, 8, 8, 7, 7});
    CHECK(found.scores.size() == 60);
    CHECK(found.best.architecture == architecture<space>{3, 3, 3, 3, 3, 3});
    CHECK(found.predictor->predict(found.best.architecture) ==
          doctest::Approx(found.best.predicted).epsilon(0.05));

    // A space that is too large to enumerate is searched by evolution.
    const auto evolved = search::iterative<space>(
        score<space>, fit_ridge,
        {.evaluations = 60, .uniform = 0.5, .rounds = 4, .enumerable = 100, .seed = seed{3}});
    CHECK(evolved.best.architecture == found.best.architecture);
}

TEST_CASE("iterative sampling with the default predictor beats its uniform sample") {
    using space = codes<3, 3, 3, 3, 3, 3>;
    const auto found =
        search::iterative<space>(score<space>, {.evaluations = 40, .rounds = 2, .seed = seed{5}});
    CHECK(found.scores.size() == 40);
    double uniform = 0;
    for (std::size_t i = 0; i < 20; ++i) {
        uniform = (std::max)(uniform, found.scores.scores[i]);
    }
    CHECK(found.best.predicted > uniform);
}

TEST_CASE("iterative sampling keeps limits and ends where a space is used up") {
    using space = spaces::fashion_mini;
    constexpr long long most = 1'500'000;
    const auto found = search::iterative<space>(
        score<space>, fit_ridge, {.evaluations = 40, .limit = cost::macs_at_most(most), .seed = seed{2}});
    for (const auto& a : found.scores.architectures) {
        CHECK(cost::macs<space>(a) <= most);
    }
    using small = codes<3, 4>;
    CHECK(search::iterative<small>(score<small>, fit_ridge, {.evaluations = 50, .uniform = 0.2})
              .scores.size() == 12);
}

TEST_CASE("iterative sampling refuses bad options") {
    using space = codes<4, 4, 4>;
    const auto run = [](const search::iterative_options& o) {
        return search::iterative<space>(score<space>, fit_ridge, o);
    };
    CHECK_THROWS_WITH_AS(run({.evaluations = 7}),
                         "[F0712] iterative: evaluations: expected at least 8, got 7", option_error);
    CHECK_THROWS_WITH_AS(run({.rounds = 0}), "[F0714] iterative: rounds: expected at least 1, got 0",
                         option_error);
    CHECK_THROWS_AS(run({.uniform = 0}), option_error);
    CHECK_THROWS_AS(run({.uniform = 1.5}), option_error);
    CHECK_THROWS_AS(run({.uniform = NAN}), option_error);
    const auto no_numbers = [](std::span<const architecture<space>> some) {
        return std::vector<double>(some.size(), NAN);
    };
    CHECK_THROWS_AS(search::iterative<space>(no_numbers, fit_ridge, {}), numeric_error);
}
