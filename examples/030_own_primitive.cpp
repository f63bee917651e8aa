// A primitive of your own - forward, backward, costs - is the rarer extension: something that no recipe of
// the library's primitives says. It is checked by the same gradient checker and trains in a supernet.
//
// Prints:
//   gradients of learned_blur: right
//   code 1: 31872 multiply-accumulates, 1988 parameters
//   loss after training: smaller

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

// y(i, j) = x(i, j) + s(w) (x(i, j - 1) + x(i, j + 1)), one w a channel, s the logistic function.
struct learned_blur {
    static constexpr std::string_view name = "learned_blur";
    static constexpr shape output(shape in) { return in; }
    static constexpr long long parameters(shape in) { return in.channels; }
    static constexpr long long macs(shape in) { return in.size(); }
    static void initialise(shape, std::span<float> w, random_stream&) {
        std::fill(w.begin(), w.end(), -2.0F);
    }

    // Images come one at a time, height x width x channels.
    static void forward(shape in, std::span<const float> x, std::span<const float> w, std::span<float> y) {
        for_each(in, [&](std::size_t at, std::size_t c, bool left, bool right) {
            y[at] = x[at] + gate(w[c]) * ((left ? x[at - w.size()] : 0) + (right ? x[at + w.size()] : 0));
        });
    }
    // Overwrites dx, adds into dw.
    static void backward(shape in, std::span<const float> x, std::span<const float> w,
                         std::span<const float> dy, std::span<float> dx, std::span<float> dw) {
        for_each(in, [&](std::size_t at, std::size_t c, bool left, bool right) {
            const float s = gate(w[c]);
            dx[at] = dy[at] + s * ((left ? dy[at - w.size()] : 0) + (right ? dy[at + w.size()] : 0));
            dw[c] += dy[at] * s * (1 - s) * ((left ? x[at - w.size()] : 0) + (right ? x[at + w.size()] : 0));
        });
    }

private:
    static float gate(float w) { return 1 / (1 + std::exp(-w)); }
    template <class Visit>
    static void for_each(shape in, Visit&& visit) {
        const auto width = static_cast<std::size_t>(in.width);
        const auto channels = static_cast<std::size_t>(in.channels);
        for (std::size_t i = 0; i < static_cast<std::size_t>(in.pixels()); ++i) {
            for (std::size_t c = 0; c < channels; ++c) {
                visit(i * channels + c, c, i % width > 0, i % width + 1 < width);
            }
        }
    }
};

struct blurred_conv {
    static constexpr std::string_view name = "blurred_conv";
    static constexpr recipe build(cell c) {
        return {custom<learned_blur>(), convolution(3, c.width, c.stride), batch_norm(), relu()};
    }
};

struct space : search_space<image<8, 8, 1>, stem<8>, stage<operator_set<op::conv<3>, blurred_conv>, 1, 16, 2>,
                            head<32, 4>> {};

int main() {
    const bool right =
        check_recipe({custom<learned_blur>()}, {5, 6, 3}) && check_operator<blurred_conv>({{6, 6, 8}, 12, 2});
    std::printf("gradients of learned_blur: %s\n", right ? "right" : "wrong");
    std::printf("code 1: %lld multiply-accumulates, %lld parameters\n", cost::macs<space>({1}),
                cost::parameters<space>({1}));
    const dataset data = datasets::synthetic({.image = space::input, .classes = 4});
    supernet<space> super;
    const train_report report =
        train(super, data.train, {.epochs = 3, .batch = 50, .sampling = sampling::strict_fair});
    std::printf("loss after training: %s\n",
                report.epochs.back().loss < report.epochs.front().loss ? "smaller" : "not smaller");
    return right ? 0 : 1;
}
