/// @file
/// @brief Which paths of a supernet a training step takes.

#ifndef FITNAS_SUPERNET_SAMPLING_HPP
#define FITNAS_SUPERNET_SAMPLING_HPP

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/rng.hpp>

namespace fitnas {

/// @brief How paths are sampled.
enum class sampling : std::uint8_t {
    /// One path a step, each code equally likely (Guo et al., "Single path one-shot", arXiv 1904.00420).
    uniform,
    /// Several paths a step, in which the operators of a cell come equally often; their gradients make one
    /// update (Chu et al., "FairNAS", arXiv 1907.01845). As many paths as the least common multiple of the
    /// cells' operator counts.
    strict_fair
};

namespace detail {

/// Paths of a step, the same for equal (seed, step).
class path_sampler {
public:
    /// @param counts operators of each cell
    FITNAS_COLD path_sampler(std::span<const int> counts, sampling kind, seed s)
        : m_counts(counts.begin(), counts.end()), m_kind(kind), m_seed(s) {
        if (kind == sampling::strict_fair) {
            for (const int c : m_counts) {
                m_paths = std::lcm(m_paths, static_cast<std::size_t>(c));
                if (m_paths > most) {
                    throw option_error(
                        "[F0506] sampling::strict_fair: the cells' operator counts need more than " +
                        std::to_string(most) + " paths a step; use sampling::uniform");
                }
            }
        }
        m_codes.assign(m_paths, std::vector<std::uint8_t>(m_counts.size()));
        m_column.resize(m_paths);
    }

    /// @return paths of a step
    std::size_t size() const { return m_paths; }

    /// @return valid until the next call
    const std::vector<std::vector<std::uint8_t>>& paths(std::uint64_t step) {
        random_stream random(m_seed, purpose::path, step);
        for (std::size_t c = 0; c < m_counts.size(); ++c) {
            const auto count = static_cast<std::size_t>(m_counts[c]);
            if (m_kind == sampling::uniform) {
                m_column[0] = static_cast<std::uint8_t>(random.below(static_cast<std::uint32_t>(count)));
            } else {
                for (std::size_t i = 0; i < m_paths; ++i) {
                    m_column[i] = static_cast<std::uint8_t>(i % count);
                }
                random.shuffle(std::span<std::uint8_t>(m_column));
            }
            for (std::size_t i = 0; i < m_paths; ++i) {
                m_codes[i][c] = m_column[i];
            }
        }
        return m_codes;
    }

private:
    static constexpr std::size_t most = 1024;
    std::vector<int> m_counts;
    sampling m_kind;
    seed m_seed;
    std::size_t m_paths = 1;
    std::vector<std::vector<std::uint8_t>> m_codes;
    std::vector<std::uint8_t> m_column; ///< the operators of one cell
};

} // namespace detail

} // namespace fitnas

#endif
