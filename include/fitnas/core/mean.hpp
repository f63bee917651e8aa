/// @file
/// @brief Means without rounding before the last step, so that what is equal stays equal.

#ifndef FITNAS_CORE_MEAN_HPP
#define FITNAS_CORE_MEAN_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <fitnas/config.hpp>

namespace fitnas::detail {

/// A sum of doubles as one long integer, in units of the smallest double: it is exact, so neither the order
/// of its terms nor their size matters. For at most 2^30 terms.
class exact_sum {
public:
    void add(double value) {
        ++m_terms;
        if (!std::isfinite(value)) {
            m_not_finite += value;
            return;
        }
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const std::size_t exponent = (bits >> 52U) & 0x7FFU;
        const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52U) - 1);
        const std::uint64_t significand = exponent == 0 ? fraction : fraction | (std::uint64_t{1} << 52U);
        const std::size_t place = exponent == 0 ? 0 : exponent - 1;
        const std::uint64_t low = (significand & word_mask) << (place % 32);
        const std::uint64_t high = (significand >> 32U) << (place % 32);
        const std::int64_t sign = value < 0 ? -1 : 1;
        std::int64_t* words = m_words.data() + place / 32;
        words[0] += sign * static_cast<std::int64_t>(low & word_mask);
        words[1] += sign * static_cast<std::int64_t>((low >> 32U) + (high & word_mask));
        words[2] += sign * static_cast<std::int64_t>(high >> 32U);
        m_first = (std::min)(m_first, place / 32);
        m_last = (std::max)(m_last, place / 32 + 3);
    }

    /// @return the double next to the sum; infinite where it is too large for one
    double value() const { return over(1); }
    /// @return the double next to the mean; not a number where nothing was added
    double mean() const { return m_terms == 0 ? std::numeric_limits<double>::quiet_NaN() : over(m_terms); }

private:
    static constexpr std::uint64_t word_mask = 0xFFFFFFFFU;
    static constexpr std::size_t most_words = 68; // 2098 bits of a double, 30 of a carry, a sign
    static constexpr std::size_t below = 3;       // words behind the point: what is left of 1 / divisor

    /// The nearest double to the sum over `divisor`, of two the even one.
    FITNAS_LAZY double over(std::uint64_t divisor) const;

    /// Carries from word to word. @return what is left above the last: -1 where the sum is below 0
    std::int64_t carry(std::int64_t sign, std::array<std::uint64_t, most_words + below>& digits,
                       std::size_t count) const {
        std::int64_t over = 0;
        for (std::size_t i = below; i < count; ++i) {
            over += sign * m_words[m_first + i - below];
            digits[i] = static_cast<std::uint64_t>(over) & word_mask;
            over >>= 32U;
        }
        return over;
    }

    std::array<std::int64_t, most_words> m_words{};
    std::size_t m_first = most_words; // of the words that are not 0
    std::size_t m_last = 0;
    std::uint64_t m_terms = 0;
    double m_not_finite = 0;
};

inline bool all_equal(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

/// The mean, rounded once: of equal numbers that number, of the same numbers in any order the same, never
/// outside of them, and free of overflow: its rounding tells no means apart that tie.
/// @return not a number where there are no values
FITNAS_LAZY double exact_mean(std::span<const double> values);

/// @return 0 where there are no values
FITNAS_LAZY double largest_magnitude(std::span<const double> values);

/// The exponent of the largest magnitude: divided by two to it, no value is above 1. Squares, products and
/// sums of values divided so neither overflow nor lose what counts, and a power of two rounds nothing.
/// @param values finite
inline int common_exponent(std::span<const double> values) {
    int exponent = 0;
    std::frexp(largest_magnitude(values), &exponent);
    return exponent;
}

/// The root of the sum of squared differences from `mean` over `divisor`, in any unit of the values.
FITNAS_LAZY double deviation_about(double mean, std::span<const double> values, std::size_t divisor);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN double exact_sum::over(std::uint64_t divisor) const {
    if (m_not_finite != 0) { // or not a number
        return m_not_finite;
    }
    // Words from the sum's lowest one on, in [0, 2^32), most significant last.
    std::array<std::uint64_t, most_words + below> digits{};
    const std::size_t count = m_last < m_first ? below : m_last - m_first + 1 + below;
    std::int64_t sign = 1;
    if (carry(sign, digits, count) < 0) {
        sign = -1;
        carry(sign, digits, count);
    }
    std::uint64_t left = 0;
    for (std::size_t i = count; i-- > 0;) {
        const std::uint64_t all = left << 32U | digits[i];
        digits[i] = all / divisor;
        left = all % divisor;
    }
    std::size_t top = count;
    while (top > 0 && digits[top - 1] == 0) {
        --top;
    }
    if (top == 0) {
        return 0;
    }
    // Digit 0 counts 2^lowest. A double keeps 53 bits, and none below 2^-1074.
    const int lowest = 32 * (static_cast<int>(m_first) - static_cast<int>(below)) - 1074;
    const int width = 32 * static_cast<int>(top - 1) + 64 - std::countl_zero(digits[top - 1]);
    const auto dropped = static_cast<std::size_t>((std::max)(width - 53, -1074 - lowest));
    const std::size_t word = dropped / 32;
    const std::size_t shift = dropped % 32;
    std::uint64_t kept = digits[word] >> shift | digits[word + 1] << (32 - shift);
    kept |= shift == 0 ? 0 : digits[word + 2] << (64 - shift);
    const std::size_t half = dropped - 1;
    bool more = left != 0 || (digits[half / 32] & ((std::uint64_t{1} << half % 32) - 1)) != 0;
    for (std::size_t i = 0; i < half / 32; ++i) {
        more = more || digits[i] != 0;
    }
    if ((digits[half / 32] >> half % 32 & 1U) != 0 && (more || kept % 2 == 1)) {
        ++kept;
    }
    return static_cast<double>(sign) *
           std::ldexp(static_cast<double>(kept), lowest + static_cast<int>(dropped));
}

FITNAS_LAZY_AGAIN double exact_mean(std::span<const double> values) {
    if (!values.empty() && all_equal(values)) {
        return values.front();
    }
    exact_sum sum;
    for (const double v : values) {
        sum.add(v);
    }
    return sum.mean();
}

FITNAS_LAZY_AGAIN double largest_magnitude(std::span<const double> values) {
    double largest = 0;
    for (const double v : values) {
        largest = (std::max)(largest, std::abs(v));
    }
    return largest;
}

FITNAS_LAZY_AGAIN double deviation_about(double mean, std::span<const double> values, std::size_t divisor) {
    const int unit = common_exponent(values);
    double sum = 0;
    for (const double v : values) {
        const double off = std::ldexp(v, -unit) - std::ldexp(mean, -unit);
        sum += off * off;
    }
    return std::ldexp(std::sqrt(sum / static_cast<double>(divisor)), unit);
}

} // namespace fitnas::detail

#endif

#endif
