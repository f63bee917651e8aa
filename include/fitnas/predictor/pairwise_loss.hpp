/// @file
/// @brief The pairwise logistic loss and its gradient.

#ifndef FITNAS_PREDICTOR_PAIRWISE_LOSS_HPP
#define FITNAS_PREDICTOR_PAIRWISE_LOSS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/simd_math.hpp>

namespace fitnas::detail {

/// Sums of log(1 + x) for x in [0, 1]: of what is not small as the logarithm of a product, which is one
/// logarithm for many terms.
class log1p_sum {
public:
    FITNAS_INLINE void add(simd::vec<> x) {
        const simd::vec<> one = simd::broadcast(1);
        const simd::vec<> none = {};
        const auto is_small = x < simd::broadcast(1.0F / 256);
        m_product *= is_small ? one : one + x;
        m_small += is_small ? x * (one - x * (simd::broadcast(0.5F) - x * simd::broadcast(1.0F / 3))) : none;
        if (++m_terms == most_terms) {
            flush();
        }
    }
    double total() {
        flush();
        return m_total;
    }

private:
    static constexpr int most_terms = 100; // 2^100 is a float

    void flush() {
        for (int i = 0; i < simd::lanes; ++i) {
            m_total += std::log(static_cast<double>(m_product[i])) + static_cast<double>(m_small[i]);
        }
        m_product = simd::broadcast(1);
        m_small = simd::vec<>{};
        m_terms = 0;
    }

    simd::vec<> m_product = simd::broadcast(1);
    simd::vec<> m_small = {};
    int m_terms = 0;
    double m_total = 0;
};

/// The mean over all pairs with different targets of log(1 + exp(-(better's output - worse's output))), 0
/// where there are none; `gradient` is overwritten.
FITNAS_LAZY double pairwise_loss(std::span<const float> outputs, std::span<const double> targets,
                                 std::span<float> gradient);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN double pairwise_loss(std::span<const float> outputs, std::span<const double> targets,
                                       std::span<float> gradient) {
    constexpr std::size_t step = simd::lanes;
    const std::size_t n = outputs.size();
    // Rows go from the best target to the worst: what is worse than one is all that stands behind its equals.
    // What is not a number, which nothing could be sorted by, is last.
    struct item {
        double target;
        std::size_t place;
    };
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<item> order(n);
    for (std::size_t i = 0; i < n; ++i) {
        order[i] = {std::isnan(targets[i]) ? -infinity : targets[i], i};
    }
    std::sort(order.begin(), order.end(), [](const item& a, const item& b) {
        return a.target != b.target ? a.target > b.target : a.place < b.place;
    });
    // The last is followed by one that every output is infinitely better than: no loss, and no slope.
    std::vector<float> sorted(n + step, -std::numeric_limits<float>::infinity());
    std::vector<float> pulls(n + step);
    for (std::size_t i = 0; i < n; ++i) {
        sorted[i] = outputs[order[i].place];
    }

    const simd::vec<> one = simd::broadcast(1);
    const simd::vec<> none = {};
    log1p_sum logs;
    double linear = 0;
    std::size_t pairs = 0;
    std::size_t behind = 0;
    for (std::size_t i = 0; i < n; ++i) {
        while (behind < n && !(order[behind].target < order[i].target)) {
            ++behind;
        }
        pairs += n - behind;
        const simd::vec<> better = simd::broadcast(sorted[i]);
        simd::vec<> own = {};
        simd::vec<> misordered = {};
        for (std::size_t j = behind; j < n; j += step) {
            // log(1 + e^-m) and its derivative -1 / (1 + e^m), for margins of any size.
            const simd::vec<> margin = better - simd::load(sorted.data() + j);
            const auto is_right = margin > none;
            const simd::vec<> power = simd::exp_of_negative(is_right ? none - margin : margin);
            const simd::vec<> pull = (is_right ? power : one) / (one + power);
            logs.add(power);
            misordered += is_right ? none : margin;
            own += pull;
            simd::store(pulls.data() + j, simd::load(pulls.data() + j) + pull);
        }
        float sum = 0;
        for (int lane = 0; lane < simd::lanes; ++lane) {
            sum += own[lane];
            linear -= static_cast<double>(misordered[lane]);
        }
        pulls[i] -= sum;
    }
    const auto count = static_cast<float>((std::max)(pairs, std::size_t{1}));
    for (std::size_t i = 0; i < n; ++i) {
        gradient[order[i].place] = pulls[i] / count;
    }
    return pairs > 0 ? (linear + logs.total()) / static_cast<double>(pairs) : 0;
}

} // namespace fitnas::detail

#endif

#endif
