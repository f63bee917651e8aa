/// @file
/// @brief The learning rate over a training: a constant, or warm-up and half a cosine.

#ifndef FITNAS_NN_SCHEDULE_HPP
#define FITNAS_NN_SCHEDULE_HPP

#include <cmath>
#include <concepts>
#include <numbers>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief A function from a step, 0 <= step, to its learning rate.
template <class T>
concept schedule_type = requires(const T& s, long long step) {
    { s(step) } -> std::convertible_to<double>;
};

/// @brief The same rate in each step.
struct constant_rate {
    double rate = 0.01;                                 ///< above 0
    double operator()(long long) const { return rate; } ///< the same in every step
};

/// @brief Rises in a straight line to the peak, then falls along half a cosine to almost its floor
/// (Loshchilov and Hutter, arXiv 1608.03983, equation 5, without restarts).
struct cosine_schedule {
    double peak = 0.1;   ///< the largest rate
    long long steps = 1; ///< of the whole training
    double warmup = 0;   ///< steps of the rise
    double floor = 0;    ///< what the rate falls to, from 0 to the peak

    /// @param step 0 <= step < steps
    /// @return the learning rate of a step, above 0
    double operator()(long long step) const {
        const double at = static_cast<double>(step);
        if (at < warmup) {
            return peak * (at + 1) / (std::floor(warmup) + 1);
        }
        const double done = (at - warmup) / (static_cast<double>(steps) - warmup);
        return floor + (peak - floor) * 0.5 * (1 + std::cos(std::numbers::pi * done));
    }
};

} // namespace fitnas

#endif
