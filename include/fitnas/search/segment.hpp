/// @file
/// @brief The paper's search of a large space, segment by segment, with super-cells.

#ifndef FITNAS_SEARCH_SEGMENT_HPP
#define FITNAS_SEARCH_SEGMENT_HPP

#include <type_traits>

#include <fitnas/search/segment_search.hpp>

namespace fitnas::search {

/// @brief Searches a space segment by segment (Chen et al., arXiv 2004.08423, figure 2).
///
/// For each segment: `samples` of its candidates are scored with the cells behind it filled by
/// `options.fill`; `fit` makes a model of the scores; the model ranks all candidates; the best `rescored` are
/// scored again, on the same fills; the best `Keep` of these become the choices of one slot of the next
/// segment, a super-cell. So 7 + 6 + 6 cells of 6 operators are three segments of 6^7 candidates. Equal
/// networks are one candidate. A segment with no more than `rescored` candidates needs no model.
///
/// A candidate is left out where it breaks a limit even with the cheapest cells behind it, a whole
/// architecture where it breaks one. The networks scored on the way may break the limits: fills do not keep
/// them.
///
/// @code
/// const auto result = search::segment<spaces::mobile_19x6, search::segments<7, 6, 6>>(
///     scorer, [](const auto& table) { return ridge(table); }, {.samples = 1000});
/// std::puts(to_string<spaces::mobile_19x6>(result.best.front().architecture).c_str());
/// @endcode
///
/// @tparam Segments `segments<...>` that together have the space's cells
/// @tparam Keep how many parts a segment keeps, 1 to 36
/// @param score called once or twice a segment, with canonical codes; higher is better
/// @param fit called with each segment's `score_table` as `fit(table)`: returns a `model` of the table's
/// space, which is a `codes<...>`: the super-cell, if there is one, then the segment's cells. Fewer than
/// `Keep` may have been kept; then some operators of the super-cell never come
/// @return the re-scored of the last segment, best first, and what was done
/// @throws option_error where an option is out of range
/// @throws limit_error where no candidate of a segment can keep the limits. Limits that the best beginnings
/// leave no room for may end the search although other architectures keep them all together
/// @throws interrupted_with the segments that are done, and as `best` the best whole architectures that were
/// scored and keep the limits (`predicted` is their score), where observer, scorer or fit throw `interrupted`
template <code_space Space, class Segments, int Keep = 6, scorer<Space> Scorer, class Fit>
segment_result<Space> segment(Scorer&& score, Fit&& fit, const segment_options<Space>& options = {}) {
    static_assert(Segments::cells == Space::cells, "[F0724] search::segment<Space, segments<Cells...>>: the "
                                                   "segments together must have as many cells as the "
                                                   "space; 7 + 6 + 6 are for 19 cells");
    static_assert(Keep >= 1 && Keep <= 36, "[F0725] search::segment: between 1 and 36 parts are kept");
    return detail::segment_search<Space, Keep, std::remove_reference_t<Scorer>, std::remove_reference_t<Fit>>(
               score, fit, options)
        .run(Segments{});
}

} // namespace fitnas::search

#endif
