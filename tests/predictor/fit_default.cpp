#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/distil.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using fixtures::codes_of;

namespace {

using bare = codes<3, 3, 3, 3, 3, 3>;

// Neighbouring cells matter together.
score_table<bare> bare_table(std::size_t n, double noise) {
    score_table<bare> table;
    random_stream random(seed{8}, purpose::user);
    for (const auto& a : sample<bare>(n, seed{4})) {
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            sum += std::sqrt(static_cast<double>(a[i])) * (i == 2 ? 2 : 1);
            sum += i > 0 && a[i] == a[i - 1] ? 0.4 : 0;
        }
        table.push_back(a, 60 + 5 * sum + noise * random.normal());
    }
    return table;
}

} // namespace

TEST_CASE("the plan follows from the noise of the scores") {
    const plan_choice exact = choose_plan(bare_table(150, 0));
    CHECK(exact.plan >= fit_plan::broad);
    const plan_choice noisy = choose_plan(bare_table(150, 30));
    CHECK(noisy.plan <= fit_plan::careful);
    for (std::size_t p = 0; p < fit_plans; ++p) {
        CHECK(exact.kendall[p] > noisy.kendall[p] + 0.2);
    }
}

TEST_CASE("plans are compared by the sums of their ways") {
    // Four networks in the right order by ways 6 to 8, in the opposite by the others.
    std::vector<std::vector<double>> predictions(fit_ways, {4, 3, 2, 1});
    for (std::size_t w = 6; w < 9; ++w) {
        predictions[w] = {1, 2, 3, 4};
    }
    const std::vector<double> scores{1, 2, 3, 4};
    CHECK(detail::compare_plans(predictions, scores) == std::vector<double>{-1, -1, -1, 1});
    predictions[6] = {10, 20, 30, 40}; // outweighs all others
    CHECK(detail::compare_plans(predictions, scores) == std::vector<double>{-1, -1, 1, 1});
    predictions[4].clear(); // could not be fitted
    const auto taus = detail::compare_plans(predictions, scores);
    CHECK(taus[0] == -1);
    CHECK(std::isnan(taus[1]));
    CHECK(std::isnan(taus[2]));
    CHECK(taus[3] == 1);
}

TEST_CASE("the rule of one standard error") {
    using enum fit_plan;
    using detail::choose_by;
    // A row a fold. close less broad: 0.1 and 0.3, mean 0.2, standard error 0.1.
    const plan_choice clear = choose_by({{0, 0, 0.7, 0.8}, {0, 0, 0.6, 0.9}}, 1);
    CHECK(clear.plan == close);
    CHECK(clear.kendall[3] == doctest::Approx(0.85));
    CHECK(clear.kendall[2] == doctest::Approx(0.65));
    // close less careful: 0.3 and -0.1, mean 0.1, standard error 0.2.
    CHECK(choose_by({{0, 0.4, 0, 0.7}, {0, 0.5, 0, 0.4}}, 1).plan == careful);
    CHECK(choose_by({{0, 0.4, 0, 0.7}, {0, 0.5, 0, 0.4}}, 0.49).plan == close);
    CHECK(choose_by({{0, 0.4, 0, 0.7}, {0, 0.5, 0, 0.4}}, 0.51).plan == careful);
    CHECK(choose_by({{0.7, 0.7, 0.7, 0.7}, {0.6, 0.6, 0.6, 0.6}}, 1).plan == cautious);
    // One fold says nothing about the error; what has no number is not chosen.
    CHECK(choose_by({{NAN, 0.6, 0.7, 0.8}}, 1).plan == careful);
    CHECK(choose_by({{NAN, NAN, NAN, NAN}}, 1).plan == broad);
    // Folds with a number count.
    CHECK(choose_by({{0, 0, 0.7, 0.8}, {0, 0, 0.6, 0.9}, {0, 0, NAN, 0.9}}, 1).plan == close);
    // Large tables are allowed fewer.
    CHECK(detail::errors_allowed(2) == 1);
    CHECK(detail::errors_allowed(200) == 1);
    CHECK(detail::errors_allowed(800) == 0.5);
}

TEST_CASE("the default fit ranks what it has not seen, and gives the same bits for any number of threads") {
    const score_table<bare> table = bare_table(150, 0);
    score_table<bare> all = bare_table(729, 0);
    const auto run = [&] { return fit_default(table, {.seed = seed{3}}).predict(codes_of(all)); };
    const std::vector<double> one = fixtures::on_threads(1, run);
    CHECK(one == fixtures::on_threads(2, run));
    CHECK(one == fixtures::on_threads(3, run));
    CHECK(kendall_tau(one, all.scores) > 0.9);
    CHECK(one != fit_default(table, {.seed = seed{4}}).predict(codes_of(all)));
}

TEST_CASE("each plan has its members, and equal networks are one row") {
    const score_table<bare> table = bare_table(60, 0);
    const std::vector<std::size_t> members{9, 15, 27, 9};
    std::vector<default_predictor<bare>> of;
    for (int p = 0; p < fit_plans; ++p) {
        of.push_back(fit_default(table, {.plan = static_cast<fit_plan>(p)}));
        CHECK(of.back().members().size() == members[static_cast<std::size_t>(p)]);
        for (const auto& one : of.back().members()) {
            CHECK(kendall_tau(one.predict(codes_of(table)), table.scores) > 0.5);
        }
    }
    // A way is fitted the same in every plan.
    CHECK(of[3].members()[8].predict(codes_of(table)) == of[2].members()[26].predict(codes_of(table)));
    // Members of a way begin elsewhere; the first does not depend on how many there are.
    CHECK(of[3].members()[8].predict(codes_of(table)) != of[3].members()[7].predict(codes_of(table)));
    const auto single = fit_default(table, {.plan = fit_plan::close, .repeats = 1});
    CHECK(single.members().size() == 3);
    CHECK(single.members()[1].predict(codes_of(table)) == of[3].members()[3].predict(codes_of(table)));
    CHECK_THROWS_AS(fit_default(table, {.repeats = 0}), option_error);
    CHECK(options_of_way(3, 60).epochs == 200);
    CHECK(options_of_way(3, 2000).epochs == 2000 / 32);
    CHECK(options_of_way(1, 100'000).epochs == 1);

    using space = spaces::nas_bench_macro;
    score_table<space> twice;
    score_table<space> once;
    random_stream random(seed{1}, purpose::user);
    for (const auto& a : sample<space>(40, seed{2})) {
        const double score = static_cast<double>(a[0] + 2 * a[3]) + random.normal();
        once.push_back(a, score);
        twice.push_back(a, score - 1);
        twice.push_back(random_equal_code<space>(a, random), score + 1);
    }
    const auto expected = fit_default(once).predict(codes_of(once));
    const auto got = fit_default(twice).predict(codes_of(once));
    for (std::size_t i = 0; i < got.size(); ++i) {
        CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-4));
    }
}

TEST_CASE("what fit_default returns decomposes, and one model can take its place") {
    const auto model = fit_default(bare_table(100, 0), {.plan = fit_plan::close});
    static_assert(decomposable<default_predictor<bare>>);
    const windows tables(model);
    const score_table<bare> whole = bare_table(729, 0);
    const auto all = codes_of(whole);
    const std::vector<double> expected = model.predict(all);
    const std::vector<double> found = tables.predict(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-6));
    }
    const auto one = distil<default_model<bare>>(model, 500, {.epochs = 100, .learning_rate = 2e-2});
    CHECK(kendall_tau(one.predict(all), expected) > 0.95);
}

TEST_CASE("the default model is as deep as tables of its windows allow") {
    CHECK(default_convolutions<spaces::nas_bench_macro> == 3);               // 3^7 = 2,187
    CHECK(default_convolutions<spaces::fashion_mini> == 3);                  // all 4^6 = 4,096
    CHECK(default_convolutions<codes<4, 4, 4, 4, 4, 4, 4, 2>> == 2);         // 4^7 = 16,384
    CHECK(default_convolutions<codes<2, 10, 10, 10, 10, 1, 1, 1, 1>> == 2);  // 20,000
    CHECK(default_convolutions<codes<10, 10, 10, 10, 1, 1, 1, 1, 10>> == 3); // 10,000
    CHECK(default_convolutions<spaces::mobile_19x6> == 2);
}

TEST_CASE("small and useless tables") {
    CHECK(choose_plan(bare_table(7, 0)).plan == fit_plan::broad);
    CHECK(std::isnan(choose_plan(bare_table(7, 0)).kendall[0]));
    CHECK(fit_default(bare_table(2, 0), {.repeats = 1}).members().size() == fit_ways);
    CHECK(std::isfinite(choose_plan(bare_table(8, 0)).kendall[0]));

    // Two values, one of them once: some folds are constant.
    score_table<bare> flat = bare_table(20, 0);
    for (double& s : flat.scores) {
        s = 1;
    }
    flat.scores[3] = 2;
    CHECK_NOTHROW(fit_default(flat));
    flat.scores[3] = 1;
    CHECK_THROWS_AS(fit_default(flat), numeric_error);
    CHECK_THROWS_AS(fit_default(score_table<bare>{}), shape_error);
    CHECK_THROWS_WITH_AS(fit_default(bare_table(20, 0), {.folds = 1}),
                         "[F0617] fit_default: folds: expected at least 2, got 1", option_error);
}
