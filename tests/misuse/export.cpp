/// Networks for other programs.
#include <limits>
#include <span>
#include <string>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/io/onnx.hpp>
#include <fitnas/op/identity.hpp>

#include "refused.hpp"

using namespace fitnas;

namespace {
struct negative { // y = -x
    static constexpr std::string_view name = "negative";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape) { return 0; }
    static constexpr long long macs(shape) { return 0; }
    static void initialise(shape, std::span<float>, random_stream&) {}
    static void forward(shape, std::span<const float> x, std::span<const float>, std::span<float> y) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            y[i] = -x[i];
        }
    }
    static void backward(shape in, std::span<const float>, std::span<const float> w,
                         std::span<const float> dy, std::span<float> dx, std::span<float>) {
        forward(in, dy, w, dx);
    }
};
struct turned {
    static constexpr std::string_view name = "turned";
    static constexpr recipe build(cell c) {
        return {custom<negative>(), convolution(3, c.width, c.stride), batch_norm()};
    }
};
using space =
    search_space<image<8, 8, 1>, stem<4>, stage<operator_set<op::identity, turned>, 1, 4>, head<4, 3>>;
} // namespace

TEST_CASE("misuse of exports") {
    const working_folder folder;
    const dataset data = datasets::synthetic({.image = space::input, .classes = 3, .train = 20});
    network<space> net(parse<space>("0"));

    // a network that was neither trained nor calibrated
    REFUSED(call, option_error,
            "[F0983] save_onnx: net.onnx: there are no batch norm statistics yet: train the network, or call "
            "calibrate",
            save_onnx("net.onnx", net));
    net.calibrate(data.train);
    // fewer names than classes
    REFUSED(
        call, option_error,
        "[F0991] onnx_options::class_names: expected 3 names, as many as there are classes, or none, got 2",
        save_onnx("net.onnx", net, {.class_names = {"cat", "dog"}}));
    // a name that is not UTF-8
    REFUSED(call, option_error,
            "[F0992] onnx_options::class_names: class 2: expected one line of UTF-8, got other bytes",
            save_onnx("net.onnx", net, {.class_names = {"cat", "dog", "pi\xF1"}}));
    // a primitive of one's own without nodes
    REFUSED(
        call, option_error,
        "[F0982] save_onnx: cell0.op1_turned.step0: the primitive \"negative\" does not say its ONNX nodes: "
        "give its type a function onnx",
        network<space> own(parse<space>("1"));
        own.calibrate(data.train); save_onnx("net.onnx", own));
    // weights that are not finite
    REFUSED(call, numeric_error,
            "[F0984] save_onnx: net.onnx: the constant \"head.step4.bias\" has values that are not finite",
            net.parameters().back() = std::numeric_limits<float>::infinity();
            save_onnx("net.onnx", net));
    // a node that reads what is not there
    REFUSED(call, option_error,
            "[F0980] onnx_graph: Relu: expected inputs that are there before it, got \"y\"",
            onnx_graph graph("x");
            graph.node("Relu", {"y"}));
}
