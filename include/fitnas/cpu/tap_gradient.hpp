/// @file
/// @brief The gradient at a depthwise convolution's taps, plane by plane.

#ifndef FITNAS_CPU_TAP_GRADIENT_HPP
#define FITNAS_CPU_TAP_GRADIENT_HPP

#include <cstddef>
#include <type_traits>

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

/// Adds the products of `Pixels` neighbours of a row. Where they are several, the stride is 1, and each value
/// of the plane is read once for all windows of theirs that it lies in.
/// @tparam FirstRow,LastRow the rows of taps that reach the image
template <int Kernel, int TapRows, int Pixels, int FirstRow = 0, int LastRow = TapRows, int First = 0,
          int Last = Kernel + Pixels - 1>
FITNAS_INLINE void add_pixels(const float* from, int plane_width, const float* d,
                              simd::tile<TapRows, Kernel>& acc) {
    simd::vecs<Pixels> v;
    for (int x = 0; x < Pixels; ++x) {
        v[x] = simd::load(d + x * lanes);
    }
    FITNAS_UNROLL(7)
    for (int ky = FirstRow; ky < LastRow; ++ky) {
        const float* row = from + static_cast<std::ptrdiff_t>(ky) * plane_width * lanes;
        FITNAS_UNROLL(10)
        for (int i = First; i < Last; ++i) {
            const vec<> in = simd::load(row + i * lanes);
            FITNAS_UNROLL(4)
            for (int x = 0; x < Pixels; ++x) {
                if (i >= x && i - x < Kernel) {
                    acc[ky][i - x] = simd::fma(v[x], in, acc[ky][i - x]);
                }
            }
        }
    }
}

/// Row Y of an image of Size x Size pixels, without the zeros around it; then those below.
template <int Kernel, int Size, int Y = 0>
FITNAS_INLINE void add_image(const float* from, int plane_width, const float* d, int gradient_width,
                             simd::tile<Kernel, Kernel>& acc) {
    constexpr int margin = (Kernel - 1) / 2;
    constexpr int first = Y < margin ? margin - Y : 0;
    constexpr int last = Y + Kernel > margin + Size ? margin + Size - Y : Kernel;
    add_pixels<Kernel, Kernel, Size, first, last, margin, margin + Size>(from, plane_width, d, acc);
    if constexpr (Y + 1 < Size) {
        add_image<Kernel, Size, Y + 1>(from + plane_width * lanes, plane_width, d + gradient_width * lanes,
                                       gradient_width, acc);
    }
}

/// One plane's gradient at the taps, all of them in registers: dtaps[k] += sum over pixels of gradient *
/// plane.
template <int Kernel, int TapRows>
void add_tap_gradients(const depthwise_planes& g, const float* plane, const float* gradient, float* dtaps,
                       next_plane next) {
    constexpr int together = 4;
    const std::ptrdiff_t channels = g.in.channels;
    for (int k0 = 0; k0 < Kernel; k0 += TapRows) {
        const auto ask = [&](int pixels) FITNAS_INLINE_LAMBDA {
            if (TapRows == Kernel || k0 == 0) {
                next.x = ask_for(next.x, channels, pixels * g.stride * g.stride);
                next.du = ask_for(next.du, channels, pixels);
                next.z = ask_for(next.z, channels, pixels);
            }
        };
        simd::tile<TapRows, Kernel> acc;
        for (int ky = 0; ky < TapRows; ++ky) {
            for (int kx = 0; kx < Kernel; ++kx) {
                acc[ky][kx] = simd::load(dtaps + ((k0 + ky) * Kernel + kx) * lanes);
            }
        }
        bool done = false;
        if constexpr (TapRows == Kernel && Kernel > 1) {
            if (g.stride == 1 && g.out.width == together && g.out.height == together) {
                ask(together * together);
                add_image<Kernel, together>(plane, g.input.width, gradient + g.gradient.at(0, 0),
                                            g.gradient.width, acc);
                done = true;
            }
        }
        for (int y = 0; !done && y < g.out.height; ++y) {
            const float* from =
                plane + static_cast<std::ptrdiff_t>(y * g.stride + k0) * g.input.width * lanes;
            const float* d = gradient + g.gradient.at(y, 0);
            int x = 0;
            const auto next_pixels = [&](auto first, auto last) FITNAS_INLINE_LAMBDA {
                ask(together);
                add_pixels<Kernel, TapRows, together, 0, TapRows, first(), last()>(from, g.input.width, d,
                                                                                   acc);
                x += together;
                from += together * lanes;
                d += together * lanes;
            };
            if (g.stride == 1 && g.out.width >= together) { // without the zeros at both ends
                constexpr int margin = (Kernel - 1) / 2;
                constexpr std::integral_constant<int, 0> begin;
                constexpr std::integral_constant<int, Kernel + together - 1> end;
                next_pixels(std::integral_constant<int, margin>(), end);
                while (x + together < g.out.width) {
                    next_pixels(begin, end);
                }
                if (x + together == g.out.width) {
                    next_pixels(begin, std::integral_constant<int, together + margin>());
                }
            }
            for (; x < g.out.width; ++x, from += g.stride * lanes, d += lanes) {
                ask(1);
                add_pixels<Kernel, TapRows, 1>(from, g.input.width, d, acc);
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
