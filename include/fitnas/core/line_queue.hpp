/// @file
/// @brief Memory that will be read soon, asked for bit by bit while something else is computed.

#ifndef FITNAS_CORE_LINE_QUEUE_HPP
#define FITNAS_CORE_LINE_QUEUE_HPP

#include <cstddef>

#include <fitnas/core/simd.hpp>

namespace fitnas::detail {

/// Whether products and stencils ask for the next tile while they compute, or while they read one. Measured:
/// the former is faster with AVX-512, the latter with AVX2 (docs/performance.md).
inline constexpr bool prefetches_in_products = simd::lanes == 16;

/// Cache lines to be fetched into the core's second cache, some with each call of `ask`.
class line_queue {
public:
    /// `floats` neighbouring values. At most three times.
    void add(const float* p, std::ptrdiff_t floats) {
        const std::ptrdiff_t lines = (floats + line - 1) / line;
        m_regions[m_count++] = {p, lines};
        m_lines += lines;
    }
    /// Shares out what was added among so many calls.
    void spread(std::ptrdiff_t calls) { m_each = (m_lines + calls - 1) / calls; }

    FITNAS_INLINE void ask() {
        for (std::ptrdiff_t n = m_each; n > 0 && m_at < m_count; --n) {
            region& r = m_regions[m_at];
            __builtin_prefetch(r.p, 0, 2);
            r.p += line;
            if (--r.lines == 0) {
                ++m_at;
            }
        }
    }

private:
    static constexpr std::ptrdiff_t line = 16; ///< floats
    struct region {
        const float* p;
        std::ptrdiff_t lines;
    };
    region m_regions[3] = {};
    int m_count = 0;
    int m_at = 0;
    std::ptrdiff_t m_lines = 0;
    std::ptrdiff_t m_each = 0;
};

} // namespace fitnas::detail

#endif
