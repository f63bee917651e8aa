/// @file
/// @brief What stands around the cells of NAS-Bench-201: residual reductions, and a head.

#ifndef FITNAS_OP_RESNET_HPP
#define FITNAS_OP_RESNET_HPP

#include <fitnas/op/operator.hpp>

namespace fitnas::op {

/// @brief ReLU, 3x3 convolution with the cell's stride, batch norm, and the same again without a stride; what
/// is added is the average over stride x stride pixels through a 1x1 convolution (Dong and Yang, arXiv
/// 2001.00326, section 2.1). A `fixed` layer's operator.
/// @note The stride is that of the first convolution and of the average; the width that of all convolutions.
struct resnet_reduce {
    static constexpr std::string_view name = "resnet_reduce";
    static constexpr recipe build(cell c) {
        return {relu(), convolution(3, c.width, c.stride), batch_norm(),
                relu(), convolution(3, c.width),           batch_norm()};
    }
    static constexpr recipe shortcut(cell c) {
        return {average_pool(c.stride, c.stride), pointwise(c.width)};
    }
};

/// @brief Batch norm, ReLU, mean over all pixels, linear layer: a `head_of` operator; its width is the number
/// of classes.
/// @note The stride plays no part.
struct bn_relu_pool_linear {
    static constexpr std::string_view name = "head";
    static constexpr recipe build(cell c) { return {batch_norm(), relu(), global_pool(), linear(c.width)}; }
};

} // namespace fitnas::op

#endif
