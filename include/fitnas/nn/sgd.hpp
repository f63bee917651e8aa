/// @file
/// @brief Stochastic gradient descent with momentum, on flat spans.

#ifndef FITNAS_NN_SGD_HPP
#define FITNAS_NN_SGD_HPP

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/parallel.hpp>

namespace fitnas {

/// @brief The constants of SGD.
struct sgd_options {
    double momentum = 0.9;      ///< in [0, 1)
    double weight_decay = 4e-5; ///< at least 0; added to the gradient, as in PyTorch
    bool nesterov = false;      ///< look ahead along the momentum (Sutskever et al., ICML 2013)
};

/// @brief v <- momentum v + g + weight_decay w; w <- w - rate v.
class sgd {
public:
    /// @param size how many values are updated
    /// @throws option_error where a constant is outside its range
    explicit sgd(std::size_t size, const sgd_options& options = {});

    /// @brief One update.
    /// @param values changed
    /// @param gradient of the loss there, as many values
    /// @param learning_rate of this step
    /// @param share the gradient is multiplied by it first
    /// @throws shape_error where the spans are not as long as the optimiser was made for
    void step(std::span<float> values, std::span<const float> gradient, double learning_rate,
              double share = 1);

    /// @return one velocity for each value: what a training that goes on later must keep
    std::span<float> state() { return m_velocity; }

private:
    sgd_options m_options;
    std::vector<float> m_velocity;
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API sgd::sgd(std::size_t size, const sgd_options& options) : m_options(options), m_velocity(size) {
    if (!(options.momentum >= 0 && options.momentum < 1) || !(options.weight_decay >= 0)) {
        throw option_error("[F0113] sgd: momentum must be in [0, 1) and weight_decay at least 0; got " +
                           detail::number_text(options.momentum) + " and " +
                           detail::number_text(options.weight_decay));
    }
}

FITNAS_API void sgd::step(std::span<float> values, std::span<const float> gradient, double learning_rate,
                          double share) {
    if (values.size() != m_velocity.size() || gradient.size() != m_velocity.size()) {
        throw shape_error("[F0114] sgd: made for " + std::to_string(m_velocity.size()) + " values, got " +
                          std::to_string(values.size()) + " and a gradient of " +
                          std::to_string(gradient.size()));
    }
    const auto momentum = static_cast<float>(m_options.momentum);
    const auto decay = static_cast<float>(m_options.weight_decay);
    const auto rate = static_cast<float>(learning_rate);
    const auto scale = static_cast<float>(share);
    float* w = values.data();
    float* v = m_velocity.data();
    constexpr std::size_t part = 16384;
    parallel_for(static_cast<std::ptrdiff_t>((gradient.size() + part - 1) / part), [&](std::ptrdiff_t p) {
        const std::size_t begin = static_cast<std::size_t>(p) * part;
        const std::size_t end = (std::min)(begin + part, gradient.size());
        for (std::size_t i = begin; i < end; ++i) {
            const float g = gradient[i] * scale + decay * w[i];
            v[i] = momentum * v[i] + g;
            w[i] -= rate * (m_options.nesterov ? g + momentum * v[i] : v[i]);
        }
    });
}

} // namespace fitnas

#endif

#endif
