/// @file
/// @brief What `search::exact` is asked, and what it tells beside its candidates.

#ifndef FITNAS_SEARCH_EXACT_OPTIONS_HPP
#define FITNAS_SEARCH_EXACT_OPTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/space/limit.hpp>

namespace fitnas::search {

/// @brief What is asked of `exact`.
struct exact_options {
    std::size_t top = 10; ///< how many to return, at least 1; fewer where fewer keep the limits
    cost::limit limit{};  ///< any number of them together
    /// How far below the true best, in the unit of the predictions, what is found may lie: at least 0. Above
    /// 0 the search may stop earlier; see `exact_report::gap` for how far it is.
    double tolerance = 0;
    /// Beginnings to look at before the search gives what it has, see `exact_report::gap`.
    std::uint64_t most_beginnings = (std::numeric_limits<std::uint64_t>::max)();
    /// Beginnings that are kept, cell by cell, for a first list, at least 1. Without a tolerance only the
    /// time depends on it.
    std::size_t beam = 4096;
    /// Called after each cell of the first list, then after some thousand beginnings and after each part, by
    /// one thread at a time. `done` and `total` count cells, then parts of the space.
    fitnas::observer observer{};
};

/// @brief What an exact search did.
struct exact_report {
    std::uint64_t tabulated = 0; ///< values in the model's windows
    std::uint64_t looked_at = 0; ///< beginnings of architectures, whole ones among them
    /// The i-th best of the space is at most this much better than the i-th that was found: 0 where neither a
    /// tolerance nor `most_beginnings`, nor a cancelling observer, left anything out; infinity where fewer
    /// than asked for were found before.
    double gap = 0;
};

namespace detail {

/// @throws option_error
FITNAS_LAZY FITNAS_COLD void require_options(const exact_options& options);

} // namespace detail

} // namespace fitnas::search

#if FITNAS_DEFINITIONS

#include <cmath>

#include <fitnas/core/number_text.hpp>

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN void require_options(const exact_options& options) {
    if (options.top < 1) {
        throw option_error("[F0709] exact: top: expected at least 1, got 0");
    }
    if (options.beam < 1) {
        throw option_error("[F0710] exact: beam: expected at least 1, got 0");
    }
    if (!(options.tolerance >= 0) || !std::isfinite(options.tolerance)) {
        throw option_error("[F0711] exact: tolerance: expected a number from 0, got " +
                           fitnas::detail::number_text(options.tolerance));
    }
}

} // namespace fitnas::search::detail

#endif

#endif
