#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/io/onnx.hpp>
#include <fitnas/space/fingerprint.hpp>
#include <fitnas/version.hpp>

#include "../export/every_operator.hpp"
#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"
#include "onnx_file.hpp"

using namespace fitnas;
using onnx_file::model;
using onnx_file::numbers;
using texts = std::vector<std::string>;

namespace {

template <class Space>
network<Space> calibrated(const char* code) {
    network<Space> net(parse<Space>(code), seed{4});
    net.calibrate(datasets::synthetic({.image = Space::input, .classes = Space::classes, .train = 40}).train);
    return net;
}

template <class Space>
model written(const network<Space>& net, const onnx_options& options = {}) {
    const temporary_folder folder;
    save_onnx(folder.path("net.onnx"), net, options);
    CHECK(folder.names() == texts{"net.onnx"});
    return onnx_file::read(folder.read("net.onnx"));
}

const onnx_file::node& node_of(const model& m, const std::string& name) {
    const auto found =
        std::find_if(m.nodes.begin(), m.nodes.end(), [&](const auto& n) { return n.name == name; });
    REQUIRE_MESSAGE(found != m.nodes.end(), name);
    return *found;
}

// A stem 3 x 3 at stride 2 on two channels, a depthwise cell, a head: few enough weights to say each by hand.
struct plain_depthwise {
    static constexpr std::string_view name = "plain";
    static constexpr recipe build(cell c) { return {depthwise(3, c.stride), batch_norm(), residual()}; }
};
struct tiny
    : search_space<image<5, 4, 2>, stem<3, 2>, stage<operator_set<plain_depthwise>, 1, 3>, head<2, 2>> {};

} // namespace

TEST_CASE("an ONNX file says what it is") {
    const network<small::space> net = calibrated<small::space>("012");
    const model m = written(net, {.class_names = {"cat", "dog", "caf\xC3\xA9", "\xF0\x9F\x90\x9F"}});
    CHECK(m.ir_version == 7);
    CHECK(m.opset == 13);
    CHECK(m.producer == "fitnas");
    CHECK(m.name == "012");
    CHECK(m.input.name == "images");
    CHECK(m.input.type == 1);
    CHECK(m.input.sizes == texts{"N", "1", "8", "8"});
    CHECK(m.output.name == "logits");
    CHECK(m.output.type == 1);
    CHECK(m.output.sizes == texts{"N", "4"});
    CHECK(m.metadata.at("fitnas") == FITNAS_VERSION_STRING);
    CHECK(m.metadata.at("architecture") == "012");
    CHECK(m.metadata.at("space") == space_fingerprint<small::space>());
    CHECK(m.metadata.at("images") == "pixels, 0 to 255");
    CHECK(m.metadata.at("classes") == "cat\ndog\ncaf\xC3\xA9\n\xF0\x9F\x90\x9F");

    // Without names of one's own those of the images, where a file of lines can hold them.
    image_dataset images(small::images().train);
    network<small::space> named = calibrated<small::space>("012");
    CHECK(written(named).metadata.count("classes") == 0);
    images.names = {"a", "b", "c", "d"};
    named.calibrate(images);
    CHECK(written(named).metadata.at("classes") == "a\nb\nc\nd");
    images.names[2] = "two\nlines";
    named.calibrate(images);
    CHECK(written(named).metadata.count("classes") == 0);
    const normalisation& norm = net.statistics()->norm();
    const auto number = [&](const char* key) { // whatever the locale
        const std::string& text = m.metadata.at(key);
        float value = 0;
        CHECK(std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc());
        return value;
    };
    CHECK(number("normalisation.mean") == norm.mean[0]);
    CHECK(number("normalisation.scale") == norm.scale[0]);
    CHECK(written(net).metadata.count("classes") == 0);
}

TEST_CASE("weights of an ONNX file are out x in x kernel x kernel, batch norm folded into them") {
    network<tiny> net(parse<tiny>("0"), seed{1});
    // stem [3][3][3][2], gamma and beta, depthwise [3][3][3], gamma and beta, ...
    for (std::size_t i = 0; i < net.parameters().size(); ++i) {
        net.parameters()[i] = static_cast<float>(i + 1);
    }
    detail::block_statistics blocks(3);
    const auto set = [&](std::size_t block, int channels) {
        std::vector<float> values;
        for (const float v : {0.5F, 2.0F, 4.0F, -3.0F}) { // mean, 1 / deviation, scale, shift
            values.insert(values.end(), static_cast<std::size_t>(channels), v);
        }
        values[static_cast<std::size_t>(2 * channels + 1)] = 10.0F; // scale of channel 1
        blocks.set({"", channels, block, 0}, values);
    };
    set(0, 3);
    set(1, 3);
    set(2, 2);
    net.statistics() = std::make_shared<const detail::kept_statistics>(
        normalisation{{0.2F, 0.4F}, {2.0F, 4.0F}}, std::move(blocks));

    const model m = written(net);
    CHECK(m.types() == texts{"Sub", "Mul", "Conv", "Relu", "Conv", "Add", "Conv", "Relu", "GlobalAveragePool",
                             "Flatten", "Gemm"});
    const onnx_file::node& stem = node_of(m, "stem.step0.Conv");
    CHECK(stem.attributes.at("pads").integers == numbers{1, 1, 1, 1});
    CHECK(stem.attributes.at("strides").integers == numbers{2, 2});
    CHECK(stem.attributes.at("kernel_shape").integers == numbers{3, 3});
    CHECK(stem.attributes.at("group").integer == 1);
    CHECK(stem.inputs == texts{"normalisation.Mul", "stem.step0.weight", "stem.step0.bias"});
    const onnx_file::tensor& w = m.constants.at("stem.step0.weight");
    CHECK(w.sizes == numbers{3, 2, 3, 3});
    CHECK(w.floats[0] == 1 * 4);    // out 0, in 0, tap 0
    CHECK(w.floats[1] == 3 * 4);    // tap 1
    CHECK(w.floats[9] == 2 * 4);    // in 1
    CHECK(w.floats[18] == 19 * 10); // out 1
    CHECK(w.floats[53] == 54 * 4);  // the last
    CHECK(m.constants.at("stem.step0.bias").floats == std::vector<float>(3, -3.0F));
    const onnx_file::node& cell = node_of(m, "cell0.op0_plain.step0.Conv");
    CHECK(cell.attributes.at("group").integer == 3);
    CHECK(cell.attributes.at("strides").integers == numbers{1, 1});
    const onnx_file::tensor& d = m.constants.at("cell0.op0_plain.step0.weight");
    CHECK(d.sizes == numbers{3, 1, 3, 3});
    CHECK(d.floats[0] == 61 * 4);  // behind 54 weights, 3 gammas, 3 betas: channel 0, tap 0
    CHECK(d.floats[1] == 64 * 4);  // tap 1
    CHECK(d.floats[9] == 62 * 10); // channel 1
    CHECK(node_of(m, "cell0.op0_plain.step2.Add").inputs ==
          texts{"cell0.op0_plain.step0.Conv", "stem.step2.Relu"});
    CHECK(m.constants.at("normalisation.mean").floats == std::vector{0.2F * 255, 0.4F * 255});
    CHECK(m.constants.at("normalisation.scale").floats == std::vector{2.0F / 255, 4.0F / 255});
    CHECK(m.nodes.back().name == "head.step4.Gemm");
    CHECK(m.nodes.back().outputs == texts{"logits"});
    CHECK(m.nodes.front().outputs == texts{"normalisation.Sub"});

    SUBCASE("or kept") {
        const model kept = written(net, {.fold_batch_norm = false});
        CHECK(kept.types() == texts{"Sub", "Mul", "Conv", "BatchNormalization", "Relu", "Conv",
                                    "BatchNormalization", "Add", "Conv", "BatchNormalization", "Relu",
                                    "GlobalAveragePool", "Flatten", "Gemm"});
        CHECK(kept.constants.at("stem.step0.weight").floats[53] == 54);
        CHECK(kept.constants.count("stem.step0.bias") == 0);
        CHECK(node_of(kept, "stem.step1.BatchNormalization").inputs ==
              texts{"stem.step0.Conv", "stem.step1.scale", "stem.step1.shift", "stem.step1.mean",
                    "stem.step1.variance"});
        CHECK(node_of(kept, "stem.step1.BatchNormalization").attributes.at("epsilon").number == 1e-5F);
        // scale = gamma / deviation, shift = beta - scale mean, deviation^2 = variance + 1e-5
        CHECK(kept.constants.at("stem.step1.scale").floats == std::vector{2.0F, 5.0F, 2.0F});
        CHECK(kept.constants.at("stem.step1.shift").floats == std::vector{-1.0F, 2.0F, -1.0F});
        CHECK(kept.constants.at("stem.step1.mean").floats == std::vector(3, 0.5F));
        CHECK(kept.constants.at("stem.step1.variance").floats == std::vector(3, 0.24999F));
    }
    SUBCASE("without the normalisation of pixels") {
        const model normalised = written(net, {.pixels = false});
        CHECK(normalised.types().front() == "Conv");
        CHECK(node_of(normalised, "stem.step0.Conv").inputs.front() == "images");
        CHECK(normalised.metadata.at("images") == "(pixel / 255 - mean) * scale");
        CHECK(normalised.metadata.at("normalisation.mean") == "0.200000003 0.400000006");
        CHECK(normalised.metadata.at("normalisation.scale") == "2 4");
    }
}

TEST_CASE("a variance of nothing stays one") {
    network<tiny> net = calibrated<tiny>("0");
    std::fill_n(net.parameters().begin(), 54, 0.0F); // the stem's weights
    net.calibrate(datasets::synthetic({.image = tiny::input, .classes = 2, .train = 40}).train);
    const model m = written(net, {.fold_batch_norm = false});
    for (const float v : m.constants.at("stem.step1.variance").floats) {
        CHECK(v >= 0);
        CHECK(v < 1e-10F);
    }
}

TEST_CASE("every primitive has its nodes") {
    using every::space;
    const auto types = [](const char* code, const std::string& block) {
        texts all;
        for (const onnx_file::node& n : written(calibrated<space>(code)).nodes) {
            if (n.name.starts_with(block)) {
                all.push_back(n.name.substr(block.size()) + " " + n.type);
            }
        }
        return all;
    };
    // Where the shape is kept, identity is nothing.
    CHECK(types("00000", "cell0.").empty());
    CHECK(types("11111", "cell0.op1_mb2_k3_se4.") ==
          texts{"step0.Conv Conv", "step2.HardSigmoid HardSigmoid", "step2.Mul Mul", "step3.Conv Conv",
                "step5.HardSigmoid HardSigmoid", "step5.Mul Mul", "step6.GlobalAveragePool GlobalAveragePool",
                "step6.Conv Conv", "step6.Relu Relu", "step6.Conv2 Conv", "step6.Sigmoid Sigmoid",
                "step6.Mul Mul", "step7.Conv Conv", "step9.Add Add"});
    CHECK(types("22222", "cell2.op2_sep_k3.") ==
          texts{"step0.Conv Conv", "step2.Relu Relu", "step3.Conv Conv"});
    CHECK(types("00000", "cell2.op0_avg_k3.") == texts{"step0.AveragePool AveragePool", "step1.Conv Conv"});
    CHECK(types("33333", "cell2.op3_unusual.") ==
          texts{"step0.Mul Mul", "step0.Add Add", "step1.Clip Clip", "step2.Add Add", "step3.Mul Mul",
                "step3.Add Add", "step5.Conv Conv", "step8.HardSigmoid HardSigmoid", "step8.Mul Mul",
                "step9.Clip Clip", "step10.AveragePool AveragePool", "step11.Mul Mul", "step11.Add Add",
                "step12.Conv Conv", "step14.Conv Conv"});

    const model m = written(calibrated<space>("11111"));
    const onnx_file::node& pool = node_of(m, "cell2.op1_max_k5.step0.MaxPool");
    CHECK(pool.attributes.at("kernel_shape").integers == numbers{5, 5});
    CHECK(pool.attributes.at("pads").integers == numbers{2, 2, 2, 2});
    CHECK(pool.attributes.at("strides").integers == numbers{2, 2});
    CHECK(m.constants.at("cell0.op1_mb2_k3_se4.step6.squeeze.weight").sizes == numbers{5, 22, 1, 1});
    CHECK(m.constants.at("cell0.op1_mb2_k3_se4.step6.excite.weight").sizes == numbers{22, 5, 1, 1});
    const onnx_file::node& gate = node_of(m, "cell0.op1_mb2_k3_se4.step2.HardSigmoid");
    CHECK(gate.attributes.at("alpha").number == 1.0F / 6);
    CHECK(gate.attributes.at("beta").number == 0.5F);
}

TEST_CASE("a primitive of one's own says its nodes, or the network is refused by its name") {
    const network<every::thin_onnx_space> net = calibrated<every::thin_onnx_space>("1");
    const model m = written(net);
    const onnx_file::node& own = node_of(m, "cell0.op1_thin.step3.Conv");
    CHECK(own.inputs == texts{"cell0.op1_thin.step2.Relu", "cell0.op1_thin.step3.taps"});
    CHECK(m.constants.at("cell0.op1_thin.step3.taps").sizes == numbers{7, 1, 1, 2});
    CHECK(node_of(m, "cell0.op1_thin.step4.Mul").inputs.front() == "cell0.op1_thin.step3.Conv");

    const network<every::thin_space> silent = calibrated<every::thin_space>("1");
    const temporary_folder folder;
    CHECK(thrown<option_error>([&] { save_onnx(folder.path("a"), silent); }) ==
          "[F0982] save_onnx: cell0.op1_thin.step3: the primitive \"thinned\" does not say its ONNX nodes: "
          "give its type a function onnx");
    CHECK(folder.names().empty());
}

TEST_CASE("a graph of ONNX nodes") {
    onnx_graph graph("x");
    graph.begin("a");
    const std::string sizes = graph.constant("sizes", {2}, std::vector<std::int64_t>{0, -1});
    CHECK(sizes == "a.sizes");
    CHECK(graph.constant("sizes", {2}, std::vector<float>{1, 2}) == "a.sizes2");
    CHECK(graph.node("Reshape", {"x", sizes}) == "a.Reshape");
    CHECK(graph.node("Pad", {"a.Reshape", sizes, ""}, {{"mode", "edge"}}) == "a.Pad");
    CHECK(graph.node("Pad", {"a.Pad", sizes}) == "a.Pad2");
    CHECK(graph.nodes().size() == 3);
    CHECK(graph.constants().size() == 2);
    CHECK(thrown<option_error>([&] { graph.node("Relu", {"y"}); }) ==
          "[F0980] onnx_graph: a.Relu: expected inputs that are there before it, got \"y\"");
    CHECK(thrown<shape_error>([&] {
              graph.constant("w", {2, 3}, std::vector<float>(5));
          }) == "[F0981] onnx_graph: a.w: expected 6 values, as the sizes say, got 5");
    CHECK(graph.nodes().size() == 3);
    CHECK(graph.constants().size() == 2);

    const model m = onnx_file::read(detail::onnx_bytes(graph, "g", {4, 3, 2}, 5, {}));
    CHECK(m.input.sizes == texts{"N", "2", "4", "3"});
    CHECK(m.output.sizes == texts{"N", "5"});
    CHECK(m.constants.at("a.sizes").type == 7);
    CHECK(m.constants.at("a.sizes").integers == numbers{0, -1});
    CHECK(m.nodes[1].attributes.at("mode").text == "edge");
    CHECK(m.nodes[1].attributes.at("mode").type == 3);
    CHECK(m.nodes[1].inputs == texts{"a.Reshape", "a.sizes", ""});
}

TEST_CASE("save_onnx refuses what cannot be saved") {
    const temporary_folder folder;
    const std::string path = folder.path("net.onnx");
    const network<small::space> raw(parse<small::space>("012"), seed{1});
    CHECK(thrown<option_error>([&] { save_onnx(path, raw); }) ==
          "[F0983] save_onnx: " + path +
              ": there are no batch norm statistics yet: train the network, or call calibrate");
    network<small::space> net = calibrated<small::space>("012");
    const auto names = [&](texts n) {
        return thrown<option_error>([&] { save_onnx(path, net, {.class_names = std::move(n)}); });
    };
    CHECK(names({"a"}) ==
          "[F0991] onnx_options::class_names: expected 4 names, as many as there are classes, "
          "or none, got 1");
    CHECK(names({"a", "b", "c", ""}) ==
          "[F0992] onnx_options::class_names: class 3: expected one line of UTF-8, got an empty name");
    const std::string other =
        "[F0992] onnx_options::class_names: class 1: expected one line of UTF-8, got other bytes";
    // A line break; a byte of Latin-1; a sequence that is cut; one too long for its character; half of a
    // surrogate pair; past the last character; five bytes; a byte that goes on with nothing.
    for (const char* bad : {"a\nb", "caf\xE9", "\xE2\x82", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xF8\x88\x80\x80\x80", "\x80"}) {
        CHECK(names({"a", bad, "c", "d"}) == other);
    }
    net.parameters().back() = std::numeric_limits<float>::infinity(); // the head's last bias
    CHECK(thrown<numeric_error>([&] { save_onnx(path, net); }) ==
          "[F0984] save_onnx: " + path + ": the constant \"head.step4.bias\" has values that are not finite");
    net.parameters().back() = 0;
    CHECK(folder.names().empty());
    CHECK(contains(thrown<data_error>([&] { save_onnx(folder.path("no/net.onnx"), net); }), "[F0956]"));
    folder.write("net.onnx", "old");
    save_onnx(path, net);
    CHECK(onnx_file::read(folder.read("net.onnx")).name == "012");
    CHECK(folder.names() == texts{"net.onnx"});
}
