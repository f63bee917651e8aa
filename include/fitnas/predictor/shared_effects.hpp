/// @file
/// @brief What operators do wherever they stand: scores smoothed by it, and how noisy it shows them to be.

#ifndef FITNAS_PREDICTOR_SHARED_EFFECTS_HPP
#define FITNAS_PREDICTOR_SHARED_EFFECTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/stage_operator.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas::detail {

/// Groups of cells with the same operators in the same order: by their names, in a space of bare codes by
/// their number. Cells that change the shape of their input are no others' like: there an identity, for one,
/// is a convolution.
/// @return of each cell the first cell of its group
template <code_space Space>
std::vector<std::size_t> cells_alike() {
    const auto count = static_cast<std::size_t>(Space::cells);
    const auto alike = [](std::size_t a, std::size_t b) {
        if (Space::operator_counts[a] != Space::operator_counts[b]) {
            return false;
        }
        if constexpr (search_space_type<Space>) {
            const space_layer& x = Space::layer_of(static_cast<int>(a));
            const space_layer& y = Space::layer_of(static_cast<int>(b));
            if (x.place.keeps_shape() != y.place.keeps_shape()) {
                return false;
            }
            for (int o = 0; o < x.candidates; ++o) {
                if (Space::tables.blocks[static_cast<std::size_t>(x.first_block + o)].name !=
                    Space::tables.blocks[static_cast<std::size_t>(y.first_block + o)].name) {
                    return false;
                }
            }
        }
        return true;
    };
    std::vector<std::size_t> group;
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t first = 0;
        while (!alike(first, i)) {
            ++first;
        }
        group.push_back(first);
    }
    return group;
}

/// The kinds of effects: how often an operator stands in cells alike, how often in a stage, in which cells it
/// stands, and products of the counts in a stage, by which a second one may add less than the first.
inline constexpr std::size_t effect_kinds = 4;
using effect_weights = std::array<double, effect_kinds>;

/// Where the features of each cell's operators begin, for code that does not know the space.
struct effect_places {
    std::vector<std::size_t> alike; ///< of each cell the first one alike
    std::span<const int> cells;     ///< behind the last cell the number of features
    std::span<const int> stages;    ///< the same
    bool graphs = false;            ///< whether any number of cells may do something together, as paths do
};
template <code_space Space>
effect_places effect_places_of() {
    effect_places places{cells_alike<Space>(), fitnas::feature::cell_operator::template offsets<Space>,
                         fitnas::feature::stage_operator::template offsets<Space>};
    if constexpr (search_space_type<Space>) {
        places.graphs = has_graphs<Space>;
    }
    return places;
}

FITNAS_LAZY std::vector<double> smoothed(const code_rows& codes, const effect_places& places,
                                         const std::vector<double>& given);
FITNAS_LAZY double noise_of_ranks(const code_rows& codes, const effect_places& places,
                                  const std::vector<double>& scores, seed s);

/// Standardised scores as a ridge regression on shared effects sees them. What an operator does in all cells
/// alike weighs ten times what it does in one stage, in one cell, or with others of its stage: a supernet's
/// errors differ more from cell to cell than qualities do. Weights and penalty are our choice
/// (docs/predictor.md).
template <code_space Space>
std::vector<double> smoothed_scores(const score_table<Space>& table) {
    return smoothed(table.codes(), effect_places_of<Space>(), table.scores);
}

/// The part of the variance of the ranks of scores that neither effects of operators nor of pairs of them
/// explain, in spaces with graphs nor of any number of them: the most likely one under a normal prior on
/// these (at most 200 networks are looked at).
/// @return in [0, 1]
template <code_space Space>
double noise_of_ranks(const score_table<Space>& table, seed s) {
    return noise_of_ranks(table.codes(), effect_places_of<Space>(), table.scores, s);
}

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fitnas/core/cholesky.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/predictor/target.hpp>

namespace fitnas::detail {

/// Features of codes, a row a code: each less its mean over them, each kind scaled so that a row's squares of
/// it add up to its weight on average.
FITNAS_LAZY square_matrix effects_of(const code_rows& codes, const effect_places& places,
                                     const effect_weights& weights) {
    const std::size_t cells = codes.cells();
    const auto in_cell = [&](std::size_t cell) { return static_cast<std::size_t>(places.cells[cell]); };
    const auto in_stage = [&](std::size_t cell) { return static_cast<std::size_t>(places.stages[cell]); };
    // Where each stage's products begin: a square of counts for each.
    std::vector<std::size_t> products(cells + 1);
    std::array<std::size_t, effect_kinds + 1> first{};
    for (std::size_t i = 0; i < cells; ++i) {
        const auto count = static_cast<std::size_t>(codes.operator_counts[i]);
        const bool begins = i == 0 || in_stage(i) != in_stage(i - 1);
        products[i + 1] = products[i] + (begins ? count * count : 0);
    }
    first[1] = in_cell(cells);
    first[2] = first[1] + in_stage(cells);
    first[3] = first[2] + in_cell(cells);
    first[4] = first[3] + products[cells];

    square_matrix rows({codes.size, first[effect_kinds]}, 0.0);
    for (std::size_t r = 0; r < codes.size; ++r) {
        double* const row = &rows(r, 0);
        const auto of_stage = [&](std::size_t cell) { return row + first[1] + in_stage(cell); };
        for (std::size_t i = 0; i < cells; ++i) {
            const std::size_t o = codes[r][i];
            row[in_cell(places.alike[i]) + o] += 1;
            of_stage(i)[o] += 1;
            row[first[2] + in_cell(i) + o] = 1;
        }
        for (std::size_t i = 0; i < cells; ++i) {
            if (products[i + 1] > products[i]) {
                const auto count = static_cast<std::size_t>(codes.operator_counts[i]);
                for (std::size_t a = 0; a < count; ++a) {
                    for (std::size_t b = 0; b <= a; ++b) {
                        row[first[3] + products[i] + a * count + b] = of_stage(i)[a] * of_stage(i)[b];
                    }
                }
            }
        }
    }
    const auto n = static_cast<double>(codes.size);
    for (std::size_t kind = 0; kind < effect_kinds; ++kind) {
        double variance = 0;
        for (std::size_t c = first[kind]; c < first[kind + 1]; ++c) {
            double mean = 0;
            for (std::size_t r = 0; r < codes.size; ++r) {
                mean += rows(r, c);
            }
            mean /= n;
            for (std::size_t r = 0; r < codes.size; ++r) {
                rows(r, c) -= mean;
                variance += rows(r, c) * rows(r, c) / n;
            }
        }
        const double scale = variance > 0 ? std::sqrt(weights[kind] / variance) : 0;
        for (std::size_t c = first[kind]; c < first[kind + 1]; ++c) {
            for (std::size_t r = 0; r < codes.size; ++r) {
                rows(r, c) *= scale;
            }
        }
    }
    return rows;
}

FITNAS_LAZY_AGAIN std::vector<double> smoothed(const code_rows& codes, const effect_places& places,
                                               const std::vector<double>& given) {
    constexpr double penalty = 0.5;
    const std::vector<double> scores = make_targets(target::standardised, given);
    const square_matrix rows = effects_of(codes, places, {1, 0.1, 0.1, 0.1});
    const std::size_t width = rows.shape(1);
    square_matrix squares({width, width}, 0.0);
    std::vector<double> products(width);
    for (std::size_t r = 0; r < codes.size; ++r) {
        const double* const row = &rows(r, 0);
        for (std::size_t i = 0; i < width; ++i) {
            if (row[i] != 0) {
                products[i] += row[i] * scores[r];
                for (std::size_t j = i; j < width; ++j) {
                    squares(i, j) += row[i] * row[j];
                }
            }
        }
    }
    for (std::size_t i = 0; i < width; ++i) {
        squares(i, i) += penalty;
    }
    factorise(squares);
    const std::vector<double> weights = solved(squares, std::move(products));
    std::vector<double> fitted;
    for (std::size_t r = 0; r < codes.size; ++r) {
        double sum = 0;
        for (std::size_t i = 0; i < width; ++i) {
            sum += rows(r, i) * weights[i];
        }
        fitted.push_back(sum);
    }
    return fitted;
}

/// Inner products of what networks have in common, each less its mean over them, 1 on average with itself.
/// @param of_common of how many cells have the same operator in two networks: the number of their sets that
/// count
FITNAS_LAZY square_matrix centred_products(const code_rows& codes, double (*of_common)(double)) {
    const std::size_t n = codes.size;
    square_matrix products({n, n}, 0.0);
    std::vector<double> mean(n);
    double whole = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            double common = 0;
            for (std::size_t c = 0; c < codes.cells(); ++c) {
                common += codes[i][c] == codes[j][c] ? 1 : 0;
            }
            products(i, j) = of_common(common);
            mean[i] += products(i, j) / static_cast<double>(n);
        }
        whole += mean[i] / static_cast<double>(n);
    }
    double diagonal = 0;
    for (std::size_t i = 0; i < n; ++i) {
        diagonal += (products(i, i) - 2 * mean[i] + whole) / static_cast<double>(n);
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i; j < n; ++j) {
            products(i, j) = diagonal > 0 ? (products(i, j) - mean[i] - mean[j] + whole) / diagonal : 0;
        }
    }
    return products;
}

FITNAS_LAZY_AGAIN double noise_of_ranks(const code_rows& codes, const effect_places& places,
                                        const std::vector<double>& scores, seed s) {
    constexpr std::size_t most = 200;
    std::vector<std::size_t> order(codes.size);
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    random_stream random(s, purpose::split);
    random.shuffle(std::span<std::size_t>(order));
    order.resize((std::min)(order.size(), most));
    const std::size_t n = order.size();
    std::vector<std::uint8_t> taken;
    std::vector<double> values;
    for (const std::size_t i : order) {
        taken.insert(taken.end(), codes[i].begin(), codes[i].end());
        values.push_back(scores[i]);
    }
    if (all_equal(values)) {
        return 1;
    }
    const code_rows part{taken.data(), n, codes.operator_counts};
    const std::vector<double> ranks = make_targets(target::ranks, values);

    // Inner products of all effects; pairs of cells that two networks have in common count for pairs.
    const square_matrix rows = effects_of(part, places, {0.6, 0.12, 0.12, 0});
    const square_matrix pairs =
        centred_products(part, [](double common) { return common * (common - 1) / 2; });
    square_matrix shared({n, n}, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i; j < n; ++j) {
            for (std::size_t c = 0; c < rows.shape(1); ++c) {
                shared(i, j) += rows(i, c) * rows(j, c);
            }
        }
    }
    if (places.graphs) {
        shared += 0.4 * centred_products(part, [](double common) { return std::exp2(common); });
    }
    // The constant direction, of which neither ranks nor effects have anything, counts for no likelihood.
    double best = -std::numeric_limits<double>::infinity();
    double noise = 1;
    for (const double of_pairs : {0.1, 0.2, 0.4}) {
        for (int quarter = -16; quarter <= 12; ++quarter) {
            const double ratio = std::pow(10.0, 0.25 * quarter);
            square_matrix factor = shared + of_pairs * pairs;
            for (std::size_t i = 0; i < n; ++i) {
                factor(i, i) += ratio;
            }
            factorise(factor);
            double squares = 0;
            double logs = -0.5 * std::log(ratio);
            const std::vector<double> white = whitened(factor, ranks);
            for (std::size_t i = 0; i < n; ++i) {
                squares += white[i] * white[i];
                logs += std::log(factor(i, i));
            }
            const double variance = squares / static_cast<double>(n - 1);
            const double likelihood = -0.5 * static_cast<double>(n - 1) * std::log(variance) - logs;
            if (likelihood > best) {
                best = likelihood;
                noise = (std::min)(1.0, variance * ratio);
            }
        }
    }
    return noise;
}

} // namespace fitnas::detail

#endif

#endif
