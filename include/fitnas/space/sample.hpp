/// @file
/// @brief Uniform samples of a space.

#ifndef FITNAS_SPACE_SAMPLE_HPP
#define FITNAS_SPACE_SAMPLE_HPP

#include <set>
#include <vector>

#include <fitnas/core/rng.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas {

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
/// @throws option_error where the space has fewer than n different networks
template <code_space Space>
std::vector<architecture<Space>> sample(std::size_t n, seed s) {
    constexpr std::uint64_t enumerable = 1U << 20U;
    if (Space::size <= enumerable && n > Space::size / 64) {
        const std::size_t different = different_networks<Space>().size();
        if (n > different) {
            throw option_error("sample: asked for " + std::to_string(n) +
                               " different networks, the space has " + std::to_string(different));
        }
    }
    std::set<architecture<Space>> seen;
    std::vector<architecture<Space>> result;
    result.reserve(n);
    random_stream random(s, purpose::sample);
    while (result.size() < n) {
        const architecture<Space> a = canonical<Space>(sample_one<Space>(random));
        if (seen.insert(a).second) {
            result.push_back(a);
        }
    }
    return result;
}

} // namespace fitnas

#endif
