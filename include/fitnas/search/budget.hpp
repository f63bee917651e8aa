/// @file
/// @brief Iterative sampling with a budget and two prices: cheap scores of many networks, dear ones of a few.

#ifndef FITNAS_SEARCH_BUDGET_HPP
#define FITNAS_SEARCH_BUDGET_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/search/shortlist.hpp>

namespace fitnas::search {

/// @brief A scorer, and what it takes to score one network: in seconds, passes of images, or any unit.
template <class Scorer>
struct priced {
    Scorer scorer;    ///< scores architectures
    double price = 1; ///< above 0
};
template <class Scorer>
priced(Scorer, double) -> priced<Scorer>;

/// @brief How a budget is spent. The defaults are our choice.
struct budget_options {
    double budget = 0; ///< in the unit of the prices; pays at least 8 scores and 4 truths (to be set)
    double scores_share = 0.25;    ///< the most of it that goes into scores, above 0, below 1
    std::size_t most_scores = 500; ///< no more scores than that, at least 8
    std::size_t rounds = 5;        ///< truths come in so many rounds, 4 or more in the first; at least 1
    double uniform = 0.5;          ///< the share of the first round that is drawn uniformly, in [0, 1]
    std::uint64_t enumerable = std::uint64_t{1} << 20U; ///< larger spaces are searched by evolution
    cost::limit limit{};                                ///< what is scored keeps it
    fitnas::seed seed{1};                               ///< of samples and of evolution
    fitnas::observer observer{}; ///< called after the scores and after each round; counts truths
};

/// @brief What is known of a space from either scorer, in the order in which it was asked for.
template <code_space Space>
struct known_scores {
    score_table<Space> scores{}; ///< by the cheap scorer
    score_table<Space> truths{}; ///< by the dear one
};

/// @brief What a search at two prices found.
template <model Model>
struct budget_result {
    std::optional<Model> predictor; ///< the last one; none where the limit leaves nothing to fit to
    known_scores<typename Model::space> known; ///< all scores that were paid for
    candidate<typename Model::space> best;     ///< the best truth; ties by the order of the codes
    double spent = 0;                          ///< of the budget
};

namespace detail {

FITNAS_LAZY void require_options(const budget_options& o, double score_price, double truth_price);

/// Asks a scorer for what is not known yet, and keeps all answers in order.
template <code_space Space, class Scorer>
class asker {
public:
    asker(Scorer& scorer, const score_table<Space>& known, const char* name)
        : m_scorer(scorer), m_name(name) {
        m_table.kind = kind_of_scorer<Scorer>;
        for (std::size_t i = 0; i < known.size(); ++i) {
            m_known.emplace(known.architectures[i], known.scores[i]);
        }
    }
    void ask(const std::vector<architecture<Space>>& codes) {
        std::vector<architecture<Space>> unknown;
        std::copy_if(codes.begin(), codes.end(), std::back_inserter(unknown),
                     [&](const auto& a) { return !m_known.contains(a); });
        if (!unknown.empty()) {
            const std::vector<double> values = m_scorer(std::span<const architecture<Space>>(unknown));
            require_values(values, unknown.size(), "iterative", m_name);
            for (std::size_t i = 0; i < unknown.size(); ++i) {
                m_known.emplace(unknown[i], values[i]);
            }
        }
        for (const architecture<Space>& a : codes) {
            m_table.push_back(a, m_known.at(a));
            m_asked.insert(a);
        }
    }
    const score_table<Space>& table() const { return m_table; }
    const std::set<architecture<Space>>& asked() const { return m_asked; }

private:
    Scorer& m_scorer;
    const char* m_name;
    score_table<Space> m_table;
    std::set<architecture<Space>> m_asked;
    std::map<architecture<Space>, double> m_known;
};

/// @return how many whole prices an amount pays; rounding counts for nothing
inline std::size_t paid(double amount, double price, std::size_t most) {
    const double count = std::floor(amount / price * (1 + 1e-12));
    return count < static_cast<double>(most) ? static_cast<std::size_t>((std::max)(count, 0.0)) : most;
}

/// How many truths a round asks for: an equal part of those that are left for it and the rounds behind it;
/// the first at least 4, for fewer cannot be fitted to.
inline std::size_t truths_of_round(std::size_t left, std::size_t number, std::size_t rounds) {
    const std::size_t count = (left + rounds - number) / (rounds - number + 1);
    return number == 1 ? (std::max)(count, (std::min)(left, std::size_t{4})) : count;
}

} // namespace detail

/// @brief Spends a budget on two scorers to find the best network by the dear one, such as a training by
/// itself (truth), with the help of the cheap one, such as a supernet (score).
///
/// Networks drawn uniformly are scored first. Then truths are asked for in rounds: in the first of those that
/// the scores' fit ranks first, and of others drawn uniformly among the scored; in each later one of those
/// that a fit to scores and truths ranks first and that have no truth yet. So a stopped run goes on: with
/// what it knew as `known` it asks for the same networks, and scorers are called for the unknown ones alone.
/// @tparam Space the code space
/// @param score,truth called with different networks, at most once a round; higher is better
/// @param fit_to `predictor fit_to(const score_table<Space>& scores, const score_table<Space>& truths)`;
/// truths are empty before the first round
/// @param known answers of an earlier run; they count as spent once they are asked for
/// @return the network with the best truth, and all that is known
/// @throws option_error where an option is out of range or the budget too small
/// @throws limit_error where no architecture keeps the limit, see `sample_under`
/// @throws shape_error, numeric_error where a scorer's values cannot be ranked; and what `fit_to` throws
/// @throws interrupted_with what is known, and the best truth so far, where anything throws `interrupted`
/// after the first round; before it, `interrupted` as it comes
template <code_space Space, class Score, class Truth, class Fit>
requires scorer<Score, Space> && scorer<Truth, Space>
auto iterative(priced<Score> score, priced<Truth> truth, Fit&& fit_to, const budget_options& options,
               const known_scores<Space>& known = {}) {
    using table = score_table<Space>;
    using fitted_model =
        std::decay_t<decltype(fit_to(std::declval<const table&>(), std::declval<const table&>()))>;
    constexpr auto most = static_cast<std::size_t>(-1) / 2;
    detail::require_options(options, score.price, truth.price);
    detail::asker<Space, Score> scores(score.scorer, known.scores, "scorer of scores");
    detail::asker<Space, Truth> truths(truth.scorer, known.truths, "scorer of truths");

    scores.ask(sample_under<Space>(
        options.limit, detail::paid(options.scores_share * options.budget, score.price, options.most_scores),
        options.seed, 1000, "iterative"));
    const auto spent = [&] {
        return score.price * static_cast<double>(scores.table().size()) +
               truth.price * static_cast<double>(truths.table().size());
    };
    const std::size_t wanted = detail::paid(options.budget - spent(), truth.price, most);
    const fitnas::detail::teller tell(options.observer, "iterative", wanted);
    std::optional<fitted_model> predictor;
    const auto fit_again = [&] {
        const bool flat = fitnas::detail::all_equal(scores.table().scores) &&
                          (truths.table().size() == 0 || fitnas::detail::all_equal(truths.table().scores));
        if (!flat) {
            predictor.emplace(fit_to(scores.table(), truths.table()));
        }
    };
    fit_again();
    tell(0);
    const auto result = [&] {
        detail::shortlist<Space> best(1, "iterative");
        for (std::size_t i = 0; i < truths.table().size(); ++i) {
            best.offer(truths.table().architectures[i], truths.table().scores[i]);
        }
        return budget_result<fitted_model>{predictor,
                                           {scores.table(), truths.table()},
                                           best.candidates(check_of<Space>(options.limit)).front(),
                                           spent()};
    };
    const auto round = [&](std::size_t number) {
        const std::size_t count =
            detail::truths_of_round(wanted - truths.table().size(), number, options.rounds);
        std::size_t random =
            number > 1
                ? 0
                : static_cast<std::size_t>(std::ceil(options.uniform * static_cast<double>(count) - 1e-9));
        if (!predictor) {
            random = count;
        }
        // The first of the scored are a uniform sample.
        std::vector<architecture<Space>> next;
        std::set<architecture<Space>> taken = truths.asked();
        for (const architecture<Space>& a : scores.table().architectures) {
            if (next.size() < random && taken.insert(a).second) {
                next.push_back(a);
            }
        }
        if (predictor && next.size() < count) {
            const auto best = detail::best_unknown(*predictor, taken, count - next.size(), options, number);
            next.insert(next.end(), best.begin(), best.end());
        }
        truths.ask(next);
        fit_again();
        tell(truths.table().size());
        return !next.empty();
    };
    round(1);
    const auto rounds = [&] {
        for (std::size_t number = 2; number <= options.rounds && truths.table().size() < wanted; ++number) {
            if (!round(number)) {
                break;
            }
        }
        return result();
    };
    return fitnas::detail::or_partial(rounds, result);
}

/// @brief The same with `fit_two_fidelities`; before there are two unlike truths, `fit_default` to the
/// scores.
template <code_space Space, class Score, class Truth>
requires scorer<Score, Space> && scorer<Truth, Space> budget_result<two_fidelity_predictor<Space>>
iterative(priced<Score> score, priced<Truth> truth, const budget_options& options,
          const known_scores<Space>& known = {}) {
    using table = score_table<Space>;
    const auto fit_to = [&](const table& scores, const table& truths) {
        if (fitnas::detail::all_equal(truths.scores)) {
            return two_fidelity_predictor<Space>(fit_default(scores, {.seed = options.seed}), 1, std::nullopt,
                                                 0, windows<Space>(window_sum<Space>(0)));
        }
        return fit_two_fidelities(scores, truths, {.seed = options.seed});
    };
    return iterative<Space>(std::move(score), std::move(truth), fit_to, options, known);
}

} // namespace fitnas::search

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN void require_options(const budget_options& o, double score_price, double truth_price) {
    const auto refuse = [](const std::string& message, double got) {
        throw option_error(message + ", got " + fitnas::detail::number_text(got));
    };
    for (const double price : {score_price, truth_price}) {
        if (!(price > 0) || !std::isfinite(price)) {
            refuse("[F0750] iterative: price of a scorer: expected a number above 0", price);
        }
    }
    if (!(o.scores_share > 0 && o.scores_share < 1)) {
        refuse("[F0751] iterative: scores_share: expected a share above 0 and below 1", o.scores_share);
    }
    if (!(o.uniform >= 0 && o.uniform <= 1)) {
        refuse("[F0752] iterative: uniform: expected a share from 0 to 1", o.uniform);
    }
    if (o.rounds < 1) {
        refuse("[F0753] iterative: rounds: expected at least 1", 0);
    }
    if (o.most_scores < 8) {
        refuse("[F0754] iterative: most_scores: expected at least 8", static_cast<double>(o.most_scores));
    }
    const double least = (std::max)(8 * score_price / o.scores_share, 4 * truth_price / (1 - o.scores_share));
    if (!(o.budget >= least) || !std::isfinite(o.budget)) {
        refuse("[F0755] iterative: budget: expected at least " + fitnas::detail::number_text(least) +
                   ", which pays 8 scores by scores_share of it and 4 truths by the rest",
               o.budget);
    }
}

} // namespace fitnas::search::detail

#endif

#endif
