/// @file
/// @brief Depthwise convolutions of one image, on planes with zeros around them.

#ifndef FITNAS_CPU_IMAGE_STENCIL_HPP
#define FITNAS_CPU_IMAGE_STENCIL_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/cpu/image_product.hpp>

namespace fitnas::detail {

/// One plane of a depthwise convolution.
struct stencil_plane {
    const image_planes& in;
    const float* x;
    const float* taps;
    vec<> bias;
    const image_planes& out;
    float* y;
    const image_planes& shortcut;
    const image_finish& finish;

    /// Rows x Columns pixels of what comes out.
    FITNAS_INLINE void store(int oy, int ox, int rows, int columns, const vec<>* acc, int step) const {
        const vec<> low = simd::broadcast(finish.act.low);
        const vec<> high = simd::broadcast(finish.act.high);
        for (int r = 0; r < rows; ++r, acc += step) {
            float* to = y + out.at(oy + r, ox);
            if (finish.plain()) {
                for (int c = 0; c < columns; ++c) {
                    simd::store(to + c * lanes, (simd::min)(high, (simd::max)(low, acc[c])));
                }
                continue;
            }
            const std::ptrdiff_t from = finish.shortcut == nullptr ? 0 : shortcut.at(oy + r, ox);
            for (int c = 0; c < columns; ++c) {
                simd::store(to + c * lanes, finish(acc[c], from + c * lanes));
            }
        }
    }

    /// Tiles of Rows x Columns pixels: every value is read once and goes to all pixels whose window it lies
    /// in.
    template <int Kernel, int Stride>
    void run() const {
        constexpr int Rows = 2;
        constexpr int Columns = lanes == 16 ? 8 : 4;
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(in.row) * lanes;
        for (int oy = 0; oy < out.of.height; oy += Rows) {
            for (int ox = 0; ox < out.of.width; ox += Columns) {
                const float* from = x + in.at(oy * Stride - Kernel / 2, ox * Stride - Kernel / 2);
                const float* tap = taps;
                vec<> acc[Rows * Columns];
                FITNAS_UNROLL(16)
                for (vec<>& a : acc) {
                    a = bias;
                }
                for (int ky = 0; ky < Kernel; ++ky, tap += Kernel * lanes, from += row) {
                    simd::vecs<Kernel> t;
                    FITNAS_UNROLL(7)
                    for (int kx = 0; kx < Kernel; ++kx) {
                        t[kx] = simd::load(tap + kx * lanes);
                    }
                    FITNAS_UNROLL(24)
                    for (int i = 0; i < (Columns - 1) * Stride + Kernel; ++i) {
                        FITNAS_UNROLL(2)
                        for (int r = 0; r < Rows; ++r) {
                            const vec<> v = simd::load(from + r * Stride * row + i * lanes);
                            FITNAS_UNROLL(7)
                            for (int kx = 0; kx < Kernel; ++kx) {
                                if (i >= kx && (i - kx) % Stride == 0 && (i - kx) / Stride < Columns) {
                                    vec<>& a = acc[r * Columns + (i - kx) / Stride];
                                    a = simd::fma(t[kx], v, a);
                                }
                            }
                        }
                    }
                }
                const int rows = (std::min)(Rows, out.of.height - oy);
                const int columns = (std::min)(Columns, out.of.width - ox);
                if (rows == Rows && columns == Columns) {
                    store(oy, ox, Rows, Columns, acc, Columns);
                } else {
                    store(oy, ox, rows, columns, acc, Columns);
                }
            }
        }
    }

    /// Any kernel and stride, a pixel at a time.
    void run(int kernel, int stride) const {
        out.for_each_pixel([&](int oy, int ox, std::ptrdiff_t) {
            vec<> sum = bias;
            const float* tap = taps;
            for (int ky = 0; ky < kernel; ++ky) {
                const float* from = x + in.at(oy * stride + ky - kernel / 2, ox * stride - kernel / 2);
                for (int kx = 0; kx < kernel; ++kx, tap += lanes) {
                    sum = simd::fma(simd::load(tap), simd::load(from + kx * lanes), sum);
                }
            }
            store(oy, ox, 1, 1, &sum, 1);
        });
    }
};

/// A depthwise convolution: taps are [vector][kernel][kernel][lanes].
struct image_stencil {
    int kernel = 1;
    int stride = 1;
    const float* taps = nullptr;
    const float* bias = nullptr; ///< padded to whole vectors

    /// Values behind a plane that the last tile may read: what comes of them is not stored.
    static std::ptrdiff_t excess(const image_planes& in, int kernel_, int stride_) {
        return (static_cast<std::ptrdiff_t>(2 * stride_ + kernel_) * in.row + 8 * stride_) * lanes;
    }

    /// Planes [first, first + count) of all.
    /// @param x,y the first of these planes
    /// @param finish with the first of these planes of the shortcut
    void operator()(const image_planes& in, const float* x, const image_planes& out, float* y,
                    const image_planes& shortcut, image_finish finish, int first, int count) const {
        for (int i = first; i < first + count; ++i, x += in.step, y += out.step) {
            const stencil_plane plane{in,
                                      x,
                                      taps + static_cast<std::ptrdiff_t>(i) * kernel * kernel * lanes,
                                      simd::load(bias + static_cast<std::ptrdiff_t>(i) * lanes),
                                      out,
                                      y,
                                      shortcut,
                                      finish};
            switch (stride < 3 && kernel < 8 ? 10 * stride + kernel : 0) {
            case 13:
                plane.run<3, 1>();
                break;
            case 15:
                plane.run<5, 1>();
                break;
            case 17:
                plane.run<7, 1>();
                break;
            case 23:
                plane.run<3, 2>();
                break;
            case 25:
                plane.run<5, 2>();
                break;
            case 27:
                plane.run<7, 2>();
                break;
            default:
                plane.run(kernel, stride);
            }
            finish.shortcut += finish.shortcut == nullptr ? 0 : finish.shortcut_step;
        }
    }
};

} // namespace fitnas::detail

#endif
