/// @file
/// @brief One recipe by itself: forward and backward on tensors.

#ifndef FITNAS_CPU_BLOCK_HPP
#define FITNAS_CPU_BLOCK_HPP

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/cpu/engine.hpp>
#include <fitnas/nn/initialise.hpp>

namespace fitnas {

/// @brief A recipe on a given input shape, with parameters and gradients of its own: what a supernet does
/// with an operator, for tests, teaching and recipes of your own.
///
/// @code
/// block b({depthwise(3), batch_norm(), relu()}, shape{8, 8, 16}, seed{1});
/// tensor4 y = b.forward(x);   // N x 8 x 8 x 16
/// tensor4 dx = b.backward(dy); // adds into b.gradient()
/// @endcode
class block {
public:
    /// @param steps what it computes
    /// @param input height, width and channels of an image that comes in
    /// @param s of the first values of the parameters
    /// @throws shape_error where the recipe does not fit the input
    block(const recipe& steps, shape input, seed s = seed{0});

    block(const block&) = delete; // a run points into its own block
    block& operator=(const block&) = delete;

    shape input() const { return m_input; }   ///< of one image
    shape output() const { return m_output; } ///< of one image
    /// @return the parameters, primitive after primitive: convolution `width x kernel x kernel x channels`,
    /// depthwise `kernel x kernel x channels`, pointwise and linear `width x channels` (linear: then biases),
    /// batch norm scales then shifts, squeeze-excite `hidden x channels`, biases, `channels x hidden`, biases
    std::span<float> parameters() { return m_parameters; }
    std::span<const float> parameters() const { return m_parameters; } ///< the same, read only
    /// @return the gradient, in the order of the parameters
    std::span<float> gradient() { return m_gradient; }
    /// The gradients of the parameters, in their order: `backward` adds to them.
    std::span<const float> gradient() const { return m_gradient; }
    /// Sets the gradients to 0.
    void zero_gradient() { std::fill(m_gradient.begin(), m_gradient.end(), 0.0F); }

    /// @brief With the batch's own statistics.
    /// @param x N x H x W x C, N at least 1
    /// @return N x output shape
    /// @throws shape_error where the images have another shape
    tensor4 forward(const tensor4& x);

    /// @brief For the images of the last `forward`; adds into `gradient()`.
    /// @param dy N x output shape
    /// @return the gradient at the images, N x H x W x C
    /// @throws shape_error where there was no `forward`, or the gradient has another shape
    tensor4 backward(const tensor4& dy);

private:
    int count() const { return static_cast<int>(m_x.shape(0)); }
    tensor4 images_of(shape s) const {
        return tensor4::from_shape({m_x.shape(0), static_cast<std::size_t>(s.height),
                                    static_cast<std::size_t>(s.width), static_cast<std::size_t>(s.channels)});
    }
    static void require_shape(const tensor4& x, shape s, const char* what);

    shape m_input;
    shape m_output;
    detail::block_plan m_plan;
    std::vector<float> m_parameters;
    std::vector<float> m_gradient;
    tensor4 m_x = tensor4::from_shape({0, 0, 0, 0});
    tensor4 m_y = tensor4::from_shape({0, 0, 0, 0});
    detail::block_run m_run;
    arena m_memory;
    detail::workspace m_shared;
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API block::block(const recipe& steps, shape input, seed s) : m_input(input) {
    const recipe_summary sum = summarise(steps, input);
    if (!sum.valid || input.height < 1 || input.width < 1 || input.channels < 1) {
        throw shape_error(
            "[F0103] block: the recipe does not fit an input of " + to_string(input) +
            ": kernels must be odd, strides and widths positive, a residual must meet the input's "
            "shape");
    }
    m_plan = detail::block_plan(steps, input);
    m_output = sum.output;
    m_parameters.resize(static_cast<std::size_t>(sum.parameters));
    m_gradient.resize(m_parameters.size());
    random_stream random(s, purpose::initialise);
    initialise(steps, input, m_parameters, random);
}

FITNAS_API tensor4 block::forward(const tensor4& x) {
    require_shape(x, m_input, "block: forward");
    m_x = x;
    tensor4 y = images_of(m_output);
    m_memory.reset();
    m_run = detail::forward(m_plan, m_parameters.data(), m_x.data(), count(), y.data(), nullptr, m_memory,
                            m_shared, true);
    m_y = m_plan.empty() ? m_x : y;
    if (!m_plan.empty()) {
        m_run.buffers[m_plan.buffers.size() - 1] = m_y.data();
    }
    return m_y;
}

FITNAS_API tensor4 block::backward(const tensor4& dy) {
    require_shape(dy, m_output, "block: backward");
    if (dy.shape(0) != m_x.shape(0)) {
        throw shape_error("[F0104] block: backward: forward saw " + std::to_string(m_x.shape(0)) +
                          " images, got gradients of " + std::to_string(dy.shape(0)));
    }
    if (m_plan.empty()) {
        return dy;
    }
    tensor4 du = dy;
    tensor4 dx = images_of(m_input);
    const arena::mark before = m_memory.position();
    detail::backward(m_plan, m_parameters.data(), m_gradient.data(), m_run, du.data(), dx.data(), nullptr,
                     m_memory, m_shared);
    m_memory.reset(before);
    return dx;
}

FITNAS_API void block::require_shape(const tensor4& x, shape s, const char* what) {
    const shape got{static_cast<int>(x.shape(1)), static_cast<int>(x.shape(2)), static_cast<int>(x.shape(3))};
    if (x.shape(0) < 1 || got != s) {
        throw shape_error("[F0105] " + std::string(what) + ": expected at least one image of " +
                          to_string(s) + " (height x width x channels), got " + std::to_string(x.shape(0)) +
                          " of " + to_string(got));
    }
}

} // namespace fitnas

#endif

#endif
