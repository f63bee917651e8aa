/// @file
/// @brief What a search by segments is given, and what it tells.

#ifndef FITNAS_SEARCH_SEGMENT_OPTIONS_HPP
#define FITNAS_SEARCH_SEGMENT_OPTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/core/progress.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/search/candidate.hpp>

namespace fitnas::search {

/// @brief How many cells each segment has, from the first cell on: the paper's 19 cells are `segments<7, 6,
/// 6>`.
template <int... Cells>
struct segments {
    static_assert(sizeof...(Cells) >= 1,
                  "[F0717] search::segments<Cells...>: there must be at least one segment");
    static_assert(((Cells >= 1) && ...),
                  "[F0718] search::segments<Cells...>: a segment needs at least one cell");
    static constexpr int cells = (Cells + ... + 0); ///< of all segments
};

/// @brief How the cells behind a segment are filled while it is searched. The paper's text does not say; the
/// default, `random`, is our choice.
enum class fill : std::uint8_t {
    random,   ///< uniformly, anew for each sample: a part is judged by what it is worth on average
    fixed,    ///< as in `segment_options::completion`
    heaviest, ///< the operator with the most macs (of equal ones the most parameters, then the first)
    cheapest  ///< the operator with the fewest macs (of equal ones the fewest parameters, then the first)
};

/// @brief What the paper's text leaves open: all numbers are our choice.
template <code_space Space>
struct segment_options {
    std::size_t samples = 1000;  ///< candidates of a segment that are scored for its model, at least 2
    std::size_t rescored = 60;   ///< best by the model, which are scored again; at least as many as are kept
    std::size_t completions = 4; ///< fills that a re-scored candidate is averaged over (`fill::random` only)
    search::fill fill = search::fill::random; ///< of the cells behind a segment
    fitnas::architecture<Space> completion{}; ///< for `fill::fixed`
    cost::limit limit{};
    fitnas::seed seed{1};
    /// Called three times a segment: when its candidates are listed, modelled, and re-scored.
    fitnas::observer observer{};
};

/// @brief A beginning of an architecture that a segment kept: a super-cell of the next.
struct kept_part {
    std::string code; ///< one character a cell, from the first cell of the space to the last of the segment
    double predicted = 0; ///< by the segment's model; the score where it needed none
    double score = 0;     ///< by the scorer, the mean over the completions
};

/// @brief What the search of one segment did.
struct segment_report {
    int first = 0;                 ///< its first cell
    int last = 0;                  ///< the first cell behind it
    std::size_t candidates = 0;    ///< different ones that can keep the limits
    std::size_t sampled = 0;       ///< those scored for the model; 0 where it needed none
    std::size_t scored = 0;        ///< architectures that the scorer saw, re-scoring included
    std::vector<kept_part> kept{}; ///< best first
};

/// @brief What a search by segments found.
template <code_space Space>
struct segment_result {
    /// The re-scored of the last segment, whole architectures, best first by `score`: the winner is the
    /// first.
    std::vector<candidate<Space>> best;
    std::vector<segment_report> segments; ///< one a segment
};

} // namespace fitnas::search

#endif
