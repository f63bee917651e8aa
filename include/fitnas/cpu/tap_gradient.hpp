/// @file
/// @brief The gradient at a depthwise convolution's taps, plane by plane.

#ifndef FITNAS_CPU_TAP_GRADIENT_HPP
#define FITNAS_CPU_TAP_GRADIENT_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/planes.hpp>
#include <fitnas/cpu/tile_output.hpp>

namespace fitnas::detail {

/// Where one plane's channels lie that are read next: of the input, and the two tensors that its output's
/// gradient is made of. nullptr: nothing to ask for.
struct next_plane {
    const float* x;
    const float* du;
    const float* z;
};

/// One plane's gradient at the taps, all of them in registers: dtaps[k] += sum over pixels of gradient *
/// plane.
template <int Kernel, int TapRows>
void add_tap_gradients(const depthwise_planes& g, const float* plane, const float* gradient, float* dtaps,
                       next_plane next) {
    const int asks = g.stride * g.stride;
    const std::ptrdiff_t channels = g.in.channels;
    for (int k0 = 0; k0 < Kernel; k0 += TapRows) {
        simd::tile<TapRows, Kernel> acc;
        for (int ky = 0; ky < TapRows; ++ky) {
            for (int kx = 0; kx < Kernel; ++kx) {
                acc[ky][kx] = simd::load(dtaps + ((k0 + ky) * Kernel + kx) * lanes);
            }
        }
        for (int y = 0; y < g.out.height; ++y) {
            const float* from =
                plane + static_cast<std::ptrdiff_t>(y * g.stride + k0) * g.input.width * lanes;
            const float* d = gradient + g.gradient.at(y, 0);
            for (int x = 0; x < g.out.width; ++x, from += g.stride * lanes, d += lanes) {
                const vec<> v = simd::load(d);
                if (TapRows == Kernel || k0 == 0) {
                    next.x = ask_for(next.x, channels, asks);
                    next.du = ask_for(next.du, channels, 1);
                    next.z = ask_for(next.z, channels, 1);
                }
                FITNAS_UNROLL(7)
                for (int ky = 0; ky < TapRows; ++ky) {
                    FITNAS_UNROLL(7)
                    for (int kx = 0; kx < Kernel; ++kx) {
                        acc[ky][kx] = simd::fma(
                            v,
                            simd::load(from + (static_cast<std::ptrdiff_t>(ky) * g.input.width + kx) * lanes),
                            acc[ky][kx]);
                    }
                }
            }
        }
        for (int ky = 0; ky < TapRows; ++ky) {
            for (int kx = 0; kx < Kernel; ++kx) {
                simd::store(dtaps + ((k0 + ky) * Kernel + kx) * lanes, acc[ky][kx]);
            }
        }
    }
}

/// The same for any kernel.
FITNAS_LAZY inline void add_tap_gradients(const depthwise_planes& g, const float* plane,
                                          const float* gradient, float* dtaps, const next_plane& next) {
    constexpr bool many_registers = lanes == 16;
    switch (g.kernel) {
    case 3:
        return add_tap_gradients<3, 3>(g, plane, gradient, dtaps, next);
    case 5:
        return add_tap_gradients < 5, many_registers ? 5 : 1 > (g, plane, gradient, dtaps, next);
    case 7:
        return add_tap_gradients<7, 1>(g, plane, gradient, dtaps, next);
    default:
        break;
    }
    for (int k = 0; k < g.taps(); ++k) {
        vec<> acc = simd::load(dtaps + k * lanes);
        for (int y = 0; y < g.out.height; ++y) {
            const float* from =
                plane +
                (static_cast<std::ptrdiff_t>(y * g.stride + k / g.kernel) * g.input.width + k % g.kernel) *
                    lanes;
            const float* d = gradient + g.gradient.at(y, 0);
            for (int x = 0; x < g.out.width; ++x, from += g.stride * lanes, d += lanes) {
                acc = simd::fma(simd::load(d), simd::load(from), acc);
            }
        }
        simd::store(dtaps + k * lanes, acc);
    }
}

} // namespace fitnas::detail

#endif
