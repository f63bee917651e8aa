/// @file
/// @brief What a predictor is fitted to minimise.

#ifndef FITNAS_PREDICTOR_LOSS_HPP
#define FITNAS_PREDICTOR_LOSS_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/predictor/pairwise_loss.hpp>

namespace fitnas {

/// @brief The losses of a fit.
enum class loss {
    mse,         ///< mean of squared differences between outputs and targets
    differences, ///< half the mean, over all pairs of a batch, of squared errors of their differences
    pairwise     ///< mean over all pairs of a batch of log(1 + exp(-(better's output - worse's output)))
};

namespace detail {

FITNAS_LAZY double mse_loss(std::span<const float> outputs, std::span<const double> targets,
                            std::span<float> gradient);

/// All pairs' squared errors sum to n times the squared errors less their mean.
FITNAS_LAZY double difference_loss(std::span<const float> outputs, std::span<const double> targets,
                                   std::span<float> gradient);

} // namespace detail

/// @brief The loss of a batch, and its gradient.
///
/// `loss::pairwise` is RankNet's (Burges et al., "Learning to rank using gradient descent", ICML 2005): it
/// takes the order of the targets alone. `loss::differences` takes how far they are apart, and leaves the
/// outputs' mean free. In `pairwise`, pairs with equal targets do not count; where all are equal the
/// loss is 0.
/// @param kind which loss
/// @param outputs of the model
/// @param targets as many
/// @param gradient as many, overwritten with d loss / d outputs
/// @return the loss
/// @throws shape_error where the spans are empty or differ in length
FITNAS_API double evaluate_loss(loss kind, std::span<const float> outputs, std::span<const double> targets,
                                std::span<float> gradient);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN double mse_loss(std::span<const float> outputs, std::span<const double> targets,
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

FITNAS_LAZY_AGAIN double difference_loss(std::span<const float> outputs, std::span<const double> targets,
                                         std::span<float> gradient) {
    const auto n = static_cast<double>(outputs.size());
    double mean = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        mean += (static_cast<double>(outputs[i]) - targets[i]) / n;
    }
    const double share = outputs.size() < 2 ? 0 : 1 / (n - 1);
    double sum = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const double off = static_cast<double>(outputs[i]) - targets[i] - mean;
        sum += off * off;
        gradient[i] = static_cast<float>(2 * off * share);
    }
    return sum * share;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API double evaluate_loss(loss kind, std::span<const float> outputs, std::span<const double> targets,
                                std::span<float> gradient) {
    if (outputs.empty() || outputs.size() != targets.size() || outputs.size() != gradient.size()) {
        throw shape_error("[F0630] evaluate_loss: " + std::to_string(outputs.size()) + " outputs, " +
                          std::to_string(targets.size()) + " targets and a gradient of " +
                          std::to_string(gradient.size()) + "; all must be equal and at least 1");
    }
    switch (kind) {
    case loss::mse:
        return detail::mse_loss(outputs, targets, gradient);
    case loss::differences:
        return detail::difference_loss(outputs, targets, gradient);
    case loss::pairwise:
        break;
    }
    return detail::pairwise_loss(outputs, targets, gradient);
}

} // namespace fitnas

#endif

#endif
