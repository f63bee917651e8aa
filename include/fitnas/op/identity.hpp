/// @file
/// @brief The identity operator.

#ifndef FITNAS_OP_IDENTITY_HPP
#define FITNAS_OP_IDENTITY_HPP

#include <fitnas/op/operator.hpp>

namespace fitnas::op {

/// @brief Nothing at all where the shape is kept; a strided 1x1 convolution with batch norm and no activation
/// where it changes (as in NAS-Bench-Macro, Su et al., arXiv 2103.11922).
/// @note At stride 2 or another width it has weights: the 1x1 convolution, which reads every second pixel.
struct identity {
    static constexpr std::string_view name = "identity";
    static constexpr recipe build(cell c) {
        if (c.keeps_shape()) {
            return {};
        }
        return {pointwise(c.width, c.stride), batch_norm()};
    }
};

} // namespace fitnas::op

#endif
