/// @file
/// @brief First weights for deep supernets: residual blocks begin as identity, candidates as the same
/// function.

#ifndef FITNAS_SUPERNET_INITIAL_WEIGHTS_HPP
#define FITNAS_SUPERNET_INITIAL_WEIGHTS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/primitives.hpp>
#include <fitnas/supernet/supernet.hpp>
#include <fitnas/supernet/weight_tensors.hpp>

namespace fitnas {

namespace detail {

FITNAS_LAZY FITNAS_COLD std::size_t zero_init_residual(weights& w);
FITNAS_LAZY FITNAS_COLD std::size_t init_candidates_alike(weights& w);

} // namespace detail

/// @brief Sets the scales of each batch norm whose output is added to a block's input to 0, so that such a
/// block begins as identity (Goyal et al., arXiv 1706.02677, section 5.1; torchvision's
/// `zero_init_residual`). Call it before the first step of a training.
///
/// In a deep supernet all paths are then alike in the beginning but for blocks that change the shape, and the
/// layers that they share learn from the first steps. In a shallow one operators that were trained little
/// stay alike, and rank worse (docs/supernet.md has both).
///
/// @code
/// supernet<space> super(seed{7});
/// zero_init_residual(super);
/// init_candidates_alike(super);
/// train(super, data.train, {.epochs = 15});
/// @endcode
/// @param net whose scales are set; other values stay
/// @return how many batch norms there were: 0 in a space without residual blocks
template <search_space_type Space>
std::size_t zero_init_residual(supernet<Space>& net) {
    return detail::zero_init_residual(net.weights());
}
/// @brief The same of a network. Statistics that it has are then those of other weights: train or `calibrate`
/// it.
template <search_space_type Space>
std::size_t zero_init_residual(network<Space>& net) {
    return detail::zero_init_residual(net.weights());
}

/// @brief Lets operators of a layer that differ in kernels and inner widths alone begin as the same function:
/// weights of the smaller are put into the larger, in the middle of a kernel and in its first channels, and
/// what would change the output is 0 (function-preserving, as Net2Net: Chen et al., arXiv 1511.05641). Call
/// it before the first step of a training.
///
/// A path then begins as all others but for operators that are unlike (a pool and a convolution), and the
/// layers behind a choice learn from one kind of features instead of as many as there are paths.
/// @param net whose weights are set; those of the smallest operator of each kind, and what they do not reach,
/// stay
/// @return how many operators were given another's weights
template <search_space_type Space>
std::size_t init_candidates_alike(supernet<Space>& net) {
    return detail::init_candidates_alike(net.weights());
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::size_t zero_init_residual(weights& w) {
    std::size_t found = 0;
    selected_primitive norm; // what was visited before, where that is a batch norm
    for_each_primitive(w.part(), [&](const selected_primitive& p) {
        const bool adds =
            p.what->kind == primitive_kind::residual ||
            (p.what->kind == primitive_kind::residual_if_same_shape && p.input == p.block->block->input);
        if (adds && p.step > 0 && norm.what != nullptr) {
            std::fill_n(w.values().data() + norm.offset, norm.input.channels, 0.0F);
            ++found;
        }
        norm = p.norm >= 0 ? p : selected_primitive{};
    });
    return found;
}

/// Weights `outputs x kernel x kernel x inputs` in the flat buffer.
struct placed_tensor {
    std::size_t offset = 0;
    int outputs = 1;
    int kernel = 1;
    int inputs = 1;
    bool separate = false; ///< no output sums up inputs: depthwise weights, biases, scales

    std::size_t size() const {
        return static_cast<std::size_t>(outputs) * static_cast<std::size_t>(kernel * kernel) *
               static_cast<std::size_t>(inputs);
    }
    bool holds(const placed_tensor& part) const {
        return outputs >= part.outputs && inputs >= part.inputs && kernel >= part.kernel &&
               (kernel - part.kernel) % 2 == 0;
    }
};

/// The tensors of a block in the order of the buffer.
FITNAS_LAZY FITNAS_COLD inline std::vector<placed_tensor> placed_tensors(const weight_block& b) {
    std::vector<placed_tensor> all;
    std::size_t offset = b.offset;
    for_each_primitive(b.block->steps, b.block->input, [&](const placed_primitive& p) {
        FITNAS_ASSERT(offset == b.offset + p.offset);
        for (const auto& [name, sizes] : primitive_tensors(*p.what, p.input)) {
            placed_tensor t{.offset = offset, .inputs = static_cast<int>(sizes.back())};
            const bool sums = sizes.size() == 2 || sizes.size() == 4; // outputs first
            t.separate = !sums;
            t.outputs = sums ? static_cast<int>(sizes.front()) : 1;
            t.kernel = sizes.size() > 2 ? static_cast<int>(sizes[sizes.size() - 2]) : 1;
            offset += t.size();
            all.push_back(t);
        }
    });
    FITNAS_ASSERT(offset == b.offset + b.size);
    return all;
}

/// Whether blocks do the same but for kernels and widths of their weights.
FITNAS_LAZY FITNAS_COLD inline bool same_steps(const space_block& a, const space_block& b) {
    bool same = a.steps.size() == b.steps.size();
    shape in_a = a.input;
    shape in_b = b.input;
    for (auto p = a.steps.begin(), q = b.steps.begin(); same && p != a.steps.end(); ++p, ++q) {
        primitive like = *q;
        switch (q->kind) {
        case primitive_kind::pointwise:
        case primitive_kind::depthwise:
        case primitive_kind::convolution:
        case primitive_kind::squeeze_excite:
            like.kernel = p->kernel;
            like.width = p->width;
            break;
        case primitive_kind::custom:
            same = in_a == in_b;
            break;
        default:
            break;
        }
        same = same && like == *p;
        in_a = p->output(in_a);
        in_b = q->output(in_b);
    }
    return same;
}

/// Puts weights into the first outputs of larger ones, in the middle of the kernel, so that these outputs are
/// the same: 0 around.
FITNAS_LAZY FITNAS_COLD inline void embed(std::span<float> values, const placed_tensor& part,
                                          const placed_tensor& whole) {
    const int margin = (whole.kernel - part.kernel) / 2;
    const auto inside = [&](int at) { return at >= margin && at < margin + part.kernel; };
    const auto row = [&](const placed_tensor& t, int output, int y, int x) {
        return values.begin() + static_cast<std::ptrdiff_t>(t.offset) +
               ((std::ptrdiff_t{output} * t.kernel + y) * t.kernel + x) * t.inputs;
    };
    for (int o = 0; o < part.outputs; ++o) {
        for (int y = 0; y < whole.kernel; ++y) {
            for (int x = 0; x < whole.kernel; ++x) {
                const auto to = row(whole, o, y, x);
                std::fill_n(to, whole.separate ? part.inputs : whole.inputs, 0.0F);
                if (inside(y) && inside(x)) {
                    std::copy_n(row(part, o, y - margin, x - margin), part.inputs, to);
                }
            }
        }
    }
}

/// @return whether the larger block can compute what the smaller one does, and does so now
FITNAS_LAZY FITNAS_COLD inline bool embed(std::span<float> values, const weight_block& part,
                                          const weight_block& whole) {
    if (!same_steps(*part.block, *whole.block)) {
        return false;
    }
    const std::vector<placed_tensor> from = placed_tensors(part);
    const std::vector<placed_tensor> to = placed_tensors(whole);
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (!to[i].holds(from[i])) {
            return false;
        }
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
        embed(values, from[i], to[i]);
    }
    return whole.size > 0;
}

FITNAS_LAZY_AGAIN std::size_t init_candidates_alike(weights& w) {
    std::size_t found = 0;
    for (auto first = w.blocks().begin(); first != w.blocks().end();) {
        const auto last = std::find_if(first, w.blocks().end(),
                                       [&](const weight_block& b) { return b.layer != first->layer; });
        std::vector<const weight_block*> smallest_first;
        std::for_each(first, last, [&](const weight_block& b) { smallest_first.push_back(&b); });
        std::stable_sort(smallest_first.begin(), smallest_first.end(),
                         [](const weight_block* a, const weight_block* b) { return a->size < b->size; });
        for (auto whole = smallest_first.begin(); whole != smallest_first.end(); ++whole) {
            found += std::any_of(smallest_first.begin(), whole,
                                 [&](const weight_block* part) { return embed(w.values(), *part, **whole); });
        }
        first = last;
    }
    return found;
}

} // namespace fitnas::detail

#endif

#endif
