/// @file
/// @brief Pooling operators.

#ifndef FITNAS_OP_POOL_HPP
#define FITNAS_OP_POOL_HPP

#include <fitnas/op/operator.hpp>

namespace fitnas {

namespace detail {
/// A pool, and a 1x1 convolution with batch norm after it where the channels change.
constexpr recipe pool_then_match(const primitive& pool, cell c) {
    if (c.width == c.input.channels) {
        return {pool};
    }
    return {pool, pointwise(c.width), batch_norm()};
}
} // namespace detail

namespace op {

/// @brief Max pooling with the cell's stride; 1x1 convolution and batch norm after it where the channels
/// change.
/// @note The stride is the pool's; another width brings the 1x1 convolution, stride 2 alone does not.
/// @tparam Kernel odd, from 1
template <int Kernel>
struct max_pool {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0206] op::max_pool<Kernel>: the kernel must be odd and positive");

private:
    static constexpr detail::fixed_text text = detail::fixed_text{} << "max_k" << Kernel;

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) {
        return detail::pool_then_match(fitnas::max_pool(Kernel, c.stride), c);
    }
};

/// @brief Average pooling with the cell's stride (pixels outside the image do not count); 1x1 convolution and
/// batch norm after it where the channels change.
/// @note The stride is the pool's; another width brings the 1x1 convolution, stride 2 alone does not.
/// @tparam Kernel odd, from 1
template <int Kernel>
struct avg_pool {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "[F0207] op::avg_pool<Kernel>: the kernel must be odd and positive");

private:
    static constexpr detail::fixed_text text = detail::fixed_text{} << "avg_k" << Kernel;

public:
    static constexpr std::string_view name = text.view();
    static constexpr recipe build(cell c) {
        return detail::pool_then_match(fitnas::average_pool(Kernel, c.stride), c);
    }
};

} // namespace op

} // namespace fitnas

#endif
