/// @file
/// @brief The mean of the weights over the last steps of a training.

#ifndef FITNAS_SUPERNET_AVERAGE_HPP
#define FITNAS_SUPERNET_AVERAGE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/parallel.hpp>

namespace fitnas::detail {

/// Equal weights for the last `share` of the steps (Izmailov et al., "Averaging weights", arXiv 1803.05407).
/// Batch norm statistics are made anew when a network is scored, so the mean needs none of its own.
class weights_average {
public:
    weights_average(long long steps, double share)
        : m_first(steps - static_cast<long long>(std::ceil(share * static_cast<double>(steps)))) {}

    /// @param values after the step
    /// @param step which is done, from 1; each is added once, in order
    FITNAS_LAZY void add(std::span<const float> values, long long step);

    /// Goes on behind a step, with the mean of that moment.
    FITNAS_LAZY FITNAS_COLD void go_on(std::span<const float> mean, long long step, long long steps,
                                       std::size_t count);

    /// @return as many values as weights; none before the first of the last steps
    std::span<const float> mean() const { return m_mean; }

private:
    long long m_first; ///< steps that do not count
    std::vector<float> m_mean;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void weights_average::add(std::span<const float> values, long long step) {
    if (step <= m_first) {
        return;
    }
    m_mean.resize(values.size());
    const auto share = static_cast<float>(1 / static_cast<double>(step - m_first));
    constexpr std::size_t part = 16384;
    parallel_for(static_cast<std::ptrdiff_t>((values.size() + part - 1) / part), [&](std::ptrdiff_t p) {
        const std::size_t begin = static_cast<std::size_t>(p) * part;
        const std::size_t end = (std::min)(begin + part, values.size());
        for (std::size_t i = begin; i < end; ++i) {
            m_mean[i] += share * (values[i] - m_mean[i]);
        }
    });
}

FITNAS_LAZY_AGAIN void weights_average::go_on(std::span<const float> mean, long long step, long long steps,
                                              std::size_t count) {
    const std::size_t expected = step > m_first && step < steps ? count : 0;
    if (mean.size() != expected) {
        throw shape_error("[F0572] train: cannot go on: expected the average of " + std::to_string(expected) +
                          " weights after step " + std::to_string(step) + ", got " +
                          std::to_string(mean.size()));
    }
    m_mean.assign(mean.begin(), mean.end());
}

} // namespace fitnas::detail

#endif

#endif
