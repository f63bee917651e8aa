/// @file
/// @brief What a graph convolutional network has to beat: ridge regression on codes, and costs alone.

#ifndef FITNAS_PREDICTOR_BASELINE_HPP
#define FITNAS_PREDICTOR_BASELINE_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/outliers.hpp>
#include <fitnas/predictor/predictor.hpp>
#include <fitnas/predictor/ridge_solver.hpp>
#include <fitnas/predictor/target.hpp>
#include <fitnas/predictor/window_sum.hpp>
#include <fitnas/space/named_cost.hpp>

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
/// Technometrics 12, 1970). Scores that accidents made (trainings that diverged) are left out or count as
/// the furthest of the others: see predictor/outliers.hpp.
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
        score_table<Space> merged = detail::without_outliers(merge_equal_networks(table, "ridge"));
        const std::vector<double> scores = merged.scores;
        const int unit = detail::common_exponent(scores);
        if (options.target != target::standardised) {
            merged.scores = make_targets(options.target, scores);
        } else {
            in_unit(merged.scores, -unit); // their squares neither over- nor underflow
        }
        std::vector<std::vector<std::size_t>> ones(merged.size());
        for (std::size_t r = 0; r < merged.size(); ++r) {
            for_each_one(merged.architectures[r], [&](std::size_t i) { ones[r].push_back(i); });
        }
        const detail::ridge_solver data(std::move(ones), width(), merged.scores, merged.size() < width());
        if (options.lambda) {
            take_if_better(data, *options.lambda);
        } else {
            for (int half_decade = -8; half_decade <= 8; ++half_decade) {
                take_if_better(data, std::pow(10.0, 0.5 * half_decade));
            }
        }
        if (m_weights.empty()) {
            throw numeric_error("[F0661] ridge: no penalty gives a finite leave-one-out error");
        }
        if (options.target != target::standardised) {
            const std::vector<double> raw =
                predict(std::span<const architecture<Space>>(merged.architectures));
            const line to_scores = fit_line(raw, scores);
            m_offset = to_scores(m_offset);
            for (double& w : m_weights) {
                w *= to_scores.slope;
            }
        } else {
            m_offset = std::ldexp(m_offset, unit);
            in_unit(m_weights, unit);
            m_error = std::ldexp(m_error, 2 * unit);
        }
    }

    /// @brief One whose numbers are known.
    /// @param offset the constant
    /// @param weights as `weights()` gives them
    /// @param lambda,leave_one_out_error of the fit, if there was one
    /// @throws shape_error where there are more or fewer weights
    ridge(double offset, std::vector<double> weights, double lambda = 0, double leave_one_out_error = 0)
        : m_lambda(lambda), m_error(leave_one_out_error), m_offset(offset), m_weights(std::move(weights)) {
        if (m_weights.size() != width()) {
            throw shape_error("[F0690] ridge: expected " + std::to_string(width()) + " weights, got " +
                              std::to_string(m_weights.size()));
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
    /// @return all numbers but the constant: those of the operators, cell by cell, then those of the pairs:
    /// for each second cell j = 1, 2, ..., for each operator of the cells before it, cell by cell, one number
    /// for each operator of j
    std::span<const double> weights() const { return m_weights; }
    /// @return how many weights there are
    static constexpr std::size_t width() {
        std::size_t sum = singles;
        for (std::size_t j = 1; has_pairs && j < cells; ++j) {
            sum += static_cast<std::size_t>(feature::offsets<Space>[j]) *
                   static_cast<std::size_t>(Space::operator_counts[j]);
        }
        return sum;
    }
    double lambda() const { return m_lambda; } ///< the ridge penalty that was taken
    /// @return the mean squared error of each network by a fit to all others with the same lambda, in the
    /// unit of the targets; 0 or infinite where a double does not hold the square of that unit
    double leave_one_out_error() const { return m_error; }

private:
    using feature = fitnas::feature::cell_operator;
    static constexpr auto singles = static_cast<std::size_t>(feature::width<Space>);
    static constexpr auto cells = static_cast<std::size_t>(Space::cells);
    static constexpr bool has_pairs = Terms == ridge_terms::pairs;

    static void in_unit(std::vector<double>& values, int exponent) {
        for (double& v : values) {
            v = std::ldexp(v, exponent);
        }
    }

    /// Calls `body` for the places of the features that are 1, each once.
    template <class Body>
    void for_each_one(const architecture<Space>& a, Body&& body) const {
        std::size_t first_pair = singles;
        for (std::size_t j = 0; j < cells; ++j) {
            body(static_cast<std::size_t>(feature::offsets<Space>[j]) + a[j]);
            // The pairs with the cells before: one row for each of their operators.
            const auto count = static_cast<std::size_t>(Space::operator_counts[j]);
            for (std::size_t i = 0; has_pairs && i < j; ++i) {
                body(first_pair + (static_cast<std::size_t>(feature::offsets<Space>[i]) + a[i]) * count +
                     a[j]);
            }
            first_pair += static_cast<std::size_t>(feature::offsets<Space>[j]) * count;
        }
    }

    void take_if_better(const detail::ridge_solver<>& data, double lambda) {
        const double error = data.leave_one_out_error(lambda);
        if (std::isfinite(error) && (m_weights.empty() || error < m_error)) {
            m_error = error;
            m_lambda = lambda;
            m_weights = data.weights(lambda);
            m_offset = data.offset(m_weights);
        }
    }

    double m_lambda = 0;
    double m_error = 0;
    double m_offset = 0;
    std::vector<double> m_weights;
};

/// @brief A `predictor` that has seen no score: the more an architecture costs, the better. In the unit of
/// the cost.
template <code_space Space>
class cost_baseline {
public:
    using space = Space;
    /// @throws as `named_cost::in`
    explicit cost_baseline(named_cost what = cost::macs())
        : m_what(std::move(what)), m_terms(m_what.in<Space>()) {}

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
        require_valid<Space>(one);
        return m_terms.sum(one);
    }

    /// @return the cost as a sum over the cells, see `windows`
    window_sum<Space> contributions() const { return m_what; }
    const named_cost& cost() const { return m_what; } ///< what the predictions are made of

private:
    named_cost m_what;
    cost_terms m_terms;
};

} // namespace fitnas

#endif
