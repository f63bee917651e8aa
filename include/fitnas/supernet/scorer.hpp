/// @file
/// @brief A supernet as what searches ask for scores.

#ifndef FITNAS_SUPERNET_SCORER_HPP
#define FITNAS_SUPERNET_SCORER_HPP

#include <span>
#include <utility>
#include <vector>

#include <fitnas/supernet/evaluate.hpp>

namespace fitnas {

/// @brief What `scorer` returns.
template <search_space_type Space>
struct supernet_scorer {
    static constexpr score_kind kind = score_kind::supernet; ///< tables of its scores are fitted accordingly
    const supernet<Space>* net;                              ///< whose weights are used
    const dataset* data;                                     ///< whose validation split is used
    evaluate_options options;                                ///< how networks are scored
    score_measure measure;                                   ///< what a score is

    /// Scores, one for each architecture.
    std::vector<double> operator()(std::span<const architecture<Space>> some) const {
        return evaluate_both<Space>(*net, some, *data, options).by(measure).scores;
    }
};

/// @brief A function from architectures to scores on validation images, for `search::segment`,
/// `search::evolution`, `search::iterative` and `search::random`.
/// @param net and
/// @param data must outlive what is returned
/// @param options as of `evaluate`
/// @param measure accuracies are easier to read, negative losses rank better
template <search_space_type Space>
supernet_scorer<Space> scorer(const supernet<Space>& net, const dataset& data, evaluate_options options = {},
                              score_measure measure = score_measure::accuracy) {
    return {&net, &data, std::move(options), measure};
}
/// What would dangle.
template <search_space_type Space>
auto scorer(const supernet<Space>&&, const dataset&, evaluate_options = {}, score_measure = {}) = delete;
template <search_space_type Space>
auto scorer(const supernet<Space>&, const dataset&&, evaluate_options = {}, score_measure = {}) = delete;
template <search_space_type Space>
auto scorer(const supernet<Space>&&, const dataset&&, evaluate_options = {}, score_measure = {}) = delete;

} // namespace fitnas

#endif
