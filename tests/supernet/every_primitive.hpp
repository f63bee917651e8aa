// A space whose networks have every primitive, in usual and in unusual order, and sizes that are no multiples
// of vectors.

#ifndef FITNAS_TESTS_SUPERNET_EVERY_PRIMITIVE_HPP
#define FITNAS_TESTS_SUPERNET_EVERY_PRIMITIVE_HPP

#include <algorithm>
#include <span>

#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/space/search_space.hpp>

namespace every {

using namespace fitnas;

// y = w x + the pixel before, one w a channel; every second column is dropped.
struct thinned {
    static constexpr std::string_view name = "thinned";
    static constexpr shape output(shape in) { return {in.height, (in.width + 1) / 2, in.channels}; }
    static constexpr long long parameters(shape in) { return in.channels; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float> w, random_stream& random) {
        std::generate(w.begin(), w.end(), [&] { return 1.0F + 0.2F * static_cast<float>(random.normal()); });
    }
    static void forward(shape in, std::span<const float> x, std::span<const float> w, std::span<float> y) {
        for_each(in, [&](std::size_t to, std::size_t at, std::size_t c, bool inside) {
            y[to] = w[c] * x[at] + (inside ? x[at - w.size()] : 0.0F);
        });
    }
    static void backward(shape in, std::span<const float> x, std::span<const float> w,
                         std::span<const float> dy, std::span<float> dx, std::span<float> dw) {
        std::fill(dx.begin(), dx.end(), 0.0F);
        for_each(in, [&](std::size_t to, std::size_t at, std::size_t c, bool inside) {
            dx[at] += w[c] * dy[to];
            dw[c] += x[at] * dy[to];
            if (inside) {
                dx[at - w.size()] += dy[to];
            }
        });
    }

private:
    template <class Visit>
    static void for_each(shape in, Visit&& visit) {
        const auto channels = static_cast<std::size_t>(in.channels);
        std::size_t to = 0;
        for (int y = 0; y < in.height; ++y) {
            for (int x = 0; x < in.width; x += 2) {
                for (std::size_t c = 0; c < channels; ++c) {
                    visit(to++, static_cast<std::size_t>(y * in.width + x) * channels + c, c, x > 0);
                }
            }
        }
    }
};

// Batch norms where nothing takes them, two in a row, activations in a row, residuals in the middle.
struct unusual {
    static constexpr std::string_view name = "unusual";
    static constexpr recipe build(cell c) {
        return {batch_norm(),
                relu6(),
                residual(),
                batch_norm(),
                batch_norm(),
                linear(9),
                batch_norm(),
                activate(activation::none),
                hard_swish(),
                relu6(),
                average_pool(3),
                batch_norm(),
                depthwise(5, c.stride),
                batch_norm(),
                convolution(3, c.width)};
    }
};
// A primitive of one's own behind what is pending, and before batch norm; a kernel as wide as no other.
struct owned {
    static constexpr std::string_view name = "owned";
    static constexpr recipe build(cell c) {
        return {convolution(1, c.width, c.stride),
                batch_norm(),
                relu(),
                depthwise(9),
                relu(),
                max_pool(5),
                batch_norm(),
                squeeze_excite(3),
                batch_norm(),
                residual_if_same_shape()};
    }
};
struct thin {
    static constexpr std::string_view name = "thin";
    static constexpr recipe build(cell c) {
        return {pointwise(7), batch_norm(),       relu(),      custom<thinned>(), batch_norm(),
                relu(),       pointwise(c.width), batch_norm()};
    }
};

using first = operator_set<op::identity, op::mbconv<3, 2, 4, activation::hard_swish>,
                           op::mbconv<5, 3, 2, activation::relu6>, op::mbconv<7, 1>, op::conv<5>, owned>;
using second = operator_set<op::avg_pool<3>, op::max_pool<5>, op::separable<3>, unusual, op::conv<3>, owned>;

// Odd sizes and strides of 2 and 3.
struct space : search_space<image<19, 23, 3>, stem<11, 2>, stage<first, 2, 11>, stage<second, 2, 17, 2>,
                            stage<first, 1, 20, 3>, head<37, 7>> {};
// The primitive of one's own makes a width of 6 out of 12, as the stride of 2 would.
struct thin_space
    : search_space<image<1, 12, 2>, stem<8>, stage<operator_set<op::conv<3>, thin>, 1, 12, 2>, head<16, 3>> {
};

inline const char* const codes[] = {"00000", "11111", "22222", "33333", "44444", "55555", "14301", "53210"};

} // namespace every

#endif
