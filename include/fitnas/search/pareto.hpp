/// @file
/// @brief The exact front of quality against cost.

#ifndef FITNAS_SEARCH_PARETO_HPP
#define FITNAS_SEARCH_PARETO_HPP

#include <fitnas/search/enumerate.hpp>
#include <fitnas/search/front.hpp>

namespace fitnas::search {

/// @brief Which cost a front weighs against quality.
enum class objective : std::uint8_t { macs, parameters, latency };

/// @brief The candidates that no other dominates: none is at least as good in both quality and cost, and
/// better in one.
/// @return cheapest first, each better than the one before; candidates equal in both stay together
/// @throws option_error where latencies are asked for that the candidates do not have
template <code_space Space>
std::vector<candidate<Space>> pareto(std::vector<candidate<Space>> candidates,
                                     objective against = objective::macs) {
    const auto cost_of = [against](const candidate<Space>& c) {
        return against == objective::macs         ? static_cast<double>(c.macs)
               : against == objective::parameters ? static_cast<double>(c.parameters)
                                                  : c.latency;
    };
    for (const candidate<Space>& c : candidates) {
        if (std::isnan(cost_of(c))) {
            throw option_error("[F0715] pareto: the candidates have no latency; give the search a table with "
                               "cost::latency_at_most(table, milliseconds)");
        }
    }
    std::sort(candidates.begin(), candidates.end(),
              [&](const candidate<Space>& a, const candidate<Space>& b) {
                  return cost_of(a) != cost_of(b)     ? cost_of(a) < cost_of(b)
                         : a.predicted != b.predicted ? a.predicted > b.predicted
                                                      : b.architecture > a.architecture;
              });
    std::vector<candidate<Space>> front;
    for (const candidate<Space>& c : candidates) {
        if (front.empty() || c.predicted > front.back().predicted ||
            (c.predicted == front.back().predicted && cost_of(c) == cost_of(front.back()))) {
            front.push_back(c);
        }
    }
    return front;
}

struct pareto_options {
    objective against = objective::macs;
    cost::limit limit{}; ///< for latencies, `cost::latency_at_most(table, infinity)` gives the table alone
    std::size_t batch = 16384; ///< codes that are looked at together
    /// Called after each batch; in a space too large to enumerate after each cell, over and over while
    /// beginnings are added.
    fitnas::observer observer{};
};

namespace detail {

/// The front of a space of any size.
template <code_space Space>
std::vector<candidate<Space>> large_front(const windows<Space>& model, const pareto_options& options) {
    const limit_check limits = check_of<Space>(options.limit);
    limits.require_possible("pareto");
    const auto blocks = Space::layout().blocks;
    if (options.against == objective::latency && options.limit.latencies.empty()) {
        pareto<Space>({candidate<Space>{}}, options.against); // says what is missing
    }
    const auto of_block = [&](std::size_t b) {
        return options.against == objective::macs ? static_cast<double>(blocks[b].macs)
               : options.against == objective::parameters
                   ? static_cast<double>(blocks[b].parameters)
                   : options.limit.latencies.front().table->blocks()[b];
    };
    const auto cost_of = [&](const architecture<Space>& a) {
        return options.against == objective::macs ? static_cast<double>(cost::macs<Space>(a))
               : options.against == objective::parameters
                   ? static_cast<double>(cost::parameters<Space>(a))
                   : options.limit.latencies.front().table->template milliseconds<Space>(a);
    };
    const int exponent = far_exponent(model);
    const windows<Space> tables = divided(model, exponent);
    front_search<Space> search(tables, make_path_cost<Space>(0, of_block), options.limit, options.observer);
    std::vector<typename front_search<Space>::point> points;
    const auto candidates = [&] {
        std::vector<candidate<Space>> list;
        for (const auto& p : points) {
            list.push_back(candidate_of<Space>(p.code_, std::ldexp(p.score, exponent), options.limit));
        }
        return list;
    };
    const auto front = fitnas::detail::or_partial(
        [&] {
            search.run(cost_of, points);
            return candidates();
        },
        [&] {
            front_search<Space>::thin(points);
            return candidates();
        });
    if (front.empty()) {
        throw limits.nothing_found("pareto", "no architecture of the space");
    }
    return front;
}

} // namespace detail

/// @brief The front of predicted quality against cost over a whole space. A space of at most 2^26 codes is
/// enumerated. A larger one needs a model that is `decomposable`: label setting over window states finds its
/// front, by sums that are exact (see `windows`); of candidates that are equal in both quality and cost it
/// gives one.
/// @throws option_error where the space has more than 2^26 codes and the model does not decompose, or no
/// latency table was given
/// @throws limit_error where no architecture keeps the limits
/// @throws interrupted_with the front of what was looked at, where the observer throws `interrupted`: none of
/// it dominates another, and others may dominate them
template <model Model>
requires search_space_type<typename Model::space> std::vector<candidate<typename Model::space>>
pareto(const Model& predictor, const pareto_options& options = {}) {
    using space = typename Model::space;
    if constexpr (space::size > enumerable_size && decomposable<Model>) {
        return detail::large_front<space>(windows<space>(predictor), options);
    } else {
        std::vector<candidate<space>> front;
        const auto look = [&] {
            for_each_prediction(
                predictor, options.limit, options.batch, "pareto",
                [&](std::span<const architecture<space>> codes, std::span<const double> values) {
                    for (std::size_t i = 0; i < codes.size(); ++i) {
                        front.push_back(candidate_of<space>(codes[i], values[i], options.limit));
                    }
                    front = pareto<space>(std::move(front), options.against);
                },
                options.observer);
            return front;
        };
        return fitnas::detail::or_partial(look, [&] { return front; });
    }
}

} // namespace fitnas::search

#endif
