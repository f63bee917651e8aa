/// @file
/// @brief The true best of a whole space by a model that decomposes, however large the space is.

#ifndef FITNAS_SEARCH_EXACT_HPP
#define FITNAS_SEARCH_EXACT_HPP

#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include <fitnas/search/exact_search.hpp>

namespace fitnas::search {

namespace detail {

template <code_space Space>
bool is_canonical(std::span<const std::uint8_t> code) {
    const auto a = fitnas::detail::architecture_of<Space>(code);
    return canonical<Space>(a) == a;
}

} // namespace detail

/// @brief The best of a whole space, by windows that were made before: see below.
template <code_space Space>
std::vector<candidate<Space>> exact(const windows<Space>& model, const exact_options& options = {},
                                    exact_report* report = nullptr) {
    detail::require_options(options);
    const limit_check limits = check_of<Space>(options.limit);
    limits.require_possible("exact");
    const int exponent = detail::far_exponent(model);
    const detail::path_graph graph(detail::divided(model, exponent));
    const detail::exact_answer answer =
        detail::answer_of({graph, limits, options, exponent, Space::size, detail::is_canonical<Space>});
    if (report != nullptr) {
        *report = answer.report;
        for (const window_term& t : model.terms()) {
            report->tabulated += t.values.size();
        }
    }
    const auto best = [&] { return detail::candidates_of<Space>(answer.best, limits); };
    return fitnas::detail::or_partial(
        [&] {
            if (answer.stopped) {
                std::rethrow_exception(answer.stopped);
            }
            if (answer.best.empty()) {
                throw limits.nothing_found("exact", "no architecture of the space");
            }
            return best();
        },
        best);
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
