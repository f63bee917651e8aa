/// @file
/// @brief Scores that say nothing of their networks: trainings that diverged, jobs that failed.

#ifndef FITNAS_PREDICTOR_OUTLIERS_HPP
#define FITNAS_PREDICTOR_OUTLIERS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <fitnas/core/linalg.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/target.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas::detail {

/// What each row is off an additive fit (a number for each operator of each cell) that has not seen it.
/// @param seen which rows there are to fit to
/// @param penalty of a ridge regression
template <code_space Space>
std::vector<double> off_additive(const std::vector<architecture<Space>>& codes,
                                 const std::vector<double>& values, const std::vector<char>& seen,
                                 double penalty) {
    using feature = fitnas::feature::cell_operator;
    constexpr auto width = static_cast<std::size_t>(feature::width<Space>);
    constexpr auto cells = static_cast<std::size_t>(Space::cells);
    const auto place = [&](std::size_t row, std::size_t cell) {
        return static_cast<std::size_t>(feature::offsets<Space>[cell]) + codes[row][cell];
    };
    double rows = 0;
    double middle = 0;
    std::vector<double> mean(width);
    for (std::size_t r = 0; r < codes.size(); ++r) {
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
    for (std::size_t r = 0; r < codes.size(); ++r) {
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
    for (std::size_t r = 0; r < codes.size(); ++r) {
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

/// Of the rows to ask about, those that no additive fit to the rest explains: off by more than `fence`, and
/// by more than a quarter of what they are off 0. The furthest go first, as they hide others, and what the
/// rest explains comes back.
/// @param asked which rows may be said to be so
/// @param values in deviations
template <code_space Space>
std::vector<char> unexplained(const std::vector<architecture<Space>>& codes,
                              const std::vector<double>& values, const std::vector<char>& asked,
                              double fence) {
    constexpr double penalty = 1e-6; // so that an operator may be worse by any number of deviations
    std::vector<char> seen(codes.size(), 1);
    for (int turn = 0; turn < 64; ++turn) {
        const std::vector<double> off = off_additive<Space>(codes, values, seen, penalty);
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

/// A table without what accidents made. A score is *far* where it is more than 5 robust deviations (1.4826
/// times the median distance from the median) off the median, and an additive fit to the others does not
/// explain it: a network can be far better or worse than most by what it is made of. Of far scores, those
/// whose rank is not that of their operators (a robust deviation off an additive fit to ranks) are left out;
/// the others count as the furthest score that is not far. Tables without far scores, with fewer than 10
/// rows, or of which more than half are equal stay as they are. Our choice.
/// @param table of different networks, finite scores
template <code_space Space>
score_table<Space> without_outliers(const score_table<Space>& table) {
    constexpr double fence = 5;
    constexpr std::size_t least_rows = 10;
    if (table.size() < least_rows) {
        return table;
    }
    const robust_moments spread(table.scores);
    if (!(spread.deviation > 0)) {
        return table;
    }
    std::vector<double> distance; // in deviations
    std::vector<char> beyond;
    for (const double s : table.scores) {
        distance.push_back(spread.standardised(s));
        beyond.push_back(std::abs(distance.back()) > fence ? 1 : 0);
    }
    const auto any = [](const std::vector<char>& of) {
        return std::find(of.begin(), of.end(), 1) != of.end();
    };
    if (!any(beyond)) {
        return table;
    }
    const std::vector<char> outlying = unexplained<Space>(table.architectures, distance, beyond, fence);
    if (!any(outlying)) {
        return table;
    }

    std::vector<double> ranks = mean_ranks(table.scores);
    for (double& r : ranks) {
        r /= static_cast<double>(table.size());
    }
    std::vector<char> kept(table.size(), 1);
    for (int turn = 0; turn < 4; ++turn) {
        const std::vector<double> off = off_additive<Space>(table.architectures, ranks, kept, 3);
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
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (outlying[i] == 0) {
            others.push_back(table.scores[i]);
        }
    }
    const auto [lowest, highest] = std::minmax_element(others.begin(), others.end());
    score_table<Space> rest = table;
    rest.architectures.clear();
    rest.scores.clear();
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (kept[i] != 0) {
            const double score = table.scores[i];
            rest.push_back(table.architectures[i],
                           outlying[i] != 0 ? (std::min)((std::max)(score, *lowest), *highest) : score);
        }
    }
    return rest;
}

} // namespace fitnas::detail

#endif
