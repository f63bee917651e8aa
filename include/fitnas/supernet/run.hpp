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
#include <fitnas/cpu/engine.hpp>
#include <fitnas/cpu/plan_memory.hpp>
#include <fitnas/supernet/primitives.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Images that go through a block together with given statistics: what lies between stays in cache.
inline constexpr int given_slice = 64;

/// Goes along the layers of a path: `x = layer(i, block, x)`; blocks that compute nothing hand on what comes.
/// @param x what comes in
/// @param behind called with (i, x) after each layer
/// @return what comes out
template <class Images, class Layer, class Behind>
Images walk(const weights& w, std::span<const int> path, Images x, Layer&& layer, Behind&& behind) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        const weight_block& b = w.block(path[i]);
        if (!b.plan.empty()) {
            x = layer(i, b, x);
        }
        behind(i, x);
    }
    return x;
}
template <class Images, class Layer>
Images walk(const weights& w, std::span<const int> path, Images x, Layer&& layer) {
    return walk(w, path, x, layer, [](std::size_t, const Images&) {});
}

/// @return mean, 1 / deviation, scale and shift of one batch norm of a run: 4 x channels
FITNAS_LAZY std::vector<float> norm_values(const block_run& run, int norm, int channels);

/// Batch norm statistics of blocks, in memory of their own.
class block_statistics {
public:
    block_statistics() = default;
    explicit block_statistics(std::size_t blocks) : m_runs(blocks) {}

    /// @param values as those of `norm_values`
    void set(const selected_norm& norm, std::span<const float> values);
    const block_run& of(std::size_t block) const { return m_runs[block]; }

private:
    arena m_memory;
    std::vector<block_run> m_runs;
};

/// Runs blocks in memory that is kept: once the largest was run, nothing is allocated any more.
class runner {
public:
    arena& memory() { return m_memory; }
    const arena& memory() const { return m_memory; }

    /// @return room for what comes out of a block: images x output shape
    float* output(const weight_block& b, int images) {
        return m_memory.take(static_cast<std::size_t>(b.output.size()) * static_cast<std::size_t>(images));
    }

    /// With the statistics of the images themselves.
    /// @param x images x input shape
    /// @param y overwritten, images x output shape
    /// @param backward_follows whether to keep what backward would rather read than compute again
    block_run forward(const block_plan& plan, const float* parameters, const float* x, int images, float* y,
                      bool backward_follows = false) {
        return detail::forward(plan, parameters, x, images, y, nullptr, m_memory, m_shared, backward_follows);
    }

    /// With given statistics. What lies between is given back.
    void forward(const block_plan& plan, const float* parameters, const float* x, int images, float* y,
                 const block_run& given);

    /// After `forward` with the images' own statistics.
    /// @param gradient of the parameters, added into
    /// @param dy at what came out; it is not kept
    /// @param dx overwritten with that at what came in; null where nobody needs it
    void backward(const block_plan& plan, const float* parameters, float* gradient, block_run& run, float* dy,
                  float* dx) {
        detail::backward(plan, parameters, gradient, run, dy, dx, m_memory, m_shared);
    }

    /// A whole path with the statistics of the images themselves.
    /// @param seen called with (block, run, what came out) after each block that computes something
    /// @return what comes out; valid until the memory is reset
    template <class Seen>
    const float* along(const weights& w, std::span<const int> path, const float* x, int images, Seen&& seen) {
        return walk(w, path, x, [&](std::size_t, const weight_block& b, const float* in) -> const float* {
            float* y = output(b, images);
            const arena::mark after = m_memory.position();
            const block_run run = forward(b.plan, w.of(b), in, images, y);
            seen(b, run, static_cast<const float*>(y));
            m_memory.reset(after);
            return y;
        });
    }
    /// The same with given statistics.
    const float* along_given(const weights& w, std::span<const int> path, const float* x, int images,
                             const block_statistics& given);

private:
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

FITNAS_API void block_statistics::set(const selected_norm& norm, std::span<const float> values) {
    norm_state& state = m_runs[norm.block].norms[static_cast<std::size_t>(norm.norm)];
    state = norm_state::at(m_memory.take(norm_state::size(norm.channels)), norm.channels);
    const float* from = values.data();
    for (float* to : {state.mean, state.inverse, state.scale, state.shift}) {
        std::copy_n(from, norm.channels, to);
        from += norm.channels;
    }
}

FITNAS_API void runner::forward(const block_plan& plan, const float* parameters, const float* x, int images,
                                float* y, const block_run& given) {
    const std::ptrdiff_t in = plan.buffers.front().size();
    const std::ptrdiff_t out = plan.output().size();
    const arena::mark before = m_memory.position();
    for (int n = 0; n < images; n += given_slice) {
        detail::forward(plan, parameters, x + n * in, (std::min)(given_slice, images - n), y + n * out,
                        &given, m_memory, m_shared);
        m_memory.reset(before);
    }
}

FITNAS_API const float* runner::along_given(const weights& w, std::span<const int> path, const float* x,
                                            int images, const block_statistics& given) {
    return walk(w, path, x, [&](std::size_t, const weight_block& b, const float* in) -> const float* {
        float* y = output(b, images);
        forward(b.plan, w.of(b), in, images, y, given.of(b.index));
        return y;
    });
}

} // namespace fitnas::detail

#endif

#endif
