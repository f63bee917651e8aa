/// @file
/// @brief What of the canonical form two neighbouring cells show.

#ifndef FITNAS_SPACE_CANONICAL_PAIRS_HPP
#define FITNAS_SPACE_CANONICAL_PAIRS_HPP

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas {

/// @brief Operators, and pairs of them in neighbouring cells, that no canonical code has. For searches that
/// build codes cell by cell.
struct canonical_pairs {
    /// `stands[cell][operator]`: 0 where no canonical code has the operator in this cell.
    std::vector<std::vector<std::uint8_t>> stands{};
    /// `follows[cell][before * operators + here]`: 0 where no canonical code has `here` in this cell and
    /// `before` in the one before it. Empty for the first cell.
    std::vector<std::vector<std::uint8_t>> follows{};
    /// Whether `stands` and `follows` decide: codes are canonical exactly where neither has a 0 for them.
    bool sufficient = true;
    /// Whether every code is canonical.
    bool all = true;
    /// `history[cell]`: the first cell that must be known to decide whether a code built up to this cell can
    /// become canonical. It is the cell itself where pairs decide, else the first of its run.
    std::vector<int> history{};
};

namespace detail {

/// What the canonical form asks of a cell.
struct cell_of_codes {
    std::vector<int> same_as{};         ///< of each operator, the first that is the same
    std::vector<const recipe*> steps{}; ///< of each operator; none where codes stand for nothing
    bool keeps_shape = false;
    int end_of_run = 0;
    bool in_graph = false;
};

FITNAS_LAZY FITNAS_COLD canonical_pairs pairs_of(const std::vector<cell_of_codes>& cells);

} // namespace detail

/// @brief The pairs of a space.
///
/// Among neighbouring cells that keep one shape, a canonical code has its operators that change nothing
/// behind all others (see `canonical`). Where these cells have the same operators, or none of them does
/// nothing, that is seen pair by pair.
template <code_space Space>
canonical_pairs canonical_pairs_of() {
    std::vector<detail::cell_of_codes> cells(static_cast<std::size_t>(Space::cells));
    for (int i = 0; i < Space::cells; ++i) {
        detail::cell_of_codes& c = cells[static_cast<std::size_t>(i)];
        c.same_as.resize(static_cast<std::size_t>(Space::operator_counts[static_cast<std::size_t>(i)]));
        std::iota(c.same_as.begin(), c.same_as.end(), 0);
        if constexpr (search_space_type<Space>) {
            for (int& o : c.same_as) {
                c.steps.push_back(&Space::block_of(i, o).steps);
                for (int earlier = 0; earlier < o; ++earlier) {
                    o = detail::same_operator<Space>(i, earlier, o) ? earlier : o;
                }
            }
            c.in_graph = Space::layer_of(i).graph >= 0;
            c.keeps_shape = Space::layer_of(i).place.keeps_shape() && !c.in_graph;
            c.end_of_run = detail::end_of_run<Space>(i);
        }
    }
    return detail::pairs_of(cells);
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN canonical_pairs pairs_of(const std::vector<cell_of_codes>& cells) {
    canonical_pairs rule;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t here = cells[i].same_as.size();
        const std::size_t before = i == 0 ? 0 : cells[i - 1].same_as.size();
        rule.stands.emplace_back(here, std::uint8_t{1});
        rule.follows.emplace_back(before * here, std::uint8_t{1});
        rule.history.push_back(static_cast<int>(i));
        // The first of the operators with one recipe stands for all.
        for (std::size_t o = 0; o < here; ++o) {
            if (cells[i].same_as[o] != static_cast<int>(o)) {
                rule.stands[i][o] = 0;
                rule.all = false;
            }
        }
    }
    const auto has = [&](std::size_t cell, const recipe& wanted) {
        return std::any_of(cells[cell].steps.begin(), cells[cell].steps.end(),
                           [&](const recipe* steps) { return *steps == wanted; });
    };
    for (std::size_t first = 0, end = 0; first < cells.size() && !cells[first].steps.empty(); first = end) {
        end = static_cast<std::size_t>(cells[first].end_of_run); // the runs of `canonical`
        for (std::size_t i = first; i < end && cells[first].in_graph; ++i) {
            rule.sufficient = false;
            rule.all = false;
            rule.history[i] = static_cast<int>(first);
        }
        bool idle = false; // whether an operator of the run does nothing
        bool alike = true;
        for (std::size_t i = first; cells[first].keeps_shape && i < end; ++i) {
            for (const recipe* steps : cells[i].steps) {
                idle = idle || steps->empty();
                for (std::size_t j = first; j < end; ++j) {
                    alike = alike && has(j, *steps);
                }
            }
        }
        for (std::size_t i = first; idle && i < end; ++i) {
            if (!alike) {
                rule.sufficient = false;
                rule.all = false;
                rule.history[i] = static_cast<int>(first);
            }
            if (i == first || !has(i, recipe{})) {
                continue;
            }
            // What does nothing, and behind it what could change places with it.
            const std::size_t count = cells[i].steps.size();
            for (std::size_t before = 0; before < cells[i - 1].steps.size(); ++before) {
                for (std::size_t o = 0; o < count; ++o) {
                    const recipe& steps = *cells[i].steps[o];
                    if (cells[i - 1].steps[before]->empty() && !steps.empty() && has(i - 1, steps)) {
                        rule.follows[i][before * count + o] = 0;
                        rule.all = false;
                    }
                }
            }
        }
    }
    return rule;
}

} // namespace fitnas::detail

#endif

#endif
