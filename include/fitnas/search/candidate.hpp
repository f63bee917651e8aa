/// @file
/// @brief What a search returns: architectures with predicted quality and costs, best first.

#ifndef FITNAS_SEARCH_CANDIDATE_HPP
#define FITNAS_SEARCH_CANDIDATE_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

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

/// @brief One architecture that a search found.
template <code_space Space>
struct candidate {
    fitnas::architecture<Space> architecture{}; ///< in canonical form
    double predicted = 0;                       ///< by the model, or by the scorer where there is no model
    long long macs = 0;                         ///< 0 where the space has no costs
    long long parameters = 0;                   ///< 0 where the space has no costs
    /// Milliseconds by the first latency limit; not a number where there is none.
    double latency = std::numeric_limits<double>::quiet_NaN();
    /// By the scorer, where the search asked it beside a model; not a number elsewhere.
    double score = std::numeric_limits<double>::quiet_NaN();
};

/// @return the candidate with its costs filled in
template <code_space Space>
candidate<Space> candidate_of(const architecture<Space>& a, double predicted, const cost::limit& limit) {
    candidate<Space> c{.architecture = a, .predicted = predicted};
    if constexpr (search_space_type<Space>) {
        c.macs = cost::macs<Space>(a);
        c.parameters = cost::parameters<Space>(a);
        if (!limit.latencies.empty()) {
            c.latency = limit.latencies.front().table->milliseconds<Space>(a);
        }
    }
    return c;
}

namespace detail {

/// The best few of what has been seen, best first; ties by the order of the codes, so that the order in which
/// they come does not matter.
template <code_space Space>
class best_list {
public:
    struct entry {
        architecture<Space> code;
        double value;
    };

    best_list(std::size_t top, const char* what) : m_top(top) {
        if (top < 1) {
            throw option_error("[F0701] " + std::string(what) + ": top: expected at least 1, got 0");
        }
    }

    /// Each network must be offered once.
    void offer(const architecture<Space>& a, double value) {
        m_entries.push_back({a, value});
        if (m_entries.size() >= 1024 && m_entries.size() / 2 >= m_top) {
            shrink();
        }
    }

    std::vector<candidate<Space>> result(const cost::limit& limit) {
        shrink();
        std::vector<candidate<Space>> list;
        for (const entry& e : m_entries) {
            list.push_back(candidate_of<Space>(e.code, e.value, limit));
        }
        return list;
    }

    static bool better(const entry& a, const entry& b) {
        return a.value != b.value ? a.value > b.value : a.code < b.code;
    }

private:
    void shrink() {
        const std::size_t keep = (std::min)(m_top, m_entries.size());
        std::partial_sort(m_entries.begin(), m_entries.begin() + static_cast<std::ptrdiff_t>(keep),
                          m_entries.end(), better);
        m_entries.resize(keep);
    }

    std::size_t m_top;
    std::vector<entry> m_entries;
};

/// Refuses values that cannot be ranked.
inline void require_values(const std::vector<double>& values, std::size_t expected, const char* what,
                           const char* whose) {
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

} // namespace detail

} // namespace fitnas::search

#endif
