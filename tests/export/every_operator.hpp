// Networks that together have every operator and primitive, at strides 1, 2 and 3, on images of odd sizes.

#ifndef FITNAS_TESTS_EXPORT_EVERY_OPERATOR_HPP
#define FITNAS_TESTS_EXPORT_EVERY_OPERATOR_HPP

#include <span>
#include <string>

#include <fitnas/io/onnx_graph.hpp>

#include "../supernet/every_primitive.hpp"

namespace every {

// `thinned`, which says its nodes: a depthwise convolution of each second window of the pixel before and
// this.
struct thinned_onnx : thinned {
    static std::string onnx(onnx_graph& graph, const std::string& x, shape in, std::span<const float> w) {
        std::vector<float> taps;
        for (const float v : w) {
            taps.push_back(1.0F);
            taps.push_back(v);
        }
        using numbers = std::vector<std::int64_t>;
        const std::string weight = graph.constant("taps", {in.channels, 1, 1, 2}, taps);
        return graph.node("Conv", {x, weight},
                          {{"group", in.channels},
                           {"kernel_shape", numbers{1, 2}},
                           {"pads", numbers{0, 1, 0, 0}},
                           {"strides", numbers{1, 2}}});
    }
};
struct thin_onnx {
    static constexpr std::string_view name = "thin";
    static constexpr recipe build(cell c) {
        return {pointwise(7), batch_norm(),       relu(),      custom<thinned_onnx>(), batch_norm(),
                relu(),       pointwise(c.width), batch_norm()};
    }
};
struct thin_onnx_space : search_space<image<1, 12, 2>, stem<8>,
                                      stage<operator_set<op::conv<3>, thin_onnx>, 1, 12, 2>, head<16, 3>> {};

// One pixel comes out of the first cell: a pool of all, and linear layers in the middle.
struct squash {
    static constexpr std::string_view name = "squash";
    static constexpr recipe build(cell c) {
        return {global_pool(), linear(c.width), batch_norm(),
                relu(),        linear(c.width), residual_if_same_shape()};
    }
};
struct squash_space
    : search_space<image<7, 9, 1>, stem<5, 2, 5>,
                   stage<operator_set<squash, op::conv<7>, op::identity>, 2, 6, 5>, head<8, 4>> {};

} // namespace every

#endif
