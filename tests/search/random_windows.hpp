#ifndef FITNAS_TESTS_SEARCH_RANDOM_WINDOWS_HPP
#define FITNAS_TESTS_SEARCH_RANDOM_WINDOWS_HPP

#include <algorithm>
#include <cstdint>

#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/windows.hpp>

/// A sum of random tables over windows of 1 to 4 cells. Of every two models one has small integers: many
/// codes have equal sums.
template <class Space>
fitnas::windows<Space> random_windows(std::uint64_t number) {
    fitnas::random_stream random(fitnas::seed{number}, fitnas::purpose::user);
    const bool ties = number % 2 == 1;
    const int widest = 1 + static_cast<int>(number % 4);
    fitnas::window_sum<Space> sum(ties ? 5 : random.normal());
    for (int i = 0; i < Space::cells; ++i) {
        const int width = 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(widest)));
        const int last = (std::min)(Space::cells, i + width);
        fitnas::window_term term{i, last, {}};
        for (std::uint64_t v = 0; v < fitnas::window_codes<Space>(i, last); ++v) {
            term.values.push_back(ties ? random.below(3) : random.normal());
        }
        sum.add(std::move(term));
    }
    return fitnas::windows<Space>(sum);
}

#endif
