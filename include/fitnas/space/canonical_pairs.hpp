/// @file
/// @brief What of the canonical form two neighbouring cells show.

#ifndef FITNAS_SPACE_CANONICAL_PAIRS_HPP
#define FITNAS_SPACE_CANONICAL_PAIRS_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include <fitnas/space/canonical.hpp>

namespace fitnas {

/// @brief Operators, and pairs of them in neighbouring cells, that no canonical code has. For searches that
/// build codes cell by cell.
struct canonical_pairs {
    /// Of each cell, for each operator, whether it may stand there at all.
    std::vector<std::vector<std::uint8_t>> stands{};
    /// Of each cell but the first, whether operator `here` may follow `before`: `[before * operators +
    /// here]`.
    std::vector<std::vector<std::uint8_t>> follows{};
    /// Where a code is not canonical exactly if it has such an operator or pair; else there are others.
    bool sufficient = true;
    /// Whether every code is canonical.
    bool all = true;
    /// Of each cell, the first cell that has a part in whether the codes up to this cell, and on, are
    /// canonical, beside what pairs show: the cell itself, or in runs where pairs do not suffice their first.
    std::vector<int> history{};
};

/// @brief The pairs of a space.
///
/// Among neighbouring cells that keep one shape, a canonical code has its operators that change nothing
/// behind all others (see `canonical`). Where these cells have the same operators, or none of them does
/// nothing, that is seen pair by pair.
template <code_space Space>
canonical_pairs canonical_pairs_of() {
    canonical_pairs rule;
    for (int i = 0; i < Space::cells; ++i) {
        const auto here = static_cast<std::size_t>(Space::operator_counts[static_cast<std::size_t>(i)]);
        const auto before =
            i == 0 ? std::size_t{0}
                   : static_cast<std::size_t>(Space::operator_counts[static_cast<std::size_t>(i) - 1]);
        rule.stands.emplace_back(here, std::uint8_t{1});
        rule.follows.emplace_back(before * here, std::uint8_t{1});
        rule.history.push_back(i);
    }
    if constexpr (search_space_type<Space>) {
        const auto steps = [](int cell, int o) -> const recipe& { return Space::block_of(cell, o).steps; };
        const auto has = [](int cell, const recipe& wanted) {
            return detail::operator_with<Space>(cell, wanted) >= 0;
        };
        // Of operators with one recipe the first stands for all.
        for (int i = 0; i < Space::cells; ++i) {
            for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(i)]; ++o) {
                for (int earlier = 0; earlier < o; ++earlier) {
                    if (detail::same_operator<Space>(i, earlier, o)) {
                        rule.stands[static_cast<std::size_t>(i)][static_cast<std::size_t>(o)] = 0;
                        rule.all = false;
                    }
                }
            }
        }
        int first = 0;
        while (first < Space::cells) { // the runs of `canonical`
            const int last = detail::end_of_run<Space>(first) - 1;
            const cell place = Space::layer_of(first).place;
            bool idle = false; // whether an operator of the run does nothing
            bool alike = true;
            for (int i = first; place.keeps_shape() && i <= last; ++i) {
                for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(i)]; ++o) {
                    idle = idle || steps(i, o).empty();
                    for (int j = first; j <= last; ++j) {
                        alike = alike && has(j, steps(i, o));
                    }
                }
            }
            for (int i = first; idle && i <= last; ++i) {
                const auto at = static_cast<std::size_t>(i);
                const int count = Space::operator_counts[at];
                if (!alike) {
                    rule.sufficient = false;
                    rule.all = false;
                    rule.history[at] = first;
                }
                if (i == first || !has(i, recipe{})) {
                    continue;
                }
                // What does nothing, and behind it what could change places with it.
                for (int before = 0; before < Space::operator_counts[at - 1]; ++before) {
                    for (int o = 0; o < count; ++o) {
                        if (steps(i - 1, before).empty() && !steps(i, o).empty() && has(i - 1, steps(i, o))) {
                            rule.follows[at][static_cast<std::size_t>(before * count + o)] = 0;
                            rule.all = false;
                        }
                    }
                }
            }
            first = last + 1;
        }
    }
    return rule;
}

} // namespace fitnas

#endif
