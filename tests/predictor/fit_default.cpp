#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/linalg.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
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

TEST_CASE("plans are called as their enumerators are") {
    const auto name = [](fit_plan p) { return fit_plan_names[static_cast<std::size_t>(p)]; };
    CHECK(name(fit_plan::cautious) == "cautious");
    CHECK(name(fit_plan::careful) == "careful");
    CHECK(name(fit_plan::broad) == "broad");
    CHECK(name(fit_plan::close) == "close");
    CHECK(name(fit_plan::smoothed) == "smoothed");
}

TEST_CASE("the plan follows from the noise of the scores") {
    const plan_choice exact = choose_plan(bare_table(150, 0));
    CHECK(exact.plan >= fit_plan::broad);
    CHECK(exact.noise < 0.1);
    const plan_choice noisy = choose_plan(bare_table(150, 30));
    CHECK(noisy.plan <= fit_plan::careful);
    CHECK(noisy.noise > 0.5);
    // What a fit has of the noise falls with the number of networks.
    CHECK(choose_plan(bare_table(150, 10)).plan == fit_plan::cautious);
    CHECK(choose_plan(bare_table(700, 10)).plan == fit_plan::careful);
}

TEST_CASE("what paths of a graph do is no noise") {
    using cells = spaces::nas_bench_201<1>;
    const auto table_of = [](double noise) {
        score_table<cells> table;
        random_stream random(seed{8}, purpose::user);
        for (const auto& a : sample<cells>(100, seed{4})) {
            const auto of = [&](std::size_t edge) { // what an edge hands on
                constexpr double parts[] = {0, 0.2, 0.6, 1, 0.1};
                return parts[a[edge]];
            };
            const double out = of(3) + of(0) * of(4) + (of(1) + of(0) * of(2)) * of(5);
            table.push_back(a, out + noise * random.normal());
        }
        return table;
    };
    CHECK(choose_plan(table_of(0)).noise < 0.03);
    CHECK(choose_plan(table_of(0)).plan == fit_plan::close);
    const plan_choice noisy = choose_plan(table_of(0.6)); // about as much as quality differs
    CHECK(noisy.noise > 0.2);
    CHECK(noisy.plan == fit_plan::cautious);
}

TEST_CASE("noise is found as large as it was made") {
    // Sums of effects of operators, and noise: ranks of 400 different networks are nearly normal scores.
    using eight = codes<3, 3, 3, 3, 3, 3, 3, 3>;
    for (const double part : {0.1, 0.4, 0.8}) {
        score_table<eight> table;
        random_stream random(seed{12}, purpose::user);
        for (const auto& a : sample<eight>(400, seed{5})) {
            double sum = 0;
            for (std::size_t i = 0; i < a.size(); ++i) {
                sum += (0.7 + 0.1 * static_cast<double>(i)) * static_cast<double>(a[i]);
            }
            // The variance of an operator's number is 2 / 3, the sum of the squared slopes 9.4.
            table.push_back(a, std::sqrt(1 - part) * sum / std::sqrt(9.4 * 2 / 3) +
                                   std::sqrt(part) * random.normal());
        }
        CHECK(detail::noise_of_ranks(table, seed{0}) == doctest::Approx(part).epsilon(0.25).scale(0.2));
    }
}

TEST_CASE("smoothed scores: a ridge regression on effects, by its definition") {
    const score_table<bare> table = bare_table(60, 5);
    const std::vector<double> found = detail::smoothed_scores(table);
    // The same from kernels: of each kind the inner products of centred features, their mean diagonal 1.
    const std::size_t n = table.size();
    const auto kernel = [&](auto&& features) {
        std::vector<std::vector<double>> rows;
        for (const auto& a : table.architectures) {
            rows.push_back(features(a));
        }
        for (std::size_t c = 0; c < rows[0].size(); ++c) {
            double mean = 0;
            for (const auto& row : rows) {
                mean += row[c] / static_cast<double>(n);
            }
            for (auto& row : rows) {
                row[c] -= mean;
            }
        }
        matrix k({n, n}, 0.0);
        double diagonal = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                for (std::size_t c = 0; c < rows[0].size(); ++c) {
                    k(i, j) += rows[i][c] * rows[j][c];
                }
            }
            diagonal += k(i, i) / static_cast<double>(n);
        }
        for (double& v : k) {
            v /= diagonal;
        }
        return k;
    };
    const auto counts = [](const architecture<bare>& a) {
        std::vector<double> all(3);
        for (const auto o : a) {
            all[o] += 1;
        }
        return all;
    };
    const matrix space = kernel(counts); // one stage, and cells alike: both kinds are the same
    const matrix cells = kernel([](const architecture<bare>& a) {
        std::vector<double> all(18);
        for (std::size_t i = 0; i < 6; ++i) {
            all[3 * i + a[i]] = 1;
        }
        return all;
    });
    const matrix products = kernel([&](const architecture<bare>& a) {
        const std::vector<double> c = counts(a);
        return std::vector<double>{c[0] * c[0], c[1] * c[0], c[1] * c[1],
                                   c[2] * c[0], c[2] * c[1], c[2] * c[2]};
    });
    matrix shared({n, n}, 0.0);
    matrix scores({n, 1}, 0.0);
    const std::vector<double> standard = make_targets(target::standardised, table.scores);
    for (std::size_t i = 0; i < n; ++i) {
        scores(i, 0) = standard[i];
        for (std::size_t j = 0; j < n; ++j) {
            shared(i, j) = 1.1 * space(i, j) + 0.1 * cells(i, j) + 0.1 * products(i, j);
        }
    }
    matrix penalised = shared;
    for (std::size_t i = 0; i < n; ++i) {
        penalised(i, i) += 0.5;
    }
    const matrix weights = solve(penalised, scores);
    for (std::size_t i = 0; i < n; ++i) {
        double expected = 0;
        for (std::size_t j = 0; j < n; ++j) {
            expected += shared(i, j) * weights(j, 0);
        }
        CHECK(found[i] == doctest::Approx(expected).epsilon(1e-9));
    }
}

TEST_CASE("cells alike have the same operators: by name where there are names") {
    CHECK(detail::cells_alike<codes<3, 3, 2, 3>>() == std::vector<std::size_t>{0, 0, 2, 0});
    // The first cell of each stage changes the shape.
    CHECK(detail::cells_alike<spaces::nas_bench_macro>() == std::vector<std::size_t>{0, 1, 0, 1, 1, 0, 1, 1});
    using few = operator_set<op::conv<3>, op::identity>;
    using others = operator_set<op::identity, op::conv<3>>;
    using mixed = search_space<image<8, 8, 1>, stem<4, 1>, stage<few, 1, 4, 1>, stage<others, 1, 4, 1>,
                               stage<few, 1, 4, 1>, head<8, 2>>;
    CHECK(detail::cells_alike<mixed>() == std::vector<std::size_t>{0, 1, 0});
}

TEST_CASE("scores of a supernet are smoothed, whatever their number; the kind of a table stays with it") {
    score_table<bare> table = bare_table(60, 5);
    table.kind = score_kind::supernet;
    CHECK(choose_plan(table).plan == fit_plan::smoothed);
    CHECK(merge_equal_networks(table, "test").kind == score_kind::supernet);
    CHECK(detail::without_outliers(table).kind == score_kind::supernet);
    const std::vector<std::size_t> some{1, 2, 3};
    CHECK(table.rows(some).kind == score_kind::supernet);
    // Errors that networks with the same first operator share: 20 for cells whose number is odd.
    score_table<bare> truth = bare_table(729, 0);
    score_table<bare> biased = bare_table(300, 0);
    biased.kind = score_kind::supernet;
    random_stream random(seed{3}, purpose::user);
    std::vector<double> error(18);
    for (double& e : error) {
        e = 4 * random.normal();
    }
    for (std::size_t r = 0; r < biased.size(); ++r) {
        for (std::size_t i = 0; i < 6; ++i) {
            biased.scores[r] += error[3 * i + biased.architectures[r][i]];
        }
    }
    const double careful = kendall_tau(fit_default(biased).predict(codes_of(truth)), truth.scores);
    biased.kind = score_kind::truth;
    const double trusting = kendall_tau(fit_default(biased).predict(codes_of(truth)), truth.scores);
    CHECK(careful > trusting);
    // Predictions are in the unit of the scores.
    const auto model = fit_default(table);
    double mean = 0;
    double expected = 0;
    const std::vector<double> predicted = model.predict(codes_of(table));
    for (std::size_t i = 0; i < table.size(); ++i) {
        mean += predicted[i] / static_cast<double>(table.size());
        expected += table.scores[i] / static_cast<double>(table.size());
    }
    CHECK(mean == doctest::Approx(expected).epsilon(0.02));
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
    const std::vector<std::size_t> members{6, 10, 18, 6, 4};
    std::vector<default_predictor<bare>> of;
    for (int p = 0; p < fit_plans; ++p) {
        of.push_back(fit_default(table, {.plan = static_cast<fit_plan>(p)}));
        CHECK(of.back().members().size() == members[static_cast<std::size_t>(p)]);
        for (const auto& one : of.back().members()) {
            CHECK(kendall_tau(one.predict(codes_of(table)), table.scores) > 0.5);
        }
    }
    // A way is fitted the same in every plan.
    CHECK(of[3].members()[5].predict(codes_of(table)) == of[2].members()[17].predict(codes_of(table)));
    // Members of a way begin elsewhere; the first does not depend on how many there are.
    CHECK(of[3].members()[5].predict(codes_of(table)) != of[3].members()[4].predict(codes_of(table)));
    const auto single = fit_default(table, {.plan = fit_plan::close, .repeats = 1});
    CHECK(single.members().size() == 3);
    CHECK(single.members()[1].predict(codes_of(table)) == of[3].members()[2].predict(codes_of(table)));
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
    CHECK(std::isnan(choose_plan(bare_table(7, 0)).noise));
    CHECK(fit_default(bare_table(2, 0), {.repeats = 1}).members().size() == 9);
    CHECK(std::isfinite(choose_plan(bare_table(8, 0)).noise));

    // Two values, one of them once: most parts are constant.
    score_table<bare> flat = bare_table(20, 0);
    for (double& s : flat.scores) {
        s = 1;
    }
    flat.scores[3] = 2;
    CHECK_NOTHROW(fit_default(flat));
    flat.scores[3] = 1;
    CHECK_THROWS_AS(fit_default(flat), numeric_error);
    CHECK_THROWS_AS(fit_default(score_table<bare>{}), shape_error);
}
