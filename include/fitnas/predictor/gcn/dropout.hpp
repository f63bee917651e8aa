/// @file
/// @brief GCN layer: dropout.

#ifndef FITNAS_PREDICTOR_GCN_DROPOUT_HPP
#define FITNAS_PREDICTOR_GCN_DROPOUT_HPP

#include <algorithm>

#include <fitnas/predictor/gcn/layer.hpp>

namespace fitnas::gcn {

/// @brief In training, sets a share of the values to 0 and scales the others up, so that the mean stays
/// (Srivastava et al., JMLR 15, 2014); elsewhere it changes nothing. Which values depends on seed, step,
/// layer and place in the batch alone.
/// @tparam Percent of the values that are dropped, 0 to 99
template <int Percent = 10>
struct dropout : detail::without_parameters {
    static_assert(Percent >= 0 && Percent < 100, "[F0619] gcn::dropout<Percent>: must be 0 to 99");
    static constexpr place works_on = place::between;
    static constexpr signal output(signal in) { return in; }

    static void forward(const site& at, const float* x, float* y) { apply(at, x, y); }

    static void backward(const site& at, const float* /*x*/, const float* /*y*/, const float* dy, float* dx,
                         float* /*dp*/) {
        if (dx != nullptr) {
            apply(at, dy, dx);
        }
    }

private:
    static void apply(const site& at, const float* from, float* to) {
        const std::size_t size = at.input.size();
        if (at.training == nullptr) {
            std::copy(from, from + static_cast<std::size_t>(at.count) * size, to);
            return;
        }
        constexpr auto dropped = static_cast<std::uint32_t>((std::uint64_t{Percent} << 32U) / 100);
        constexpr float scale = 100.0F / (100 - Percent);
        for (int g = 0; g < at.count; ++g, from += size, to += size) {
            random_stream random(at.training->seed, purpose::dropout,
                                 at.training->number * 256 + static_cast<std::uint64_t>(at.layer),
                                 static_cast<std::uint64_t>(at.first + g));
            for (std::size_t i = 0; i < size; ++i) {
                to[i] = random.bits() < dropped ? 0 : scale * from[i];
            }
        }
    }
};

} // namespace fitnas::gcn

#endif
