/// @file
/// @brief A model with fitted parameters.

#ifndef FITNAS_PREDICTOR_FITTED_HPP
#define FITNAS_PREDICTOR_FITTED_HPP

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/predictor/gcn/pass.hpp>
#include <fitnas/predictor/target.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas {

/// @brief The fitted search space: a `predictor` in the unit of the scores it was fitted to. Equal networks
/// get equal predictions, and a prediction is the same, to the bit, whatever else is predicted with it.
/// @tparam Model a `gcn::model`
template <gcn::model_type Model>
class fitted {
public:
    using model = Model; ///< the kind of model
    using space = typename Model::space;

    /// @param parameters `Model::parameters` values
    /// @param unit from outputs of the model to scores
    /// @throws shape_error
    explicit fitted(std::vector<float> parameters, line unit = {})
        : m_parameters(std::move(parameters)), m_unit(unit) {
        gcn::detail::require_size(m_parameters.size(), Model::parameters, "parameters");
    }

    /// @return predictions, one an architecture
    /// @throws architecture_error
    std::vector<double> predict(std::span<const architecture<space>> many) const {
        std::vector<architecture<space>> codes(many.size());
        gcn::detail::for_each_slice(many.size(), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                codes[i] = canonical<space>(many[i]);
            }
        });
        const std::vector<float> outputs = gcn::outputs<Model>(m_parameters, codes);
        std::vector<double> predictions;
        predictions.reserve(outputs.size());
        for (const float x : outputs) {
            predictions.push_back(m_unit(static_cast<double>(x)));
        }
        return predictions;
    }
    double predict(const architecture<space>& one) const {
        return predict(std::span<const architecture<space>>(&one, 1)).front();
    }

    std::span<const float> parameters() const { return m_parameters; } ///< of all layers, in their order
    /// @return the line from outputs of the model to predictions
    line unit() const { return m_unit; }

private:
    std::vector<float> m_parameters;
    line m_unit;
};

namespace detail {

/// A fitted model as numbers, for other processes; each is exact.
template <gcn::model_type Model>
std::vector<double> numbers_of(const fitted<Model>& f) {
    std::vector<double> numbers{f.unit().offset, f.unit().slope};
    numbers.insert(numbers.end(), f.parameters().begin(), f.parameters().end());
    return numbers;
}
template <gcn::model_type Model>
fitted<Model> fitted_of(std::span<const double> numbers) {
    std::vector<float> parameters;
    for (const double x : numbers.subspan(2)) {
        parameters.push_back(static_cast<float>(x));
    }
    return fitted<Model>(std::move(parameters), {.offset = numbers[0], .slope = numbers[1]});
}

} // namespace detail

} // namespace fitnas

#endif
