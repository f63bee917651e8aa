/// @file
/// @brief What a graph convolutional network has to beat: ridge regression on codes, and costs alone.

#ifndef FITNAS_PREDICTOR_BASELINE_HPP
#define FITNAS_PREDICTOR_BASELINE_HPP

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/linalg.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/predictor.hpp>
#include <fitnas/predictor/target.hpp>
#include <fitnas/predictor/window_sum.hpp>
#include <fitnas/space/cost.hpp>

namespace fitnas {

/// @brief What a ridge regression sees of a code.
enum class ridge_terms {
    cells, ///< a number for each operator of each cell
    pairs  ///< the same, and a number for each pair of operators of two different cells
};

/// @brief How to fit a ridge regression.
struct ridge_options {
    std::optional<double>
        lambda{}; ///< penalty, above 0; without one the best of 1e-4, 1e-3.5, ..., 1e4 is taken
    /// With `ranks` the squared errors are those of the standardised ranks; predictions are in the unit of
    /// the scores all the same.
    fitnas::target target = fitnas::target::standardised;
};

/// @brief A `predictor`: a constant plus one number for each operator of each cell, and for each pair of them
/// where pairs are asked for. It minimises the sum of squared errors over the different networks of a table,
/// plus lambda times the sum of those numbers' squares; the constant is free (Hoerl and Kennard,
/// Technometrics 12, 1970).
/// @tparam Terms `ridge_terms::cells`, or `ridge_terms::pairs`, which is no sum over windows
template <code_space Space, ridge_terms Terms = ridge_terms::cells>
class ridge {
public:
    using space = Space;

    /// @param table architectures and scores
    /// @param options the penalty; where none is given, the one with the smallest leave-one-out error is
    /// taken
    /// @throws option_error where lambda is not a number above 0; as `merge_equal_networks`
    explicit ridge(const score_table<Space>& table, const ridge_options& options = {}) {
        if (options.lambda && (!(*options.lambda > 0) || !std::isfinite(*options.lambda))) {
            throw option_error("[F0601] ridge: lambda: expected a number above 0, got " +
                               detail::number_text(*options.lambda));
        }
        score_table<Space> merged = merge_equal_networks(table, "ridge");
        const std::vector<double> scores = merged.scores;
        if (options.target != target::standardised) {
            merged.scores = make_targets(options.target, scores);
        }
        const moments data(merged, *this);
        m_error = std::numeric_limits<double>::infinity();
        if (options.lambda) {
            take_if_better(data, *options.lambda);
        } else {
            for (int half_decade = -8; half_decade <= 8; ++half_decade) {
                take_if_better(data, std::pow(10.0, 0.5 * half_decade));
            }
        }
        if (options.target != target::standardised) {
            const std::vector<double> raw =
                predict(std::span<const architecture<Space>>(merged.architectures));
            const line unit = fit_line(raw, scores);
            m_offset = unit(m_offset);
            for (double& w : m_weights) {
                w *= unit.slope;
            }
        }
    }

    std::vector<double> predict(std::span<const architecture<Space>> many) const {
        std::vector<double> values;
        values.reserve(many.size());
        for (const architecture<Space>& a : many) {
            values.push_back(predict(a));
        }
        return values;
    }
    /// @throws architecture_error
    double predict(const architecture<Space>& one) const {
        double sum = m_offset;
        for_each_one(canonical<Space>(one), [&](std::size_t i) { sum += m_weights[i]; });
        return sum;
    }

    /// @return the prediction of a canonical code as a sum over its cells, see `windows`
    window_sum<Space> contributions() const requires(Terms == ridge_terms::cells) {
        window_sum<Space> sum(m_offset);
        for (int i = 0; i < Space::cells; ++i) {
            const auto first = m_weights.begin() + feature::offsets<Space>[static_cast<std::size_t>(i)];
            const auto last = m_weights.begin() + feature::offsets<Space>[static_cast<std::size_t>(i) + 1];
            sum.add({i, i + 1, std::vector<double>(first, last)});
        }
        return sum;
    }

    /// @return the constant
    double offset() const { return m_offset; }
    /// @return what an operator adds by itself, in its cell
    /// @param cell,operator_index from 0, of the space
    double weight(int cell, int operator_index) const {
        return m_weights[static_cast<std::size_t>(feature::offsets<Space>[static_cast<std::size_t>(cell)] +
                                                  operator_index)];
    }
    double lambda() const { return m_lambda; }
    /// @return the mean squared error of each network by a fit to all others with the same lambda, in the
    /// unit of the targets
    double leave_one_out_error() const { return m_error; }

private:
    using feature = fitnas::feature::cell_operator;
    static constexpr auto singles = static_cast<std::size_t>(feature::width<Space>);
    static constexpr auto cells = static_cast<std::size_t>(Space::cells);
    static constexpr bool has_pairs = Terms == ridge_terms::pairs;

    /// How many numbers there are: those of cells, then those of pairs, first cell by first cell.
    std::size_t width() const {
        std::size_t sum = singles;
        for (std::size_t j = 1; has_pairs && j < cells; ++j) {
            sum += static_cast<std::size_t>(feature::offsets<Space>[j]) *
                   static_cast<std::size_t>(Space::operator_counts[j]);
        }
        return sum;
    }

    /// Calls `body` for the places of the features that are 1, each once.
    template <class Body>
    void for_each_one(const architecture<Space>& a, Body&& body) const {
        std::size_t block = singles;
        for (std::size_t j = 0; j < cells; ++j) {
            body(static_cast<std::size_t>(feature::offsets<Space>[j]) + a[j]);
            // The pairs with the cells before: one row for each of their operators.
            const auto count = static_cast<std::size_t>(Space::operator_counts[j]);
            for (std::size_t i = 0; has_pairs && i < j; ++i) {
                body(block + (static_cast<std::size_t>(feature::offsets<Space>[i]) + a[i]) * count + a[j]);
            }
            block += static_cast<std::size_t>(feature::offsets<Space>[j]) * count;
        }
    }

    /// What the normal equations need: sums over rows whose features, 0 or 1, and scores are less their
    /// means.
    struct moments {
        moments(const score_table<Space>& data, const ridge& model)
            : scores(data.scores),
              squares({model.width(), model.width()}, 0.0),
              products(model.width()),
              mean(model.width()) {
            const auto n = static_cast<double>(data.size());
            for (const double s : scores) {
                score_mean += s / n;
            }
            for (std::size_t r = 0; r < data.size(); ++r) {
                scores[r] -= score_mean;
                ones.emplace_back();
                model.for_each_one(data.architectures[r], [&](std::size_t i) { ones[r].push_back(i); });
                for (const std::size_t i : ones[r]) {
                    mean[i] += 1 / n;
                    products[i] += scores[r];
                    for (const std::size_t j : ones[r]) {
                        squares(i, j) += 1;
                    }
                }
            }
            for (std::size_t i = 0; i < mean.size(); ++i) {
                for (std::size_t j = 0; j < mean.size(); ++j) {
                    squares(i, j) -= n * mean[i] * mean[j];
                }
            }
        }
        std::vector<std::vector<std::size_t>> ones; ///< of each row
        std::vector<double> scores;
        matrix squares;
        std::vector<double> products;
        std::vector<double> mean;
        double score_mean = 0;
    };

    void take_if_better(const moments& data, double lambda) {
        const std::size_t size = data.mean.size();
        // (X'X + lambda I)^-1 for both the weights and the leverages.
        matrix penalised = data.squares;
        matrix identity({size, size}, 0.0);
        for (std::size_t i = 0; i < size; ++i) {
            penalised(i, i) += lambda;
            identity(i, i) = 1;
        }
        const matrix inverse = solve(penalised, identity);
        std::vector<double> weights(size);
        std::vector<double> of_mean(size); // the inverse times the mean
        double mean_of_mean = 0;
        double offset = data.score_mean;
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                weights[i] += inverse(i, j) * data.products[j];
                of_mean[i] += inverse(i, j) * data.mean[j];
            }
            mean_of_mean += data.mean[i] * of_mean[i];
            offset -= data.mean[i] * weights[i];
        }
        // Left out, an error grows by 1 / (1 - leverage) (Allen, "PRESS", Technometrics 16, 1974).
        const auto n = static_cast<double>(data.scores.size());
        double error = 0;
        for (std::size_t r = 0; r < data.scores.size(); ++r) {
            double residual = data.scores[r] + data.score_mean - offset;
            double leverage = 1 / n + mean_of_mean;
            for (const std::size_t i : data.ones[r]) {
                residual -= weights[i];
                leverage -= 2 * of_mean[i];
                for (const std::size_t j : data.ones[r]) {
                    leverage += inverse(i, j);
                }
            }
            const double left_out = residual / (1 - leverage);
            error += left_out * left_out / n;
        }
        if (!(error < m_error)) {
            return;
        }
        m_error = error;
        m_lambda = lambda;
        m_offset = offset;
        m_weights = std::move(weights);
    }

    double m_lambda = 0;
    double m_error = 0;
    double m_offset = 0;
    std::vector<double> m_weights;
};

/// @brief Which cost a `cost_baseline` counts.
enum class counted { macs, parameters };

/// @brief A `predictor` that has seen no score: the more an architecture costs, the better. In the unit of
/// the cost.
template <search_space_type Space>
class cost_baseline {
public:
    using space = Space;
    explicit cost_baseline(counted what = counted::macs) : m_what(what) {}

    std::vector<double> predict(std::span<const architecture<Space>> many) const {
        std::vector<double> values;
        values.reserve(many.size());
        for (const architecture<Space>& a : many) {
            values.push_back(predict(a));
        }
        return values;
    }
    /// @throws architecture_error
    double predict(const architecture<Space>& one) const {
        return static_cast<double>(m_what == counted::macs ? cost::macs<Space>(one)
                                                           : cost::parameters<Space>(one));
    }

    /// @return the cost as a sum over the layers, see `windows`
    window_sum<Space> contributions() const {
        window_sum<Space> sum;
        for (const space_layer& l : Space::tables.layers) {
            std::vector<double> costs;
            for (int o = 0; o < l.candidates; ++o) {
                const space_block& b = Space::tables.blocks[static_cast<std::size_t>(l.first_block + o)];
                costs.push_back(static_cast<double>(m_what == counted::macs ? b.macs : b.parameters));
            }
            if (l.cell_index < 0) {
                sum.add(costs.front());
            } else {
                sum.add({l.cell_index, l.cell_index + 1, std::move(costs)});
            }
        }
        return sum;
    }

private:
    counted m_what;
};

} // namespace fitnas

#endif
