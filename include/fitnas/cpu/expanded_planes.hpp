/// @file
/// @brief Planes of an expanded depthwise convolution, made from the narrow tensor.

#ifndef FITNAS_CPU_EXPANDED_PLANES_HPP
#define FITNAS_CPU_EXPANDED_PLANES_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/core/epilogue.hpp>
#include <fitnas/core/gemm.hpp>
#include <fitnas/core/words.hpp>
#include <fitnas/cpu/blocked.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/plane_source.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// Epilogue: rows are an image's pixels and go into planes, batch norm and activation applied.
template <activation A>
struct expanded_rows {
    const affine_input& x;
    int first; ///< channel of the first plane
    int channels;
    float* corner; ///< pixel (0, 0) of the first plane
    const plane_layout& layout;
    int width;  ///< of the image
    float* raw; ///< a blocked operand that gets the raw values; nullptr: none
    std::size_t raw_stride;

    template <int Vectors>
    struct panel_store {
        const expanded_rows& to;
        float* at;
        float* raw;
        int pixel = 0; ///< in its row
        simd::vecs<Vectors> scale = {};
        simd::vecs<Vectors> shift = {};

        panel_store(const expanded_rows& to_, int column)
            : to(to_),
              at(to.corner + static_cast<std::size_t>(column / lanes) * to.layout.size),
              raw(to.raw == nullptr ? nullptr
                                    : to.raw + static_cast<std::size_t>(column / lanes) * to.raw_stride) {
            for (int v = 0; v < Vectors; ++v) {
                const int c = to.first + column + v * lanes;
                if (c < to.channels) {
                    const affine u(to.x, c);
                    scale[v] = u.scale;
                    shift[v] = u.shift;
                }
            }
        }
        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) {
            constexpr auto Rows = static_cast<int>(Count);
            for (int r = 0; r < Rows; ++r) {
                for (int v = 0; v < Vectors; ++v) {
                    const vec<> u = simd::fma(acc[r][v], scale[v], shift[v]);
                    simd::store(at + static_cast<std::size_t>(v) * to.layout.size,
                                apply_product<A>(to.x.act, u));
                    if (raw != nullptr) {
                        simd::store(raw + static_cast<std::size_t>(v) * to.raw_stride + (row + r) * lanes,
                                    acc[r][v]);
                    }
                }
                at += lanes;
                if (++pixel == to.width) {
                    pixel = 0;
                    at += (to.layout.width - to.width) * lanes;
                }
            }
        }
        void finish() const {}
    };
    template <int Vectors>
    panel_store<Vectors> panel(int column) const {
        return {*this, column};
    }
};

/// Planes of z, made from x.
class expanded_planes : public plane_source {
public:
    /// @param pending batch norm and activation of z
    expanded_planes(const expansion& e, const affine_input& pending, workspace& ws)
        : plane_source(pending),
          m_e(e),
          m_pixels(static_cast<int>(e.in.pixels())),
          m_packed(ws.pack<Words>(e.weights, 1, e.in.channels, e.in.channels, e.channels)) {}

    std::size_t scratch() const override { return blocked_size(m_pixels, Words::count(m_e.in.channels)); }
    void begin_image(std::ptrdiff_t image, float* scratch) const override {
        read_image(image, {scratch, nullptr, stride()});
    }
    void read(const depthwise_planes& g, std::ptrdiff_t /*image*/, const plane_range& range, float* plane,
              float* scratch) const override {
        make(g, range, plane, scratch, nullptr);
    }
    input_place place(std::ptrdiff_t /*image*/, const plane_range& /*range*/,
                      float* /*scratch*/) const override {
        return {};
    }

protected:
    using Words = convolution_words;

    std::size_t stride() const { return blocked_stride(m_pixels); }
    void read_image(std::ptrdiff_t image, const blocked_rows& to) const {
        const int k = m_e.in.channels;
        read_blocked<Words>(affine_input{.z = m_e.x}, {image * m_pixels, m_pixels}, k, {{1, 1, k}}, to);
    }
    /// @param rows of an image of x, as a blocked operand
    void make(const depthwise_planes& g, const plane_range& range, float* plane, const float* rows,
              float* raw) const {
        const int k = Words::count(m_e.in.channels);
        const int c = range.channel;
        float* corner = plane + g.input.at(0, 0);
        with_product_activation(x.act, [&](auto act) {
            multiply<Words>(
                {m_pixels, (std::min)(range.count * lanes, m_e.channels - c), k}, {rows, stride()},
                m_packed + static_cast<std::ptrdiff_t>(c) * simd::padded(k),
                expanded_rows<act()>{x, c, m_e.channels, corner, g.input, g.in.width, raw, stride()});
        });
    }

    expansion m_e;
    int m_pixels;
    const float* m_packed;
};

} // namespace fitnas::detail

#endif
