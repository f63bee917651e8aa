/// @file
/// @brief Softmax cross-entropy with label smoothing.

#ifndef FITNAS_NN_CROSS_ENTROPY_HPP
#define FITNAS_NN_CROSS_ENTROPY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

namespace fitnas {

/// @brief What a batch of logits comes to.
struct batch_loss {
    double loss = 0;         ///< mean over the images
    std::size_t correct = 0; ///< images whose largest logit is the label's (the first of equal ones)
};

/// @return the index of the largest value, the first of equal ones
inline std::size_t argmax(std::span<const float> values) {
    return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

namespace detail {

/// As `cross_entropy`; the loss of each image, not their mean, is added, image by image, so that a sum over
/// several pieces does not depend on where they were cut.
FITNAS_LAZY void add_cross_entropy(std::span<const float> logits, std::span<const int> labels,
                                   double smoothing, std::span<float> gradient, batch_loss& sum);

} // namespace detail

/// @brief Mean of -sum_c q_c log softmax(logits)_c, where q is 1 - smoothing at the label plus smoothing /
/// classes everywhere (Szegedy et al., arXiv 1512.00567, section 7).
/// @param logits images x classes
/// @param labels one an image, each in [0, classes)
/// @param smoothing in [0, 1)
/// @param gradient images x classes, overwritten; empty where it is not wanted
/// @throws shape_error where the sizes do not match or a label is outside
FITNAS_API batch_loss cross_entropy(std::span<const float> logits, std::span<const int> labels,
                                    double smoothing, std::span<float> gradient = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void add_cross_entropy(std::span<const float> logits, std::span<const int> labels,
                                         double smoothing, std::span<float> gradient, batch_loss& sum) {
    const std::size_t images = labels.size();
    if (images == 0 || logits.empty() || logits.size() % images != 0 ||
        (!gradient.empty() && gradient.size() != logits.size())) {
        throw shape_error("[F0106] cross_entropy: " + std::to_string(logits.size()) + " logits, " +
                          std::to_string(images) + " labels, a gradient of " +
                          std::to_string(gradient.size()));
    }
    const std::size_t classes = logits.size() / images;
    const double share = smoothing / static_cast<double>(classes);
    for (std::size_t n = 0; n < images; ++n) {
        const std::span<const float> z = logits.subspan(n * classes, classes);
        if (labels[n] < 0 || static_cast<std::size_t>(labels[n]) >= classes) {
            throw shape_error("[F0107] cross_entropy: expected labels from 0 to " +
                              std::to_string(classes - 1) + ", got " + std::to_string(labels[n]));
        }
        const auto label = static_cast<std::size_t>(labels[n]);
        const std::size_t best = argmax(z);
        const double top =
            static_cast<double>(z[best]); // subtracted first, so that huge logits keep their digits
        double total = 0;
        double mean = 0;
        for (const float v : z) {
            const double below = static_cast<double>(v) - top;
            total += std::exp(below);
            mean += below / static_cast<double>(classes);
        }
        // Logits that are no numbers have no largest.
        sum.correct += static_cast<std::size_t>(best == label && !std::isnan(total));
        const double log_sum = std::log(total);
        sum.loss += log_sum - (1 - smoothing) * (static_cast<double>(z[label]) - top) - smoothing * mean;
        for (std::size_t c = 0; c < classes && !gradient.empty(); ++c) {
            const double target = share + (c == label ? 1 - smoothing : 0);
            gradient[n * classes + c] = static_cast<float>(
                (std::exp(static_cast<double>(z[c]) - top - log_sum) - target) / static_cast<double>(images));
        }
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API batch_loss cross_entropy(std::span<const float> logits, std::span<const int> labels,
                                    double smoothing, std::span<float> gradient) {
    batch_loss result;
    detail::add_cross_entropy(logits, labels, smoothing, gradient, result);
    result.loss /= static_cast<double>(labels.size());
    return result;
}

} // namespace fitnas

#endif

#endif
