/// @file
/// @brief How kernels read activations and gradients: batch norm and activation are applied by the reader.
///
/// A tensor in memory is *raw*: what a convolution left. Its batch norm and activation are pending; whoever
/// reads it computes `act(scale z + shift)` on the way. Backward, `du` is the gradient at `u = scale z +
/// shift`, and whoever reads it computes the gradient at z from it. So no pass exists that only applies batch
/// norm or an activation.

#ifndef FITNAS_CPU_OPERAND_HPP
#define FITNAS_CPU_OPERAND_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <fitnas/config.hpp>
#include <fitnas/core/line_queue.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/cpu/activation.hpp>

namespace fitnas::detail {

/// act(scale z + shift), channel by channel; without scale the tensor is plain. The per-channel arrays are
/// padded with zeros to a multiple of `lanes`.
struct affine_input {
    const float* z = nullptr;
    const float* scale = nullptr;
    const float* shift = nullptr;
    const float* mean = nullptr; ///< of z, for the sums of backward
    activation act = activation::none;

    bool plain() const { return scale == nullptr && act == activation::none; }
};

/// The gradient at z: a du + b z + c, channel by channel; without a it is du.
struct gradient_input {
    const float* du = nullptr;
    const float* z = nullptr;
    const float* a = nullptr;
    const float* b = nullptr;
    const float* c = nullptr;
};

/// Where the gradient of an input goes: du of that input, and what is added before it is stored.
struct gradient_output {
    float* du = nullptr;           ///< nullptr: nobody needs it
    const float* addend = nullptr; ///< the shortcut's gradient
};

/// What pixels have that no window reaches: zeros, and what is added.
FITNAS_LAZY inline void unreached_gradient(const gradient_output& out, std::ptrdiff_t size) {
    if (out.addend != nullptr) {
        std::copy_n(out.addend, size, out.du);
    } else {
        std::fill_n(out.du, size, 0.0F);
    }
}

/// scale z + shift of lanes channels, in registers.
struct affine {
    vec<> scale;
    vec<> shift;

    FITNAS_INLINE affine(const affine_input& x, int c)
        : scale(x.scale != nullptr ? simd::load(x.scale + c) : simd::broadcast(1.0F)),
          shift(x.scale != nullptr ? simd::load(x.shift + c) : vec<>{}) {}
    FITNAS_INLINE vec<> operator()(vec<> z) const { return simd::fma(z, scale, shift); }
};

/// One vector of the activations.
FITNAS_INLINE vec<> read(const affine_input& x, const float* z, int c, int count) {
    return apply(x.act, affine(x, c)(simd::load(z, count)));
}

/// One vector of the gradient at z.
FITNAS_INLINE vec<> read(const gradient_input& g, const float* du, const float* z, int c, int count) {
    const vec<> d = simd::load(du, count);
    return g.a == nullptr
               ? d
               : simd::fma(simd::load(g.a + c), d,
                           simd::fma(simd::load(g.b + c), simd::load(z, count), simd::load(g.c + c)));
}

/// Asks for what will be read soon, where products and stencils do not ask while they compute.
/// @param c the channel that p begins at; where two vectors fill a cache line, the first asks for it
FITNAS_INLINE void prefetch([[maybe_unused]] const float* p, [[maybe_unused]] int c) {
    if constexpr (!prefetches_in_products) {
        constexpr int line = 16;
        if (lanes >= line || c % line == 0) {
            __builtin_prefetch(p, 0, 2);
        }
    }
}

/// Whether `simd::stream` differs from a store.
inline constexpr bool can_stream = lanes >= 8;
/// Tensors of more values are written past the caches, since nothing of them would stay there until they are
/// read. Measured: on a processor with AVX-512 it pays from 8 MiB on, on one with AVX2 wherever a tensor
/// leaves a core's own cache.
inline constexpr std::ptrdiff_t most_in_cache =
    lanes == 16 ? std::ptrdiff_t{1} << 21U : std::ptrdiff_t{1} << 17U;
FITNAS_LAZY inline bool streams(const float* p, std::ptrdiff_t rows, int channels) {
    return can_stream && rows * channels > most_in_cache && channels % lanes == 0 &&
           reinterpret_cast<std::uintptr_t>(p) % (lanes * sizeof(float)) == 0;
}

} // namespace fitnas::detail

#endif
