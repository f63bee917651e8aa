/// @file
/// @brief Uniform samples of a space.

#ifndef FITNAS_SPACE_SAMPLE_HPP
#define FITNAS_SPACE_SAMPLE_HPP

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas {

namespace detail {
/// Bytes of a set's node beside its value, and of its place in the heap.
inline constexpr std::size_t set_node = 48;

/// @throws option_error
FITNAS_LAZY [[noreturn]] FITNAS_COLD void refuse_sample(std::size_t n, const std::string& has);

/// @param size how many codes the space has
/// @param bytes of a code
FITNAS_LAZY FITNAS_COLD void require_sample(std::size_t n, std::uint64_t size, std::size_t bytes);
} // namespace detail

/// @brief One architecture, each code equally likely.
template <code_space Space>
architecture<Space> sample_one(random_stream& random) {
    architecture<Space> a{};
    for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint32_t>(Space::operator_counts[i])));
    }
    return a;
}

/// @brief n different networks: codes are drawn uniformly, brought to canonical form, and kept the first time
/// they come.
/// @param n how many
/// @param s the seed; a larger sample of the same seed begins with the smaller one
/// @throws option_error where the space has fewer than n different networks, or so few of them beside its
/// codes that a million draws in a row find no new one
template <code_space Space>
std::vector<architecture<Space>> sample(std::size_t n, seed s) {
    constexpr std::uint64_t enumerable = 1U << 20U;
    detail::require_sample(n, Space::size, sizeof(architecture<Space>));
    std::set<architecture<Space>> seen;
    std::vector<architecture<Space>> result;
    random_stream random(s, purpose::sample);
    std::uint64_t misses = 0; // in a row
    while (result.size() < n) {
        const architecture<Space> a = canonical<Space>(sample_one<Space>(random));
        if (seen.insert(a).second) {
            result.push_back(a);
            misses = 0;
        } else if (++misses == 1000 && Space::size <= enumerable) {
            const std::size_t different = different_networks<Space>().size();
            if (n > different) {
                detail::refuse_sample(n, std::to_string(different));
            }
        } else if (misses == 1000000) {
            detail::refuse_sample(n, "hardly more than " + std::to_string(result.size()));
        }
    }
    return result;
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>

#include <fitnas/core/memory_limit.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void refuse_sample(std::size_t n, const std::string& has) {
    throw option_error("[F0320] sample: asked for " + std::to_string(n) +
                       " different networks, the space has " + has);
}

FITNAS_LAZY_AGAIN void require_sample(std::size_t n, std::uint64_t size, std::size_t bytes) {
    if (n > size) {
        refuse_sample(n, std::to_string(size) + " codes");
    }
    require_memory("sample: " + std::to_string(n) + " different networks",
                   memory_size((std::min)(std::uint64_t{n}, size)) * (2 * bytes + set_node), 0,
                   "fewer need less");
}

} // namespace fitnas::detail

#endif

#endif
