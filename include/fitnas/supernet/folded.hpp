/// @file
/// @brief A network with batch norm folded into the weights before it: what is run on one image at a time,
/// and what other programs are given.

#ifndef FITNAS_SUPERNET_FOLDED_HPP
#define FITNAS_SUPERNET_FOLDED_HPP

#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/nn/folded.hpp>
#include <fitnas/supernet/run.hpp>

namespace fitnas::detail {

/// Batch norm y = scale x + shift behind weights and a bias becomes weights times scale, and bias times scale
/// plus shift, channel by channel of the output (Jacob et al., arXiv 1712.05877, section 3.2).
/// @param w of one architecture
/// @param given the batch norm statistics of its blocks
/// @return the layers, from the stem to the head
FITNAS_LAZY FITNAS_COLD std::vector<folded_block> folded_blocks(const weights& w,
                                                                const block_statistics& given);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cstddef>
#include <string>

#include <fitnas/supernet/primitives.hpp>

namespace fitnas::detail {

/// Whether batch norm behind it goes into its weights; a bias comes with it.
constexpr bool takes_norm(primitive_kind kind) {
    return kind == primitive_kind::pointwise || kind == primitive_kind::linear ||
           kind == primitive_kind::convolution || kind == primitive_kind::depthwise ||
           kind == primitive_kind::batch_norm;
}

/// @param scale,shift of each channel that comes out
FITNAS_LAZY inline void fold_norm(folded_step& into, const float* scale, const float* shift) {
    const auto channels = static_cast<std::size_t>(into.output.channels);
    const bool last = into.what.kind == primitive_kind::depthwise; // channels, not the first, are innermost
    const std::size_t row = last ? 1 : into.weights.size() / channels;
    for (std::size_t i = 0; i < into.weights.size(); ++i) {
        into.weights[i] *= scale[i / row % channels];
    }
    for (std::size_t c = 0; c < channels; ++c) {
        into.bias[c] = into.bias[c] * scale[c] + shift[c];
    }
}

/// A primitive as it is, with a bias where batch norm might follow.
FITNAS_LAZY inline folded_step plain_step(const selected_primitive& p, const std::string& name,
                                          const float* from) {
    folded_step step{*p.what, name, p.input, p.what->output(p.input)};
    const auto channels = static_cast<std::size_t>(step.output.channels);
    auto size = static_cast<std::size_t>(p.what->parameters(p.input));
    if (p.what->kind == primitive_kind::batch_norm) {
        step.weights.assign(channels, 1.0F);
    } else {
        size -= p.what->kind == primitive_kind::linear ? channels : 0;
        step.weights.assign(from, from + size);
    }
    if (p.what->kind == primitive_kind::linear) {
        step.bias.assign(from + size, from + size + channels);
    } else if (takes_norm(p.what->kind)) {
        step.bias.assign(channels, 0.0F);
    }
    return step;
}

/// The layers of one architecture, without steps.
FITNAS_LAZY FITNAS_COLD inline std::vector<folded_block> empty_blocks(const weights& w) {
    std::vector<folded_block> blocks;
    for (const weight_block& b : w.blocks()) {
        blocks.push_back({.name = w.part().name_of(b),
                          .input = b.block->input,
                          .output = b.output,
                          .link = w.links()[b.layer],
                          .gives_zeros = b.gives_zeros});
    }
    return blocks;
}

FITNAS_LAZY_AGAIN std::vector<folded_block> folded_blocks(const weights& w, const block_statistics& given) {
    std::vector<folded_block> blocks = empty_blocks(w);
    for_each_primitive(w.part(), [&](const selected_primitive& p) {
        const std::size_t index = p.block->index;
        folded_block& block = blocks[index];
        std::vector<folded_step>& steps = block.steps;
        const primitive_kind kind = p.what->kind;
        const std::string name = block.name + ".step" + std::to_string(p.step);
        if (kind == primitive_kind::zero) {
            return;
        }
        if (kind == primitive_kind::batch_norm) {
            const norm_state& norm = given.of(index).norms[static_cast<std::size_t>(p.norm)];
            if (steps.empty() || !takes_norm(steps.back().what.kind)) {
                steps.push_back(plain_step(p, name, nullptr));
            }
            fold_norm(steps.back(), norm.scale, norm.shift);
        } else if (kind == primitive_kind::residual || kind == primitive_kind::residual_if_same_shape) {
            if (p.input == p.block->block->input) {
                steps.push_back({residual(), name, p.input, p.input});
            }
        } else if (kind != primitive_kind::activate || p.what->act != activation::none) {
            steps.push_back(plain_step(p, name, w.values().data() + p.offset));
        }
    });
    return blocks;
}

} // namespace fitnas::detail

#endif

#endif
