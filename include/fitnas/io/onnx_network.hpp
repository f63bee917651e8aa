/// @file
/// @brief The ONNX nodes of a network: one case for each primitive.

#ifndef FITNAS_IO_ONNX_NETWORK_HPP
#define FITNAS_IO_ONNX_NETWORK_HPP

#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/onnx_graph.hpp>
#include <fitnas/supernet/network.hpp>

namespace fitnas {

/// @brief What a file of ONNX is to hold.
struct onnx_options {
    bool fold_batch_norm = true; ///< into the weights before it; else it stays, as `BatchNormalization`
    bool pixels = true; ///< pixels come in, floats of 0 to 255, which the graph normalises; else what is
                        ///< normalised already, by the means and scales that the metadata has
    /// For the metadata: one for each class, UTF-8; none: those of the network, where they are lines of
    /// UTF-8.
    std::vector<std::string> class_names{};
};

} // namespace fitnas

namespace fitnas::detail {

inline constexpr const char* onnx_input = "images";
inline constexpr const char* onnx_output = "logits";

/// @throws option_error where a custom primitive does not say its nodes
FITNAS_LAZY FITNAS_COLD onnx_graph onnx_graph_of(const weights& w, const kept_statistics& kept,
                                                 const onnx_options& options);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <fitnas/cpu/norm_state.hpp>
#include <fitnas/nn/folded.hpp>
#include <fitnas/supernet/folded.hpp>

namespace fitnas::detail {

/// Batch norm of given statistics: gamma and beta are those that they were gathered with, whatever the
/// weights are now.
inline void keep_norm(folded_step& step, const norm_state& norm) {
    std::vector<float> means;
    std::vector<float> variances; // at least 8e-13, as 1 / deviation is rounded
    for (int c = 0; c < step.input.channels; ++c) {
        const auto mean = static_cast<double>(norm.mean[c]);
        const auto inverse = static_cast<double>(norm.inverse[c]);
        const auto scale = static_cast<double>(norm.scale[c]);
        step.weights.push_back(static_cast<float>(scale / inverse));
        step.bias.push_back(static_cast<float>(static_cast<double>(norm.shift[c]) + scale * mean));
        means.push_back(norm.mean[c]);
        variances.push_back(static_cast<float>(1 / (inverse * inverse) - batch_norm_epsilon));
    }
    step.weights.insert(step.weights.end(), means.begin(), means.end());
    step.weights.insert(step.weights.end(), variances.begin(), variances.end());
}

/// The layers as `folded_blocks` has them, with each batch norm as a step of its own: its weights are gamma,
/// mean and variance, its bias beta.
FITNAS_COLD inline std::vector<folded_block> unfolded_blocks(const weights& w,
                                                             const block_statistics& given) {
    std::vector<folded_block> blocks = empty_blocks(w);
    for_each_primitive(w.part(), [&](const selected_primitive& p) {
        const std::size_t index = p.block->index;
        folded_block& block = blocks[index];
        const primitive_kind kind = p.what->kind;
        const bool adds = kind == primitive_kind::residual || kind == primitive_kind::residual_if_same_shape;
        if ((adds && p.input != p.block->block->input) ||
            (kind == primitive_kind::activate && p.what->act == activation::none) ||
            kind == primitive_kind::zero) {
            return;
        }
        folded_step step{adds ? residual() : *p.what, block.name + ".step" + std::to_string(p.step), p.input,
                         p.what->output(p.input)};
        const float* from = w.values().data() + p.offset;
        step.weights.assign(from, from + p.what->parameters(p.input));
        if (kind == primitive_kind::linear) {
            step.bias.assign(step.weights.end() - p.what->width, step.weights.end());
            step.weights.resize(step.weights.size() - step.bias.size());
        } else if (kind == primitive_kind::batch_norm) {
            step.weights.clear();
            keep_norm(step, given.of(index).norms[static_cast<std::size_t>(p.norm)]);
        }
        block.steps.push_back(std::move(step));
    });
    return blocks;
}

/// Adds the nodes of one network.
class onnx_builder {
public:
    explicit onnx_builder(onnx_graph& graph) : m_graph(graph), m_x(onnx_input) {}

    /// Pixels, 0 to 255, as the network takes them.
    void add_normalisation(const normalisation& norm) {
        std::vector<float> offset;
        std::vector<float> scale;
        for (std::size_t c = 0; c < norm.mean.size(); ++c) {
            offset.push_back(norm.mean[c] * 255.0F);
            scale.push_back(norm.scale[c] / 255.0F);
        }
        m_graph.begin("normalisation");
        m_x = m_graph.node("Sub", {m_x, per_channel("mean", std::move(offset))});
        m_x = m_graph.node("Mul", {m_x, per_channel("scale", std::move(scale))});
    }

    void add(const std::vector<folded_block>& blocks) {
        std::vector<std::string> values{m_x}; // empty: nothing
        for (const folded_block& b : blocks) {
            const std::string into = values[b.link.reads];
            m_x = b.gives_zeros ? "" : into;
            for (std::size_t i = 0; i < b.steps.size() && !m_x.empty(); ++i) {
                m_graph.begin(b.steps[i].name);
                m_x = add(b.steps[i], into, &b == &blocks.back() && i + 1 == b.steps.size());
            }
            m_graph.begin(b.name);
            join(b, values.back());
            values.push_back(m_x);
        }
        m_graph.name_result(onnx_output);
    }

private:
    using numbers = std::vector<std::int64_t>;

    /// What the layers before it to the same node gave is added, or stands before.
    void join(const folded_block& b, const std::string& before) {
        if (b.link.joins && !b.link.appends && !before.empty()) {
            m_x = m_x.empty() ? before : m_graph.node("Add", {before, m_x});
        }
        if (m_x.empty() && b.link.needs_value()) {
            m_x = zeros(b);
        }
        if (b.link.joins && b.link.appends) {
            m_x = m_graph.node("Concat", {before, m_x}, {{"axis", 1}});
        }
    }

    /// Zeros of a block's shape, as many as there are images: means of the images times 0, spread.
    std::string zeros(const folded_block& b) {
        const shape s = b.output;
        const std::string one =
            m_graph.node("ReduceMean", {onnx_input}, {{"axes", numbers{1, 2, 3}}, {"keepdims", 1}});
        const std::string nothing =
            m_graph.node("Mul", {one, m_graph.constant("zero", {}, std::vector{0.0F})});
        return m_graph.node(
            "Expand",
            {nothing,
             m_graph.constant("sizes", {4}, std::vector<std::int64_t>{1, s.channels, s.height, s.width})});
    }

    /// @param into what came into the block
    std::string add(const folded_step& s, const std::string& into, bool last) {
        switch (s.what.kind) {
        case primitive_kind::pointwise:
        case primitive_kind::depthwise:
        case primitive_kind::convolution:
            return convolution(s);
        case primitive_kind::batch_norm:
            return batch_norm(s);
        case primitive_kind::activate:
            return activate(s.what.act);
        case primitive_kind::max_pool:
            return m_graph.node("MaxPool", {m_x}, windows(s));
        case primitive_kind::average_pool:
            return m_graph.node("AveragePool", {m_x}, windows(s));
        case primitive_kind::global_pool:
            return m_graph.node("GlobalAveragePool", {m_x});
        case primitive_kind::linear:
            return last ? classifier(s) : convolution(s);
        case primitive_kind::squeeze_excite:
            return squeeze_excite(s);
        case primitive_kind::residual:
        case primitive_kind::residual_if_same_shape:
            return m_graph.node("Add", {m_x, into});
        case primitive_kind::zero: // never a step
        case primitive_kind::custom:
            break;
        }
        if (s.what.user->onnx == nullptr) {
            throw option_error("[F0982] save_onnx: " + s.name + ": the primitive \"" +
                               std::string(s.what.user->name) +
                               "\" does not say its ONNX nodes: give its type a function onnx");
        }
        return s.what.user->onnx(m_graph, m_x, s.input, s.weights);
    }

    /// Zeros around the image, (kernel - 1) / 2 before it and as many behind it as give every stride-th
    /// pixel, rounded up.
    static std::vector<onnx_attribute> windows(const folded_step& s) {
        const primitive& p = s.what;
        const std::int64_t k = p.kernel;
        const std::int64_t before = (k - 1) / 2;
        const auto behind = [&](std::int64_t in, std::int64_t out) {
            return k % 2 == 1 ? before : (std::max)(std::int64_t{0}, (out - 1) * p.stride + k - before - in);
        };
        return {{"kernel_shape", numbers{k, k}},
                {"pads", numbers{before, before, behind(s.input.height, s.output.height),
                                 behind(s.input.width, s.output.width)}},
                {"strides", numbers{p.stride, p.stride}}};
    }

    std::string convolution(const folded_step& s) {
        const bool depthwise = s.what.kind == primitive_kind::depthwise;
        const auto out = static_cast<std::size_t>(s.output.channels);
        const auto in = static_cast<std::size_t>(depthwise ? 1 : s.input.channels);
        const auto taps = static_cast<std::size_t>(s.what.kernel * s.what.kernel);
        std::vector<float> w(s.weights.size()); // out x in x kernel x kernel
        for (std::size_t o = 0; o < out; ++o) {
            for (std::size_t i = 0; i < in; ++i) {
                for (std::size_t t = 0; t < taps; ++t) {
                    w[(o * in + i) * taps + t] = s.weights[depthwise ? t * out + o : (o * taps + t) * in + i];
                }
            }
        }
        const std::int64_t k = s.what.kernel;
        std::vector<std::string> inputs{
            m_x, m_graph.constant("weight", {s.output.channels, depthwise ? 1 : s.input.channels, k, k},
                                  std::move(w))};
        if (!s.bias.empty()) {
            inputs.push_back(m_graph.constant("bias", {s.output.channels}, s.bias));
        }
        std::vector<onnx_attribute> attributes = windows(s);
        attributes.emplace_back("group", depthwise ? s.input.channels : 1);
        return m_graph.node("Conv", std::move(inputs), std::move(attributes));
    }

    std::string per_channel(const std::string& name, std::vector<float> values) {
        const auto channels = static_cast<std::int64_t>(values.size());
        return m_graph.constant(name, {1, channels, 1, 1}, std::move(values));
    }

    std::string batch_norm(const folded_step& s) {
        const std::size_t channels = s.bias.size();
        if (s.weights.size() == channels) { // folded: y = weights x + bias
            const std::string y = m_graph.node("Mul", {m_x, per_channel("weight", s.weights)});
            return m_graph.node("Add", {y, per_channel("bias", s.bias)});
        }
        const auto part = [&](const char* name, std::size_t i) {
            const float* from = s.weights.data() + i * channels;
            return m_graph.constant(name, {s.input.channels}, std::vector<float>(from, from + channels));
        };
        const std::string scale = part("scale", 0);
        const std::string shift = m_graph.constant("shift", {s.input.channels}, s.bias);
        const std::string mean = part("mean", 1);
        return m_graph.node("BatchNormalization", {m_x, scale, shift, mean, part("variance", 2)},
                            {{"epsilon", static_cast<float>(batch_norm_epsilon)}});
    }

    std::string activate(activation a) {
        switch (a) {
        case activation::none:
            break;
        case activation::relu:
            return m_graph.node("Relu", {m_x});
        case activation::relu6: {
            const std::string low = m_graph.constant("low", {}, std::vector{0.0F});
            return m_graph.node("Clip", {m_x, low, m_graph.constant("high", {}, std::vector{6.0F})});
        }
        case activation::hard_swish: { // `HardSwish` itself came with the next operator set
            const std::string gate =
                m_graph.node("HardSigmoid", {m_x}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
            return m_graph.node("Mul", {m_x, gate});
        }
        }
        return m_x;
    }

    std::string squeeze_excite(const folded_step& s) {
        const std::int64_t channels = s.input.channels;
        const std::int64_t hidden = s.what.hidden(s.input);
        const float* at = s.weights.data();
        const auto linear = [&](const std::string& x, const std::string& name, std::int64_t in,
                                std::int64_t out) {
            const float* bias = at + in * out;
            const std::string w =
                m_graph.constant(name + ".weight", {out, in, 1, 1}, std::vector<float>(at, bias));
            const std::string b =
                m_graph.constant(name + ".bias", {out}, std::vector<float>(bias, bias + out));
            at = bias + out;
            return m_graph.node("Conv", {x, w, b}, {{"kernel_shape", numbers{1, 1}}});
        };
        std::string gate = linear(m_graph.node("GlobalAveragePool", {m_x}), "squeeze", channels, hidden);
        gate = linear(m_graph.node("Relu", {gate}), "excite", hidden, channels);
        return m_graph.node("Mul", {m_x, m_graph.node("Sigmoid", {gate})});
    }

    /// The last layer, on images of one pixel: N x classes.
    std::string classifier(const folded_step& s) {
        const std::string x = m_graph.node("Flatten", {m_x}, {{"axis", 1}});
        const std::string w = m_graph.constant("weight", {s.output.channels, s.input.channels}, s.weights);
        return m_graph.node("Gemm", {x, w, m_graph.constant("bias", {s.output.channels}, s.bias)},
                            {{"transB", 1}});
    }

    onnx_graph& m_graph;
    std::string m_x; ///< the last value
};

FITNAS_LAZY_AGAIN onnx_graph onnx_graph_of(const weights& w, const kept_statistics& kept,
                                           const onnx_options& options) {
    onnx_graph graph(onnx_input);
    onnx_builder builder(graph);
    if (options.pixels) {
        builder.add_normalisation(kept.norm());
    }
    builder.add(options.fold_batch_norm ? folded_blocks(w, kept.blocks())
                                        : unfolded_blocks(w, kept.blocks()));
    return graph;
}

} // namespace fitnas::detail

#endif

#endif
