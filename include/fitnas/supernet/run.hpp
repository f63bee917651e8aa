/// @file
/// @brief The one walk along a network's layers, and the one door to the engine: forward and backward of a
/// block, its batch norm statistics, and what all that takes.

#ifndef FITNAS_SUPERNET_RUN_HPP
#define FITNAS_SUPERNET_RUN_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/cpu/engine.hpp>
#include <fitnas/cpu/plan_memory.hpp>
#include <fitnas/supernet/primitives.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Images that go through a block together with given statistics: what lies between stays in cache.
inline constexpr int given_slice = 64;

/// Whether what a walk calls runs a layer and adds it to its node in one pass.
template <class At, class Value>
inline constexpr bool has_layer_onto = requires(At& at, const weight_block& b, const Value& v) {
    at.layer_onto(std::size_t{0}, b, v, v);
};

/// Goes along the layers of a path, from `first` on. Blocks that compute nothing hand on what comes; zeros,
/// and what reads them inside a graph, are left out.
/// @param values [0] is what comes in, [i + 1] what the node of layer i has come to behind it; null: nothing.
/// Values up to [first] are there, the others are overwritten
/// @param at called as at.layer(i, block, x), at.sum(block, a, b, whether b may be overwritten),
/// at.concatenation(link, block, a, b) and at.zeros(block) for values, and at.behind(i) after each layer; if
/// it has at.layer_onto(i, block, x, a), for layer and sum in one pass
template <class Value, class At>
void walk(const weights& w, std::span<const int> path, std::size_t first, std::span<Value> values, At&& at) {
    for (std::size_t i = first; i < path.size(); ++i) {
        const weight_block& b = w.block(path[i]);
        const layer_link& l = w.links()[i];
        Value x = b.gives_zeros ? Value{} : values[l.reads];
        const bool computes = x && !b.plan.empty();
        const bool adds = l.joins && !l.appends && values[i];
        if (computes && adds && has_layer_onto<At, Value> && b.plan.adds_to_output()) {
            if constexpr (has_layer_onto<At, Value>) {
                x = at.layer_onto(i, b, x, values[i]);
            }
        } else {
            x = computes ? at.layer(i, b, x) : x;
            if (adds) {
                x = x ? at.sum(b, values[i], x, computes) : values[i];
            }
        }
        if (!x && l.needs_value()) {
            x = at.zeros(b);
        }
        if (l.joins && l.appends) {
            x = at.concatenation(l, b, values[i], x);
        }
        values[i + 1] = x;
        at.behind(i);
    }
}

/// @return mean, 1 / deviation, scale and shift of one batch norm of a run: 4 x channels
FITNAS_LAZY std::vector<float> norm_values(const block_run& run, int norm, int channels);

/// Batch norm statistics of blocks, in memory of their own.
class block_statistics {
public:
    block_statistics() = default;
    explicit block_statistics(std::size_t blocks) : m_runs(blocks) {}

    /// @param values as those of `norm_values`
    FITNAS_LAZY void set(const selected_norm& norm, std::span<const float> values);
    const block_run& of(std::size_t block) const { return m_runs[block]; }

private:
    arena m_memory;
    std::vector<block_run> m_runs;
};

/// Runs blocks in memory that is kept: once the largest was run, nothing is allocated any more.
class runner {
public:
    /// Batch norm takes the statistics of the images of all these processes; null: of this one's alone.
    void normalise_over(peers* all) { m_shared.sums.together = all; }

    /// Takes as much for what kernels share as another has.
    void grow_as(const runner& other) { m_shared.grow_as(other.m_shared); }

    arena& memory() { return m_memory; }
    const arena& memory() const { return m_memory; }

    /// @return room for what comes out of a block: images x output shape
    float* output(const weight_block& b, int images) {
        return m_memory.take(static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(images));
    }

    /// @return a + b, in the place of b where it may be overwritten
    FITNAS_LAZY const float* sum(const weight_block& b, const float* x, const float* y, int images,
                                 bool in_place);
    /// @return the channels of x and those of a block's y behind them
    FITNAS_LAZY const float* concatenation(const layer_link& l, const weight_block& b, const float* x,
                                           const float* y, int images);
    /// @return zeros in place of what a block gives
    FITNAS_LAZY const float* zeros(const weight_block& b, int images);

    /// With the statistics of the images themselves.
    /// @param x images x input shape
    /// @param y overwritten, images x output shape
    /// @param backward_follows whether to keep what backward would rather read than compute again
    /// @param onto as in `detail::forward`
    FITNAS_LAZY block_run forward(const block_plan& plan, const float* parameters, const float* x, int images,
                                  float* y, bool backward_follows = false, const float* onto = nullptr) {
        return detail::forward(plan, parameters, x, images, y, nullptr, m_memory, m_shared, backward_follows,
                               onto);
    }

    /// With given statistics. What lies between is given back.
    FITNAS_LAZY void forward(const block_plan& plan, const float* parameters, const float* x, int images,
                             float* y, const block_run& given, const float* onto = nullptr);

    /// After `forward` with the images' own statistics.
    /// @param gradient of the parameters, added into
    /// @param dy at what came out; it is not kept
    /// @param dx overwritten with that at what came in; null where nobody needs it
    /// @param addend what is added to dx; null: nothing
    FITNAS_LAZY void backward(const block_plan& plan, const float* parameters, float* gradient,
                              block_run& run, float* dy, float* dx, const float* addend) {
        detail::backward(plan, parameters, gradient, run, dy, dx, addend, m_memory, m_shared);
    }

    /// A whole path with the statistics of the images themselves.
    /// @param seen called with (block, run, what came out) after each block that computes something
    /// @return what comes out; valid until the memory is reset
    template <class Seen>
    const float* along(const weights& w, std::span<const int> path, const float* x, int images, Seen&& seen) {
        return along_by(w, path, x, images, [&](const weight_block& b, const float* in) -> const float* {
            float* y = output(b, images);
            const arena::mark after = m_memory.position();
            const block_run run = forward(b.plan, w.of(b), in, images, y);
            seen(b, run, static_cast<const float*>(y));
            m_memory.reset(after);
            return y;
        });
    }
    /// The same with given statistics.
    FITNAS_LAZY const float* along_given(const weights& w, std::span<const int> path, const float* x,
                                         int images, const block_statistics& given);

private:
    /// @param layer called with (block, what comes in): what it gives
    template <class Layer>
    struct visit {
        runner& of;
        int images;
        Layer& give;
        const float* layer(std::size_t, const weight_block& b, const float* x) { return give(b, x); }
        const float* sum(const weight_block& b, const float* x, const float* y, bool in_place) {
            return of.sum(b, x, y, images, in_place);
        }
        const float* concatenation(const layer_link& l, const weight_block& b, const float* x,
                                   const float* y) {
            return of.concatenation(l, b, x, y, images);
        }
        const float* zeros(const weight_block& b) { return of.zeros(b, images); }
        void behind(std::size_t) {}
    };
    template <class Layer>
    const float* along_by(const weights& w, std::span<const int> path, const float* x, int images,
                          Layer&& layer) {
        std::vector<const float*> values(path.size() + 1, x);
        walk(w, path, 0, std::span<const float*>(values), visit<Layer>{*this, images, layer});
        return values.back();
    }

    arena m_memory;
    workspace m_shared;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<float> norm_values(const block_run& run, int norm, int channels) {
    const norm_state& state = run.norms[static_cast<std::size_t>(norm)];
    std::vector<float> values;
    for (const float* from : {state.mean, state.inverse, state.scale, state.shift}) {
        values.insert(values.end(), from, from + channels);
    }
    return values;
}

FITNAS_LAZY_AGAIN void block_statistics::set(const selected_norm& norm, std::span<const float> values) {
    norm_state& state = m_runs[norm.block].norms[static_cast<std::size_t>(norm.norm)];
    state = norm_state::at(m_memory.take(norm_state::size(norm.channels)), norm.channels);
    const float* from = values.data();
    for (float* to : {state.mean, state.inverse, state.scale, state.shift}) {
        std::copy_n(from, norm.channels, to);
        from += norm.channels;
    }
}

FITNAS_LAZY_AGAIN const float* runner::sum(const weight_block& b, const float* x, const float* y, int images,
                                           bool in_place) {
    float* to = in_place ? const_cast<float*>(y) : output(b, images);
    add_values(x, y, b.output, images, to);
    return to;
}

FITNAS_LAZY_AGAIN const float* runner::concatenation(const layer_link& l, const weight_block& b,
                                                     const float* x, const float* y, int images) {
    float* to = m_memory.take(static_cast<std::size_t>(l.value.size()) * static_cast<std::size_t>(images));
    concatenate(x, l.value.channels - b.output.channels, y, b.output.channels, l.value.pixels() * images, to);
    return to;
}

FITNAS_LAZY_AGAIN const float* runner::zeros(const weight_block& b, int images) {
    float* y = output(b, images);
    std::fill_n(y, b.output.size() * images, 0.0F);
    return y;
}

FITNAS_LAZY_AGAIN void runner::forward(const block_plan& plan, const float* parameters, const float* x,
                                       int images, float* y, const block_run& given, const float* onto) {
    const std::ptrdiff_t in = plan.buffers.front().size();
    const std::ptrdiff_t out = plan.output().size();
    const arena::mark before = m_memory.position();
    for (int n = 0; n < images; n += given_slice) {
        detail::forward(plan, parameters, x + n * in, (std::min)(given_slice, images - n), y + n * out,
                        &given, m_memory, m_shared, false, onto != nullptr ? onto + n * out : nullptr);
        m_memory.reset(before);
    }
}

FITNAS_LAZY_AGAIN const float* runner::along_given(const weights& w, std::span<const int> path,
                                                   const float* x, int images,
                                                   const block_statistics& given) {
    return along_by(w, path, x, images, [&](const weight_block& b, const float* in) -> const float* {
        float* y = output(b, images);
        forward(b.plan, w.of(b), in, images, y, given.of(b.index));
        return y;
    });
}

} // namespace fitnas::detail

#endif

#endif
