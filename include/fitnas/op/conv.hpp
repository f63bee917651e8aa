/// @file
/// @brief Plain and separable convolutions.

#ifndef FITNAS_OP_CONV_HPP
#define FITNAS_OP_CONV_HPP

#include <fitnas/op/operator.hpp>

namespace fitnas::op {

/// @brief Convolution, batch norm, ReLU.
/// @note Stride and width are the convolution's.
/// @tparam Kernel odd, from 1
template <int Kernel>
struct conv {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0201] op::conv<Kernel>: the kernel must be odd and positive");

private:
    static constexpr detail::fixed_text text = detail::fixed_text{} << "conv_k" << Kernel;

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) {
        return {convolution(Kernel, c.width, c.stride), batch_norm(), relu()};
    }
};

/// @brief ReLU, convolution, batch norm: the convolution of NAS-Bench-201 and DARTS (Dong and Yang, arXiv
/// 2001.00326).
/// @note Stride and width are the convolution's.
/// @tparam Kernel odd, from 1
template <int Kernel>
struct relu_conv {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0208] op::relu_conv<Kernel>: the kernel must be odd and positive");

private:
    static constexpr detail::fixed_text text = detail::fixed_text{} << "relu_conv_k" << Kernel;

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) {
        if (Kernel == 1) {
            return {relu(), pointwise(c.width, c.stride), batch_norm()};
        }
        return {relu(), convolution(Kernel, c.width, c.stride), batch_norm()};
    }
};

/// @brief Convolution, batch norm.
/// @note Stride and width are the convolution's.
/// @tparam Kernel odd, from 1
template <int Kernel>
struct conv_bn {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0209] op::conv_bn<Kernel>: the kernel must be odd and positive");

private:
    static constexpr detail::fixed_text text = detail::fixed_text{} << "conv_bn_k" << Kernel;

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) { return {convolution(Kernel, c.width, c.stride), batch_norm()}; }
};

/// @brief Depthwise convolution, batch norm, ReLU, 1x1 convolution, batch norm: an inverted residual of
/// expansion 1 without a shortcut, as the first layer of MobileNetV2 (arXiv 1801.04381, table 2).
/// @note The stride is the depthwise convolution's, the width the 1x1 convolution's.
/// @tparam Kernel odd, from 1
template <int Kernel>
struct separable {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0202] op::separable<Kernel>: the kernel must be odd and positive");

private:
    static constexpr detail::fixed_text text = detail::fixed_text{} << "sep_k" << Kernel;

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) {
        return {depthwise(Kernel, c.stride), batch_norm(), relu(), pointwise(c.width), batch_norm()};
    }
};

} // namespace fitnas::op

#endif
