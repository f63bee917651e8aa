#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using macro = spaces::nas_bench_macro;

namespace {

// Every network under several of its codes.
score_table<macro> with_equal_networks() {
    score_table<macro> table;
    random_stream random(seed{8}, purpose::user);
    for (int i = 0; i < 300; ++i) {
        const architecture<macro> a = sample_one<macro>(random);
        table.push_back(a, static_cast<double>(cost::macs<macro>(a)) * 1e-6 + 0.1 * random.normal());
    }
    for (const char* code : {"11101111", "11110111", "11111101", "11111110", "10000000"}) {
        table.push_back(parse<macro>(code), random.normal());
    }
    return table;
}

} // namespace

TEST_CASE("folds hold each row once and differ in size by one at most") {
    const auto parts = make_folds(23, 4, seed{1});
    REQUIRE(parts.size() == 4);
    std::vector<std::size_t> all;
    for (const auto& part : parts) {
        CHECK((part.size() == 5 || part.size() == 6));
        all.insert(all.end(), part.begin(), part.end());
    }
    std::sort(all.begin(), all.end());
    std::vector<std::size_t> expected(23);
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    CHECK(all == expected);
    CHECK(make_folds(23, 4, seed{1}) == parts);
    CHECK(make_folds(23, 4, seed{2}) != parts);
    CHECK_THROWS_WITH_AS(make_folds(23, 12, seed{1}),
                         "[F0602] folds: expected 2 to 11 for 23 different networks, got 12", option_error);
    CHECK_THROWS_AS(make_folds(23, 1, seed{1}), option_error);
    CHECK_THROWS_AS(make_folds(23, -3, seed{1}), option_error);
}

TEST_CASE("no network stands on both sides of a fold, and each is held out once") {
    const score_table<macro> table = with_equal_networks();
    const score_table<macro> merged = merge_equal_networks(table, "test");
    REQUIRE(merged.size() < table.size());
    std::vector<score_table<macro>> seen;
    const auto shown = cross_validate(table, [&](const score_table<macro>& part) {
        seen.push_back(part);
        return cost_baseline<macro>();
    });
    REQUIRE(shown.folds.size() == 5);
    std::multiset<architecture<macro>> held_out;
    for (std::size_t i = 0; i < 5; ++i) {
        const fold_result<macro>& fold = shown.folds[i];
        CHECK(fold.held_out.size() + seen[i].size() == merged.size());
        std::set<architecture<macro>> fitted_to;
        for (const architecture<macro>& a : seen[i].architectures) {
            fitted_to.insert(canonical<macro>(a));
        }
        for (std::size_t r = 0; r < fold.held_out.size(); ++r) {
            const architecture<macro>& a = fold.held_out.architectures[r];
            CHECK(fitted_to.count(canonical<macro>(a)) == 0);
            CHECK(fold.predictions[r] == static_cast<double>(cost::macs<macro>(a)));
            held_out.insert(canonical<macro>(a));
        }
        CHECK(fold.kendall == kendall_tau(fold.predictions, fold.held_out.scores));
        CHECK(fold.spearman == spearman(fold.predictions, fold.held_out.scores));
    }
    CHECK(held_out ==
          std::multiset<architecture<macro>>(merged.architectures.begin(), merged.architectures.end()));
    double sum = 0;
    for (const auto& fold : shown.folds) {
        sum += fold.kendall;
    }
    CHECK(shown.kendall() == doctest::Approx(sum / 5));
    CHECK(shown.kendall() > 0.8);
    CHECK(shown.spearman() > shown.kendall());
}

TEST_CASE("cross-validation works with models too") {
    const auto shown = cross_validate(
        fixtures::tiny_table(),
        [](const auto& table) { return fit<fixtures::chain_net>(table, {.epochs = 200, .batch = 16}); },
        {.folds = 3, .seed = seed{2}});
    CHECK(shown.folds.size() == 3);
    CHECK(shown.kendall() > 0.75);
}

TEST_CASE("tables that cannot be cut are refused") {
    score_table<macro> table;
    const auto fit_to = [](const score_table<macro>&) { return cost_baseline<macro>(); };
    CHECK_THROWS_WITH_AS(cross_validate(table, fit_to),
                         "[F0321] cross_validate: the table of scores is empty", shape_error);
    table.push_back(parse<macro>("00000000"), 1);
    table.push_back(parse<macro>("11111111"), 2);
    table.push_back(parse<macro>("22222222"), 3);
    CHECK_THROWS_AS(cross_validate(table, fit_to, {.folds = 2}), shape_error);
}

TEST_CASE("folds without an order to find are skipped, and named") {
    using space = codes<4, 4, 4>;
    // All scores are 1 but those of one network and of one other: most folds are constant.
    score_table<space> table;
    for_each_architecture<space>([&](const architecture<space>& a) {
        if (table.size() < 20) {
            table.push_back(a, 1);
        }
    });
    const auto parts = make_folds(20, 5, seed{3});
    const std::size_t odd = parts[2].front();
    const std::size_t other = parts[4].front();
    table.scores[odd] = 3;
    table.scores[other] = 2;
    std::size_t fits = 0;
    std::vector<long long> told;
    const auto shown = cross_validate(
        table,
        [&](const score_table<space>& rows) {
            ++fits;
            return ridge<space>(rows);
        },
        {.folds = 5, .seed = seed{3}, .observer = [&](const progress& p) { told.push_back(p.done); }});
    CHECK(shown.skipped == std::vector<std::size_t>{0, 1, 3});
    REQUIRE(shown.folds.size() == 2);
    CHECK(fits == 2);
    CHECK(told == std::vector<long long>{1, 2, 3, 4, 5});
    CHECK(shown.folds[0].held_out.size() == 4);
    CHECK(std::isfinite(shown.kendall()));
    CHECK(shown.kendall() == (shown.folds[0].kendall + shown.folds[1].kendall) / 2);

    // Without the second, the others of fold 2 are all equal: there is nothing to fit either.
    table.scores[other] = 1;
    CHECK_THROWS_WITH_AS(cross_validate(table, [](const auto& rows) { return ridge<space>(rows); },
                                        {.folds = 5, .seed = seed{3}}),
                         doctest::Contains("[F0662] cross_validate: in each of the 5 folds"), numeric_error);
}

TEST_CASE("the mean over folds of equal taus is that tau") {
    cross_validation_result<macro> result;
    for (int i = 0; i < 3; ++i) {
        result.folds.push_back({{}, {}, 0.1, 0.7});
    }
    CHECK(result.kendall() == 0.1);
    CHECK(result.spearman() == 0.7);
}
