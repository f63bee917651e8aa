#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/sample.hpp>

using namespace fitnas;
using detail::ridge_solver;

namespace {

// Rows of one-hot cells of 3 operators and of all pairs of cells, of which the last operator never occurs.
struct some_rows {
    std::vector<std::vector<std::size_t>> ones;
    std::size_t width = 0;
    std::vector<double> scores;

    some_rows(std::size_t cells, std::size_t n, std::size_t equal) {
        random_stream random(seed{n}, purpose::user);
        width = 4 * cells + 16 * (cells * (cells - 1) / 2);
        for (std::size_t r = 0; r < n; ++r) {
            std::vector<std::size_t> code(cells);
            for (std::size_t& c : code) {
                c = random.below(3);
            }
            std::vector<std::size_t> row;
            std::size_t pair = 4 * cells;
            for (std::size_t j = 0; j < cells; ++j) {
                row.push_back(4 * j + code[j]);
                for (std::size_t i = 0; i < j; ++i, pair += 16) {
                    row.push_back(pair + 4 * code[i] + code[j]);
                }
            }
            ones.push_back(r > 0 && r <= equal ? ones.front() : row);
            scores.push_back(random.normal() + static_cast<double>(code[0]));
        }
    }
};

void compare(const std::vector<double>& a, const std::vector<double>& b) {
    double largest = 0;
    double off = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = (std::max)(largest, std::abs(a[i]));
        off = (std::max)(off, std::abs(a[i] - b[i]));
    }
    CHECK(off <= 1e-9 * largest);
}

} // namespace

TEST_CASE("ridge_solver has one solution, by products of rows or of features") {
    // Fewer rows than features, so few that their scores are met; more; with rows that are equal.
    for (const some_rows& data : {some_rows(4, 40, 0), some_rows(5, 12, 0), some_rows(6, 2, 0),
                                  some_rows(3, 80, 0), some_rows(4, 30, 5)}) {
        CAPTURE(data.ones.size());
        const ridge_solver by_rows(data.ones, data.width, data.scores, true);
        const ridge_solver by_features(data.ones, data.width, data.scores, false);
        for (const double lambda : {1e-300, 1e-9, 1e-4, 1.0, 1e4, 1e308}) {
            CAPTURE(lambda);
            CHECK(by_rows.leave_one_out_error(lambda) ==
                  doctest::Approx(by_features.leave_one_out_error(lambda)).epsilon(1e-9));
            const std::vector<double> weights = by_rows.weights(lambda);
            compare(by_features.weights(lambda), weights);
            CHECK(by_rows.offset(weights) ==
                  doctest::Approx(by_features.offset(by_features.weights(lambda))).epsilon(1e-9));
            for (std::size_t i = 0; i < data.width; ++i) { // features that no row has
                const bool never = std::none_of(data.ones.begin(), data.ones.end(), [&](const auto& row) {
                    return std::find(row.begin(), row.end(), i) != row.end();
                });
                if (never && weights[i] != 0) {
                    FAIL_CHECK("feature " << i << " has the weight " << weights[i]);
                }
            }
        }
    }
}

TEST_CASE("ridge with pairs of many cells meets the condition that its solution has") {
    // lambda w = X'(y - offset - X w), and the errors sum to 0, as follows from the definition by setting its
    // slope to 0; by the predictions alone, on a table with far fewer rows (60) than features (3,559).
    using wide = codes<2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 4>;
    score_table<wide> table;
    random_stream random(seed{3}, purpose::user);
    for (const architecture<wide>& a : sample<wide>(60, seed{1})) {
        table.push_back(a, a[0] + 0.5 * a[5] * a[9] + 0.1 * random.normal());
    }
    const double lambda = 2;
    const ridge<wide, ridge_terms::pairs> model(table, {.lambda = lambda});
    std::vector<double> errors;
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        errors.push_back(table.scores[i] - model.predict(table.architectures[i]));
        sum += errors.back();
    }
    CHECK(std::abs(sum) < 1e-9);
    for (int cell = 0; cell < wide::cells; ++cell) {
        const auto c = static_cast<std::size_t>(cell);
        for (int o = 0; o < wide::operator_counts[c]; ++o) {
            double slope = 0;
            for (std::size_t i = 0; i < table.size(); ++i) {
                slope += table.architectures[i][c] == o ? errors[i] : 0.0;
            }
            CHECK(std::abs(lambda * model.weight(cell, o) - slope) < 1e-9);
        }
    }
}
