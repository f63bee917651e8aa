/// @file
/// @brief The true best of a whole space by a model that decomposes, however large the space is.

#ifndef FITNAS_SEARCH_EXACT_HPP
#define FITNAS_SEARCH_EXACT_HPP

#include <cmath>
#include <string>
#include <vector>

#include <fitnas/search/exact_search.hpp>

namespace fitnas::search {

/// @brief The best of a whole space, by windows that were made before: see below.
template <code_space Space>
std::vector<candidate<Space>> exact(const windows<Space>& model, const exact_options& options = {},
                                    exact_report* report = nullptr) {
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
    exact_report mine;
    exact_report& done = report != nullptr ? *report : mine;
    done = {};
    for (const window_term& t : model.terms()) {
        done.tabulated += t.values.size();
    }
    const int exponent = detail::far_exponent(model);
    return detail::exact_search<Space>(detail::divided(model, exponent), options, exponent).run(done);
}

/// @brief The true best of a whole space: every network once, under any limits, without enumeration.
///
/// The model's `windows` make a prediction a sum of steps between states, where a state is the last 2L
/// operators (L graph convolutions). Backward sums over states bound what any beginning can still reach;
/// under limits Lagrange multipliers keep the bounds tight. A beginning is left only where its bound is below
/// the last of a full list (or ties with it and comes later), so nothing better is missed. Predictions are
/// exact sums (see `windows`), costs that are integers are added exactly, and a found architecture is judged
/// by the limit itself, latencies added layer by layer as everywhere: what is returned is what looking at all
/// codes would find, ties in their order.
///
/// Without limits the time is some thousand sums a result. Limits can make a problem hard (it is a knapsack):
/// where the score is the limited cost itself, give a
/// `tolerance` or `most_beginnings`.
/// @param model a `decomposable` predictor; `windows<space>(model)`, made once, saves tabulating for each
/// query
/// @param options how many, limits, tolerance
/// @param report if not null, what was done
/// @return the best by prediction, best first; ties in the order of the codes
/// @throws option_error where an option is out of range
/// @throws limit_error where no architecture keeps the limits
/// @throws numeric_error where a value of the model is not finite
/// @throws interrupted_with the best so far, where the observer throws `interrupted`: they keep the limits,
/// and `exact_report::gap` says how far they may be from the best
template <model Model>
std::vector<candidate<typename Model::space>> exact(const Model& model, const exact_options& options = {},
                                                    exact_report* report = nullptr) {
    fitnas::detail::require_decomposable<Model>();
    if constexpr (decomposable<Model>) {
        return exact(windows<typename Model::space>(model), options, report);
    }
}

} // namespace fitnas::search

#endif
