/// @file
/// @brief Ridge regression on the order of values.

#ifndef FITNAS_PREDICTOR_ORDER_RIDGE_HPP
#define FITNAS_PREDICTOR_ORDER_RIDGE_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/cholesky.hpp>

namespace fitnas::detail {

/// log(1 + exp(-margin)), for margins of any size.
inline double order_loss(double margin) {
    return margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin;
}

/// Finds weights whose outputs, `offset` + row * weights, have the order of values: they minimise the sum
/// over all pairs with different values of log(1 + exp(-(better's output - worse's output))), which is the
/// model of Bradley and Terry (Biometrika 39, 1952), plus penalty / 2 times the sum of their squares. By
/// Newton's method: the problem is convex.
class order_ridge {
public:
    /// @param rows features, a row a value; they outlive this, as do
    /// @param offsets what outputs begin with, and
    /// @param values of which higher is better
    order_ridge(const square_matrix& rows, std::span<const double> offsets, std::span<const double> values)
        : m_rows(rows), m_offsets(offsets), m_values(values) {}

    FITNAS_LAZY double output(std::size_t row, const std::vector<double>& weights) const;

    /// @param taken the rows to fit to
    FITNAS_LAZY std::vector<double> weights(const std::vector<std::size_t>& taken, double penalty) const;

private:
    FITNAS_LAZY std::vector<double> outputs(const std::vector<std::size_t>& taken,
                                            const std::vector<double>& w) const;

    FITNAS_LAZY double objective(const std::vector<std::size_t>& taken, const std::vector<double>& w,
                                 double penalty) const;

    /// Second derivatives^-1 times first ones.
    FITNAS_LAZY std::vector<double> newton_step(const std::vector<std::size_t>& taken,
                                                const std::vector<double>& w, double penalty) const;

    const square_matrix& m_rows;
    std::span<const double> m_offsets;
    std::span<const double> m_values;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN double order_ridge::output(std::size_t row, const std::vector<double>& weights) const {
    double sum = m_offsets[row];
    for (std::size_t c = 0; c < weights.size(); ++c) {
        sum += m_rows(row, c) * weights[c];
    }
    return sum;
}

FITNAS_LAZY_AGAIN std::vector<double> order_ridge::weights(const std::vector<std::size_t>& taken,
                                                           double penalty) const {
    constexpr int most_steps = 50;
    constexpr double close = 1e-8;
    std::vector<double> now(m_rows.shape(1));
    double value = objective(taken, now, penalty);
    for (int i = 0; i < most_steps; ++i) {
        const std::vector<double> step = newton_step(taken, now, penalty);
        std::vector<double> next(now.size());
        double reached = value;
        for (double part = 1; part > 1e-6; part /= 2) {
            for (std::size_t c = 0; c < now.size(); ++c) {
                next[c] = now[c] - part * step[c];
            }
            reached = objective(taken, next, penalty);
            if (reached < value) {
                break;
            }
        }
        if (!(reached < value)) {
            break;
        }
        const bool arrived = value - reached < close * value;
        now.swap(next);
        value = reached;
        if (arrived) {
            break;
        }
    }
    return now;
}

FITNAS_LAZY_AGAIN std::vector<double> order_ridge::outputs(const std::vector<std::size_t>& taken,
                                                           const std::vector<double>& w) const {
    std::vector<double> all;
    for (const std::size_t row : taken) {
        all.push_back(output(row, w));
    }
    return all;
}

FITNAS_LAZY_AGAIN double order_ridge::objective(const std::vector<std::size_t>& taken,
                                                const std::vector<double>& w, double penalty) const {
    const std::vector<double> u = outputs(taken, w);
    double sum = 0;
    for (const double v : w) {
        sum += 0.5 * penalty * v * v;
    }
    for (std::size_t i = 0; i < u.size(); ++i) {
        for (std::size_t j = 0; j < u.size(); ++j) {
            sum += m_values[taken[i]] > m_values[taken[j]] ? order_loss(u[i] - u[j]) : 0;
        }
    }
    return sum;
}

FITNAS_LAZY_AGAIN std::vector<double> order_ridge::newton_step(const std::vector<std::size_t>& taken,
                                                               const std::vector<double>& w,
                                                               double penalty) const {
    const std::vector<double> u = outputs(taken, w);
    const std::size_t width = w.size();
    std::vector<double> first(width);
    square_matrix second({width, width}, 0.0);
    std::vector<double> pulled(width);
    for (std::size_t c = 0; c < width; ++c) {
        first[c] = penalty * w[c];
        second(c, c) = penalty;
    }
    for (std::size_t i = 0; i < u.size(); ++i) {
        // The slope of a row, and its curvature with all others: sum over j of c_ij (row_i - row_j).
        double slope = 0;
        double curvature = 0;
        pulled.assign(width, 0.0);
        for (std::size_t j = 0; j < u.size(); ++j) {
            const double order = m_values[taken[i]] - m_values[taken[j]];
            if (order != 0) {
                const double wrong = 1 / (1 + std::exp(order > 0 ? u[i] - u[j] : u[j] - u[i]));
                const double curved = wrong * (1 - wrong);
                slope += order > 0 ? -wrong : wrong;
                curvature += curved;
                const double* const other = &m_rows(taken[j], 0);
                for (std::size_t c = 0; c < width; ++c) {
                    pulled[c] += curved * other[c];
                }
            }
        }
        const double* const own = &m_rows(taken[i], 0);
        for (std::size_t c = 0; c < width; ++c) {
            first[c] += slope * own[c];
            for (std::size_t d = c; own[c] != 0 && d < width; ++d) {
                second(c, d) += own[c] * (curvature * own[d] - pulled[d]);
            }
        }
    }
    factorise(second);
    return solved(second, std::move(first));
}

} // namespace fitnas::detail

#endif

#endif
