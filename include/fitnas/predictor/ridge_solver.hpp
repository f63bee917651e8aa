/// @file
/// @brief Ridge regression on features that are 0 or 1, for many penalties.

#ifndef FITNAS_PREDICTOR_RIDGE_SOLVER_HPP
#define FITNAS_PREDICTOR_RIDGE_SOLVER_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <fitnas/core/linalg.hpp>
#include <fitnas/core/mean.hpp>

namespace fitnas::detail {

/// What all penalties have in common. Features, 0 or 1, less their means over the n rows are the matrix
/// X = U D^(1/2) V', by the directions V of X'X with its eigenvalues D, those that are not 0. Rows that
/// cannot be told apart from others, or from their means, then cost no digits, however small the penalty.
/// Where rows are fewer than features, D and U are those of XX', which is smaller, and what V does is done by
/// V = X'U D^(-1/2). A template, as `eigen_of` is.
template <std::same_as<matrix> Matrix = matrix>
class ridge_solver {
public:
    using rows = std::vector<std::vector<std::size_t>>;

    /// @param ones of each row the features that are 1, each once
    /// @param width how many features there are
    /// @param scores one a row
    /// @param by_rows whether to take XX', n x n, and not X'X, width x width; the result is the same
    ridge_solver(rows ones, std::size_t width, std::vector<double> scores, bool by_rows)
        : m_ones(std::move(ones)),
          m_scores(std::move(scores)),
          m_mean(width),
          m_varies(width),
          m_score_mean(exact_mean(m_scores)),
          m_by_rows(by_rows) {
        const auto n = static_cast<double>(m_scores.size());
        for (std::size_t r = 0; r < m_scores.size(); ++r) {
            m_scores[r] -= m_score_mean;
            for (const std::size_t i : m_ones[r]) {
                m_mean[i] += 1;
            }
        }
        m_rest.assign(m_scores.size(), 1 - 1 / n);
        m_off = m_scores;
        const eigen_system<Matrix> all = eigen_of(by_rows ? products_of_rows() : products_of_features());
        for (std::size_t i = 0; i < width; ++i) {
            m_varies[i] = m_mean[i] > 0 && m_mean[i] < n;
            m_mean[i] /= n;
        }
        const double least = 1e-14 * static_cast<double>(all.values.size()) * all.values.back();
        for (std::size_t k = 0; k < all.values.size(); ++k) {
            if (all.values[k] > least) {
                const double* direction = &all.vectors(k, 0);
                take(all.values[k], std::vector<double>(direction, direction + all.values.size()));
            }
        }
        for (std::size_t r = 0; r < m_scores.size(); ++r) {
            if (m_rest[r] < 1e-9) { // a fit without penalty meets this score whatever it is
                m_rest[r] = 0;
                m_off[r] = 0;
            }
        }
    }

    /// The mean squared error of each row by a fit to all others: left out, an error grows by
    /// 1 / (1 - leverage) (Allen, "PRESS", Technometrics 16, 1974). Where both vanish with the penalty it
    /// cancels; a large one is divided by, so that nothing over- or underflows.
    double leave_one_out_error(double lambda) const {
        const double low = (std::min)(lambda, 1.0);
        double error = 0;
        for (std::size_t r = 0; r < m_scores.size(); ++r) {
            double off = 0;
            double room = 0;
            for (std::size_t k = 0; k < m_values.size(); ++k) {
                const double kept = lambda / low / (m_values[k] + lambda) * m_of[k][r];
                off += kept * m_part[k];
                room += kept * m_of[k][r];
            }
            const double left_out =
                m_rest[r] > 0 ? (m_off[r] + low * off) / (m_rest[r] + low * room) : off / room;
            error += left_out * left_out / static_cast<double>(m_scores.size());
        }
        return error;
    }

    /// What each feature adds; 0 for those in which no rows differ.
    std::vector<double> weights(double lambda) const {
        std::vector<double> sum(m_mean.size(), 0.0);
        if (m_by_rows) {
            std::vector<double> of_row(m_scores.size(), 0.0);
            for (std::size_t k = 0; k < m_values.size(); ++k) {
                const double factor = m_part[k] / (m_values[k] + lambda);
                for (std::size_t r = 0; r < of_row.size(); ++r) {
                    of_row[r] += factor * m_of[k][r];
                }
            }
            double total = 0;
            for (std::size_t r = 0; r < of_row.size(); ++r) {
                total += of_row[r];
                for (const std::size_t i : m_ones[r]) {
                    sum[i] += of_row[r];
                }
            }
            for (std::size_t i = 0; i < sum.size(); ++i) {
                sum[i] = m_varies[i] != 0 ? sum[i] - m_mean[i] * total : 0.0;
            }
            return sum;
        }
        for (std::size_t k = 0; k < m_values.size(); ++k) {
            const double factor = m_part[k] * std::sqrt(m_values[k]) / (m_values[k] + lambda);
            for (std::size_t i = 0; i < sum.size(); ++i) {
                sum[i] += m_varies[i] != 0 ? factor * m_to[k][i] : 0.0;
            }
        }
        return sum;
    }

    /// The constant that goes with such weights.
    double offset(const std::vector<double>& of_features) const {
        double sum = m_score_mean;
        for (std::size_t i = 0; i < of_features.size(); ++i) {
            sum -= m_mean[i] * of_features[i];
        }
        return sum;
    }

private:
    /// X'X. Of counts, which are whole numbers, what is 0 comes out as 0.
    /// @pre m_mean has counts still
    Matrix products_of_features() const {
        const auto n = static_cast<double>(m_scores.size());
        Matrix squares({m_mean.size(), m_mean.size()}, 0.0);
        for (const std::vector<std::size_t>& row : m_ones) {
            for (const std::size_t i : row) {
                for (const std::size_t j : row) {
                    squares(i, j) += 1;
                }
            }
        }
        for (std::size_t i = 0; i < m_mean.size(); ++i) {
            for (std::size_t j = 0; j < m_mean.size(); ++j) {
                squares(i, j) = (n * squares(i, j) - m_mean[i] * m_mean[j]) / n;
            }
        }
        return squares;
    }

    /// XX', as exact: from how many ones two rows share.
    Matrix products_of_rows() const {
        const std::size_t count = m_scores.size();
        const std::size_t words = (m_mean.size() + 63) / 64;
        std::vector<std::uint64_t> bits(count * words, 0);
        for (std::size_t r = 0; r < count; ++r) {
            for (const std::size_t i : m_ones[r]) {
                bits[r * words + i / 64] |= std::uint64_t{1} << i % 64;
            }
        }
        Matrix shared({count, count}, 0.0);
        std::vector<double> sums(count, 0.0);
        double total = 0;
        for (std::size_t r = 0; r < count; ++r) {
            for (std::size_t s = 0; s < count; ++s) {
                int both = 0;
                for (std::size_t w = 0; w < words; ++w) {
                    both += std::popcount(bits[r * words + w] & bits[s * words + w]);
                }
                shared(r, s) = both;
                sums[r] += both;
            }
            total += sums[r];
        }
        const auto n = static_cast<double>(count);
        for (std::size_t r = 0; r < count; ++r) {
            for (std::size_t s = 0; s < count; ++s) {
                shared(r, s) = (n * (n * shared(r, s) - sums[r] - sums[s]) + total) / (n * n);
            }
        }
        return shared;
    }

    /// @param direction a row of V', or where rows are fewer a column of U
    void take(double value, std::vector<double> direction) {
        std::vector<double> column;
        if (m_by_rows) {
            column = std::move(direction);
        } else {
            double middle = 0;
            for (std::size_t i = 0; i < m_mean.size(); ++i) {
                middle += m_mean[i] * direction[i];
            }
            column.assign(m_scores.size(), -middle);
            for (std::size_t r = 0; r < m_scores.size(); ++r) {
                for (const std::size_t i : m_ones[r]) {
                    column[r] += direction[i];
                }
                column[r] /= std::sqrt(value);
            }
            m_to.push_back(std::move(direction));
        }
        double product = 0;
        for (std::size_t r = 0; r < m_scores.size(); ++r) {
            product += column[r] * m_scores[r];
        }
        for (std::size_t r = 0; r < m_scores.size(); ++r) {
            m_rest[r] -= column[r] * column[r];
            m_off[r] -= column[r] * product;
        }
        m_values.push_back(value);
        m_of.push_back(std::move(column));
        m_part.push_back(product);
    }

    rows m_ones;
    std::vector<double> m_scores; ///< less their mean
    std::vector<double> m_mean;   ///< of each feature
    std::vector<char> m_varies;   ///< whether rows differ in a feature
    double m_score_mean;
    bool m_by_rows;
    std::vector<double> m_values{};          ///< D
    std::vector<std::vector<double>> m_to{}; ///< of each value the row of V', where it is known
    std::vector<std::vector<double>> m_of{}; ///< of each value the column of U
    std::vector<double> m_part{};            ///< of each value what the scores have of that column
    std::vector<double> m_rest{};            ///< of each row 1 less its leverage without penalty
    std::vector<double> m_off{};             ///< of each row its error without penalty
};

} // namespace fitnas::detail

#endif
