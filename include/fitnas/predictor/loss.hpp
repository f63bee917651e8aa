/// @file
/// @brief What a predictor is fitted to minimise.

#ifndef FITNAS_PREDICTOR_LOSS_HPP
#define FITNAS_PREDICTOR_LOSS_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <fitnas/core/error.hpp>
#include <fitnas/predictor/pairwise_loss.hpp>

namespace fitnas {

/// @brief The losses of a fit.
enum class loss {
    mse,     ///< mean of squared differences between outputs and targets
    pairwise ///< mean over all pairs of a batch of log(1 + exp(-(better's output - worse's output)))
};

namespace detail {

inline double mse_loss(std::span<const float> outputs, std::span<const double> targets,
                       std::span<float> gradient) {
    const double share = 1.0 / static_cast<double>(outputs.size());
    double sum = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const double off = static_cast<double>(outputs[i]) - targets[i];
        sum += off * off;
        gradient[i] = static_cast<float>(2 * off * share);
    }
    return sum * share;
}

} // namespace detail

/// @brief The loss of a batch, and its gradient.
///
/// `loss::pairwise` is RankNet's (Burges et al., "Learning to rank using gradient descent", ICML 2005): it
/// takes the order of the targets alone. Pairs with equal targets do not count; where all are equal the loss
/// is 0.
/// @param kind which loss
/// @param outputs of the model
/// @param targets as many
/// @param gradient as many, overwritten with d loss / d outputs
/// @return the loss
/// @throws shape_error where the spans are empty or differ in length
inline double evaluate_loss(loss kind, std::span<const float> outputs, std::span<const double> targets,
                            std::span<float> gradient) {
    if (outputs.empty() || outputs.size() != targets.size() || outputs.size() != gradient.size()) {
        throw shape_error("evaluate_loss: " + std::to_string(outputs.size()) + " outputs, " +
                          std::to_string(targets.size()) + " targets and a gradient of " +
                          std::to_string(gradient.size()) + "; all must be equal and at least 1");
    }
    return kind == loss::mse ? detail::mse_loss(outputs, targets, gradient)
                             : detail::pairwise_loss(outputs, targets, gradient);
}

} // namespace fitnas

#endif
