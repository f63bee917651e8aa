#include <limits>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/search/evolution.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

#include "models.hpp"

using namespace fitnas;

TEST_CASE("evolution reaches the optimum of a separable score") {
    using space = codes<4, 5, 3, 6, 4, 2, 5, 4>; // 57,600 codes, 1,000 are scored
    for (std::uint64_t number = 1; number <= 5; ++number) {
        const separable_score<space> score(number);
        const auto found = search::evolution(model_by<space>(score), {.seed = seed{number}});
        CHECK(found.front().architecture == score.best());
        CHECK(found.front().predicted == score(score.best()));
        CHECK(found.size() == 10);
    }
}

TEST_CASE("evolution beats a random sample of as many in a large space") {
    using space = spaces::mobile_19x6;
    const separable_score<space> score(7);
    double best_random = -1e9;
    for (const auto& a : sample<space>(1000, seed{1})) {
        best_random = (std::max)(best_random, score(a));
    }
    const auto found = search::evolution(model_by<space>(score));
    CHECK(found.front().predicted > best_random + 3);
}

TEST_CASE("no network is scored twice, all keep the limits, and the best of them are returned") {
    using space = spaces::nas_bench_macro;
    using code = architecture<space>;
    const cost::limit limit = cost::macs_at_most(60'000'000) && cost::parameters_at_most(1'500'000);
    std::vector<std::size_t> generations;
    std::set<code> seen;
    std::vector<double> values;
    const separable_score<space> value(3);
    const auto score = [&](std::span<const code> some) {
        generations.push_back(some.size());
        std::vector<double> result;
        for (const code& a : some) {
            CHECK(seen.insert(a).second);
            CHECK(canonical<space>(a) == a);
            CHECK(limit.meets<space>(a));
            result.push_back(value(a));
        }
        values.insert(values.end(), result.begin(), result.end());
        return result;
    };
    const auto found =
        search::evolution<space>(score, {.population = 30, .generations = 6, .top = 12, .limit = limit});
    CHECK(generations == std::vector<std::size_t>(6, 30));
    std::sort(values.begin(), values.end(), std::greater<>());
    REQUIRE(found.size() == 12);
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].predicted == values[i]);
        CHECK(found[i].predicted == value(found[i].architecture));
        CHECK(found[i].macs == cost::macs<space>(found[i].architecture));
    }
}

TEST_CASE("evolution finds the optimum under a limit") {
    using space = spaces::nas_bench_macro;
    const cost::limit limit = cost::macs_at_most(60'000'000);
    const separable_score<space> value(3);
    architecture<space> best{};
    double best_value = -1e9;
    for (const auto& a : different_networks<space>()) {
        if (limit.meets<space>(a) && value(a) > best_value) {
            best = a;
            best_value = value(a);
        }
    }
    CHECK(canonical<space>(value.best()) != best); // the limit matters
    const auto found = search::evolution(model_by<space>(value), {.limit = limit});
    CHECK(found.front().architecture == best);
}

TEST_CASE("a mutated cell gets another operator") {
    using space = codes<2, 2, 2, 2, 2, 2, 2, 2>;
    std::vector<std::vector<architecture<space>>> generations;
    const auto score = [&](std::span<const architecture<space>> some) {
        generations.emplace_back(some.begin(), some.end());
        return std::vector<double>(some.size(), 1.0);
    };
    search::evolution<space>(
        score, {.population = 5, .generations = 2, .parents = 5, .mutation = 1, .crossover = 0});
    REQUIRE(generations.size() == 2);
    for (architecture<space> child : generations[1]) {
        for (std::uint8_t& o : child) {
            o = static_cast<std::uint8_t>(1 - o);
        }
        CHECK(std::find(generations[0].begin(), generations[0].end(), child) != generations[0].end());
    }
}

TEST_CASE("a space that is used up ends the search") {
    std::size_t scored = 0;
    const auto score = [&](std::span<const architecture<small_space>> some) {
        scored += some.size();
        return model_by<small_space>(noise_of<small_space>).predict(some);
    };
    const auto found =
        search::evolution<small_space>(score, {.population = 100, .generations = 50, .top = 100});
    CHECK(scored == different_networks<small_space>().size());
    CHECK(found.size() == scored);
}

TEST_CASE("limits that random codes hardly ever keep are within reach") {
    using space = spaces::mobile_19x6;
    const cost::limit limit = cost::macs_at_most(252'000'000); // the smallest are 247,129,856
    const auto model = model_by<space>([](const architecture<space>& a) { return a[18] + a[17] + a[0]; });
    const auto found = search::evolution(model, {.limit = limit});
    for (const auto& c : found) {
        CHECK(c.macs <= 252'000'000);
        CHECK(c.macs == cost::macs<space>(c.architecture));
    }
    CHECK(found.front().predicted >= 2);
}

TEST_CASE("the seed determines the search") {
    using space = spaces::mobile_19x6;
    const auto model = model_by<space>(separable_score<space>(1));
    const auto run = [&](std::uint64_t number) {
        std::vector<architecture<space>> list;
        for (const auto& c : search::evolution(model, {.generations = 5, .seed = seed{number}})) {
            list.push_back(c.architecture);
        }
        return list;
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
}

TEST_CASE("evolution refuses what it cannot do") {
    const auto model = model_by<small_space>(noise_of<small_space>);
    CHECK_THROWS_WITH_AS(search::evolution(model, {.population = 0}),
                         "[F0706] evolution: population: expected at least 1, got 0", option_error);
    CHECK_THROWS_AS(search::evolution(model, {.generations = 0}), option_error);
    CHECK_THROWS_AS(search::evolution(model, {.parents = 0}), option_error);
    CHECK_THROWS_AS(search::evolution(model, {.draws = 0}), option_error);
    CHECK_THROWS_AS(search::evolution(model, {.top = 0}), option_error);
    CHECK_THROWS_WITH_AS(search::evolution(model, {.mutation = 0}),
                         "[F0707] evolution: mutation: expected a chance in (0, 1], got 0", option_error);
    CHECK_THROWS_AS(search::evolution(model, {.mutation = 1.1}), option_error);
    CHECK_THROWS_AS(search::evolution(model, {.crossover = -0.1}), option_error);
    CHECK_THROWS_AS(search::evolution(model, {.crossover = std::numeric_limits<double>::quiet_NaN()}),
                    option_error);
    CHECK_THROWS_AS(search::evolution(model, {.limit = cost::macs_at_most(100)}), limit_error);
    const auto lost = model_by<small_space>(
        [](const architecture<small_space>&) { return std::numeric_limits<double>::infinity(); });
    CHECK_THROWS_AS(search::evolution(lost), numeric_error);
}

TEST_CASE("limits that are possible one by one but not together are named") {
    const auto model = model_by<spaces::nas_bench_macro>(noise_of<spaces::nas_bench_macro>);
    CHECK_THROWS_WITH_AS(
        search::evolution(model, {.population = 4, .limit = few_macs_but_slow(), .draws = 5}),
        doctest::Contains("evolution: of 20 random codes none meets macs <= 7713280"), limit_error);
}
