#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/encoding/complete.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using fixtures::codes_of;
using fixtures::tiny;

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

TEST_CASE("the default model can be a ridge regression, on any encoding with a node for each cell") {
    const score_table<tiny> table = fixtures::tiny_table();
    const ridge<tiny> additive(table, {.lambda = 0.1});
    const auto chain = as_default_model(additive);
    const auto complete = as_default_model<tiny, encoding::complete<tiny, default_feature>>(additive);
    for (const auto& a : table.architectures) {
        CHECK(chain.predict(a) == doctest::Approx(additive.predict(a)).epsilon(1e-6));
        CHECK(complete.predict(a) == doctest::Approx(additive.predict(a)).epsilon(1e-6));
    }
}

TEST_CASE("the plan follows from the noise of the scores") {
    const auto exact = choose_plan(bare_table(150, 0));
    CHECK(exact.plan <= fit_plan::smooth);
    for (const double tau : exact.kendall) {
        CHECK(tau > noisy_below);
    }
    const auto noisy = choose_plan(bare_table(150, 30));
    CHECK(noisy.plan >= fit_plan::averaged);
    for (const double tau : noisy.kendall) {
        CHECK(tau < noisy_below);
    }
}

TEST_CASE("the rule: one standard error decides") {
    using detail::choose_by;
    const auto folds = [](fit_plan a, std::vector<double> of_a, fit_plan b, std::vector<double> of_b) {
        std::vector<std::vector<double>> taus(of_a.size(), std::vector<double>(fit_plans, 0.5));
        for (std::size_t f = 0; f < taus.size(); ++f) {
            taus[f][static_cast<std::size_t>(a)] = of_a[f];
            taus[f][static_cast<std::size_t>(b)] = of_b[f];
        }
        return taus;
    };
    using enum fit_plan;
    // Differences 0.1 and 0.3: mean 0.2, standard error 0.1.
    CHECK(choose_by(folds(close, {0.8, 0.9}, smooth, {0.7, 0.6}), 0.85) == close);
    CHECK(choose_by(folds(smooth, {0.8, 0.9}, close, {0.7, 0.6}), 0.85) == smooth);
    // Differences 0, 0.25 and 0: mean and standard error are equal but for rounding; with 0.2 more, less.
    CHECK(choose_by(folds(close, {0.7, 0.95, 0.7}, smooth, {0.7, 0.7, 0.75}), 0.8) == balanced);
    CHECK(choose_by(folds(close, {0.7, 0.7}, smooth, {0.7, 0.7}), 0.7) == balanced);
    CHECK(choose_by(folds(averaged, {0.4, 0.5}, cautious, {0.3, 0.2}), 0.45) == averaged);
    CHECK(choose_by(folds(averaged, {0.4, 0.5}, cautious, {0.5, 0.3}), 0.45) == cautious);
    CHECK(choose_by(folds(averaged, {0.4, 0.5}, cautious, {0.4, 0.5}), 0.45) == cautious);
    // One fold says nothing about the error.
    CHECK(choose_by(folds(close, {0.8, NAN}, smooth, {0.7, 0.6}), 0.8) == balanced);
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
    const std::vector<std::size_t> members{4, 4, 4, 3, 3};
    for (int p = 0; p < fit_plans; ++p) {
        const auto model = fit_default(table, {.plan = static_cast<fit_plan>(p)});
        CHECK(model.members().size() == members[static_cast<std::size_t>(p)]);
        for (const double v : model.predict(codes_of(table))) {
            CHECK(std::isfinite(v));
        }
    }
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

TEST_CASE("small and useless tables") {
    CHECK(choose_plan(bare_table(7, 0)).plan == fit_plan::balanced);
    CHECK(std::isnan(choose_plan(bare_table(7, 0)).kendall[0]));
    CHECK(fit_default(bare_table(2, 0)).members().size() == 4);
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
                         "fit_default: folds: expected at least 2, got 1", option_error);
}
