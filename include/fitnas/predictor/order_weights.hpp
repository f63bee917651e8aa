/// @file
/// @brief Weights of features by the order of a few values, with as much trust in them as they deserve.

#ifndef FITNAS_PREDICTOR_ORDER_WEIGHTS_HPP
#define FITNAS_PREDICTOR_ORDER_WEIGHTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/cholesky.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/order_ridge.hpp>

namespace fitnas::detail {

/// Columns of features over networks: each less its mean, times a factor.
class feature_columns {
public:
    explicit feature_columns(std::size_t networks) : m_networks(networks) {}

    /// Features of one kind, which get one factor, so that a network's squares of them add up to a weight on
    /// average. Constant ones are left out.
    /// @param values networks x features
    FITNAS_LAZY void add(const square_matrix& values, std::size_t first, std::size_t last, double weight);

    std::size_t size() const { return m_columns.size(); }
    double operator()(std::size_t row, std::size_t column) const { return m_columns[column][row]; }
    /// @return what the column was called in the matrix that was added
    std::size_t source(std::size_t column) const { return m_source[column]; }
    double factor(std::size_t column) const { return m_factor[column]; }

private:
    std::size_t m_networks;
    std::vector<std::vector<double>> m_columns;
    std::vector<std::size_t> m_source;
    std::vector<double> m_factor;
};

/// The first rows of features as they are fitted. Where rows are fewer than features they are turned, so that
/// as many numbers are enough.
class rows_to_fit {
public:
    /// @param x which outlives it, as does
    /// @param prior weights, whose outputs the fit begins with
    FITNAS_LAZY rows_to_fit(const feature_columns& x, std::size_t count, const std::vector<double>& prior);

    const square_matrix& rows() const { return m_rows; }
    const std::vector<double>& offsets() const { return m_offsets; }

    /// @return `prior` plus the weights of features that stand for those of the rows as they are fitted
    FITNAS_LAZY std::vector<double> weights_of_features(const std::vector<double>& fitted) const;

private:
    FITNAS_LAZY void turn();

    const feature_columns& m_x;
    const std::vector<double>& m_prior;
    std::vector<double> m_offsets;
    square_matrix m_rows;
    square_matrix m_factor; ///< of the rows' products, where they are turned
    bool m_turned;
};

/// Folds of near equal sizes.
/// @return the fold of each
FITNAS_LAZY std::vector<std::size_t> shuffled_folds(std::size_t count, std::size_t folds, seed s);

/// Bradley and Terry's loss of outputs that should have the order of values: a sum over networks of the mean
/// loss of each one's pairs, for pairs of a network are not independent.
FITNAS_LAZY double loss_of_order(const std::vector<double>& outputs, std::span<const double> values);

/// To `sum` adds `share` of weights whose outputs over the networks have standard deviation 1, or nothing.
FITNAS_LAZY void add_with_deviation_1(const std::vector<double>& weights, double share,
                                      const feature_columns& x, std::size_t networks,
                                      std::vector<double>& sum);

/// Weights of features by which the first rows have the order of values: Bradley and Terry's model with a
/// normal prior, for four variances of it, averaged by how well each orders truths that it has not seen (a
/// tenth of them at a time). Errors of a value are in all its pairs, so that the likelihood alone trusts
/// noisy ones too much.
/// @param x features of networks, the first of which have the values
/// @param prior means of the weights
/// @return weights whose outputs over all networks have standard deviation 1, or 0
FITNAS_LAZY std::vector<double> order_weights(const feature_columns& x, std::size_t networks,
                                              const std::vector<double>& prior,
                                              std::span<const double> values, seed s);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void feature_columns::add(const square_matrix& values, std::size_t first, std::size_t last,
                                            double weight) {
    double squares = 0;
    const std::size_t begin = m_columns.size();
    for (std::size_t c = first; c < last; ++c) {
        std::vector<double> column;
        double mean = 0;
        for (std::size_t r = 0; r < m_networks; ++r) {
            column.push_back(values(r, c));
            mean += column.back() / static_cast<double>(m_networks);
        }
        double own = 0;
        for (double& v : column) {
            v -= mean;
            own += v * v / static_cast<double>(m_networks);
        }
        if (own > 1e-12) {
            squares += own;
            m_columns.push_back(std::move(column));
            m_source.push_back(c);
        }
    }
    const double factor = squares > 0 ? std::sqrt(weight / squares) : 0;
    m_factor.resize(m_columns.size(), factor);
    for (std::size_t c = begin; c < m_columns.size(); ++c) {
        for (double& v : m_columns[c]) {
            v *= factor;
        }
    }
}

FITNAS_LAZY_AGAIN rows_to_fit::rows_to_fit(const feature_columns& x, std::size_t count,
                                           const std::vector<double>& prior)
    : m_x(x),
      m_prior(prior),
      m_offsets(count),
      m_rows({count, x.size()}, 0.0),
      m_factor({count, count}, 0.0),
      m_turned(count < x.size()) {
    for (std::size_t r = 0; r < count; ++r) {
        for (std::size_t c = 0; c < x.size(); ++c) {
            m_rows(r, c) = x(r, c);
            m_offsets[r] += x(r, c) * prior[c];
        }
    }
    if (m_turned) {
        turn();
    }
}

FITNAS_LAZY_AGAIN void rows_to_fit::turn() {
    const std::size_t n = m_offsets.size();
    double trace = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i; j < n; ++j) {
            for (std::size_t c = 0; c < m_x.size(); ++c) {
                m_factor(i, j) += m_rows(i, c) * m_rows(j, c);
            }
        }
        trace += m_factor(i, i);
    }
    square_matrix lower({n, n}, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        m_factor(i, i) += 1e-9 * (trace / static_cast<double>(n) + 1);
    }
    factorise(m_factor);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            lower(i, j) = m_factor(j, i);
        }
    }
    m_rows = lower;
}

FITNAS_LAZY_AGAIN std::vector<double>
rows_to_fit::weights_of_features(const std::vector<double>& fitted) const {
    const std::size_t n = m_offsets.size();
    const std::size_t features = m_x.size();
    std::vector<double> all = m_prior;
    if (!m_turned) {
        for (std::size_t c = 0; c < features; ++c) {
            all[c] += fitted[c];
        }
        return all;
    }
    std::vector<double> outputs(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            outputs[i] += m_rows(i, j) * fitted[j];
        }
    }
    const std::vector<double> of_row = solved(m_factor, std::move(outputs));
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < features; ++c) {
            all[c] += of_row[i] * m_x(i, c);
        }
    }
    return all;
}

FITNAS_LAZY_AGAIN std::vector<std::size_t> shuffled_folds(std::size_t count, std::size_t folds, seed s) {
    std::vector<std::size_t> fold(count);
    for (std::size_t i = 0; i < count; ++i) {
        fold[i] = i % folds;
    }
    random_stream random(s, purpose::split);
    random.shuffle(std::span<std::size_t>(fold));
    return fold;
}

FITNAS_LAZY_AGAIN double loss_of_order(const std::vector<double>& outputs, std::span<const double> values) {
    double loss = 0;
    double pairs = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        for (std::size_t j = 0; j < values.size(); ++j) {
            if (values[i] > values[j]) {
                loss += order_loss(outputs[i] - outputs[j]);
                ++pairs;
            }
        }
    }
    return loss * (static_cast<double>(values.size()) / pairs);
}

FITNAS_LAZY_AGAIN void add_with_deviation_1(const std::vector<double>& weights, double share,
                                            const feature_columns& x, std::size_t networks,
                                            std::vector<double>& sum) {
    double squares = 0;
    for (std::size_t r = 0; r < networks; ++r) {
        double output = 0;
        for (std::size_t c = 0; c < x.size(); ++c) {
            output += x(r, c) * weights[c];
        }
        squares += output * output;
    }
    const double deviation = std::sqrt(squares / static_cast<double>(networks));
    for (std::size_t c = 0; c < x.size() && deviation > 0; ++c) {
        sum[c] += share * weights[c] / deviation;
    }
}

FITNAS_LAZY_AGAIN std::vector<double> order_weights(const feature_columns& x, std::size_t networks,
                                                    const std::vector<double>& prior,
                                                    std::span<const double> values, seed s) {
    constexpr std::array<double, 4> penalties{0.5, 8, 128, 2048};
    const std::size_t n = values.size();
    const rows_to_fit rows(x, n, prior);
    const std::size_t folds = (std::min)(n, std::size_t{10});
    const std::vector<std::size_t> fold = shuffled_folds(n, folds, s);
    const order_ridge fit(rows.rows(), rows.offsets(), values);
    std::array<std::vector<double>, penalties.size()> unseen;
    unseen.fill(std::vector<double>(n));
    std::array<std::vector<double>, penalties.size()> found;
    parallel_for(static_cast<std::ptrdiff_t>(penalties.size() * (folds + 1)), [&](std::ptrdiff_t job) {
        const std::size_t p = static_cast<std::size_t>(job) % penalties.size();
        const std::size_t out = static_cast<std::size_t>(job) / penalties.size();
        std::vector<std::size_t> taken;
        for (std::size_t i = 0; i < n; ++i) {
            if (fold[i] != out) {
                taken.push_back(i);
            }
        }
        const std::vector<double> w = fit.weights(taken, penalties[p]);
        for (std::size_t i = 0; i < n; ++i) {
            if (fold[i] == out) {
                unseen[p][i] = fit.output(i, w);
            }
        }
        if (out == folds) {
            found[p] = rows.weights_of_features(w);
        }
    });

    std::array<double, penalties.size()> loss{};
    for (std::size_t p = 0; p < penalties.size(); ++p) {
        loss[p] = loss_of_order(unseen[p], values);
    }
    const double least = *std::min_element(loss.begin(), loss.end());
    std::vector<double> sum(x.size());
    for (std::size_t p = 0; p < penalties.size(); ++p) {
        add_with_deviation_1(found[p], std::exp(least - loss[p]), x, networks, sum);
    }
    std::vector<double> mean(x.size());
    add_with_deviation_1(sum, 1.0, x, networks, mean);
    return mean;
}

} // namespace fitnas::detail

#endif

#endif
