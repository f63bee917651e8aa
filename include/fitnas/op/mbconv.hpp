/// @file
/// @brief Inverted residuals (MBConv).

#ifndef FITNAS_OP_MBCONV_HPP
#define FITNAS_OP_MBCONV_HPP

#include <fitnas/op/operator.hpp>

namespace fitnas::op {

/// @brief Inverted residual: 1x1 to Expansion times the input channels, depthwise Kernel x Kernel with the
/// cell's stride, 1x1 to the cell's width without activation; the input is added where the shape is kept
/// (Sandler et al., arXiv 1801.04381).
/// @note The stride is the depthwise convolution's, the width the last 1x1 convolution's; at stride 2 or
/// another width nothing is added.
/// @tparam Kernel odd, from 1
/// @tparam Expansion from 1; at 1 there is no first 1x1 convolution
/// @tparam Reduction from 1: squeeze-excite after the depthwise activation, with hidden / Reduction units; 0:
/// none
/// @tparam Act the activation after the first two convolutions
template <int Kernel, int Expansion, int Reduction = 0, activation Act = activation::relu>
struct mbconv {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0203] op::mbconv<Kernel, ...>: the kernel must be odd and positive");
    static_assert(Expansion >= 1, "[F0204] op::mbconv<_, Expansion>: the expansion must be at least 1");
    static_assert(Reduction >= 0,
                  "[F0205] op::mbconv<_, _, Reduction>: the reduction must be at least 1, or 0 for none");

private:
    static constexpr detail::fixed_text text = [] {
        detail::fixed_text t;
        t << "mb" << Expansion << "_k" << Kernel;
        if (Reduction > 0) {
            t << "_se" << Reduction;
        }
        return t;
    }();

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) {
        recipe r;
        if (Expansion > 1) {
            r.push_back(pointwise(c.input.channels * Expansion));
            r.push_back(batch_norm());
            r.push_back(activate(Act));
        }
        r.push_back(depthwise(Kernel, c.stride));
        r.push_back(batch_norm());
        r.push_back(activate(Act));
        if (Reduction > 0) {
            r.push_back(squeeze_excite(Reduction));
        }
        r.push_back(pointwise(c.width));
        r.push_back(batch_norm());
        r.push_back(residual_if_same_shape());
        return r;
    }
};

} // namespace fitnas::op

#endif
