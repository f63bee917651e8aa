/// @file
/// @brief Which paths of a supernet a training step takes.

#ifndef FITNAS_SUPERNET_SAMPLING_HPP
#define FITNAS_SUPERNET_SAMPLING_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/space/layout.hpp>

namespace fitnas {

/// @brief How paths are sampled.
enum class sampling : std::uint8_t {
    /// One path a step, each code equally likely (Guo et al., "Single path one-shot", arXiv 1904.00420).
    uniform,
    /// Several paths a step, in which the operators of a cell come equally often; their gradients make one
    /// update (Chu et al., "FairNAS", arXiv 1907.01845). As many paths as the least common multiple of the
    /// cells' operator counts.
    strict_fair,
    /// The paths of a strictly fair step, one a step: as many updates as `uniform`, operators as often as
    /// `strict_fair` (ours).
    fair_in_turn,
    /// Four paths a step, which make one update: the largest, the smallest and two random ones (Yu and Huang,
    /// "Universally slimmable networks", arXiv 1903.05134).
    sandwich
};
/// @brief Their names, in their order.
inline constexpr std::array<std::string_view, 4> sampling_names{"uniform", "strict_fair", "fair_in_turn",
                                                                "sandwich"};

namespace detail {

/// @return of each cell the operator with the most multiply-accumulates, or the fewest; the first of equal
/// ones
FITNAS_LAZY FITNAS_COLD std::vector<std::uint8_t> extreme_code(const space_layout& layout, bool largest);

/// Paths of a step, the same for equal (seed, step).
class path_sampler {
public:
    using code = std::vector<std::uint8_t>;

    /// @param counts operators of each cell; empty where nothing is chosen
    /// @param largest,smallest which `sandwich` alone needs
    FITNAS_LAZY FITNAS_COLD path_sampler(std::span<const int> counts, sampling kind, seed s,
                                         const code& largest = {}, const code& smallest = {});

    /// @return paths of a step
    std::size_t size() const { return m_kind == sampling::fair_in_turn ? 1 : m_codes.size(); }

    /// @return valid until the next call
    FITNAS_LAZY std::span<const code> paths(std::uint64_t step);

private:
    FITNAS_LAZY void draw(std::uint64_t step);

    static constexpr std::size_t most = 1024;
    std::vector<int> m_counts;
    sampling m_kind;
    seed m_seed;
    std::vector<code> m_fixed; ///< in each step
    std::size_t m_drawn = 1;   ///< behind them
    std::vector<code> m_codes;
    std::vector<std::uint8_t> m_column; ///< the drawn operators of one cell
};

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<std::uint8_t> extreme_code(const space_layout& layout, bool largest) {
    std::vector<std::uint8_t> code(static_cast<std::size_t>(layout.cells));
    for (const space_layer& l : layout.layers) {
        if (l.cell_index < 0) {
            continue;
        }
        const auto blocks = layout.blocks.subspan(static_cast<std::size_t>(l.first_block),
                                                  static_cast<std::size_t>(l.candidates));
        const auto found = std::min_element(blocks.begin(), blocks.end(), [&](const auto& a, const auto& b) {
            return largest ? a.macs > b.macs : a.macs < b.macs;
        });
        code[static_cast<std::size_t>(l.cell_index)] = static_cast<std::uint8_t>(found - blocks.begin());
    }
    return code;
}

FITNAS_LAZY_AGAIN path_sampler::path_sampler(std::span<const int> counts, sampling kind, seed s,
                                             const code& largest, const code& smallest)
    : m_counts(counts.begin(), counts.end()), m_kind(kind), m_seed(s) {
    if (kind == sampling::strict_fair || kind == sampling::fair_in_turn) {
        for (const int c : m_counts) {
            m_drawn = std::lcm(m_drawn, static_cast<std::size_t>(c));
            if (m_drawn > most) {
                throw option_error(
                    "[F0506] sampling::strict_fair: the cells' operator counts need more than " +
                    std::to_string(most) + " paths a step; use sampling::uniform");
            }
        }
    } else if (kind == sampling::sandwich && !m_counts.empty()) {
        m_fixed = {largest, smallest};
        m_drawn = 2;
    }
    m_codes = m_fixed;
    m_codes.resize(m_fixed.size() + m_drawn, code(m_counts.size()));
    m_column.resize(m_drawn);
}

FITNAS_LAZY_AGAIN std::span<const path_sampler::code> path_sampler::paths(std::uint64_t step) {
    const std::span<const code> all(m_codes);
    if (m_kind != sampling::fair_in_turn) {
        draw(step);
        return all;
    }
    draw(step / m_drawn);
    return all.subspan(step % m_drawn, 1);
}

FITNAS_LAZY_AGAIN void path_sampler::draw(std::uint64_t step) {
    const bool fair = m_kind == sampling::strict_fair || m_kind == sampling::fair_in_turn;
    random_stream random(m_seed, purpose::path, step);
    for (std::size_t c = 0; c < m_counts.size(); ++c) {
        const auto count = static_cast<std::uint32_t>(m_counts[c]);
        for (std::size_t i = 0; i < m_drawn; ++i) {
            m_column[i] = static_cast<std::uint8_t>(fair ? i % count : random.below(count));
        }
        if (fair) {
            random.shuffle(std::span<std::uint8_t>(m_column));
        }
        for (std::size_t i = 0; i < m_drawn; ++i) {
            m_codes[m_fixed.size() + i][c] = m_column[i];
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
