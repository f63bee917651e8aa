/// @file
/// @brief Cross-entropy against labels that are partly another network's softmax.

#ifndef FITNAS_NN_DISTILLATION_HPP
#define FITNAS_NN_DISTILLATION_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/nn/cross_entropy.hpp>

namespace fitnas {

/// @brief What a teacher says of a batch, and how much it counts.
struct soft_labels {
    std::span<const float> logits{}; ///< images x classes, of the teacher
    double share = 0;                ///< of the loss, in [0, 1]; 0: none, and logits are not read
};

namespace detail {

/// @return log softmax of one image's logits
FITNAS_LAZY void log_softmax(std::span<const float> logits, std::span<double> result);

} // namespace detail

/// @brief (1 - share) x `cross_entropy` + share x mean of -sum_c q_c log softmax(logits)_c, where q is the
/// teacher's softmax (Hinton et al., arXiv 1503.02531, at temperature 1). The teacher gets no gradient.
/// @param logits images x classes
/// @param labels,smoothing as of `cross_entropy`; right images are those of the labels
/// @param soft of the same images
/// @param gradient images x classes, overwritten; empty where it is not wanted
/// @throws shape_error as `cross_entropy`, and where the teacher's logits are not as many
FITNAS_API batch_loss distillation_loss(std::span<const float> logits, std::span<const int> labels,
                                        double smoothing, const soft_labels& soft,
                                        std::span<float> gradient = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void log_softmax(std::span<const float> logits, std::span<double> result) {
    const double top = static_cast<double>(logits[argmax(logits)]);
    double total = 0;
    for (std::size_t c = 0; c < logits.size(); ++c) {
        result[c] = static_cast<double>(logits[c]) - top;
        total += std::exp(result[c]);
    }
    for (double& v : result) {
        v -= std::log(total);
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API batch_loss distillation_loss(std::span<const float> logits, std::span<const int> labels,
                                        double smoothing, const soft_labels& soft,
                                        std::span<float> gradient) {
    batch_loss loss = cross_entropy(logits, labels, smoothing, gradient);
    if (soft.share == 0) {
        return loss;
    }
    if (soft.logits.size() != logits.size()) {
        throw shape_error("[F0170] distillation_loss: expected as many logits of the teacher as of the "
                          "student, " +
                          std::to_string(logits.size()) + ", got " + std::to_string(soft.logits.size()));
    }
    const std::size_t classes = logits.size() / labels.size();
    const auto images = static_cast<double>(labels.size());
    std::vector<double> own(classes);
    std::vector<double> wanted(classes);
    double sum = 0;
    for (std::size_t first = 0; first < logits.size(); first += classes) {
        detail::log_softmax(logits.subspan(first, classes), own);
        detail::log_softmax(soft.logits.subspan(first, classes), wanted);
        for (std::size_t c = 0; c < classes; ++c) {
            const double q = std::exp(wanted[c]);
            sum -= q * own[c];
            if (!gradient.empty()) {
                float& g = gradient[first + c];
                g = static_cast<float>((1 - soft.share) * static_cast<double>(g) +
                                       soft.share * (std::exp(own[c]) - q) / images);
            }
        }
    }
    loss.loss = (1 - soft.share) * loss.loss + soft.share * sum / images;
    return loss;
}

} // namespace fitnas

#endif

#endif
