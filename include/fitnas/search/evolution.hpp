/// @file
/// @brief Evolution: the best found so far are mutated and crossed.

#ifndef FITNAS_SEARCH_EVOLUTION_HPP
#define FITNAS_SEARCH_EVOLUTION_HPP

#include <set>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/search/shortlist.hpp>
#include <fitnas/space/sample.hpp>

namespace fitnas::search {

/// @brief The defaults are those of single-path one-shot search (Guo et al., arXiv 1904.00420).
struct evolution_options {
    std::size_t population = 50;  ///< networks of a generation, at least 1
    std::size_t generations = 20; ///< at least 1; the first is random
    std::size_t parents = 10;     ///< the best of all networks so far, which the next come from, at least 1
    double mutation = 0.1;        ///< the chance of each cell of a mutated child, in (0, 1]
    double crossover = 0.5;       ///< the share of children that mix two parents, in [0, 1]
    std::size_t top = 10;         ///< how many to return, at least 1
    cost::limit limit{};
    fitnas::seed seed{1};
    std::size_t draws = 100;     ///< the most children to draw for each one that is wanted, at least 1
    fitnas::observer observer{}; ///< called after each generation
};

namespace detail {

/// A code that keeps the limits if it can: uniform, and where that breaks them, drawn again cell by cell
/// among the operators that leave the limits within reach.
template <code_space Space>
architecture<Space> draw_under(const limit_check& limits, random_stream& random) {
    architecture<Space> a = sample_one<Space>(random);
    if (limits.meets(a)) {
        return a;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::vector<std::uint8_t> within_reach;
        for (int o = 0; o < Space::operator_counts[i]; ++o) {
            a[i] = static_cast<std::uint8_t>(o);
            if (limits.can_meet(a, static_cast<int>(i) + 1)) {
                within_reach.push_back(a[i]);
            }
        }
        if (within_reach.empty()) { // only where there are several limits
            return a;
        }
        a[i] = within_reach[random.below(static_cast<std::uint32_t>(within_reach.size()))];
    }
    return a;
}

/// Each cell from either of two, equally likely.
template <code_space Space>
architecture<Space> cross(architecture<Space> a, const architecture<Space>& b, random_stream& random) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = random.below(2) == 0 ? a[i] : b[i];
    }
    return a;
}

/// Each cell gets another of its operators with the given chance.
template <code_space Space>
architecture<Space> mutate(architecture<Space> a, double chance, random_stream& random) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto count = static_cast<std::uint32_t>(Space::operator_counts[i]);
        if (count > 1 && random.uniform() < chance) {
            a[i] = static_cast<std::uint8_t>((a[i] + 1 + random.below(count - 1)) % count);
        }
    }
    return a;
}

FITNAS_LAZY FITNAS_COLD void require_options(const evolution_options& o);

} // namespace detail

/// @brief Each generation draws new networks from the best so far, by mutation or crossover ((mu + lambda)
/// selection). No network is scored twice, none breaks the limits, and a generation may be smaller, or the
/// search end early, where the draws find nothing new.
/// @param score called once a generation; higher is better
/// @return the best of all that were scored, best first; ties in the order of the codes
/// @throws option_error where an option is out of range
/// @throws limit_error where no architecture keeps the limits, or the draws find none
/// @throws interrupted_with the best so far, where observer or scorer throw `interrupted`
template <code_space Space, scorer<Space> Scorer>
std::vector<candidate<Space>> evolution(Scorer&& score, const evolution_options& options = {}) {
    using code = architecture<Space>;
    using list = detail::shortlist<Space>;
    detail::require_options(options);
    list best(options.top, "evolution");
    const std::uint64_t most_draws = (memory_size(options.draws) * options.population).value();
    const limit_check limits = check_of<Space>(options.limit);
    limits.require_possible("evolution");

    const fitnas::detail::teller tell(options.observer, "evolution", options.generations);
    std::set<code> seen;
    std::vector<typename list::entry> parents;
    const auto evolve = [&] {
        for (std::size_t generation = 0; generation < options.generations; ++generation) {
            random_stream random(options.seed, purpose::search, generation);
            const auto parent = [&]() -> const code& {
                return parents[random.below(static_cast<std::uint32_t>(parents.size()))].code;
            };
            std::vector<code> born;
            for (std::uint64_t i = 0; i < most_draws && born.size() < options.population; ++i) {
                code child{};
                if (generation == 0) {
                    child = detail::draw_under<Space>(limits, random);
                } else if (random.uniform() < options.crossover) {
                    const code& first = parent();
                    child = detail::cross<Space>(first, parent(), random);
                } else {
                    child = detail::mutate<Space>(parent(), options.mutation, random);
                }
                child = canonical<Space>(child);
                if (limits.meets(child) && seen.insert(child).second) {
                    born.push_back(child);
                }
            }
            if (born.empty()) {
                if (generation == 0) {
                    throw limits.nothing_found("evolution",
                                               "of " + std::to_string(most_draws) + " random codes none");
                }
                break;
            }
            const std::vector<double> values = score(std::span<const code>(born));
            detail::require_values(values, born.size(), "evolution", "scorer");
            for (std::size_t i = 0; i < born.size(); ++i) {
                best.offer(born[i], values[i]);
                parents.push_back({born[i], values[i]});
            }
            std::sort(parents.begin(), parents.end(), detail::best_codes::better<typename list::entry>);
            parents.resize((std::min)(parents.size(), options.parents));
            tell(generation + 1);
        }
        return best.candidates(limits);
    };
    return fitnas::detail::or_partial(evolve, [&] { return best.candidates(limits); });
}

/// @brief Refuses what is no scorer with a sentence.
template <code_space Space, class Scorer>
requires(!scorer<Scorer, Space>) void evolution(Scorer&& /*score*/,
                                                const evolution_options& /*options*/ = {}) {
    static_assert(
        scorer<Scorer, Space>,
        "[F0729] search::evolution<Space>(score): score must take a std::span<const architecture<Space>> and "
        "return a std::vector<double>");
}

/// @brief The same with a model's predictions.
template <model Model>
std::vector<candidate<typename Model::space>> evolution(const Model& predictor,
                                                        const evolution_options& options = {}) {
    using space = typename Model::space;
    return evolution<space>(
        [&](std::span<const architecture<space>> some) { return predictor.predict(some); }, options);
}

} // namespace fitnas::search

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN void require_options(const evolution_options& o) {
    const auto at_least_1 = [](std::size_t value, const char* name) {
        if (value < 1) {
            throw option_error(std::string("[F0706] evolution: ") + name + ": expected at least 1, got 0");
        }
    };
    at_least_1(o.population, "population");
    at_least_1(o.generations, "generations");
    at_least_1(o.parents, "parents");
    at_least_1(o.draws, "draws");
    if (!(o.mutation > 0 && o.mutation <= 1)) {
        throw option_error("[F0707] evolution: mutation: expected a chance in (0, 1], got " +
                           fitnas::detail::number_text(o.mutation));
    }
    if (!(o.crossover >= 0 && o.crossover <= 1)) {
        throw option_error("[F0708] evolution: crossover: expected a share in [0, 1], got " +
                           fitnas::detail::number_text(o.crossover));
    }
}

} // namespace fitnas::search::detail

#endif

#endif
