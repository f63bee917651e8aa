/// @file
/// @brief The predictions of a whole space.

#ifndef FITNAS_PREDICTOR_TABLE_HPP
#define FITNAS_PREDICTOR_TABLE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/predictor/predictor.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/space/canonical_pairs.hpp>

namespace fitnas {

/// @brief The most codes that a `dense_table` holds, where no other limit is given: 128 MiB of predictions.
inline constexpr std::uint64_t dense_table_limit = std::uint64_t{1} << 24U;

/// @brief A `predictor` that looks up what another predicted for every code of the space. Where that one
/// decomposes, its `windows` predict, in a small part of the time.
template <code_space Space>
class dense_table {
public:
    using space = Space;

    /// @param model what is asked, once for each code
    /// @param limit most codes
    /// @throws option_error where the space has more codes
    template <predictor Predictor>
    explicit dense_table(const Predictor& model, std::uint64_t limit = dense_table_limit) {
        static_assert(std::same_as<typename Predictor::space, Space>,
                      "[F0631] dense_table<Space>(model): the model must be a predictor of the same space");
        if (Space::size > limit || Space::size == UINT64_MAX) {
            throw option_error("[F0632] dense_table: the space has " +
                               (Space::size == UINT64_MAX ? "2^64 or more" : std::to_string(Space::size)) +
                               " codes, the limit is " + std::to_string(limit));
        }
        require_memory("dense_table: the predictions of " + std::to_string(Space::size) + " codes",
                       memory_size(Space::size) * sizeof(double), 0, "`windows` need less");
        if constexpr (decomposable<Predictor>) {
            if constexpr (std::same_as<Predictor, windows<Space>>) {
                look_up(model);
            } else {
                look_up(windows<Space>(model));
            }
        } else {
            ask(model);
        }
    }

    /// @param values all predictions, in the order of the codes (`index_of`)
    /// @throws shape_error where there are more or fewer than codes
    explicit dense_table(std::vector<double> values) : m_values(std::move(values)) {
        if (m_values.size() != Space::size) {
            throw shape_error("[F0691] dense_table: expected a prediction for each of the " +
                              std::to_string(Space::size) + " codes, got " + std::to_string(m_values.size()));
        }
    }

    std::vector<double> predict(std::span<const architecture<Space>> many) const {
        std::vector<double> values;
        values.reserve(many.size());
        for (const architecture<Space>& a : many) {
            values.push_back(predict(a));
        }
        return values;
    }
    /// @throws architecture_error
    double predict(const architecture<Space>& one) const {
        require_valid<Space>(one);
        return m_values[static_cast<std::size_t>(index_of<Space>(one))];
    }

    /// @return all predictions, in the order of the codes (`index_of`)
    std::span<const double> values() const { return m_values; }

private:
    template <class Predictor>
    void ask(const Predictor& model) {
        constexpr std::uint64_t chunk = 16384;
        std::vector<architecture<Space>> codes;
        m_values.reserve(static_cast<std::size_t>(Space::size));
        for (std::uint64_t first = 0; first < Space::size; first += chunk) {
            codes.clear();
            for (std::uint64_t i = first; i < (std::min)(Space::size, first + chunk); ++i) {
                codes.push_back(architecture_at<Space>(i));
            }
            const std::vector<double> part = model.predict(std::span<const architecture<Space>>(codes));
            m_values.insert(m_values.end(), part.begin(), part.end());
        }
    }

    void look_up(const windows<Space>& tables) {
        m_values.resize(static_cast<std::size_t>(Space::size));
        // Where each table ends; tables that begin later end later.
        std::array<const window_term*, static_cast<std::size_t>(Space::cells)> ending{};
        for (const window_term& t : tables.terms()) {
            ending[static_cast<std::size_t>(t.last) - 1] = &t;
        }
        int first = 0;
        std::uint64_t parts = 1;
        while (first < last_choice && parts < 32) {
            parts *= static_cast<std::uint64_t>(Space::operator_counts[static_cast<std::size_t>(first++)]);
        }
        parallel_for(static_cast<std::ptrdiff_t>(parts), [&](std::ptrdiff_t part) {
            const auto begun = static_cast<std::uint64_t>(part);
            double sum = tables.offset();
            for (int i = 0; i < first; ++i) {
                const std::uint64_t behind = window_codes<Space>(i + 1, first);
                if (const window_term* t = ending[static_cast<std::size_t>(i)]) {
                    sum += t->values[begun / behind % t->values.size()];
                }
            }
            fill(ending, first, begun, sum);
        });
        // Equal networks get the prediction of the canonical code.
        if (canonical_pairs_of<Space>().all) {
            return;
        }
        gcn::detail::for_each_slice(m_values.size(), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const auto own = architecture_at<Space>(i);
                const auto network = canonical<Space>(own);
                if (network != own) {
                    m_values[i] = tables.sum_of(network);
                }
            }
        });
    }

    /// All codes that begin like `begun`, whose cells before `cell` add up to `sum`.
    template <class Ending>
    void fill(const Ending& ending, int cell, std::uint64_t begun, double sum) {
        const auto at = static_cast<std::size_t>(cell);
        const auto count = static_cast<std::uint64_t>(Space::operator_counts[at]);
        const window_term* t = ending[at];
        const double* values = t == nullptr ? nullptr : t->values.data() + begun * count % t->values.size();
        if (cell == last_choice) { // here some table ends, or the model is a constant
            double* out = m_values.data() + begun * count;
            for (std::uint64_t o = 0; o < count; ++o) {
                out[o] = sum + (values == nullptr ? 0.0 : values[o]);
            }
            return;
        }
        for (std::uint64_t o = 0; o < count; ++o) {
            fill(ending, cell + 1, begun * count + o, values == nullptr ? sum : sum + values[o]);
        }
    }

    /// The last cell where something is to choose; the first where nothing is.
    static constexpr int last_choice = [] {
        int cell = Space::cells - 1;
        while (cell > 0 && Space::operator_counts[static_cast<std::size_t>(cell)] == 1) {
            --cell;
        }
        return cell;
    }();

    std::vector<double> m_values;
};

template <predictor Predictor>
explicit dense_table(const Predictor&) -> dense_table<typename Predictor::space>;
template <predictor Predictor>
explicit dense_table(const Predictor&, std::uint64_t) -> dense_table<typename Predictor::space>;

} // namespace fitnas

#endif
