/// @file
/// @brief A fitted model as tables over windows of neighbouring cells: predictions are look-ups.

#ifndef FITNAS_PREDICTOR_WINDOWS_HPP
#define FITNAS_PREDICTOR_WINDOWS_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/fitted.hpp>
#include <fitnas/predictor/gcn/contributions.hpp>
#include <fitnas/predictor/predictor.hpp>

namespace fitnas {

/// @brief How a predictor gives its windows away; specialise it for a predictor of yours, or give the
/// predictor a member `window_sum<space> contributions() const`: what it predicts for canonical codes, as a
/// sum.
///
/// - `fault`: why it cannot, `window_fault::none` where it can;
/// - `contributions(predictor)`: the sum.
template <class Predictor>
struct window_traits {
private:
    static constexpr bool known = requires(const Predictor& p) {
        { p.contributions() } -> std::same_as<window_sum<typename Predictor::space>>;
    };

public:
    static constexpr window_fault fault = known ? window_fault::none : window_fault::unknown;
    static auto contributions(const Predictor& p) { return p.contributions(); }
};

/// @brief A fitted model: the sum of its nodes, in the unit of its predictions.
template <class Model>
struct window_traits<fitted<Model>> {
    static constexpr window_fault fault = gcn::windows_fault<Model>;
    static auto contributions(const fitted<Model>& p) {
        window_sum<typename Model::space> sum(p.unit().offset);
        sum.add(gcn::contributions<Model>(p.parameters()), p.unit().slope);
        return sum;
    }
};

/// @brief An ensemble: the mean of its members'.
template <class Member>
struct window_traits<ensemble<Member>> {
    static constexpr window_fault fault = window_traits<Member>::fault;
    static auto contributions(const ensemble<Member>& p) {
        window_sum<typename Member::space> sum;
        for (const Member& m : p.members()) {
            sum.add(window_traits<Member>::contributions(m), 1.0 / static_cast<double>(p.members().size()));
        }
        return sum;
    }
};

/// @brief A predictor whose predictions are a sum over windows of neighbouring cells: fitted models on
/// chains, their ensembles, ridge regressions, costs, and any with `window_traits`.
template <class P>
concept decomposable = window_traits<P>::fault == window_fault::none;

namespace detail {

/// The terms of a sum, rounded as `windows` says, each added to one whose window holds its own. Cells at a
/// window's ends where nothing is to choose do not count.
struct exact_terms {
    FITNAS_LAZY explicit exact_terms(const sum_of_terms& sum);

    double offset = 0;
    std::vector<window_term> terms{};
};

/// Refuses what does not decompose, and says why.
template <class P>
constexpr void require_decomposable() {
    constexpr window_fault fault = window_traits<P>::fault;
    static_assert(
        fault != window_fault::unknown,
        "[F0634] this needs a model that is a sum over windows of neighbouring cells, and the model's type "
        "does not "
        "say that it is one: it has no contributions() and no window_traits; use search::exhaustive, "
        "search::segment or search::evolution");
    static_assert(
        fault != window_fault::graph,
        "[F0635] this needs a model that is a sum over windows of neighbouring cells, but the model's "
        "encoding joins "
        "cells that are not neighbours, so that a node sees the whole architecture: use encoding::chain (an "
        "encoding of yours must have cell_of(node)), or search::exhaustive, search::segment or "
        "search::evolution");
    static_assert(fault != window_fault::layer, "[F0636] this needs a model that is a sum over windows of "
                                                "neighbouring cells, but a layer of the model has "
                                                "no gcn::window_rule, which says how it acts on them");
    static_assert(fault != window_fault::tail,
                  "[F0637] this needs a model that is a sum over windows of neighbouring cells, but the "
                  "model is not linear "
                  "behind mean_pool or flatten: only gcn::linear may follow, without gcn::relu between");
    static_assert(fault != window_fault::size,
                  "[F0638] this needs a model that is a sum over windows of neighbouring cells, but the "
                  "model's windows have "
                  "more than 2^20 codes: L graph convolutions see 2 L + 1 cells, so use fewer");
}

} // namespace detail

/// @brief A `predictor`: what a model that decomposes predicts, as one table for each window of neighbouring
/// cells.
///
/// With L graph convolutions a node sees 2L + 1 cells, and its share of the output is a table over their
/// operators; shares whose windows lie in others are added to these. All values are rounded to multiples of
/// one power of two, 2^-51 of the largest sum there could be: **every sum of them is exact**, in any order,
/// so that equal predictions are equal, and what bounds or sorts them is exact too. They agree with the
/// model's own predictions up to the rounding of its float32 (1e-5 of their range is ample). Equal networks
/// get equal predictions.
template <code_space Space>
class windows {
public:
    using space = Space;
    using code = architecture<Space>; ///< an architecture of the space

    /// @throws numeric_error where a value is not finite
    explicit windows(const window_sum<Space>& sum) : m(sum.plain()) {}
    /// @param terms rounded already, such as those of a file
    explicit windows(detail::exact_terms terms) : m(std::move(terms)) {}

    /// @param model a `decomposable` predictor; it is tabulated once
    template <class Model>
    requires(!std::same_as<Model, windows> && !std::same_as<Model, window_sum<Space>> &&
             !std::same_as<Model, detail::exact_terms>) explicit windows(const Model& model)
        : windows(sum_of_windows(model)) {}

    std::vector<double> predict(std::span<const code> many) const {
        std::vector<double> values(many.size());
        gcn::detail::for_each_slice(many.size(), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                values[i] = sum_of(canonical<Space>(many[i]));
            }
        });
        return values;
    }
    /// @throws architecture_error
    double predict(const code& one) const { return sum_of(canonical<Space>(one)); }

    /// @brief The sum for a code as it stands; the prediction where it is canonical.
    /// @pre the code is of the space
    double sum_of(const code& a) const {
        double sum = m.offset;
        for (const window_term& t : m.terms) {
            std::size_t place = 0;
            for (int i = t.first; i < t.last; ++i) {
                const auto at = static_cast<std::size_t>(i);
                place = place * static_cast<std::size_t>(Space::operator_counts[at]) + a[at];
            }
            sum += t.values[place];
        }
        return sum;
    }

    /// The same, for code that does not know the space's type.
    const detail::exact_terms& plain() const { return m; }
    double offset() const { return m.offset; } ///< what every architecture has
    /// @return the tables, by their first cells; none lies in another
    const std::vector<window_term>& terms() const { return m.terms; }
    /// The same as a sum over windows.
    window_sum<Space> contributions() const {
        window_sum<Space> sum(m.offset);
        for (const window_term& t : m.terms) {
            sum.add(t);
        }
        return sum;
    }

private:
    template <class Model>
    static window_sum<Space> sum_of_windows(const Model& model) {
        detail::require_decomposable<Model>();
        if constexpr (decomposable<Model>) {
            static_assert(std::same_as<typename Model::space, Space>,
                          "[F0639] windows<Space>(model): the model must be a predictor of the same space");
            return window_traits<Model>::contributions(model);
        }
    }

    detail::exact_terms m;
};

template <predictor Model>
explicit windows(const Model&) -> windows<typename Model::space>;

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN exact_terms::exact_terms(const sum_of_terms& sum) {
    double largest = std::abs(sum.offset());
    for (const window_term& t : sum.terms()) {
        double most = 0;
        for (const double v : t.values) {
            most = v < most && -v < most ? most : std::abs(v); // what is not a number stays
            if (!std::isfinite(most)) {
                break;
            }
        }
        largest += most;
    }
    if (!std::isfinite(largest)) {
        throw numeric_error("[F0640] windows: the model has a value that is not finite");
    }
    int exponent = 0;
    std::frexp(largest, &exponent);
    // Room for the rounding of each term.
    const int place = (std::max)(exponent - 51, -1074);
    const double unit = std::ldexp(1.0, place);
    const double inverse = std::ldexp(1.0, (std::min)(-place, 1000));
    const double rest = std::ldexp(1.0, -place - (std::min)(-place, 1000)); // 2^1074 is no double
    offset = std::nearbyint(sum.offset() * inverse * rest) * unit;
    std::vector<window_term> all = sum.terms();
    parallel_for(static_cast<std::ptrdiff_t>(all.size()), [&](std::ptrdiff_t i) {
        for (double& v : all[static_cast<std::size_t>(i)].values) {
            v = std::nearbyint(v * inverse * rest) * unit;
        }
    });

    const std::span<const int> counts = sum.operator_counts();
    const auto settled = [&](int cell) { return counts[static_cast<std::size_t>(cell)] == 1; };
    for (window_term& t : all) {
        while (t.first < t.last && settled(t.last - 1)) {
            --t.last;
        }
        while (t.first < t.last && settled(t.first)) {
            ++t.first;
        }
    }
    std::sort(all.begin(), all.end(), [](const window_term& a, const window_term& b) {
        return a.first != b.first ? a.first < b.first : a.last > b.last;
    });
    for (window_term& t : all) {
        if (t.first == t.last) {
            offset += t.values.front();
        } else if (!terms.empty() && t.last <= terms.back().last) {
            window_term& wide = terms.back();
            const std::uint64_t inner = window_codes(counts, t.last, wide.last);
            for (std::size_t i = 0; i < wide.values.size(); ++i) {
                wide.values[i] += t.values[i / inner % t.values.size()];
            }
        } else {
            terms.push_back(std::move(t));
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
