/// @file
/// @brief The gradient of an expanded depthwise convolution: one pass gathers what is linear in the gradient,
/// and what batch norm adds comes afterwards.

#ifndef FITNAS_CPU_EXPANDED_GRADIENT_HPP
#define FITNAS_CPU_EXPANDED_GRADIENT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fitnas/core/epilogue.hpp>
#include <fitnas/core/gemm.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/cpu/batch_norm.hpp>
#include <fitnas/cpu/blocked.hpp>
#include <fitnas/cpu/expanded_planes.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/workspace.hpp>

namespace fitnas::detail {

/// Scratch of the backward pass of an expansion from k channels to n.
struct expansion_scratch {
    static constexpr int panel_channels = planes_at_once * lanes; ///< channels whose planes are made together

    float* parts;    ///< of the weights' gradient, [group][padded n][transposed_columns(k)]
    float* back;     ///< weights of du (a w), packed
    float* scaled;   ///< weights times a or b, n x k
    float* square;   ///< w^T b w, k x k
    float* constant; ///< padded k
    float* packed;   ///< `square`, packed

    static std::size_t size(int k, int n) {
        std::size_t sum = 0;
        for (const std::size_t piece : pieces(k, n)) {
            sum += piece;
        }
        return sum;
    }
    static expansion_scratch at(float* p, int k, int n) {
        const auto sizes = pieces(k, n);
        auto next = [&, i = std::size_t{0}]() mutable { return std::exchange(p, p + sizes[i++]); };
        return {next(), next(), next(), next(), next(), next()};
    }

private:
    static std::array<std::size_t, 6> pieces(int k, int n) {
        const auto area = [](int rows, int columns) { // whole cache lines
            return (static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) + 15) / 16 * 16;
        };
        return {area(simd::padded(n), transposed_columns(k)) * sum_groups,
                packed_size(panel_channels, k) *
                    static_cast<std::size_t>((n + panel_channels - 1) / panel_channels),
                area(n, k),
                area(k, k),
                area(1, simd::padded(k)),
                packed_size(k, k)};
    }
};

/// Epilogue: dx += product + constant + addend.
struct add_rows {
    float* dx;
    const float* addend;
    const float* constant;
    int channels;

    template <int Vectors>
    struct panel_store {
        const add_rows& to;
        int column;

        template <std::size_t Count>
        FITNAS_INLINE void operator()(int row, simd::vecs<Vectors> (&acc)[Count]) const {
            constexpr auto Rows = static_cast<int>(Count);
            for (int v = 0; v < Vectors; ++v) {
                const int c = column + v * lanes;
                const int left = to.channels - c;
                if (left <= 0) {
                    break;
                }
                const vec<> shift = simd::load(to.constant + c);
                std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * to.channels + c;
                for (int r = 0; r < Rows; ++r, at += to.channels) {
                    vec<> d = acc[r][v] + simd::load(to.dx + at, left) + shift;
                    if (to.addend != nullptr) {
                        d += simd::load(to.addend + at, left);
                    }
                    simd::store(to.dx + at, d, left);
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

/// Planes of z backward: takes the gradient at u and gathers its products with x and with the weights.
class expanded_gradient final : public expanded_planes {
public:
    /// @param pending `scale` is the a of dz = a du + b z + c
    /// @param dx gets du (a w); nullptr where nobody needs it
    /// @param scratch as large as `expansion_scratch::size`
    expanded_gradient(const expansion& e, const affine_input& pending, float* dx, float* scratch,
                      workspace& ws)
        : expanded_planes(e, pending, ws),
          m_dx(dx),
          m_ld(transposed_columns(e.in.channels)),
          m_part(static_cast<std::size_t>(simd::padded(e.channels)) * static_cast<std::size_t>(m_ld)),
          m_own(expansion_scratch::at(scratch, e.in.channels, e.channels)) {
        const int k = e.in.channels;
        scale_weights(pending.scale);
        for (int c = 0; c < e.channels; c += panel_channels) {
            const int here = (std::min)(panel_channels, e.channels - c);
            pack_panels<Words>(m_own.scaled + c * k, k, 1, here, k, back(c));
        }
    }

    std::size_t scratch() const override {
        return expanded_planes::scratch() + image_size() + planes_at_once * (stride() + chunk_size());
    }
    void begin_image(std::ptrdiff_t image, float* scratch) const override {
        read_image(image, {scratch, transposed(scratch), stride()});
    }
    void begin(int group) const override { std::fill_n(part(group), m_part, 0.0F); }
    void read(const depthwise_planes& g, std::ptrdiff_t /*image*/, const plane_range& range, float* plane,
              float* scratch) const override {
        make(g, range, plane, scratch, raw(scratch));
    }
    input_place place(std::ptrdiff_t /*image*/, const plane_range& /*range*/, float* scratch) const override {
        return {.z = raw(scratch),
                .du = raw(scratch),
                .addend = nullptr,
                .row_step = static_cast<std::ptrdiff_t>(m_e.in.width) * lanes,
                .pixel_step = lanes,
                .plane_step = static_cast<std::ptrdiff_t>(stride()),
                .streams = false};
    }
    void finish(int group, std::ptrdiff_t image, const plane_range& range, float* scratch) const override {
        const int c = range.channel;
        const int here = (std::min)(range.count * lanes, m_e.channels - c);
        const float* du = raw(scratch);
        if constexpr (floats) { // the planes are a blocked operand
            add_products(group, {image * m_pixels, m_pixels}, c, here, {raw(scratch), raw(scratch), stride()},
                         scratch);
            return;
        }
        float* left = raw(scratch) + planes_at_once * stride();
        const blocked_rows to{left, left + planes_at_once / 2 * blocked_stride(chunk), blocked_stride(chunk)};
        for (int first = 0; first < m_pixels; first += chunk) {
            const row_tile rows{image * m_pixels + first, (std::min)(chunk, m_pixels - first)};
            write_blocked<Words>(rows.count, here, to, [&](int r) {
                return plane_reader{du + (first + r) * lanes, stride()};
            });
            add_products(group, rows, c, here, to, transposed(scratch) + first / Words::each * lanes);
        }
    }

    /// Adds into the weights' gradient and finishes dx, when batch norm's backward is done.
    /// @param norm with b
    /// @param sums of du
    /// @param addend of dx; nullptr: none
    void complete(const expansion_moments& moments, const norm_state& norm, group_sums& sums,
                  const float* addend, float* dweights, workspace& ws) const {
        add_weight_gradient(moments, norm, sums.own_first(), dweights);
        if (m_dx != nullptr) {
            make_correction(moments, norm, sums, ws);
            add_correction(addend);
        }
    }

private:
    static constexpr int panel_channels = expansion_scratch::panel_channels;
    static constexpr bool floats = Words::each == 1;
    /// Pixels whose gradients become words together.
    static constexpr int chunk = 256;
    static constexpr std::size_t chunk_size() { return floats ? 0 : 2 * blocked_stride(chunk); }

    /// Rows of planes as rows of an operand.
    struct plane_reader {
        const float* from;
        std::size_t stride;

        FITNAS_INLINE void channels(int /*c*/) {}
        FITNAS_INLINE vec<> operator()(int i, int c, int /*count*/) const {
            return simd::load(from + static_cast<std::size_t>(c / lanes) * stride + i * lanes);
        }
    };

    /// Floats of the image as operand of `multiply_transposed`, where it is not that of `multiply`.
    std::size_t image_size() const { return floats ? 0 : blocked_size(m_pixels, m_e.in.channels); }
    float* transposed(float* scratch) const {
        return floats ? scratch : scratch + expanded_planes::scratch();
    }
    float* raw(float* scratch) const {
        return scratch == nullptr ? nullptr : scratch + expanded_planes::scratch() + image_size();
    }
    /// Products of du, at channels from c on, with x and with the weights, for some rows.
    /// @param image the rows of x, of `multiply_transposed`
    void add_products(int group, const row_tile& rows, int c, int channels, const blocked_rows& du,
                      const float* image) const {
        const int k = m_e.in.channels;
        multiply_transposed<Words>({Words::count(rows.count), channels, k}, du.as_transposed(),
                                   {image, stride()},
                                   {part(group) + static_cast<std::ptrdiff_t>(c) * m_ld, m_ld, true});
        if (m_dx != nullptr) {
            multiply<Words>({rows.count, k, Words::count(channels)}, du.as_left(), back(c),
                            store_rows{m_dx + rows.first * k, k, k, c > 0});
        }
    }
    /// `scaled` = each channel's weights times its factor.
    void scale_weights(const float* factors) const {
        const int k = m_e.in.channels;
        for (int i = 0; i < m_e.channels; ++i) {
            for (int j = 0; j < k; ++j) {
                m_own.scaled[i * k + j] = factors[i] * m_e.weights[i * k + j];
            }
        }
    }
    float* part(int group) const { return m_own.parts + static_cast<std::size_t>(group) * m_part; }
    float* back(int c) const {
        return m_own.back +
               static_cast<std::size_t>(c / panel_channels) * packed_size(panel_channels, m_e.in.channels);
    }

    void add_weight_gradient(const expansion_moments& moments, const norm_state& norm, const double* sums,
                             float* dweights) const {
        const int k = m_e.in.channels;
        parallel_for(m_e.channels, [&](std::ptrdiff_t i) {
            const float a = x.scale[i];
            const auto b =
                static_cast<float>(static_cast<double>(norm.b[i]) * static_cast<double>(m_e.rows()));
            const auto du = static_cast<float>(sums[i]);
            for (int j = 0; j < k; j += lanes) {
                const int count = k - j;
                vec<> sum{};
                for (int group = 0; group < sum_groups; ++group) {
                    sum += simd::load(part(group) + i * m_ld + j);
                }
                sum = a * (sum - du * simd::load(moments.mean + j, count)) +
                      b * simd::load(moments.with_x + i * k + j, count);
                float* to = dweights + i * k + j;
                simd::store(to, simd::load(to, count) + sum, count);
            }
        });
    }
    /// What dx lacks: x `square` + `constant`, for dx = du (a w) + (x - m) w^T b w - (a w)^T (mean of du).
    void make_correction(const expansion_moments& moments, const norm_state& norm, group_sums& sums,
                         workspace& ws) const {
        const int k = m_e.in.channels;
        const auto count = static_cast<double>(m_e.rows()) * sums.processes();
        double* c = ws.moments.reserve(static_cast<std::size_t>(k));
        std::fill_n(c, k, 0.0);
        for (int i = 0; i < m_e.channels; ++i) {
            const double du = static_cast<double>(x.scale[i]) * sums.all_first()[i] / count;
            for (int j = 0; j < k; ++j) {
                c[j] -= du * static_cast<double>(m_e.weights[i * k + j]);
            }
        }
        scale_weights(norm.b);
        multiply_matrices(true, k, k, m_e.channels, m_e.weights, m_own.scaled, m_own.square);
        for (int j = 0; j < k; ++j) {
            double shift = c[j];
            for (int i = 0; i < k; ++i) {
                shift -= static_cast<double>(moments.mean[i]) * static_cast<double>(m_own.square[i * k + j]);
            }
            m_own.constant[j] = static_cast<float>(shift);
        }
    }
    void add_correction(const float* addend) const {
        const int k = m_e.in.channels;
        const row_tiles tiles(m_e.rows(), k, k);
        pack_panels(m_own.square, k, 1, k, k, m_own.packed);
        parallel_for(tiles.count(), [&](std::ptrdiff_t t) {
            const row_tile tile = tiles[t];
            const blocked_rows xs{thread_scratch(blocked_size(tiles.most, k)), nullptr,
                                  blocked_stride(tiles.most)};
            read_blocked(affine_input{.z = m_e.x}, tile, k, {{1, 1, k}}, xs, tiles.most * k);
            multiply({tile.count, k, k}, xs.as_left(), m_own.packed,
                     add_rows{m_dx + tile.first * k, addend == nullptr ? nullptr : addend + tile.first * k,
                              m_own.constant, k});
        });
    }

    float* m_dx;
    int m_ld;
    std::size_t m_part;
    expansion_scratch m_own;
};

} // namespace fitnas::detail

#endif
