/// @file
/// @brief A 1x1 convolution, batch norm and activation in front of a depthwise convolution: the wide tensor
/// between them is made in cache, some channels of one image at a time, and never lies in memory.
///
/// z = x w^T is linear in the narrow x, so its statistics follow from those of x: with mean m and covariance
/// C of x, channel e of z has mean w_e m and variance w_e^T C w_e. Backward, dz = a du + b z + c, where b and
/// c are known only when all of du has been summed up; but dx = dz w and dw = dz^T x are linear too, so one
/// pass gathers du (a w) and du^T x, and what b and c add follows from w^T b w and C.

#ifndef FITNAS_CPU_EXPANSION_HPP
#define FITNAS_CPU_EXPANSION_HPP

#include <array>
#include <cstddef>
#include <utility>

#include <fitnas/cpu/batch_norm.hpp>
#include <fitnas/cpu/depthwise.hpp>
#include <fitnas/cpu/pointwise.hpp>

namespace fitnas::detail {

/// The 1x1 convolution: x (images x in) to `width` channels.
struct expansion {
    const float* x;
    shape in;
    int images;
    int width;
    const float* weights; ///< width x input channels

    std::ptrdiff_t rows() const { return in.pixels() * images; }
};

/// Mean and covariance of x, and the covariance of z and x.
struct expansion_moments {
    float* mean;       ///< of x
    float* covariance; ///< of x, channels x channels
    float* with_x;     ///< of z and x, width x channels

    static std::size_t size(int channels, int width) {
        return static_cast<std::size_t>(channels) * static_cast<std::size_t>(1 + channels + width);
    }
    static expansion_moments at(float* p, int channels) {
        return {p, p + channels, p + channels * (1 + channels)};
    }
};

/// What backward needs beside: k channels come in, `width` go out.
struct expansion_scratch {
    static constexpr int panels_width = planes_at_once * lanes; ///< channels whose planes are made together

    float* parts;    ///< of the weights' gradient, [group][padded width][transposed_columns(k)]
    float* back;     ///< weights of du (a w), packed
    float* scaled;   ///< weights times a or b, width x k
    float* square;   ///< w^T b w, k x k
    float* constant; ///< padded k
    float* packed;   ///< `square`, packed

    static std::size_t size(int k, int width) {
        std::size_t sum = 0;
        for (const std::size_t piece : pieces(k, width)) {
            sum += piece;
        }
        return sum;
    }
    static expansion_scratch at(float* p, int k, int width) {
        const auto sizes = pieces(k, width);
        auto next = [&, i = std::size_t{0}]() mutable { return std::exchange(p, p + sizes[i++]); };
        return {next(), next(), next(), next(), next(), next()};
    }

private:
    static std::array<std::size_t, 6> pieces(int k, int width) {
        const auto area = [](int rows, int columns) { // whole cache lines
            return (static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) + 15) / 16 * 16;
        };
        return {area(simd::padded(width), transposed_columns(k)) * sum_groups,
                packed_size(panels_width, k) *
                    static_cast<std::size_t>((width + panels_width - 1) / panels_width),
                area(width, k),
                area(k, k),
                area(1, simd::padded(k)),
                packed_size(k, k)};
    }
};

/// Adds X^T X, the tiles on and above its diagonal, to c.
inline void add_gram(int rows, int k, const float* x, std::size_t stride, float* c, int ld, bool accumulate) {
    for (int column = 0; column < k; column += panel) {
        multiply_transposed(rows, (std::min)(k, column + panel), (std::min)(panel, k - column), x, stride,
                            x + static_cast<std::size_t>(column / lanes) * stride, stride, c + column, ld,
                            accumulate);
    }
}

/// Fills mean and covariance of x. Sums of a thousand rows are floats, those of more doubles.
inline void gather_moments(const expansion& e, const expansion_moments& to, workspace& ws) {
    const int k = e.in.channels;
    const int tile = tile_rows(k, k);
    const int ld = transposed_columns(k);
    const std::size_t gram_size = static_cast<std::size_t>(transposed_rows(k)) * static_cast<std::size_t>(ld);
    const std::size_t part = static_cast<std::size_t>(ld) + gram_size;
    double* parts = ws.moments.reserve(part * sum_groups);
    const int batch = (std::max)(1, 1024 / tile);
    parallel_groups(tile_count(e.rows(), tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        double* sum = parts + static_cast<std::size_t>(group) * part;
        double* squares = sum + ld;
        std::fill_n(sum, part, 0.0);
        float* block = thread_scratch(blocked_size(tile, k) + gram_size);
        float* gram = block + blocked_size(tile, k);
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, e.rows() - r0));
            read_blocked(affine_input{.z = e.x}, count, k, {{1, 1, k}}, r0, {block}, block_stride(tile),
                         tile * k);
            for (int c = 0; c < k; c += lanes) {
                const float* from = block + static_cast<std::size_t>(c / lanes) * block_stride(tile);
                vec<> s{};
                for (int r = 0; r < count; ++r) {
                    s += simd::load(from + r * lanes);
                }
                add_to(sum + c, s, lanes);
            }
            const bool begins = (t - first) % batch == 0;
            add_gram(count, k, block, block_stride(tile), gram, ld, !begins);
            if (t + 1 == last || (t + 1 - first) % batch == 0) {
                for (int i = 0; i < k; ++i) {
                    for (int j = i / panel * panel; j < k; j += lanes) {
                        add_to(squares + i * ld + j, simd::load(gram + i * ld + j), lanes);
                    }
                }
            }
        }
    });
    for (int group = 1; group < sum_groups; ++group) {
        for (std::size_t i = 0; i < part; ++i) {
            parts[i] += parts[static_cast<std::size_t>(group) * part + i];
        }
    }
    const auto count = static_cast<double>(e.rows());
    for (int i = 0; i < k; ++i) {
        to.mean[i] = static_cast<float>(parts[i] / count);
        for (int j = i; j < k; ++j) {
            const double square = parts[ld + i * ld + j] / count;
            const auto covariance = static_cast<float>(square - parts[i] / count * (parts[j] / count));
            to.covariance[i * k + j] = covariance;
            to.covariance[j * k + i] = covariance;
        }
    }
}

/// C (m x n) = op(A) (m x k) B (k x n), on all threads.
/// @param transpose whether op(A) is the transpose of the stored A
inline void multiply_matrices(bool transpose, int m, int n, int k, const float* a, const float* b, float* c) {
    const int lda = transpose ? m : k;
    parallel_groups(m, [&](int, std::ptrdiff_t first, std::ptrdiff_t last) {
        if (first < last) {
            gemm(transpose, false, static_cast<int>(last - first), n, k, a + first * (transpose ? 1 : lda),
                 lda, b, n, c + first * n, n, false);
        }
    });
}

/// Batch norm's statistics of z.
inline void expansion_norm(const expansion& e, const expansion_moments& moments, norm_state& norm,
                           const float* gamma, workspace& ws) {
    const int k = e.in.channels;
    gather_moments(e, moments, ws);
    multiply_matrices(false, e.width, k, k, e.weights, moments.covariance, moments.with_x);
    for (int i = 0; i < e.width; ++i) {
        double mean = 0;
        double variance = 0;
        for (int j = 0; j < k; ++j) {
            const auto w = static_cast<double>(e.weights[i * k + j]);
            mean += w * static_cast<double>(moments.mean[j]);
            variance += w * static_cast<double>(moments.with_x[i * k + j]);
        }
        norm.set(i, mean, (std::max)(0.0, variance), gamma[i], gamma[e.width + i]);
    }
}

/// Epilogue of a product: rows are an image's pixels and go into planes, batch norm and activation applied.
template <activation A>
struct expanded_rows {
    const affine_input& x;
    int first; ///< channel of the first plane
    int channels;
    float* corner; ///< pixel (0, 0) of the first plane
    std::size_t plane_size;
    int plane_width;
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
              at(to.corner + static_cast<std::size_t>(column / lanes) * to.plane_size),
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
                    simd::store(at + static_cast<std::size_t>(v) * to.plane_size,
                                apply_product<A>(to.x.act, u));
                    if (raw != nullptr) {
                        simd::store(raw + static_cast<std::size_t>(v) * to.raw_stride + (row + r) * lanes,
                                    acc[r][v]);
                    }
                }
                at += lanes;
                if (++pixel == to.width) {
                    pixel = 0;
                    at += (to.plane_width - to.width) * lanes;
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
          m_packed(ws.pack<Words>(e.weights, 1, e.in.channels, e.in.channels, e.width)) {}

    std::size_t scratch() const override { return blocked_size(m_pixels, Words::count(m_e.in.channels)); }
    void begin_image(std::ptrdiff_t image, float* scratch) const override { read_image(image, {scratch}); }
    void read(const depthwise_geometry& g, std::ptrdiff_t /*image*/, int c, int planes, float* plane,
              float* scratch) const override {
        make(g, c, planes, plane, scratch, nullptr);
    }
    input_place place(std::ptrdiff_t /*image*/, int /*c*/, float* /*scratch*/) const override { return {}; }

protected:
    using Words = convolution_words;

    std::size_t stride() const { return block_stride(m_pixels); }
    void read_image(std::ptrdiff_t image, const blocked_rows& to) const {
        const int k = m_e.in.channels;
        read_blocked<Words>(affine_input{.z = m_e.x}, m_pixels, k, {{1, 1, k}}, image * m_pixels, to,
                            stride());
    }
    void make(const depthwise_geometry& g, int c, int planes, float* plane, const float* block,
              float* raw) const {
        const int k = Words::count(m_e.in.channels);
        float* corner = plane + (g.padding() * g.plane_width() + g.padding()) * lanes;
        with_product_activation(x.act, [&](auto act) {
            multiply<Words>(m_pixels, (std::min)(planes * lanes, m_e.width - c), k, block, stride(),
                            m_packed + static_cast<std::ptrdiff_t>(c) * simd::padded(k),
                            expanded_rows<act()>{x, c, m_e.width, corner, g.plane_size(), g.plane_width(),
                                                 g.in.width, raw, stride()});
        });
    }

    expansion m_e;
    int m_pixels;
    const float* m_packed;
};

/// The same backward: takes the gradient at u and gathers its products with x and with the weights.
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
          m_part(static_cast<std::size_t>(simd::padded(e.width)) * static_cast<std::size_t>(m_ld)),
          m_own(expansion_scratch::at(scratch, e.in.channels, e.width)) {
        const int k = e.in.channels;
        scale_weights(pending.scale);
        for (int c = 0; c < e.width; c += panels_width) {
            const int here = (std::min)(panels_width, e.width - c);
            pack_panels<Words>(m_own.scaled + c * k, k, 1, here, k, back(c));
        }
    }

    std::size_t scratch() const override {
        return expanded_planes::scratch() + image_size() + planes_at_once * (stride() + chunk_size());
    }
    void begin_image(std::ptrdiff_t image, float* scratch) const override {
        read_image(image, {scratch, transposed(scratch)});
    }
    void begin(int group) const override { std::fill_n(part(group), m_part, 0.0F); }
    void read(const depthwise_geometry& g, std::ptrdiff_t /*image*/, int c, int planes, float* plane,
              float* scratch) const override {
        make(g, c, planes, plane, scratch, raw(scratch));
    }
    input_place place(std::ptrdiff_t /*image*/, int /*c*/, float* scratch) const override {
        return {.z = raw(scratch),
                .du = raw(scratch),
                .addend = nullptr,
                .row_step = static_cast<std::ptrdiff_t>(m_e.in.width) * lanes,
                .pixel_step = lanes,
                .plane_step = static_cast<std::ptrdiff_t>(stride()),
                .streams = false};
    }
    void finish(int group, std::ptrdiff_t image, int c, int planes, float* scratch) const override {
        const int here = (std::min)(planes * lanes, m_e.width - c);
        const float* du = raw(scratch);
        if constexpr (floats) { // the planes are a blocked operand
            add_products(group, image * m_pixels, m_pixels, c, here, {raw(scratch), raw(scratch)}, stride(),
                         scratch);
            return;
        }
        float* left = raw(scratch) + planes_at_once * stride();
        const blocked_rows to{left, left + planes_at_once / 2 * block_stride(chunk)};
        for (int first = 0; first < m_pixels; first += chunk) {
            const int rows = (std::min)(chunk, m_pixels - first);
            write_blocked<Words>(rows, here, to, block_stride(chunk), [&](int r) {
                return plane_reader{du + (first + r) * lanes, stride()};
            });
            add_products(group, image * m_pixels + first, rows, c, here, to, block_stride(chunk),
                         transposed(scratch) + first / Words::each * lanes);
        }
    }

    /// Adds into the weights' gradient and finishes dx, when batch norm's backward is done.
    /// @param norm with b
    /// @param sums of du, in the first group
    /// @param addend of dx; nullptr: none
    void complete(const expansion_moments& moments, const norm_state& norm, const double* sums,
                  const float* addend, float* dweights, workspace& ws) const {
        const int k = m_e.in.channels;
        const auto rows = static_cast<double>(m_e.rows());
        parallel_for(m_e.width, [&](std::ptrdiff_t i) {
            const float a = x.scale[i];
            const auto b = static_cast<float>(static_cast<double>(norm.b[i]) * rows);
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
        if (m_dx == nullptr) {
            return;
        }
        // dx = du (a w) + (x - m) w^T b w - (a w)^T (mean of du)
        double* c = ws.moments.reserve(static_cast<std::size_t>(k));
        std::fill_n(c, k, 0.0);
        for (int i = 0; i < m_e.width; ++i) {
            const double du = static_cast<double>(x.scale[i]) * sums[i] / rows;
            for (int j = 0; j < k; ++j) {
                c[j] -= du * static_cast<double>(m_e.weights[i * k + j]);
            }
        }
        scale_weights(norm.b);
        multiply_matrices(true, k, k, m_e.width, m_e.weights, m_own.scaled, m_own.square);
        for (int j = 0; j < k; ++j) {
            double shift = c[j];
            for (int i = 0; i < k; ++i) {
                shift -= static_cast<double>(moments.mean[i]) * static_cast<double>(m_own.square[i * k + j]);
            }
            m_own.constant[j] = static_cast<float>(shift);
        }
        add_product(addend);
    }

private:
    static constexpr int panels_width = expansion_scratch::panels_width;
    static constexpr bool floats = Words::each == 1;
    /// Pixels whose gradients become words together.
    static constexpr int chunk = 256;
    static constexpr std::size_t chunk_size() { return floats ? 0 : 2 * block_stride(chunk); }

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
    /// @param row of the first among all images
    void add_products(int group, std::ptrdiff_t row, int rows, int c, int channels, const blocked_rows& du,
                      std::size_t du_stride, const float* image) const {
        const int k = m_e.in.channels;
        multiply_transposed<Words>(Words::count(rows), channels, k, du.transposed, du_stride, image, stride(),
                                   part(group) + static_cast<std::ptrdiff_t>(c) * m_ld, m_ld, true);
        if (m_dx != nullptr) {
            multiply<Words>(rows, k, Words::count(channels), du.left, du_stride, back(c),
                            store_rows{m_dx + row * k, k, k, c > 0});
        }
    }
    /// `scaled` = each channel's weights times its factor.
    void scale_weights(const float* factors) const {
        const int k = m_e.in.channels;
        for (int i = 0; i < m_e.width; ++i) {
            for (int j = 0; j < k; ++j) {
                m_own.scaled[i * k + j] = factors[i] * m_e.weights[i * k + j];
            }
        }
    }
    float* part(int group) const { return m_own.parts + static_cast<std::size_t>(group) * m_part; }
    float* back(int c) const {
        return m_own.back +
               static_cast<std::size_t>(c / panels_width) * packed_size(panels_width, m_e.in.channels);
    }

    /// Epilogue of a product: dx += product + constant + addend.
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

    void add_product(const float* addend) const {
        const int k = m_e.in.channels;
        const int tile = tile_rows(k, k);
        pack_panels(m_own.square, k, 1, k, k, m_own.packed);
        parallel_for(tile_count(m_e.rows(), tile), [&](std::ptrdiff_t t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, m_e.rows() - r0));
            float* block = thread_scratch(blocked_size(tile, k));
            read_blocked(affine_input{.z = m_e.x}, count, k, {{1, 1, k}}, r0, {block}, block_stride(tile),
                         tile * k);
            multiply(
                count, k, k, block, block_stride(tile), m_own.packed,
                add_rows{m_dx + r0 * k, addend == nullptr ? nullptr : addend + r0 * k, m_own.constant, k});
        });
    }

    float* m_dx;
    int m_ld;
    std::size_t m_part;
    expansion_scratch m_own;
};

} // namespace fitnas::detail

#endif
