/// @file
/// @brief How kernels read and write activations: batch norm and activation are applied by the reader, sums
/// for batch norm are gathered by the writer.
///
/// A tensor in memory is *raw*: what a convolution left. Its batch norm and activation are pending; whoever
/// reads it computes `act(scale z + shift)` on the way. Backward, `du` is the gradient at `u = scale z +
/// shift`, and whoever reads it computes the gradient at z from it. So no pass exists that only applies batch
/// norm or an activation.

#ifndef FITNAS_CPU_CHANNELS_HPP
#define FITNAS_CPU_CHANNELS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <fitnas/core/gemm.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/nn/primitive.hpp>

namespace fitnas::detail {

using simd::vec;

/// act(scale z + shift), channel by channel; without scale the tensor is plain. The per-channel arrays are
/// padded with zeros to a multiple of the vector width.
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

/// Sums over rows for each channel, one pair of rows of doubles for each group: [group][2][channels].
class group_sums {
public:
    void start(int channels) {
        m_channels = channels;
        const std::size_t n = std::size_t{2} * sum_groups * static_cast<std::size_t>(channels);
        std::fill_n(m_data.reserve(n), n, 0.0);
    }
    double* first(int group) { return m_data.reserve(0) + std::ptrdiff_t{2} * group * m_channels; }
    double* second(int group) { return first(group) + m_channels; }
    /// Adds the groups, in order, into group 0.
    void add_up() {
        for (int g = 1; g < sum_groups; ++g) {
            for (int c = 0; c < 2 * m_channels; ++c) {
                first(0)[c] += first(g)[c];
            }
        }
    }

private:
    aligned_buffer<double> m_data;
    int m_channels = 0;
};

/// What kernels share in one network: packed weights and sums of groups. It only grows.
struct workspace {
    aligned_buffer<float> packed;
    aligned_buffer<float> weights; ///< weight gradients, [group][...]
    group_sums sums;
    aligned_buffer<double> moments; ///< of a narrow tensor, [group][...]

    /// Packs weights, k x n, for a product; element (i, j) is at w[i * row_step + j * column_step].
    template <class Words = float_words>
    float* pack(const float* w, std::ptrdiff_t row_step, std::ptrdiff_t column_step, int k, int n) {
        const int words = Words::count(k);
        float* out = packed.reserve(packed_size(words, n));
        parallel_for((n + panel - 1) / panel, [&](std::ptrdiff_t p) {
            const std::ptrdiff_t j = p * panel;
            pack_panel<Words>(w, row_step, column_step, k, n, static_cast<int>(j),
                              out + j * simd::padded(words));
        });
        return out;
    }
};

template <activation A>
FITNAS_INLINE vec<> apply(vec<> u) {
    const vec<> zero{};
    if constexpr (A == activation::relu) {
        return (simd::max)(zero, u); // in this order a NaN stays one
    } else if constexpr (A == activation::relu6) {
        return (simd::min)(simd::broadcast(6.0F), (simd::max)(zero, u));
    } else if constexpr (A == activation::hard_swish) {
        return u * (simd::min)(simd::broadcast(6.0F), (simd::max)(zero, u + 3.0F)) * (1.0F / 6.0F);
    } else {
        return u;
    }
}

/// The same, told apart as it runs: for passes that are no great part of a network's time.
FITNAS_INLINE vec<> apply(activation act, vec<> u) {
    switch (act) {
    case activation::relu:
        return apply<activation::relu>(u);
    case activation::relu6:
        return apply<activation::relu6>(u);
    case activation::hard_swish:
        return apply<activation::hard_swish>(u);
    default:
        return u;
    }
}

/// gradient times the activation's derivative at u
template <activation A>
FITNAS_INLINE vec<> derive(vec<> gradient, vec<> u) {
    const vec<> zero{};
    if constexpr (A == activation::relu) {
        return u > zero ? gradient : zero;
    } else if constexpr (A == activation::relu6) {
        return ((u > zero) & (u < simd::broadcast(6.0F))) ? gradient : zero;
    } else if constexpr (A == activation::hard_swish) {
        const vec<> middle = gradient * (u * (1.0F / 3.0F) + 0.5F);
        return u > simd::broadcast(3.0F) ? gradient : (u > simd::broadcast(-3.0F) ? middle : zero);
    } else {
        return gradient;
    }
}

/// Calls `f` with the activation as a compile-time constant.
template <class F>
void with_activation(activation act, F&& f) {
    switch (act) {
    case activation::relu:
        return f(std::integral_constant<activation, activation::relu>());
    case activation::relu6:
        return f(std::integral_constant<activation, activation::relu6>());
    case activation::hard_swish:
        return f(std::integral_constant<activation, activation::hard_swish>());
    default:
        return f(std::integral_constant<activation, activation::none>());
    }
}

/// Backward, products and stencils are compiled for no activation, for ReLU, and for the others together,
/// which are told apart as they run; with narrow vectors all are.
template <class F>
void with_product_activation(activation act, F&& f) {
    if constexpr (lanes >= 8) {
        if (act == activation::none) {
            return f(std::integral_constant<activation, activation::none>());
        }
        if (act == activation::relu) {
            return f(std::integral_constant<activation, activation::relu>());
        }
    }
    f(std::integral_constant<activation, activation::hard_swish>());
}
template <activation A>
FITNAS_INLINE vec<> apply_product(activation act, vec<> u) {
    if constexpr (A == activation::hard_swish) {
        return apply(act, u);
    }
    return apply<A>(u);
}
template <activation A>
FITNAS_INLINE vec<> derive_product(activation act, vec<> gradient, vec<> u) {
    if constexpr (A == activation::hard_swish) {
        if (act == activation::relu6) {
            return derive<activation::relu6>(gradient, u);
        }
        if (lanes < 8 && act == activation::relu) {
            return derive<activation::relu>(gradient, u);
        }
        if (lanes < 8 && act == activation::none) {
            return gradient;
        }
    }
    return derive<A>(gradient, u);
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
    if constexpr (!asks_while_computing) {
        constexpr int line = 16;
        if (lanes >= line || c % line == 0) {
            __builtin_prefetch(p, 0, 2);
        }
    }
}

/// The row of the input that a strided 1x1 convolution reads for row r of its output, as an offset.
struct strided_rows {
    shape in;
    int stride = 1;

    std::ptrdiff_t operator()(std::ptrdiff_t r) const {
        if (stride == 1) {
            return r * in.channels;
        }
        const shape out = cell{in, in.channels, stride}.output();
        const std::ptrdiff_t x = r % out.width;
        const std::ptrdiff_t y = r / out.width % out.height;
        const std::ptrdiff_t n = r / out.width / out.height;
        return (n * in.pixels() + y * stride * in.width + x * stride) * in.channels;
    }
};

/// Whether `simd::stream` differs from a store.
inline constexpr bool can_stream = lanes >= 8;
/// Tensors of more values are written past the caches, since nothing of them would stay there until they are
/// read. Measured: on a processor with AVX-512 it pays from 8 MiB on, on one with AVX2 wherever a tensor
/// leaves a core's own cache.
inline constexpr std::ptrdiff_t most_in_cache =
    lanes == 16 ? std::ptrdiff_t{1} << 21U : std::ptrdiff_t{1} << 17U;
inline bool streams(const float* p, std::ptrdiff_t rows, int channels) {
    return can_stream && rows * channels > most_in_cache && channels % lanes == 0 &&
           reinterpret_cast<std::uintptr_t>(p) % (lanes * sizeof(float)) == 0;
}

/// Adds lanes channels' sums of a tile to the sums of a group.
FITNAS_INLINE void add_to(double* sums, vec<> tile, int count) {
    if (count >= lanes) {
        typedef double doubles __attribute__((vector_size(lanes * sizeof(double))));
        doubles sum;
        __builtin_memcpy(&sum, sums, sizeof sum);
        sum += __builtin_convertvector(tile, doubles);
        __builtin_memcpy(sums, &sum, sizeof sum);
        return;
    }
    for (int i = 0; i < count; ++i) {
        sums[i] += static_cast<double>(tile[i]);
    }
}

/// Turns rows of gradients at the activations, lying in `out.du`, into gradients at the pre-activations of
/// `x`, adds the addend, and gathers the sums of du and du (z - mean), for the rows `source(row)` to
/// `source(row + rows - 1)` of both tensors.
inline void finish_gradient(const affine_input& x, const gradient_output& out, int rows, int channels,
                            const strided_rows& source, std::ptrdiff_t row, double* first, double* second) {
    if (x.plain() && out.addend == nullptr) {
        return;
    }
    const bool changes = x.act != activation::none || out.addend != nullptr;
    with_activation(x.act, [&](auto act) {
        for (int c = 0; c < channels; c += lanes) {
            const int count = channels - c;
            const affine u(x, c);
            const vec<> mean = x.mean != nullptr ? simd::load(x.mean + c) : vec<>{};
            vec<> s{};
            vec<> t{};
            for (int r = 0; r < rows; ++r) {
                const std::ptrdiff_t at = source(row + r) + c;
                const vec<> z = simd::load(x.z + at, count);
                vec<> d = derive<act()>(simd::load(out.du + at, count), u(z));
                if (out.addend != nullptr) { // a shortcut reads the raw input of a recipe
                    d += simd::load(out.addend + at, count);
                }
                if (changes) {
                    simd::store(out.du + at, d, count);
                }
                s += d;
                t = simd::fma(d, z - mean, t);
            }
            if (x.mean != nullptr) {
                add_to(first + c, s, count);
                add_to(second + c, t, count);
            }
        }
    });
}

/// Adds the sums of z and z^2 over rows of a row-major tensor.
inline void add_sums(const float* z, int rows, int channels, double* first, double* second) {
    for (int c = 0; c < channels; c += lanes) {
        const int count = channels - c;
        vec<> s{};
        vec<> q{};
        for (int r = 0; r < rows; ++r) {
            const vec<> v = simd::load(z + static_cast<std::ptrdiff_t>(r) * channels + c, count);
            s += v;
            q = simd::fma(v, v, q);
        }
        add_to(first + c, s, count);
        add_to(second + c, q, count);
    }
}

/// Rows of a tile whose operands are about 64 KiB: a function of the shape alone.
constexpr int tile_rows(int in, int out) {
    const int rows = 16384 / (in > out ? in : out) / 8 * 8;
    return rows < 32 ? 32 : rows > 256 ? 256 : rows;
}

/// Number of tiles.
constexpr std::ptrdiff_t tile_count(std::ptrdiff_t rows, int tile) { return (rows + tile - 1) / tile; }

/// The gradient of n x k weights: each group of rows sums up a part of its own.
class weight_gradient {
public:
    weight_gradient(int n, int k, workspace& ws)
        : groups(static_cast<long long>(n) * k > 32768 ? sum_groups / 2 : sum_groups),
          m_n(n),
          m_k(k),
          m_ld(transposed_columns(k)),
          m_size(static_cast<std::size_t>(transposed_rows(n)) * static_cast<std::size_t>(m_ld)),
          m_parts(ws.weights.reserve(m_size * static_cast<std::size_t>(groups))) {}

    /// Fewer where the weights are large: each group's part is as large as they.
    const int groups;

    /// Nothing yet; needed only where no `add` comes with `first`.
    void clear(int group) const { std::fill_n(part(group), m_size, 0.0F); }
    /// Adds G^T X for blocked G (rows x n) and X (rows x k), rows in words.
    /// @param first whether this is the first of the group
    template <class Words = float_words>
    void add(int group, int rows, const float* g, const float* x, std::size_t stride, bool first,
             line_queue& next) const {
        multiply_transposed<Words>(rows, m_n, m_k, g, stride, x, stride, part(group), m_ld, !first, next);
    }
    /// Adds the parts, in order, into the gradient (n x k).
    void add_up(float* gradient) const {
        parallel_for(m_n, [&](std::ptrdiff_t i) {
            for (int j = 0; j < m_k; j += lanes) {
                vec<> sum{};
                for (int group = 0; group < groups; ++group) {
                    sum += simd::load(part(group) + i * m_ld + j);
                }
                float* to = gradient + i * m_k + j;
                simd::store(to, simd::load(to, m_k - j) + sum, m_k - j);
            }
        });
    }
    /// The same into k x n.
    void add_up_transposed(float* gradient) const {
        parallel_for(m_k, [&](std::ptrdiff_t j) {
            for (int i = 0; i < m_n; ++i) {
                float sum = 0;
                for (int group = 0; group < groups; ++group) {
                    sum += part(group)[static_cast<std::ptrdiff_t>(i) * m_ld + j];
                }
                gradient[j * m_n + i] += sum;
            }
        });
    }
    /// A group's part, `ld()` floats from row to row.
    float* part(int group) const { return m_parts + static_cast<std::size_t>(group) * m_size; }
    int ld() const { return m_ld; }

private:
    int m_n;
    int m_k;
    int m_ld;
    std::size_t m_size;
    float* m_parts;
};

} // namespace fitnas::detail

#endif
