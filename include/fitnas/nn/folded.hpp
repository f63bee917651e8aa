/// @file
/// @brief The layers of one network, batch norm folded into the weights before it.

#ifndef FITNAS_NN_FOLDED_HPP
#define FITNAS_NN_FOLDED_HPP

#include <string>
#include <vector>

#include <fitnas/nn/layer_link.hpp>
#include <fitnas/nn/primitive.hpp>

namespace fitnas::detail {

/// A primitive with weights of its own, row-major:
///
/// | kind | weights | bias |
/// | --- | --- | --- |
/// | pointwise, linear | output channels x input channels | output channels |
/// | convolution | output channels x kernel x kernel x input channels | output channels |
/// | depthwise | kernel x kernel x channels | channels |
/// | batch_norm, of what has no weights | channels: y = weights x + bias | channels |
/// | squeeze_excite | hidden x channels, hidden, channels x hidden, channels | none |
/// | custom | its parameters | none |
/// | others | none | none |
///
/// Convolutions read zeros outside the image, (kernel - 1) / 2 pixels before it; an average is that of the
/// pixels inside. Output pixel y, x sees the window around input pixel y stride, x stride.
struct folded_step {
    primitive what{};
    std::string name; ///< `cell2.op1_mb3_k5.step4`, of the primitive that has the weights
    shape input{};
    shape output{};
    std::vector<float> weights{};
    std::vector<float> bias{};
};

/// The steps of a layer, none where it hands on what comes; a `residual`, which is met only where it adds,
/// adds what came into the block. Zeros, and what reads them inside a graph, are left out: see `layer_link`.
struct folded_block {
    std::string name; ///< `cell2.op1_mb3_k5`
    shape input{};
    shape output{};
    std::vector<folded_step> steps{};
    layer_link link{};
    bool gives_zeros = false;
};

} // namespace fitnas::detail

#endif
