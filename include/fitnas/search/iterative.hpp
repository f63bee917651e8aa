/// @file
/// @brief Iterative sampling: a predictor that asks for the scores it is fitted to.

#ifndef FITNAS_SEARCH_ITERATIVE_HPP
#define FITNAS_SEARCH_ITERATIVE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/search/enumerate.hpp>
#include <fitnas/search/evolution.hpp>
#include <fitnas/search/random.hpp>
#include <fitnas/search/shortlist.hpp>

namespace fitnas::search {

/// @brief How scores are asked for. The defaults are our choice.
struct iterative_options {
    std::size_t evaluations = 100; ///< networks scored in all, at least 8
    double uniform = 0.5;          ///< the share of them that is drawn uniformly, first; above 0, at most 1
    std::size_t rounds = 5;        ///< the others come in so many rounds of the predicted best, at least 1
    std::uint64_t enumerable = std::uint64_t{1} << 20U; ///< larger spaces are searched by evolution
    cost::limit limit{};                                ///< what is scored keeps it
    fitnas::seed seed{1};                               ///< of the uniform sample and of evolution
    fitnas::observer observer{}; ///< called after each round, the uniform sample among them
};

/// @brief What iterative sampling found.
template <model Model>
struct iterative_result {
    /// Fitted to all scores; none where the limit leaves only networks of one score, so nothing to fit to.
    std::optional<Model> predictor;
    score_table<typename Model::space> scores; ///< in the order in which they were asked for
    candidate<typename Model::space> best;     ///< by its score; ties by the order of the codes
};

namespace detail {

/// The best by prediction that are not among `known`, at most `count`.
/// @param options limit, enumerable, seed
template <model Model, class Options>
std::vector<architecture<typename Model::space>>
best_unknown(const Model& predictor, const std::set<architecture<typename Model::space>>& known,
             std::size_t count, const Options& options, std::size_t round) {
    using space = typename Model::space;
    std::vector<architecture<space>> found;
    if (space::size <= (std::min)(options.enumerable, enumerable_size)) {
        shortlist<space> best(count, "iterative");
        for_each_prediction(predictor, options.limit, 16384, "iterative",
                            [&](std::span<const architecture<space>> codes, std::span<const double> values) {
                                for (std::size_t i = 0; i < codes.size(); ++i) {
                                    if (!known.contains(codes[i])) {
                                        best.offer(codes[i], values[i]);
                                    }
                                }
                            });
        for (const auto& e : best.sorted()) {
            found.push_back(e.code);
        }
    } else {
        const auto ranked = evolution(predictor, {.population = 200,
                                                  .parents = 50,
                                                  .top = known.size() + count,
                                                  .limit = options.limit,
                                                  .seed = seed{options.seed.value + round}});
        for (const candidate<space>& c : ranked) {
            if (found.size() < count && !known.contains(c.architecture)) {
                found.push_back(c.architecture);
            }
        }
    }
    return found;
}

FITNAS_LAZY void require_options(const iterative_options& o);

} // namespace detail

/// @brief Scores a uniform sample, then in rounds the best that a predictor of all scores so far finds among
/// networks not yet scored; after each round it is fitted anew.
/// @tparam Space the code space
/// @param score called once a round with different networks; higher is better
/// @param fit_to `predictor fit_to(const score_table<Space>&)`
/// @param options how many, and how
/// @return the last predictor, all scores, and the best of them; fewer scores than asked for where the space
/// has no more networks that keep the limit
/// Where the limit leaves one network, or only such as score alike, the result has no predictor.
/// @throws option_error where an option is out of range
/// @throws limit_error where too few architectures keep the limit, see `sample_under`
/// @throws shape_error, numeric_error where the scorer's values cannot be ranked; and what `fit_to` throws
/// @throws interrupted_with all scores so far, the best of them, and the last predictor that was fitted,
/// where observer, scorer or `fit_to` throw `interrupted` after the first fit; before it, `interrupted` as it
/// comes
template <code_space Space, scorer<Space> Scorer, class Fit>
auto iterative(Scorer&& score, Fit&& fit_to, const iterative_options& options) {
    using fitted_model = std::decay_t<decltype(fit_to(std::declval<const score_table<Space>&>()))>;
    detail::require_options(options);
    score_table<Space> table;
    table.kind = detail::kind_of_scorer<Scorer>;
    std::set<architecture<Space>> known;
    const auto evaluate = [&](const std::vector<architecture<Space>>& codes) {
        const std::vector<double> values = score(std::span<const architecture<Space>>(codes));
        detail::require_values(values, codes.size(), "iterative", "scorer");
        for (std::size_t i = 0; i < codes.size(); ++i) {
            table.push_back(codes[i], values[i]);
            known.insert(codes[i]);
        }
    };
    const auto uniform = options.uniform >= 1
                             ? options.evaluations
                             : static_cast<std::size_t>(std::ceil(
                                   options.uniform * static_cast<double>(options.evaluations) - 1e-9));
    const fitnas::detail::teller tell(options.observer, "iterative", options.evaluations);
    evaluate(sample_under<Space>(options.limit, (std::max)(uniform, std::size_t{4}), options.seed, 1000,
                                 "iterative"));
    std::optional<fitted_model> predictor;
    const bool used_up =
        fitnas::detail::all_equal(table.scores) &&
        sample_under<Space>(options.limit, table.size() + 1, options.seed, 1000, "iterative").size() ==
            table.size();
    if (!used_up) {
        predictor.emplace(fit_to(static_cast<const score_table<Space>&>(table)));
    }
    const auto result = [&] {
        detail::shortlist<Space> best(1, "iterative");
        for (std::size_t i = 0; i < table.size(); ++i) {
            best.offer(table.architectures[i], table.scores[i]);
        }
        return iterative_result<fitted_model>{std::move(predictor), table,
                                              best.candidates(check_of<Space>(options.limit)).front()};
    };
    const auto rounds = [&] {
        tell(table.size());
        for (std::size_t round = 1;
             predictor && round <= options.rounds && table.size() < options.evaluations; ++round) {
            const std::size_t left = options.evaluations - table.size();
            const std::size_t wanted = (left + options.rounds - round) / (options.rounds - round + 1);
            const auto next = detail::best_unknown(*predictor, known, wanted, options, round);
            if (next.empty()) {
                break;
            }
            evaluate(next);
            predictor.emplace(fit_to(static_cast<const score_table<Space>&>(table)));
            tell(table.size());
        }
        return result();
    };
    return fitnas::detail::or_partial(rounds, result);
}

/// @brief The same with the default predictor (`fit_default`).
template <code_space Space, scorer<Space> Scorer>
iterative_result<default_predictor<Space>> iterative(Scorer&& score, const iterative_options& options = {}) {
    return iterative<Space>(
        std::forward<Scorer>(score),
        [&](const score_table<Space>& table) { return fit_default(table, {.seed = options.seed}); }, options);
}

} // namespace fitnas::search

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN void require_options(const iterative_options& o) {
    const auto refuse = [](const std::string& message) { throw option_error(message); };
    if (o.evaluations < 8) {
        refuse("[F0712] iterative: evaluations: expected at least 8, got " + std::to_string(o.evaluations));
    }
    if (!(o.uniform > 0 && o.uniform <= 1)) {
        refuse("[F0713] iterative: uniform: expected a share above 0, at most 1, got " +
               fitnas::detail::number_text(o.uniform));
    }
    if (o.rounds < 1) {
        refuse("[F0714] iterative: rounds: expected at least 1, got 0");
    }
}

} // namespace fitnas::search::detail

#endif

#endif
