// A supernet whose cells are graphs against PyTorch: logits, loss and every gradient of two of its paths, in
// double precision there, in float here. The files come from tools/make_nn_golden.py.

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/op/conv.hpp>
#include <fitnas/op/resnet.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/path.hpp>
#include <fitnas/supernet/supernet.hpp>

#include "../nn/golden_file.hpp"

using namespace fitnas;

namespace {

constexpr double tolerance = 1e-4; // max |ours - theirs| / max |theirs| of a tensor

/// NAS-Bench-201 with two stages of one cell.
struct two_cells
    : search_space<image<6, 8, 3>, stem_of<op::conv_bn<3>, 4>,
                   shared<0, graph_stage<spaces::nas_bench_201_cell, 1, 4>>, fixed<op::resnet_reduce, 6, 2>,
                   shared<0, graph_stage<spaces::nas_bench_201_cell, 1, 6>>,
                   head_of<op::bn_relu_pool_linear, 5>> {};

void compare_with_pytorch(const std::string& code) {
    CAPTURE(code);
    const golden::file file("cells_" + code);
    supernet<two_cells> net(seed{1});
    detail::weights& w = net.weights();
    const detail::network_path path = w.path(parse<two_cells>(code));

    std::vector<float> parameters;
    for (const golden::tensor& t : file.starting_with("parameter:")) {
        const std::vector<float> values = t.floats();
        parameters.insert(parameters.end(), values.begin(), values.end());
    }
    auto from = parameters.cbegin();
    for (const int index : path) {
        const std::span<float> values = w.values(w.block(index));
        REQUIRE(static_cast<std::size_t>(parameters.cend() - from) >= values.size());
        std::copy_n(from, values.size(), values.begin());
        from += static_cast<std::ptrdiff_t>(values.size());
    }
    REQUIRE(from == parameters.cend());

    const std::vector<float> images = file["x"].floats();
    const std::vector<int> labels = file["labels"].integers();
    detail::path_runner training(w);
    const auto logits = training.logits(w, path, images.data(), labels.size());
    CHECK(golden::relative_error(logits, file["logits"].values) <= tolerance);
    const batch_loss loss = training.run(w, path, images.data(), labels, 0.1);
    CHECK(loss.loss == doctest::Approx(file["loss"].scalar()).epsilon(tolerance));

    const std::vector<golden::tensor> gradients = file.starting_with("gradient:");
    const double largest = golden::largest(gradients);
    auto expected = gradients.begin();
    for (const int index : path) {
        const detail::weight_block& b = w.block(index);
        CAPTURE(w.part().name_of(b));
        std::span<const float> rest = training.gradient().subspan(b.offset, b.size);
        for (; !rest.empty(); ++expected) {
            REQUIRE(expected != gradients.end());
            CAPTURE(expected->name);
            REQUIRE(expected->values.size() <= rest.size());
            const std::span<const float> got = rest.first(expected->values.size());
            CHECK(golden::relative_error(got, expected->values, 1, largest) <= tolerance);
            rest = rest.subspan(got.size());
        }
    }
    CHECK(expected == gradients.end());
}

} // namespace

TEST_CASE("paths through graphs agree with PyTorch from the images to the loss and back") {
    compare_with_pytorch("321403"); // every operator, of an edge that is left out too
    compare_with_pytorch("130243");
}
