/// @file
/// @brief What a search returns: architectures with predicted quality and costs, best first.

#ifndef FITNAS_SEARCH_CANDIDATE_HPP
#define FITNAS_SEARCH_CANDIDATE_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/limit.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas::search {

/// @brief Anything that predicts architectures of its space; higher is better.
template <class Model>
concept model = code_space<typename Model::space> &&
    requires(const Model& m, std::span<const architecture<typename Model::space>> some) {
    { m.predict(some) } -> std::same_as<std::vector<double>>;
};

/// @brief Anything that scores architectures, as a supernet does; higher is better. A static member
/// `score_kind kind` says how errors of its scores are; without one they are each network's own.
template <class Scorer, class Space>
concept scorer = requires(Scorer& score, std::span<const architecture<Space>> some) {
    { score(some) } -> std::convertible_to<std::vector<double>>;
};

namespace detail {
/// What a scorer says of its scores in a member `kind`; `truth` where it says nothing.
template <class Scorer>
inline constexpr score_kind kind_of_scorer = [] {
    if constexpr (requires { std::remove_cvref_t<Scorer>::kind; }) {
        return std::remove_cvref_t<Scorer>::kind;
    } else {
        return score_kind::truth;
    }
}();
} // namespace detail

/// @brief What an architecture costs, by a `named_cost`.
struct cost_value {
    std::string name;
    std::string unit; ///< empty where it has none
    double value = 0; ///< in its unit
    bool operator==(const cost_value&) const = default;
};

namespace detail {
/// What g++ 12 takes as an initialiser of a member; at `{}` it breaks down.
inline std::vector<cost_value> no_costs() noexcept { return {}; }
} // namespace detail

/// @brief One architecture that a search found.
template <code_space Space>
struct candidate {
    fitnas::architecture<Space> architecture{}; ///< in canonical form
    double predicted = 0;                       ///< by the model, or by the scorer where there is no model
    long long macs = 0;                         ///< 0 where the space has no layout
    long long parameters = 0;                   ///< 0 where the space has no layout
    std::vector<cost_value> costs = detail::no_costs(); ///< the others that were limited or asked for
    /// The scorer's score, where the search asked it beside a model; not a number elsewhere.
    double score = std::numeric_limits<double>::quiet_NaN();

    /// @return one of its costs, macs and parameters among them
    /// @throws option_error where it has none of this name
    double cost(std::string_view name) const {
        if (name == "macs" || name == "parameters") {
            return static_cast<double>(name == "macs" ? macs : parameters);
        }
        for (const cost_value& c : costs) {
            if (c.name == name) {
                return c.value;
            }
        }
        throw option_error("[F0715] candidate " + to_string<Space>(architecture) +
                           ": expected a cost that the search "
                           "was asked for, as `.limit = cost.at_most(infinity)` does, got " +
                           std::string(name));
    }
};

namespace detail {
/// Adds what a code costs by the costs of a limit, but for macs and parameters.
FITNAS_LAZY void tell_costs(std::span<const std::uint8_t> code, const limit_check& limits,
                            std::vector<cost_value>& costs);

/// The candidate with its costs filled in.
template <code_space Space>
candidate<Space> candidate_by(const architecture<Space>& a, double predicted, const limit_check& limits) {
    candidate<Space> c{.architecture = a, .predicted = predicted};
    if constexpr (search_space_type<Space>) {
        c.macs = cost::macs<Space>(a);
        c.parameters = cost::parameters<Space>(a);
    }
    tell_costs(a, limits, c.costs);
    return c;
}
} // namespace detail

/// @return the candidate with macs, parameters and the costs of the limit filled in
/// @throws as `check_of`
template <code_space Space>
candidate<Space> candidate_of(const architecture<Space>& a, double predicted, const cost::limit& limit = {}) {
    return detail::candidate_by<Space>(a, predicted, check_of<Space>(limit));
}

namespace detail {

/// Refuses values that cannot be ranked.
FITNAS_LAZY void require_values(const std::vector<double>& values, std::size_t expected, const char* what,
                                const char* whose);

} // namespace detail

} // namespace fitnas::search

#if FITNAS_DEFINITIONS

namespace fitnas::search::detail {

FITNAS_LAZY_AGAIN void tell_costs(std::span<const std::uint8_t> code, const limit_check& limits,
                                  std::vector<cost_value>& costs) {
    for (const limit_check::limited& l : limits.costs()) {
        if (l.cost != cost::macs() && l.cost != cost::parameters()) {
            costs.push_back({l.cost.name(), l.cost.unit(), l.terms.sum(code)});
        }
    }
}

FITNAS_LAZY_AGAIN void require_values(const std::vector<double>& values, std::size_t expected,
                                      const char* what, const char* whose) {
    if (values.size() != expected) {
        throw shape_error("[F0702] " + std::string(what) + ": the " + whose + " gave " +
                          std::to_string(values.size()) + " values for " + std::to_string(expected) +
                          " architectures");
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            throw numeric_error("[F0703] " + std::string(what) + ": the " + whose +
                                " gave a value that is not finite (" + std::to_string(i) + " of " +
                                std::to_string(expected) + ")");
        }
    }
}

} // namespace fitnas::search::detail

#endif

#endif
