#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/cholesky.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/predictor/cell_effects.hpp>
#include <fitnas/predictor/order_ridge.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/equal_code.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "../support/thrown.hpp"
#include "fixtures.hpp"

using namespace fitnas;
using fixtures::codes_of;

namespace {

using bare = codes<3, 3, 3, 3, 3, 3>;

double quality(const architecture<bare>& a) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += std::sqrt(static_cast<double>(a[i])) * (i == 2 ? 2 : 1);
        sum += i > 0 && a[i] == a[i - 1] ? 0.4 : 0;
    }
    return sum;
}

// The first n of a random order of all codes: what a supernet says of them, and the truth in percent. It
// takes operator 1 of the later cells for far better than it is.
struct two_tables {
    score_table<bare> scores;
    score_table<bare> truths;
};
two_tables tables_of(std::size_t n, seed s) {
    two_tables found;
    found.scores.kind = score_kind::supernet;
    random_stream random(s, purpose::user);
    for (const auto& a : sample<bare>(n, s)) {
        double error = 0.3 * random.normal();
        for (std::size_t i = 3; i < a.size(); ++i) {
            error += a[i] == 1 ? 0.8 : 0;
        }
        found.scores.push_back(a, quality(a) + error);
        found.truths.push_back(a, 60 + 4 * quality(a));
    }
    return found;
}
const two_tables all = tables_of(729, seed{9});
double tau_of(const std::vector<double>& predicted) { return kendall_tau(predicted, all.truths.scores); }

} // namespace

TEST_CASE("a few truths take away what a supernet's scores have wrong together") {
    const score_table<bare> scores = tables_of(300, seed{1}).scores;
    const double by_scores = tau_of(fit_default(scores).predict(codes_of(all.truths)));
    double with_both = 0;
    double by_truths = 0;
    for (const std::uint64_t draw : {2U, 3U, 4U}) {
        const score_table<bare> truths = tables_of(10, seed{draw}).truths;
        const auto model = fit_two_fidelities(scores, truths);
        with_both += tau_of(model.predict(codes_of(all.truths))) / 3;
        by_truths += tau_of(fit_default(truths).predict(codes_of(all.truths))) / 3;
    }
    CHECK(with_both > by_scores + 0.03);
    CHECK(with_both > by_truths + 0.04);
}

TEST_CASE("few truths: the order of the scores; many: that of the truths") {
    const score_table<bare> scores = tables_of(300, seed{1}).scores;
    const std::vector<double> of_scores = fit_default(scores).predict(codes_of(all.truths));
    for (const std::uint64_t draw : {2U, 3U, 4U}) {
        const auto model = fit_two_fidelities(scores, tables_of(2, seed{draw}).truths);
        CHECK(kendall_tau(model.predict(codes_of(all.truths)), of_scores) > 0.85);
        CHECK(!model.of_truths());
    }
    const score_table<bare> many = tables_of(300, seed{5}).truths;
    const auto model = fit_two_fidelities(scores, many);
    CHECK(model.of_truths());
    CHECK(tau_of(model.predict(codes_of(all.truths))) >
          tau_of(fit_default(many).predict(codes_of(all.truths))) - 0.01);
    // Predictions are in the unit of the truths.
    double off = 0;
    for (std::size_t i = 0; i < all.truths.size(); ++i) {
        off += std::abs(model.predict(all.truths.architectures[i]) - all.truths.scores[i]) / 729;
    }
    CHECK(off < 1);
}

TEST_CASE("scores that say nothing do little harm, and truths that say little leave the scores") {
    score_table<bare> noise = tables_of(300, seed{1}).scores;
    random_stream random(seed{6}, purpose::user);
    for (double& s : noise.scores) {
        s = random.normal();
    }
    const score_table<bare> truths = tables_of(60, seed{2}).truths;
    CHECK(tau_of(fit_two_fidelities(noise, truths).predict(codes_of(all.truths))) >
          tau_of(fit_default(truths).predict(codes_of(all.truths))) - 0.03);

    const score_table<bare> scores = tables_of(300, seed{1}).scores;
    const double by_scores = tau_of(fit_default(scores).predict(codes_of(all.truths)));
    double with_both = 0;
    double by_truths = 0;
    for (const std::uint64_t draw : {2U, 3U, 4U}) {
        score_table<bare> rough = tables_of(30, seed{draw}).truths;
        for (double& t : rough.scores) { // their own deviation is 5.4
            t += 12 * random.normal();
        }
        with_both += tau_of(fit_two_fidelities(scores, rough).predict(codes_of(all.truths))) / 3;
        by_truths += tau_of(fit_default(rough).predict(codes_of(all.truths))) / 3;
    }
    CHECK(with_both > by_scores - 0.06);
    CHECK(with_both > by_truths + 0.1);
}

TEST_CASE(
    "two fidelities: the best network is found exactly, and any number of threads gives the same bits") {
    using space = spaces::nas_bench_macro;
    score_table<space> scores;
    score_table<space> truths;
    for (const auto& a : sample<space>(60, seed{2})) {
        scores.push_back(a, static_cast<double>(a[0] + 2 * a[3] + a[6] * a[7]));
    }
    for (const auto& a : sample<space>(45, seed{3})) {
        truths.push_back(a, 50 + static_cast<double>(3 * a[0] + 2 * a[3] + a[5]) + 0.1 * a[7]);
    }
    const auto run = [&] { return fit_two_fidelities(scores, truths, {.seed = seed{3}}); };
    const auto model = run();
    static_assert(predictor<two_fidelity_predictor<space>>);
    static_assert(decomposable<two_fidelity_predictor<space>>);
    CHECK(model.of_truths()); // all parts are there
    std::vector<architecture<space>> codes;
    for_each_architecture<space>([&](const architecture<space>& a) { codes.push_back(canonical<space>(a)); });
    const std::vector<double> predicted = model.predict(codes);
    const std::vector<double> tabulated = windows<space>(model).predict(codes);
    double best = predicted.front();
    for (std::size_t i = 0; i < codes.size(); ++i) {
        best = (std::max)(best, predicted[i]);
        REQUIRE(tabulated[i] == doctest::Approx(predicted[i]).epsilon(1e-6));
    }
    const auto top = search::exact(model, {.top = 1});
    CHECK(model.predict(top.front().architecture) == doctest::Approx(best).epsilon(1e-6));
    const auto on = [&](int threads) { return fixtures::on_threads(threads, run).predict(codes); };
    CHECK(on(1) == predicted);
    CHECK(on(3) == predicted);
}

TEST_CASE("two fidelities: equal networks are one, and the kinds of the tables are those of the arguments") {
    using space = spaces::nas_bench_macro;
    score_table<space> scores;
    score_table<space> once;
    score_table<space> twice;
    random_stream random(seed{1}, purpose::user);
    for (const auto& a : sample<space>(30, seed{2})) {
        scores.push_back(a, static_cast<double>(a[0] + 2 * a[3]) + random.normal());
    }
    for (const auto& a : sample<space>(12, seed{4})) {
        const double truth = static_cast<double>(a[0] + 2 * a[3] + a[6]);
        once.push_back(a, truth);
        twice.push_back(a, truth - 1);
        twice.push_back(random_equal_code<space>(a, random), truth + 1);
    }
    const std::vector<double> expected = fit_two_fidelities(scores, once).predict(codes_of(scores));
    const std::vector<double> merged = fit_two_fidelities(scores, twice).predict(codes_of(scores));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(merged[i] == doctest::Approx(expected[i]).epsilon(1e-6));
    }
    score_table<space> other_scores = scores;
    other_scores.kind = score_kind::supernet;
    once.kind = score_kind::supernet;
    CHECK(fit_two_fidelities(other_scores, once).predict(codes_of(scores)) == expected);
    const auto model = fit_two_fidelities(scores, once);
    const auto equal = random_equal_code<space>(scores.architectures[0], random);
    CHECK(model.predict(equal) == model.predict(scores.architectures[0]));
}

TEST_CASE("costs that go with quality help where scores say little; they must be given for bare codes") {
    // Quality is what costs 1, 2 and 4 say, and the scores are noise.
    score_table<bare> scores = tables_of(300, seed{1}).scores;
    score_table<bare> truths = tables_of(6, seed{2}).truths;
    score_table<bare> whole = all.truths;
    random_stream random(seed{6}, purpose::user);
    const named_cost cost = cost::table<bare>("price", "", [](int i, int o) { // cells of 0, 2, 0 and 0, 0, 5
        return o == 1 + i % 2 ? (i % 2 == 0 ? 2.0 : 5.0) : 0.0;
    });
    const windows<bare> table{window_sum<bare>(cost)};
    for (double& s : scores.scores) {
        s = random.normal();
    }
    for (score_table<bare>* t : {&truths, &whole}) {
        for (std::size_t i = 0; i < t->size(); ++i) {
            t->scores[i] = 50 + table.predict(t->architectures[i]);
        }
    }
    const auto tau = [&](const two_fidelity_options<bare>& o) {
        return kendall_tau(fit_two_fidelities(scores, truths, o).predict(codes_of(whole)), whole.scores);
    };
    CHECK(tau({.costs = {cost}}) > tau({}) + 0.2);
}

TEST_CASE("a training that diverged does not lead the truths") {
    const score_table<bare> scores = tables_of(300, seed{1}).scores;
    score_table<bare> truths = tables_of(30, seed{2}).truths;
    const double before = tau_of(fit_two_fidelities(scores, truths).predict(codes_of(all.truths)));
    truths.scores[3] = 10;
    truths.scores[11] = 10;
    CHECK(tau_of(fit_two_fidelities(scores, truths).predict(codes_of(all.truths))) > before - 0.05);
}

TEST_CASE("two fidelities: tables that nothing can be fitted to") {
    const two_tables good = tables_of(20, seed{1});
    const score_table<bare> none;
    const auto message = [&](const score_table<bare>& scores, const score_table<bare>& truths) {
        return thrown<fitnas::error>([&] { fit_two_fidelities(scores, truths); });
    };
    CHECK(contains(message(none, good.truths), "fit_two_fidelities: scores: the table of scores is empty"));
    CHECK(contains(message(good.scores, none), "fit_two_fidelities: truths: the table of scores is empty"));
    const std::vector<std::size_t> one{0};
    CHECK(
        contains(message(good.scores, good.truths.rows(one)), "fit_two_fidelities: truths: the table has 1"));
    score_table<bare> flat = good.truths;
    for (double& t : flat.scores) {
        t = 71;
    }
    CHECK(contains(message(good.scores, flat), "truths: all 20 scores are equal to 71"));
    CHECK(
        contains(thrown<option_error>([&] { fit_two_fidelities(good.scores, good.truths, {.repeats = 0}); }),
                 "fit_two_fidelities: repeats: expected at least 1, got 0"));
    two_fidelity_options<bare> stopping;
    stopping.observer = [](const progress&) { throw interrupted("enough"); };
    CHECK_THROWS_AS(fit_two_fidelities(good.scores, good.truths, stopping), interrupted);
}

TEST_CASE("a ridge regression on the order of values") {
    // Two rows that differ by 2 in one feature: the weight w has penalty w = 2 / (1 + exp(2 w)).
    detail::square_matrix rows({3, 1}, 0.0);
    rows(0, 0) = 1;
    rows(1, 0) = -1;
    rows(2, 0) = 7;
    const std::vector<double> offsets(3);
    const std::vector<double> values{5, 2, 100};
    const detail::order_ridge pair(rows, offsets, values);
    for (const double penalty : {0.01, 0.5, 8.0}) {
        const double w = pair.weights({0, 1}, penalty).front();
        CHECK(penalty * w == doctest::Approx(2 / (1 + std::exp(2 * w))).epsilon(1e-5));
    }
    // Equal values say nothing; what outputs begin with does.
    const std::vector<double> equal{5, 5, 5};
    CHECK(detail::order_ridge(rows, offsets, equal).weights({0, 1, 2}, 1).front() == 0);
    const std::vector<double> begun{30, 0, 0};
    CHECK(detail::order_ridge(rows, begun, values).weights({0, 1}, 1).front() < 1e-6);

    // Many: no step in any direction lowers the objective, written out plainly.
    constexpr std::size_t n = 12;
    constexpr std::size_t width = 4;
    detail::square_matrix many({n, width}, 0.0);
    std::vector<double> start;
    std::vector<double> targets;
    random_stream random(seed{1}, purpose::user);
    for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < width; ++c) {
            many(r, c) = random.normal();
        }
        start.push_back(random.normal());
        targets.push_back(std::floor(4 * random.uniform()));
    }
    const std::vector<std::size_t> taken{0, 1, 2, 3, 5, 6, 7, 8, 9, 11};
    const detail::order_ridge fit(many, start, targets);
    const std::vector<double> found = fit.weights(taken, 0.3);
    const auto objective = [&](const std::vector<double>& w) {
        double sum = 0;
        for (const double v : w) {
            sum += 0.15 * v * v;
        }
        for (const std::size_t i : taken) {
            for (const std::size_t j : taken) {
                if (targets[i] > targets[j]) {
                    double margin = start[i] - start[j];
                    for (std::size_t c = 0; c < width; ++c) {
                        margin += w[c] * (many(i, c) - many(j, c));
                    }
                    sum += std::log(1 + std::exp(-margin));
                }
            }
        }
        return sum;
    };
    for (std::size_t c = 0; c < width; ++c) {
        for (const double step : {-1e-3, 1e-3}) {
            std::vector<double> other = found;
            other[c] += step;
            CHECK(objective(other) > objective(found));
        }
    }
}

TEST_CASE("effects of operators: counts by their definition, and their sum over windows") {
    using space = spaces::nas_bench_macro;
    const detail::cell_effects<space> effects;
    const auto& first = effects.first_of_kind();
    CHECK(first == std::array<std::size_t, 5>{0, 24, 48, 72, 99});
    std::vector<double> row(99);
    const architecture<space> code{1, 2, 0, 2, 2, 1, 0, 0};
    effects.write(code, row);
    // Cells 0, 2 and 5 change the shape: each group is called by its first cell.
    CHECK(std::vector<double>(row.begin(), row.begin() + 6) == std::vector<double>{1, 2, 0, 2, 0, 3});
    CHECK(std::vector<double>(row.begin() + 30, row.begin() + 36) == std::vector<double>{1, 0, 0, 0, 0, 2});
    CHECK(row[48 + 3 * 4 + 2] == 1);
    CHECK(row[48 + 3 * 4 + 1] == 0);
    // Of the second stage: one 0 and two 2.
    CHECK(std::vector<double>(row.begin() + 81, row.begin() + 90) ==
          std::vector<double>{1, 0, 0, 0, 0, 0, 2, 0, 4});

    std::vector<double> weights;
    random_stream random(seed{1}, purpose::user);
    for (std::size_t i = 0; i < 99; ++i) {
        weights.push_back(random.normal());
    }
    const windows<space> sum(effects.contributions(weights));
    for (const auto& a : sample<space>(50, seed{2})) {
        effects.write(a, row);
        double expected = 0;
        for (std::size_t i = 0; i < 99; ++i) {
            expected += weights[i] * row[i];
        }
        CHECK(sum.sum_of(a) == doctest::Approx(expected).epsilon(1e-9));
    }
    // A stage that is too large for a table has no products.
    using large = codes<3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4>;
    const auto few = detail::cell_effects<large>().first_of_kind();
    CHECK(few == std::array<std::size_t, 5>{0, 38, 76, 114, 130});
}
