/// @file
/// @brief The exact front of quality against cost.

#ifndef FITNAS_SEARCH_PARETO_HPP
#define FITNAS_SEARCH_PARETO_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/search/enumerate.hpp>
#include <fitnas/search/front.hpp>

namespace fitnas::search {

namespace detail {

/// Leaves the points that no other dominates; of points equal in both all stay.
template <class Point, class Cost, class Quality, class Code>
void leave_front(std::vector<Point>& points, Cost&& cost, Quality&& quality, Code&& code) {
    std::sort(points.begin(), points.end(), [&](const Point& a, const Point& b) {
        return cost(a) != cost(b)         ? cost(a) < cost(b)
               : quality(a) != quality(b) ? quality(a) > quality(b)
                                          : code(a) < code(b);
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const bool first = kept == 0;
        if (first || quality(points[i]) > quality(points[kept - 1]) ||
            (quality(points[i]) == quality(points[kept - 1]) && cost(points[i]) == cost(points[kept - 1]))) {
            if (kept != i) {
                points[kept] = std::move(points[i]);
            }
            ++kept;
        }
    }
    points.erase(points.begin() + static_cast<std::ptrdiff_t>(kept), points.end());
}

} // namespace detail

/// @brief The candidates that no other dominates: none is at least as good in both quality and cost, and
/// better in one.
/// @param against the name of one of their costs
/// @return cheapest first, each better than the one before; candidates equal in both stay together
/// @throws option_error where a candidate has no such cost
/// @throws numeric_error where one is not a number
template <code_space Space>
std::vector<candidate<Space>> pareto(std::vector<candidate<Space>> candidates,
                                     std::string_view against = "macs") {
    for (const candidate<Space>& c : candidates) {
        if (std::isnan(c.cost(against))) {
            throw numeric_error("[F0790] pareto: " + std::string(against) + " of the candidate " +
                                to_string<Space>(c.architecture) + ": expected a number, got nan");
        }
    }
    detail::leave_front(
        candidates, [&](const auto& c) { return c.cost(against); }, [](const auto& c) { return c.predicted; },
        [](const auto& c) { return c.architecture; });
    return candidates;
}

/// @brief What is asked of `pareto`.
struct pareto_options {
    cost::limit limit{};               ///< what the front keeps
    named_cost against = cost::macs(); ///< what quality is weighed against
    std::size_t batch = 16384;         ///< codes that are looked at together
    /// Called after each batch; in a space too large to enumerate after each cell, over and over while
    /// beginnings are added.
    fitnas::observer observer{};
};

namespace detail {

/// The limits, and the cost of the front, which candidates tell.
template <code_space Space>
limit_check limits_of(const pareto_options& options) {
    constexpr double anything = std::numeric_limits<double>::infinity();
    return check_of<Space>(options.limit && options.against.at_most(anything));
}

/// The front of a space of any size.
template <code_space Space>
std::vector<candidate<Space>> large_front(const windows<Space>& model, const pareto_options& options) {
    const limit_check limits = limits_of<Space>(options);
    limits.require_possible("pareto");
    const int exponent = far_exponent(model);
    const windows<Space> tables = divided(model, exponent);
    front_search<Space> search(tables, options.against.in<Space>(), limits, options.observer);
    std::vector<typename front_search<Space>::point> points;
    const auto candidates = [&] {
        std::vector<candidate<Space>> list;
        for (const auto& p : points) {
            list.push_back(candidate_by<Space>(p.code_, std::ldexp(p.score, exponent), limits));
        }
        return list;
    };
    const auto front = fitnas::detail::or_partial(
        [&] {
            search.run(points);
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

/// The front of a space that is enumerated.
template <model Model>
std::vector<candidate<typename Model::space>> enumerated_front(const Model& predictor,
                                                               const pareto_options& options) {
    using space = typename Model::space;
    struct point {
        architecture<space> code;
        double quality;
        double cost;
    };
    const limit_check limits = limits_of<space>(options);
    const cost_terms against = options.against.in<space>();
    std::vector<point> points;
    const auto front = [&] {
        std::vector<candidate<space>> list;
        for (const point& p : points) {
            list.push_back(candidate_by<space>(p.code, p.quality, limits));
        }
        return list;
    };
    const auto look = [&] {
        for_each_prediction(
            predictor, options.limit, options.batch, "pareto",
            [&](std::span<const architecture<space>> codes, std::span<const double> values) {
                for (std::size_t i = 0; i < codes.size(); ++i) {
                    points.push_back({codes[i], values[i], against.sum(codes[i])});
                }
                leave_front(
                    points, [](const point& p) { return p.cost; }, [](const point& p) { return p.quality; },
                    [](const point& p) { return p.code; });
            },
            options.observer);
        return front();
    };
    return fitnas::detail::or_partial(look, front);
}

} // namespace detail

/// @brief The front of predicted quality against cost over a whole space. A space of at most 2^26 codes is
/// enumerated. A larger one needs a model that is `decomposable`: label setting over window states finds its
/// front, by sums that are exact (see `windows`); of candidates that are equal in both quality and cost it
/// gives one.
/// @throws option_error where the space has more than 2^26 codes and the model does not decompose, or where
/// blocks are to be counted in a space of bare codes
/// @throws shape_error where a cost is of another space
/// @throws limit_error where no architecture keeps the limits
/// @throws interrupted_with the front of what was looked at, where the observer throws `interrupted`: none of
/// it dominates another, and others may dominate them
template <model Model>
std::vector<candidate<typename Model::space>> pareto(const Model& predictor,
                                                     const pareto_options& options = {}) {
    using space = typename Model::space;
    if constexpr (space::size > enumerable_size && decomposable<Model>) {
        return detail::large_front<space>(windows<space>(predictor), options);
    } else {
        return detail::enumerated_front(predictor, options);
    }
}

} // namespace fitnas::search

#endif
