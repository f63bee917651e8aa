#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/metrics/kendall.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using fixtures::tiny;

namespace {

score_table<tiny> noisy_table() {
    score_table<tiny> table = fixtures::tiny_table();
    random_stream random(seed{2}, purpose::user);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < table.size(); ++i) {
        table.scores[i] += random.normal();
        if (i % 3 != 1) {
            rows.push_back(i);
        }
    }
    return table.rows(rows);
}

// Ridge regression straight from its definition: the constant is an unpenalised column, the normal equations
// are solved by Gauss and Jordan.
struct by_definition {
    std::vector<double> solution; // the constant, then an operator each

    static std::vector<double> row(const architecture<tiny>& a) {
        std::vector<double> x(12);
        x[0] = 1;
        std::size_t first = 1;
        for (std::size_t i = 0; i < a.size(); ++i) {
            x[first + a[i]] = 1;
            first += static_cast<std::size_t>(tiny::operator_counts[i]);
        }
        return x;
    }

    by_definition(const score_table<tiny>& table, double lambda) {
        std::vector<std::vector<double>> m(12, std::vector<double>(13));
        for (std::size_t r = 0; r < table.size(); ++r) {
            const std::vector<double> x = row(table.architectures[r]);
            for (std::size_t i = 0; i < 12; ++i) {
                for (std::size_t j = 0; j < 12; ++j) {
                    m[i][j] += x[i] * x[j];
                }
                m[i][12] += x[i] * table.scores[r];
            }
        }
        for (std::size_t i = 1; i < 12; ++i) {
            m[i][i] += lambda;
        }
        for (std::size_t i = 0; i < 12; ++i) {
            std::size_t pivot = i;
            for (std::size_t r = i; r < 12; ++r) {
                pivot = std::abs(m[r][i]) > std::abs(m[pivot][i]) ? r : pivot;
            }
            std::swap(m[i], m[pivot]);
            for (std::size_t r = 0; r < 12; ++r) {
                const double factor = r == i ? 0 : m[r][i] / m[i][i];
                for (std::size_t c = i; c < 13; ++c) {
                    m[r][c] -= factor * m[i][c];
                }
            }
        }
        for (std::size_t i = 0; i < 12; ++i) {
            solution.push_back(m[i][12] / m[i][i]);
        }
    }

    double predict(const architecture<tiny>& a) const {
        double sum = 0;
        const std::vector<double> x = row(a);
        for (std::size_t i = 0; i < 12; ++i) {
            sum += x[i] * solution[i];
        }
        return sum;
    }
};

double left_out_error(const score_table<tiny>& table, double lambda) {
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        score_table<tiny> others = table;
        others.architectures.erase(others.architectures.begin() + static_cast<std::ptrdiff_t>(i));
        others.scores.erase(others.scores.begin() + static_cast<std::ptrdiff_t>(i));
        const double off = by_definition(others, lambda).predict(table.architectures[i]) - table.scores[i];
        sum += off * off;
    }
    return sum / static_cast<double>(table.size());
}

} // namespace

TEST_CASE("ridge solves what defines it") {
    static_assert(predictor<ridge<tiny>>);
    const score_table<tiny> table = noisy_table();
    for (const double lambda : {0.01, 1.0, 50.0}) {
        const ridge<tiny> model(table, {.lambda = lambda});
        const by_definition expected(table, lambda);
        CHECK(model.lambda() == lambda);
        for_each_architecture<tiny>([&](const architecture<tiny>& a) {
            CHECK(model.predict(a) == doctest::Approx(expected.predict(a)).epsilon(1e-10));
        });
    }
}

TEST_CASE("ridge knows its leave-one-out error, and takes the lambda with the smallest") {
    const score_table<tiny> table = noisy_table();
    double best = std::numeric_limits<double>::infinity();
    double best_lambda = 0;
    for (int k = -8; k <= 8; ++k) {
        const double lambda = std::pow(10.0, 0.5 * k);
        const double expected = left_out_error(table, lambda);
        CHECK(ridge<tiny>(table, {.lambda = lambda}).leave_one_out_error() ==
              doctest::Approx(expected).epsilon(1e-9));
        if (expected < best) {
            best = expected;
            best_lambda = lambda;
        }
    }
    const ridge model(table);
    CHECK(model.lambda() == doctest::Approx(best_lambda));
    CHECK(model.leave_one_out_error() == doctest::Approx(best).epsilon(1e-9));
    CHECK(model.lambda() > 1e-4); // the noise asks for some, but not for
    CHECK(model.lambda() < 1e4);  // nothing else
}

TEST_CASE("ridge treats equal networks as one") {
    using macro = spaces::nas_bench_macro;
    score_table<macro> table;
    for (const architecture<macro>& a : sample<macro>(60, seed{1})) {
        table.push_back(a, a[0] + 2.0 * a[6]);
    }
    const ridge<macro> model(table);
    CHECK(model.predict(parse<macro>("11101111")) == model.predict(parse<macro>("11110111")));
}

TEST_CASE("ridge refuses bad options and tables") {
    CHECK_THROWS_WITH_AS(ridge<tiny>(noisy_table(), {.lambda = 0.0}),
                         "[F0601] ridge: lambda: expected a number above 0, got 0", option_error);
    CHECK_THROWS_AS(ridge<tiny>(noisy_table(), {.lambda = std::numeric_limits<double>::infinity()}),
                    option_error);
    CHECK_THROWS_WITH_AS(ridge<tiny>(score_table<tiny>{}), "[F0321] ridge: the table of scores is empty",
                         shape_error);
    score_table<tiny> table = noisy_table();
    table.scores.assign(table.size(), 1);
    CHECK_THROWS_AS(ridge<tiny>{table}, numeric_error);
    CHECK_THROWS_AS(ridge<tiny>(noisy_table()).predict(architecture<tiny>{0, 0, 0, 2}), architecture_error);
}

TEST_CASE("cost_baseline predicts the cost itself") {
    using macro = spaces::nas_bench_macro;
    static_assert(predictor<cost_baseline<macro>>);
    // The published columns of NAS-Bench-Macro.
    CHECK(cost_baseline<macro>().predict(parse<macro>("22212202")) == 85'164'544);
    CHECK(cost_baseline<macro>(cost::parameters()).predict(parse<macro>("22212202")) == 1'985'514);
    const std::vector<architecture<macro>> two{parse<macro>("00000000"), parse<macro>("22212202")};
    CHECK(cost_baseline<macro>().predict(std::span<const architecture<macro>>(two)) ==
          std::vector<double>{7'713'280, 85'164'544});
}

TEST_CASE("ridge with pairs sees what two cells make together, and ridge without does not") {
    score_table<tiny> table;
    for_each_architecture<tiny>([&](const architecture<tiny>& a) {
        table.push_back(a, 70 + a[0] + (a[1] == 1 && a[3] == 0 ? 3.0 : 0.0) + 0.5 * a[0] * a[2]);
    });
    const ridge<tiny, ridge_terms::pairs> pairs(table, {.lambda = 1e-6});
    const ridge<tiny> cells(table, {.lambda = 1e-6});
    double off = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        CHECK(pairs.predict(table.architectures[i]) == doctest::Approx(table.scores[i]).epsilon(1e-5));
        off = (std::max)(off, std::abs(cells.predict(table.architectures[i]) - table.scores[i]));
    }
    CHECK(off > 0.5);
    CHECK(pairs.leave_one_out_error() < 1e-6);
}

TEST_CASE("leave-one-out error of a ridge with pairs is that of fits without each network") {
    const score_table<tiny> table = noisy_table();
    using model = ridge<tiny, ridge_terms::pairs>;
    const ridge_options options{.lambda = 2};
    double error = 0;
    for (std::size_t left = 0; left < table.size(); ++left) {
        std::vector<std::size_t> others;
        for (std::size_t i = 0; i < table.size(); ++i) {
            if (i != left) {
                others.push_back(i);
            }
        }
        const double off =
            model(table.rows(others), options).predict(table.architectures[left]) - table.scores[left];
        error += off * off / static_cast<double>(table.size());
    }
    // The formula keeps the mean that is taken off before, a fit without the network does not: the leverage
    // has 1 / n.
    CHECK(model(table, options).leave_one_out_error() == doctest::Approx(error).epsilon(1e-6));
}

TEST_CASE("ridge on ranks: outliers weigh no more than others, predictions are in the unit of the scores") {
    score_table<tiny> table = fixtures::tiny_table();
    const ridge<tiny> before(table, {.lambda = 1, .target = target::ranks});
    std::vector<double> predicted = before.predict(fixtures::codes_of(table));
    double mean = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        mean += (predicted[i] - table.scores[i]) / static_cast<double>(table.size());
    }
    CHECK(mean == doctest::Approx(0).epsilon(1e-9));
    // A monotone change of the scores changes no rank, so the order of the predictions stays.
    for (double& s : table.scores) {
        s = std::exp(0.2 * s);
    }
    const std::vector<double> after =
        ridge<tiny>(table, {.lambda = 1, .target = target::ranks}).predict(fixtures::codes_of(table));
    CHECK(kendall_tau(predicted, after) == doctest::Approx(1));
    // One number an operator.
    CHECK(before.predict({2, 1, 3, 0}) ==
          doctest::Approx(before.offset() + before.weight(0, 2) + before.weight(1, 1) + before.weight(2, 3) +
                          before.weight(3, 0)));
}

namespace {

using three = codes<3, 3, 3>;

struct exact_case { // with Python's fractions: each network left out and the rest fitted anew
    std::vector<const char*> codes;
    std::vector<double> scores;
    double lambda;
    double error;
    std::vector<double> predictions; // of the first networks
    std::vector<double> weights;     // of the first cell
};

score_table<three> table_of(const exact_case& c) {
    score_table<three> table;
    for (std::size_t i = 0; i < c.codes.size(); ++i) {
        table.push_back(parse<three>(c.codes[i]), c.scores[i]);
    }
    return table;
}

} // namespace

TEST_CASE("ridge has the exact leave-one-out error and predictions for penalties however small") {
    const std::vector<const char*> few{"000", "011", "022", "120", "112", "200"};
    const std::vector<double> few_scores{.3, .5, .9, .4, .7, .1};
    const std::vector<const char*> many{"000", "001", "010", "012", "021", "100", "102", "111",
                                        "120", "122", "201", "210", "212", "220", "222"};
    const std::vector<double> many_scores{.31, .52, .91, .44, .73, .12, .3, .61,
                                          .25, .5,  .94, .7,  .15, .33, .48};
    const exact_case cases[] = {
        {few,
         few_scores,
         1e-4,
         0.03460411948438715,
         {0.30000000058719745, 0.5000066659127772},
         {0.09999452428451945, 9.524704830286647e-07, -0.09999547675500248}},
        {few, few_scores, 1e-12, 0.034602497064640095, {0.3, 0.5000000000000666}, {0.1, 0, -0.1}},
        {few, few_scores, 1e-300, 0.03460249706462387, {0.3, 0.5}, {0.1, 0, -0.1}},
        {many,
         many_scores,
         1e-12,
         0.11262774392600126,
         {0.40258215962445243, 0.6744366197182797},
         {0.05149941314554037, -0.09113849765257412, 0.039639084507033746}},
        {many,
         many_scores,
         1e-9,
         0.11262774388012164,
         {0.40258215966366784, 0.6744366196882193},
         {0.05149941314598682, -0.09113849764454138, 0.03963908449855456}},
    };
    for (const exact_case& c : cases) {
        CAPTURE(c.lambda);
        const ridge<three> model(table_of(c), {.lambda = c.lambda});
        CHECK(model.lambda() == c.lambda);
        CHECK(model.leave_one_out_error() == doctest::Approx(c.error).epsilon(1e-11));
        for (std::size_t i = 0; i < c.predictions.size(); ++i) {
            CHECK(std::abs(model.predict(parse<three>(c.codes[i])) - c.predictions[i]) < 1e-13);
        }
        for (std::size_t o = 0; o < 3; ++o) {
            CHECK(std::abs(model.weight(0, static_cast<int>(o)) - c.weights[o]) < 1e-13);
        }
    }
    // So large that nothing is left but the mean.
    const ridge<three> flat(table_of(cases[0]), {.lambda = 1e308});
    CHECK(flat.predict(parse<three>("022")) == doctest::Approx(2.9 / 6));
    // Each left out: n / (n - 1) times its distance from the mean.
    double error = 0;
    for (const double s : few_scores) {
        error += std::pow((s - 2.9 / 6) * 6 / 5, 2) / 6;
    }
    CHECK(flat.leave_one_out_error() == doctest::Approx(error));
}

TEST_CASE("ridge is the same in any unit of the scores") {
    const score_table<tiny> table = noisy_table();
    const ridge<tiny> model(table);
    const ridge<tiny> by_ranks(table, {.target = target::ranks});
    for (const int exponent : {-990, -300, 7, 300, 990}) {
        CAPTURE(exponent);
        score_table<tiny> other = table;
        for (double& s : other.scores) {
            s = std::ldexp(s, exponent);
        }
        const ridge<tiny> scaled(other);
        const ridge<tiny> scaled_ranks(other, {.target = target::ranks});
        CHECK(scaled.lambda() == model.lambda());
        for (const architecture<tiny>& a : table.architectures) {
            CHECK(scaled.predict(a) == std::ldexp(model.predict(a), exponent));
            CHECK(scaled_ranks.predict(a) == std::ldexp(by_ranks.predict(a), exponent));
        }
    }
}

TEST_CASE("a score next to the largest double leaves a ridge with weights") {
    score_table<tiny> table = noisy_table();
    table.scores[0] = -(std::numeric_limits<double>::max)();
    const ridge<tiny> model(table);
    for (const architecture<tiny>& a : table.architectures) {
        CHECK(std::isfinite(model.predict(a)));
    }
}

TEST_CASE("an operator that all networks have, or none, has the weight 0") {
    score_table<three> table;
    for (const char* code : {"000", "010", "020", "001", "011"}) {
        table.push_back(parse<three>(code), 0.1 * static_cast<double>(table.size() * table.size()) + 0.1);
    }
    const ridge<three> model(table);
    for (int o = 0; o < 3; ++o) {
        CHECK(model.weight(0, o) == 0);
    }
    CHECK(model.weight(2, 2) == 0);
    CHECK(model.predict(parse<three>("110")) == model.predict(parse<three>("010")));
}
