/// @file
/// @brief Adam with decoupled weight decay, on flat spans.

#ifndef FITNAS_NN_ADAM_HPP
#define FITNAS_NN_ADAM_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/simd_math.hpp>

namespace fitnas {

/// @brief The constants of Adam.
struct adam_options {
    float beta1 = 0.9F;         ///< decay of the mean of gradients, in [0, 1)
    float beta2 = 0.999F;       ///< decay of the mean of squared gradients, in [0, 1)
    float epsilon = 1e-8F;      ///< added to the root, above 0
    float weight_decay = 1e-2F; ///< decoupled, at least 0; 0 makes it plain Adam
};

/// @brief AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv 1711.05101, algorithm
/// 2, with the decay multiplied by the learning rate); without weight decay Adam (Kingma and Ba, arXiv
/// 1412.6980).
class adam {
public:
    /// @param size how many values are updated
    /// @throws option_error where a constant is outside its range
    explicit adam(std::size_t size, const adam_options& options = {});

    /// @brief One update.
    /// @param values changed
    /// @param gradient of the loss there, as many values
    /// @param learning_rate of this step
    /// @param share the gradient is multiplied by it first
    /// @throws shape_error where the spans are not as long as the optimiser was made for
    void step(std::span<float> values, std::span<const float> gradient, double learning_rate,
              double share = 1);

    /// @return means of the gradients, then of their squares, then the number of steps, exact to 2^24
    std::span<float> state() { return m_state; }

private:
    adam_options m_options;
    std::size_t m_size;
    std::vector<float> m_state;
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API adam::adam(std::size_t size, const adam_options& options)
    : m_options(options), m_size(size), m_state(2 * size + 1) {
    const auto is_decay = [](float b) { return b >= 0 && b < 1; };
    if (!is_decay(options.beta1) || !is_decay(options.beta2) || !(options.epsilon > 0) ||
        !(options.weight_decay >= 0)) {
        throw option_error(
            "[F0101] adam: beta1 and beta2 must be in [0, 1), epsilon above 0, weight_decay at least 0; "
            "got " +
            detail::number_text(options.beta1) + ", " + detail::number_text(options.beta2) + ", " +
            detail::number_text(options.epsilon) + ", " + detail::number_text(options.weight_decay));
    }
}

FITNAS_API void adam::step(std::span<float> values, std::span<const float> gradient, double learning_rate,
                           double share) {
    if (values.size() != m_size || gradient.size() != m_size) {
        throw shape_error("[F0102] adam: made for " + std::to_string(m_size) + " values, got " +
                          std::to_string(values.size()) + " and a gradient of " +
                          std::to_string(gradient.size()));
    }
    const double steps = static_cast<double>(++m_state.back());
    const double first = 1 - std::pow(static_cast<double>(m_options.beta1), steps);
    const double second = 1 - std::pow(static_cast<double>(m_options.beta2), steps);
    const auto rate = static_cast<float>(learning_rate / first);
    const auto root_share = static_cast<float>(1 / std::sqrt(second));
    const auto scale = static_cast<float>(share);
    float* const means = m_state.data();
    float* const squares = means + m_size;
    const auto keep = static_cast<float>(1 - learning_rate * static_cast<double>(m_options.weight_decay));
    const auto all = [](float x) { return simd::broadcast(x); };
    for (std::size_t i = 0; i < values.size(); i += simd::lanes) {
        const int left = static_cast<int>((std::min)(values.size() - i, std::size_t{simd::lanes}));
        const simd::vec<> g = simd::load(gradient.data() + i, left) * all(scale);
        simd::vec<> mean = simd::load(means + i, left);
        simd::vec<> square = simd::load(squares + i, left);
        mean += all(1 - m_options.beta1) * (g - mean);
        square += all(1 - m_options.beta2) * (g * g - square);
        simd::store(means + i, mean, left);
        simd::store(squares + i, square, left);
        const simd::vec<> root = simd::sqrt(square) * all(root_share) + all(m_options.epsilon);
        const simd::vec<> moved = simd::load(values.data() + i, left) * all(keep) - all(rate) * mean / root;
        simd::store(values.data() + i, moved, left);
    }
}

} // namespace fitnas

#endif

#endif
