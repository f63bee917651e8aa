/// @file
/// @brief What a graph convolutional network has to beat: ridge regression on codes, and costs alone.

#ifndef FITNAS_PREDICTOR_BASELINE_HPP
#define FITNAS_PREDICTOR_BASELINE_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/linalg.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/predictor.hpp>
#include <fitnas/predictor/window_sum.hpp>
#include <fitnas/space/cost.hpp>

namespace fitnas {

/// @brief How to fit a ridge regression.
struct ridge_options {
    std::optional<double>
        lambda{}; ///< penalty, above 0; without one the best of 1e-4, 1e-3.5, ..., 1e4 is taken
};

/// @brief A `predictor`: a constant plus one number for each operator of each cell. It minimises the sum of
/// squared errors over the different networks of a table, plus lambda times the sum of those numbers'
/// squares; the constant is free (Hoerl and Kennard, Technometrics 12, 1970).
template <code_space Space>
class ridge {
public:
    using space = Space;

    /// @param table architectures and scores
    /// @param options the penalty; where none is given, the one with the smallest leave-one-out error is
    /// taken
    /// @throws option_error where lambda is not a number above 0; as `merge_equal_networks`
    explicit ridge(const score_table<Space>& table, const ridge_options& options = {}) {
        if (options.lambda && (!(*options.lambda > 0) || !std::isfinite(*options.lambda))) {
            throw option_error("ridge: lambda: expected a number above 0, got " +
                               detail::number_text(*options.lambda));
        }
        const moments data(merge_equal_networks(table, "ridge"));
        m_error = std::numeric_limits<double>::infinity();
        if (options.lambda) {
            take_if_better(data, *options.lambda);
        } else {
            for (int half_decade = -8; half_decade <= 8; ++half_decade) {
                take_if_better(data, std::pow(10.0, 0.5 * half_decade));
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
        for (const std::size_t i : ones(canonical<Space>(one))) {
            sum += m_weights[i];
        }
        return sum;
    }

    /// @return the prediction of a canonical code as a sum over its cells, see `windows`
    window_sum<Space> contributions() const {
        window_sum<Space> sum(m_offset);
        for (int i = 0; i < Space::cells; ++i) {
            const auto first = m_weights.begin() + feature::offsets<Space>[static_cast<std::size_t>(i)];
            const auto last = m_weights.begin() + feature::offsets<Space>[static_cast<std::size_t>(i) + 1];
            sum.add({i, i + 1, std::vector<double>(first, last)});
        }
        return sum;
    }

    double lambda() const { return m_lambda; }
    /// @return the mean squared error of each network by a fit to all others with the same lambda
    double leave_one_out_error() const { return m_error; }

private:
    using feature = fitnas::feature::cell_operator;
    static constexpr auto width = static_cast<std::size_t>(feature::width<Space>);

    /// The features that are 1.
    static std::array<std::size_t, static_cast<std::size_t>(Space::cells)>
    ones(const architecture<Space>& a) {
        std::array<std::size_t, static_cast<std::size_t>(Space::cells)> places{};
        for (std::size_t i = 0; i < places.size(); ++i) {
            places[i] = static_cast<std::size_t>(feature::offsets<Space>[i]) + a[i];
        }
        return places;
    }

    /// Rows and scores less their means, and their products.
    struct moments {
        explicit moments(const score_table<Space>& data)
            : rows(matrix::from_shape({data.size(), width})),
              scores(data.scores),
              squares(xt::zeros<double>({width, width})),
              products(xt::zeros<double>({width, std::size_t{1}})),
              mean(width) {
            const auto n = static_cast<double>(data.size());
            rows.fill(0);
            for (std::size_t r = 0; r < data.size(); ++r) {
                for (const std::size_t i : ones(data.architectures[r])) {
                    rows(r, i) = 1;
                    mean[i] += 1 / n;
                }
                score_mean += scores[r] / n;
            }
            for (std::size_t r = 0; r < data.size(); ++r) {
                scores[r] -= score_mean;
                for (std::size_t i = 0; i < width; ++i) {
                    rows(r, i) -= mean[i];
                }
                for (std::size_t i = 0; i < width; ++i) {
                    products(i, 0) += rows(r, i) * scores[r];
                    for (std::size_t j = 0; j < width; ++j) {
                        squares(i, j) += rows(r, i) * rows(r, j);
                    }
                }
            }
        }
        matrix rows;
        std::vector<double> scores;
        matrix squares;
        matrix products;
        std::vector<double> mean;
        double score_mean = 0;
    };

    void take_if_better(const moments& data, double lambda) {
        // (X'X + lambda I)^-1 for both the weights and the leverages.
        matrix penalised = data.squares;
        matrix identity = xt::zeros<double>({width, width});
        for (std::size_t i = 0; i < width; ++i) {
            penalised(i, i) += lambda;
            identity(i, i) = 1;
        }
        const matrix inverse = solve(penalised, identity);
        std::vector<double> weights(width);
        for (std::size_t i = 0; i < width; ++i) {
            for (std::size_t j = 0; j < width; ++j) {
                weights[i] += inverse(i, j) * data.products(j, 0);
            }
        }
        // Left out, an error grows by 1 / (1 - leverage) (Allen, "PRESS", Technometrics 16, 1974).
        const auto n = static_cast<double>(data.scores.size());
        double error = 0;
        for (std::size_t r = 0; r < data.scores.size(); ++r) {
            double residual = data.scores[r];
            double leverage = 1 / n;
            for (std::size_t i = 0; i < width; ++i) {
                residual -= data.rows(r, i) * weights[i];
                for (std::size_t j = 0; j < width; ++j) {
                    leverage += data.rows(r, i) * inverse(i, j) * data.rows(r, j);
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
        m_offset = data.score_mean;
        for (std::size_t i = 0; i < width; ++i) {
            m_offset -= weights[i] * data.mean[i];
        }
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
