// Every primitive and the ready-made operators against PyTorch: outputs and gradients, in double precision
// there, in float here. Each tensor (each parameter's gradient by itself) may be off by 1e-4, measured as max
// |ours - theirs| / max |theirs|. The files come from tools/make_nn_golden.py.

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/cpu/block.hpp>
#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>

#include "golden_file.hpp"

using namespace fitnas;

namespace {

constexpr double tolerance = 1e-4;

shape shape_of(const tensor4& x) {
    return {static_cast<int>(x.shape(1)), static_cast<int>(x.shape(2)), static_cast<int>(x.shape(3))};
}

// Takes the parameters of a block from the front of `tensors`.
void take_parameters(block& b, std::deque<golden::tensor>& tensors) {
    std::vector<float> values;
    while (values.size() < b.parameters().size() && !tensors.empty()) {
        const std::vector<float> more = tensors.front().floats();
        values.insert(values.end(), more.begin(), more.end());
        tensors.pop_front();
    }
    REQUIRE(values.size() == b.parameters().size());
    std::copy(values.begin(), values.end(), b.parameters().begin());
}

// Compares `factor` times the gradients with those of a block.
void check_gradients(const block& b, std::deque<golden::tensor>& tensors, double factor, double otherwise) {
    std::span<const float> rest = b.gradient();
    while (!rest.empty() && !tensors.empty()) {
        const golden::tensor& expected = tensors.front();
        CAPTURE(expected.name);
        REQUIRE(expected.values.size() <= rest.size());
        const std::span<const float> got = rest.first(expected.values.size());
        CHECK(golden::relative_error(got, expected.values, factor, factor * otherwise) <= tolerance);
        rest = rest.subspan(got.size());
        tensors.pop_front();
    }
    REQUIRE(rest.empty());
}

std::deque<golden::tensor> queue(const golden::file& file, const std::string& prefix) {
    const std::vector<golden::tensor> tensors = file.starting_with(prefix);
    return {tensors.begin(), tensors.end()};
}

// The largest of all gradients of parameters.
double gradient_scale(const golden::file& file) { return golden::largest(file.starting_with("gradient:")); }

void check_block(const std::string& name, const recipe& steps) {
    CAPTURE(name);
    const golden::file file(name);
    const tensor4 x = file["x"].images();
    const tensor4 dy = file["dy"].images();
    block b(steps, shape_of(x));
    std::deque<golden::tensor> parameters = queue(file, "parameter:");
    take_parameters(b, parameters);
    REQUIRE(parameters.empty());

    const tensor4 y = b.forward(x);
    REQUIRE(b.output() == shape_of(dy));
    REQUIRE(shape_of(y) == shape_of(dy));
    CHECK(golden::relative_error(y, file["y"].values) <= tolerance);
    for (const double times : {1.0, 2.0}) { // the parameters' gradients are added to, the input's is not
        CAPTURE(times);
        const tensor4 dx = b.backward(dy);
        REQUIRE(shape_of(dx) == shape_of(x));
        CHECK(golden::relative_error(dx, file["dx"].values) <= tolerance);
        std::deque<golden::tensor> gradients = queue(file, "gradient:");
        check_gradients(b, gradients, times, gradient_scale(file));
        CHECK(gradients.empty());
        CHECK(golden::relative_error(b.forward(x), file["y"].values) <= tolerance);
    }
}

template <class Operator>
void check_operator(const std::string& name, int width, int stride) {
    check_block(name, Operator::build(cell{shape_of(golden::file(name)["x"].images()), width, stride}));
}

} // namespace

TEST_CASE("convolutions and pools agree with PyTorch") {
    for (const int stride : {1, 2}) {
        const std::string end = stride == 1 ? "" : "_stride_2";
        check_block("pointwise" + end, {pointwise(18, stride)});
        for (const int kernel : {3, 5}) {
            check_block("convolution_" + std::to_string(kernel) + end, {convolution(kernel, 6, stride)});
        }
        for (const int kernel : {3, 5, 7}) {
            check_block("depthwise_" + std::to_string(kernel) + end, {depthwise(kernel, stride)});
        }
        check_block("max_pool_3" + end, {max_pool(3, stride)});
        check_block("average_pool_3" + end, {average_pool(3, stride)});
    }
    check_block("convolution_3_wide", {relu(), convolution(3, 16), batch_norm()}); // by Winograd's tiles
    check_block("global_pool", {global_pool()});
}

TEST_CASE("batch norm and activations agree with PyTorch") {
    check_block("batch_norm", {batch_norm()});
    check_block("relu", {relu()});
    check_block("relu6", {relu6()});
    check_block("hard_swish", {hard_swish()});
}

TEST_CASE("linear layers and squeeze-excite agree with PyTorch") {
    check_block("linear", {linear(7)});
    check_block("squeeze_excite", {squeeze_excite(4)});
}

TEST_CASE("blocks agree with PyTorch") {
    check_operator<op::mbconv<3, 3>>("mbconv_3_3", 6, 1);
    check_operator<op::mbconv<5, 6>>("mbconv_5_6_stride_2", 6, 2);
    check_operator<op::mbconv<3, 3, 4, activation::hard_swish>>("mbconv_squeeze_excite", 6, 1);
    check_operator<op::identity>("identity_changed_shape", 11, 2);
    check_operator<op::separable<3>>("separable", 7, 1);
    check_operator<op::conv<3>>("conv", 7, 2);
    check_block("head", {pointwise(18), batch_norm(), relu(), global_pool(), linear(5)});
    check_block("activation_first", {relu(), pointwise(7), residual()});
}

TEST_CASE("a network of blocks agrees with PyTorch from the images to the loss and back") {
    const golden::file file("network");
    const tensor4 x = file["x"].images();
    std::deque<block> blocks;
    const auto add = [&](auto build, int width, int stride) {
        const shape in = blocks.empty() ? shape_of(x) : blocks.back().output();
        blocks.emplace_back(build(cell{in, width, stride}), in);
    };
    add(op::conv<3>::build, 6, 2);
    add(op::mbconv<3, 3>::build, 6, 1);
    add(op::mbconv<5, 3>::build, 9, 2);
    add([](cell) -> recipe { return {pointwise(12), batch_norm(), relu(), global_pool(), linear(5)}; }, 5, 1);

    std::deque<golden::tensor> parameters = queue(file, "parameter:");
    tensor4 values = x;
    for (block& b : blocks) {
        take_parameters(b, parameters);
        values = b.forward(values);
    }
    REQUIRE(parameters.empty());
    CHECK(golden::relative_error(values, file["logits"].values) <= tolerance);

    tensor4 gradient = values;
    const std::vector<int> labels = file["labels"].integers();
    const batch_loss loss =
        cross_entropy({values.data(), values.size()}, labels, 0.1, {gradient.data(), gradient.size()});
    CHECK(loss.loss == doctest::Approx(file["loss"].scalar()).epsilon(tolerance));
    for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) {
        gradient = b->backward(gradient);
    }
    CHECK(golden::relative_error(gradient, file["dx"].values) <= tolerance);
    std::deque<golden::tensor> gradients = queue(file, "gradient:");
    for (const block& b : blocks) {
        check_gradients(b, gradients, 1, gradient_scale(file));
    }
    CHECK(gradients.empty());
}
