/// @file
/// @brief Scores that say nothing of their networks: trainings that diverged, jobs that failed.

#ifndef FITNAS_PREDICTOR_OUTLIERS_HPP
#define FITNAS_PREDICTOR_OUTLIERS_HPP

#include <cstddef>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas::detail {

/// The rows of a table that no accident made, see below; scores that count as others are replaced.
FITNAS_LAZY std::vector<std::size_t> rows_without_outliers(const code_rows& codes,
                                                           std::vector<double>& scores);

/// A table without what accidents made. A score is *far* where it is more than 5 robust deviations (1.4826
/// times the median distance from the median) off the median, and an additive fit to the others does not
/// explain it: a network can be far better or worse than most by what it is made of. Of far scores, those
/// whose rank is not that of their operators (a robust deviation off an additive fit to ranks) are left out;
/// the others count as the furthest score that is not far. Tables without far scores, with fewer than 10
/// rows, or of which more than half are equal stay as they are. Our choice.
/// @param table of different networks, finite scores
template <code_space Space>
score_table<Space> without_outliers(score_table<Space> table) {
    const std::vector<std::size_t> rows = rows_without_outliers(table.codes(), table.scores);
    return table.rows(rows);
}

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fitnas/core/linalg.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/core/order.hpp>
#include <fitnas/predictor/target.hpp>

namespace fitnas::detail {

/// What each row is off an additive fit (a number for each operator of each cell) that has not seen it.
/// @param seen which rows there are to fit to
/// @param penalty of a ridge regression
FITNAS_LAZY std::vector<double> off_additive(const code_rows& codes, const std::vector<double>& values,
                                             const std::vector<char>& seen, double penalty) {
    const std::size_t cells = codes.cells();
    std::size_t width = 0;
    std::vector<std::size_t> firsts;
    for (const int count : codes.operator_counts) {
        firsts.push_back(width);
        width += static_cast<std::size_t>(count);
    }
    const auto place = [&](std::size_t row, std::size_t cell) { return firsts[cell] + codes[row][cell]; };
    double rows = 0;
    double middle = 0;
    std::vector<double> mean(width);
    for (std::size_t r = 0; r < codes.size; ++r) {
        if (seen[r] != 0) {
            ++rows;
            middle += values[r];
            for (std::size_t i = 0; i < cells; ++i) {
                ++mean[place(r, i)];
            }
        }
    }
    middle /= rows;
    matrix squares({width, width}, 0.0);
    matrix identity({width, width}, 0.0);
    matrix products({width, 1}, 0.0);
    for (std::size_t r = 0; r < codes.size; ++r) {
        for (std::size_t i = 0; seen[r] != 0 && i < cells; ++i) {
            products(place(r, i), 0) += values[r] - middle;
            for (std::size_t j = 0; j < cells; ++j) {
                squares(place(r, i), place(r, j)) += 1;
            }
        }
    }
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t j = 0; j < width; ++j) {
            squares(i, j) -= mean[i] * mean[j] / rows;
        }
        squares(i, i) += penalty;
        identity(i, i) = 1;
    }
    const matrix inverse = solve(squares, identity);
    std::vector<double> off;
    std::vector<double> row(width);
    for (std::size_t r = 0; r < codes.size; ++r) {
        for (std::size_t i = 0; i < width; ++i) {
            row[i] = -mean[i] / rows;
        }
        for (std::size_t i = 0; i < cells; ++i) {
            row[place(r, i)] += 1;
        }
        double fitted = middle;
        double leverage = 1 / rows;
        for (std::size_t i = 0; i < width; ++i) {
            for (std::size_t j = 0; j < width; ++j) {
                fitted += row[i] * inverse(i, j) * products(j, 0);
                leverage += row[i] * inverse(i, j) * row[j];
            }
        }
        off.push_back((values[r] - fitted) / (seen[r] != 0 ? (std::max)(1 - leverage, 1e-9) : 1.0));
    }
    return off;
}

/// Finds the asked rows that no additive fit to the rest explains: they are off it by more than `fence`, and
/// by more than a quarter of their own value. They are taken out one by one, the furthest first, as it hides
/// others; one that the fit to the rest explains comes back.
/// @param asked which rows may be said to be so
/// @param values in deviations
FITNAS_LAZY std::vector<char> unexplained(const code_rows& codes, const std::vector<double>& values,
                                          const std::vector<char>& asked, double fence) {
    constexpr double penalty = 1e-6; // so that an operator may be worse by any number of deviations
    std::vector<char> seen(codes.size, 1);
    for (int turn = 0; turn < 64; ++turn) {
        const std::vector<double> off = off_additive(codes, values, seen, penalty);
        const auto is_off = [&](std::size_t i) {
            return asked[i] != 0 && std::abs(off[i]) > (std::max)(fence, 0.25 * std::abs(values[i]));
        };
        double largest = 0;
        for (std::size_t i = 0; i < off.size(); ++i) {
            if (seen[i] != 0 && is_off(i)) {
                largest = (std::max)(largest, std::abs(off[i]));
            }
        }
        if (!(largest > 0)) {
            for (std::size_t i = 0; i < off.size(); ++i) {
                seen[i] = is_off(i) ? 0 : 1;
            }
            break;
        }
        for (std::size_t i = 0; i < off.size(); ++i) {
            if (is_off(i) && std::abs(off[i]) >= 0.5 * largest) {
                seen[i] = 0;
            }
        }
    }
    for (char& s : seen) {
        s = s == 0 ? 1 : 0;
    }
    return seen;
}

FITNAS_LAZY_AGAIN std::vector<std::size_t> rows_without_outliers(const code_rows& codes,
                                                                 std::vector<double>& scores) {
    constexpr double fence = 5;
    constexpr std::size_t least_rows = 10;
    std::vector<std::size_t> all(codes.size);
    std::iota(all.begin(), all.end(), std::size_t{0});
    if (codes.size < least_rows) {
        return all;
    }
    const robust_moments spread(scores);
    if (!(spread.deviation > 0)) {
        return all;
    }
    std::vector<double> distance; // in deviations
    std::vector<char> beyond;
    for (const double s : scores) {
        distance.push_back(spread.standardised(s));
        beyond.push_back(std::abs(distance.back()) > fence ? 1 : 0);
    }
    const auto any = [](const std::vector<char>& of) {
        return std::find(of.begin(), of.end(), 1) != of.end();
    };
    if (!any(beyond)) {
        return all;
    }
    const std::vector<char> outlying = unexplained(codes, distance, beyond, fence);
    if (!any(outlying)) {
        return all;
    }

    std::vector<double> ranks = mean_ranks(scores);
    for (double& r : ranks) {
        r /= static_cast<double>(codes.size);
    }
    std::vector<char> kept(codes.size, 1);
    for (int turn = 0; turn < 4; ++turn) {
        const std::vector<double> off = off_additive(codes, ranks, kept, 3);
        std::vector<double> sizes;
        for (std::size_t i = 0; i < off.size(); ++i) {
            if (kept[i] != 0) {
                sizes.push_back(std::abs(off[i]));
            }
        }
        const double usual = robust_moments::to_deviation * median_of(std::move(sizes));
        std::vector<char> next;
        for (std::size_t i = 0; i < off.size(); ++i) {
            next.push_back(outlying[i] != 0 && std::abs(off[i]) > usual ? 0 : 1);
        }
        if (next == kept) {
            break;
        }
        kept = std::move(next);
    }
    std::vector<double> others;
    for (std::size_t i = 0; i < codes.size; ++i) {
        if (outlying[i] == 0) {
            others.push_back(scores[i]);
        }
    }
    const auto [lowest, highest] = std::minmax_element(others.begin(), others.end());
    std::vector<std::size_t> rest;
    for (std::size_t i = 0; i < codes.size; ++i) {
        if (kept[i] != 0) {
            rest.push_back(i);
        }
        if (outlying[i] != 0) {
            scores[i] = (std::min)((std::max)(scores[i], *lowest), *highest);
        }
    }
    return rest;
}

} // namespace fitnas::detail

#endif

#endif
