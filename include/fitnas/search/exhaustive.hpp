/// @file
/// @brief Exhaustive search: the model as a lookup table of the whole space.

#ifndef FITNAS_SEARCH_EXHAUSTIVE_HPP
#define FITNAS_SEARCH_EXHAUSTIVE_HPP

#include <fitnas/search/enumerate.hpp>
#include <fitnas/search/shortlist.hpp>

namespace fitnas::search {

/// @brief What is asked of `exhaustive`.
struct exhaustive_options {
    std::size_t top = 10; ///< how many to return, at least 1; fewer where fewer keep the limits
    cost::limit limit{};
    std::size_t batch = 16384;   ///< codes that are looked at together
    fitnas::observer observer{}; ///< called after each batch
};

/// @brief Predicts every network that keeps the limits.
/// @return the best by prediction, best first; ties in the order of the codes
/// @throws option_error where the space has more than 2^26 codes, or an option is out of range
/// @throws limit_error where no architecture keeps the limits
/// @throws interrupted_with the best of the batches so far, where the observer throws `interrupted`
template <model Model>
std::vector<candidate<typename Model::space>> exhaustive(const Model& predictor,
                                                         const exhaustive_options& options = {}) {
    using space = typename Model::space;
    detail::shortlist<space> best(options.top, "exhaustive");
    const auto look = [&] {
        for_each_prediction(
            predictor, options.limit, options.batch, "exhaustive",
            [&](std::span<const architecture<space>> codes, std::span<const double> values) {
                for (std::size_t i = 0; i < codes.size(); ++i) {
                    best.offer(codes[i], values[i]);
                }
            },
            options.observer);
        return best.candidates(check_of<space>(options.limit));
    };
    return fitnas::detail::or_partial(look, [&] { return best.candidates(check_of<space>(options.limit)); });
}

/// @brief Refuses what is no model with a sentence.
template <class Model>
requires(!model<Model>) void exhaustive(const Model& /*predictor*/,
                                        const exhaustive_options& /*options*/ = {}) {
    static_assert(model<Model>, "[F0730] search::exhaustive(model): a model names its `space` and has "
                                "predict(std::span<const architecture<space>>) -> std::vector<double>");
}

} // namespace fitnas::search

#endif
