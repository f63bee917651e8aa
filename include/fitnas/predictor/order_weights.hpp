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

FITNAS_LAZY_AGAIN std::vector<double> order_weights(const feature_columns& x, std::size_t networks,
                                                    const std::vector<double>& prior,
                                                    std::span<const double> values, seed s) {
    constexpr std::array<double, 4> penalties{0.5, 8, 128, 2048};
    const std::size_t n = values.size();
    const std::size_t width = x.size();
    std::vector<double> offsets(n);
    square_matrix rows({n, width}, 0.0);
    for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < width; ++c) {
            rows(r, c) = x(r, c);
            offsets[r] += x(r, c) * prior[c];
        }
    }
    // Where rows are fewer than features they are turned, so that as many numbers are enough.
    square_matrix factor({n, n}, 0.0);
    const bool turned = n < width;
    if (turned) {
        double trace = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = i; j < n; ++j) {
                for (std::size_t c = 0; c < width; ++c) {
                    factor(i, j) += rows(i, c) * rows(j, c);
                }
            }
            trace += factor(i, i);
        }
        square_matrix lower({n, n}, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            factor(i, i) += 1e-9 * (trace / static_cast<double>(n) + 1);
        }
        factorise(factor);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                lower(i, j) = factor(j, i);
            }
        }
        rows = lower;
    }
    const auto in_features = [&](const std::vector<double>& found) {
        std::vector<double> all = prior;
        if (!turned) {
            for (std::size_t c = 0; c < width; ++c) {
                all[c] += found[c];
            }
            return all;
        }
        std::vector<double> outputs(n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                outputs[i] += rows(i, j) * found[j];
            }
        }
        const std::vector<double> of_row = solved(factor, std::move(outputs));
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t c = 0; c < width; ++c) {
                all[c] += of_row[i] * x(i, c);
            }
        }
        return all;
    };

    const std::size_t folds = (std::min)(n, std::size_t{10});
    std::vector<std::size_t> fold(n);
    for (std::size_t i = 0; i < n; ++i) {
        fold[i] = i % folds;
    }
    random_stream random(s, purpose::split);
    random.shuffle(std::span<std::size_t>(fold));
    const order_ridge fit(rows, offsets, values);
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
            found[p] = in_features(w);
        }
    });

    // A sum over networks of the mean loss of each one's pairs: pairs of a network are not independent.
    std::array<double, penalties.size()> loss{};
    for (std::size_t p = 0; p < penalties.size(); ++p) {
        double pairs = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                if (values[i] > values[j]) {
                    loss[p] += order_loss(unseen[p][i] - unseen[p][j]);
                    ++pairs;
                }
            }
        }
        loss[p] *= static_cast<double>(n) / pairs;
    }
    const double least = *std::min_element(loss.begin(), loss.end());
    std::vector<double> mean(width);
    const auto deviation = [&](const std::vector<double>& w) {
        double squares = 0;
        for (std::size_t r = 0; r < networks; ++r) {
            double sum = 0;
            for (std::size_t c = 0; c < width; ++c) {
                sum += x(r, c) * w[c];
            }
            squares += sum * sum;
        }
        return std::sqrt(squares / static_cast<double>(networks));
    };
    for (int turn = 0; turn < 2; ++turn) { // the second makes the deviation of the mean 1
        std::vector<double> next(width);
        for (std::size_t p = 0; p < (turn == 0 ? penalties.size() : 1); ++p) {
            const std::vector<double>& w = turn == 0 ? found[p] : mean;
            const double own = deviation(w);
            const double share = turn == 0 ? std::exp(least - loss[p]) : 1.0;
            for (std::size_t c = 0; c < width && own > 0; ++c) {
                next[c] += share * w[c] / own;
            }
        }
        mean.swap(next);
    }
    return mean;
}

} // namespace fitnas::detail

#endif

#endif
