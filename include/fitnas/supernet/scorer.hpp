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
    const supernet<Space>* net;
    const dataset* data;
    evaluate_options options;

    std::vector<double> operator()(std::span<const architecture<Space>> some) const {
        return evaluate<Space>(*net, some, *data, options).scores;
    }
};

/// @brief A function from architectures to validation accuracies, for `search::segment`, `search::evolution`,
/// `search::iterative` and `search::random`.
/// @param net and
/// @param data must outlive what is returned
/// @param options as of `evaluate`
template <search_space_type Space>
supernet_scorer<Space> scorer(const supernet<Space>& net, const dataset& data,
                              evaluate_options options = {}) {
    return {&net, &data, std::move(options)};
}
/// What would dangle.
template <search_space_type Space>
auto scorer(const supernet<Space>&&, const dataset&, evaluate_options = {}) = delete;
template <search_space_type Space>
auto scorer(const supernet<Space>&, const dataset&&, evaluate_options = {}) = delete;
template <search_space_type Space>
auto scorer(const supernet<Space>&&, const dataset&&, evaluate_options = {}) = delete;

} // namespace fitnas

#endif
