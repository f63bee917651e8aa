/// @file
/// @brief Effects of operators that add up over the stages of a code.

#ifndef FITNAS_PREDICTOR_CELL_EFFECTS_HPP
#define FITNAS_PREDICTOR_CELL_EFFECTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/stage_operator.hpp>
#include <fitnas/predictor/shared_effects.hpp>
#include <fitnas/predictor/window_sum.hpp>
#include <fitnas/space/architecture.hpp>

namespace fitnas::detail {

/// Features of four kinds: how often an operator stands in cells alike, and in those of one stage; in which
/// cells it stands; products of its count in a stage with those of others. Cells alike have the same
/// operators, and all keep the shape of what comes in or all change it. A feature of a code is a sum over its
/// parts: stages of at most 2^15 codes, so that what they add can be tabulated; of larger ones, single cells,
/// and no products.
template <code_space Space>
class cell_effects {
public:
    static constexpr std::size_t kinds = 4;

    struct part {
        int first;
        int last;
        bool products;
    };

    cell_effects() {
        m_group = cells_alike<Space>();
        m_first[1] = singles;
        m_first[2] = 2 * singles;
        m_first[3] = 3 * singles;
        m_first[4] = 3 * singles;
        for (std::size_t begin = 0, end = 0; begin < cells; begin = end) {
            while (end < cells &&
                   stage::template offsets<Space>[end] == stage::template offsets<Space>[begin]) {
                ++end;
            }
            for (std::size_t i = begin; i < end; ++i) {
                std::size_t here = begin;
                while (m_group[here] != m_group[i]) {
                    ++here;
                }
                m_stage_group.push_back(here);
                m_products.push_back(m_first[4]);
            }
            constexpr std::uint64_t most = 32768;
            const int first = static_cast<int>(begin);
            const int last = static_cast<int>(end);
            const auto count = static_cast<std::size_t>(Space::operator_counts[begin]);
            if (window_codes<Space>(first, last) <= most) {
                m_parts.push_back({first, last, true});
                m_first[4] += count * count;
            } else {
                for (int i = first; i < last; ++i) {
                    m_parts.push_back({i, i + 1, false});
                }
            }
        }
    }

    /// @return where each kind begins; behind the last one how many features there are
    std::array<std::size_t, kinds + 1> first_of_kind() const { return m_first; }

    /// Adds to the features of a code what one part of it does.
    /// @param visit called with the number of a feature and what to add to it
    template <class Visit>
    void add(const part& p, const architecture<Space>& code, Visit&& visit) const {
        std::array<double, 256> counts{};
        for (auto i = static_cast<std::size_t>(p.first); i < static_cast<std::size_t>(p.last); ++i) {
            const std::size_t o = code[i];
            visit(place(m_group[i]) + o, 1.0);
            visit(m_first[1] + place(m_stage_group[i]) + o, 1.0);
            visit(m_first[2] + place(i) + o, 1.0);
            ++counts[o];
        }
        const auto begin = static_cast<std::size_t>(p.first);
        const auto count = static_cast<std::size_t>(Space::operator_counts[begin]);
        for (std::size_t a = 0; p.products && a < count; ++a) {
            for (std::size_t b = 0; b <= a; ++b) {
                if (counts[a] * counts[b] != 0) {
                    visit(m_products[begin] + a * count + b, counts[a] * counts[b]);
                }
            }
        }
    }

    /// @param row overwritten with the features of a code
    void write(const architecture<Space>& code, std::span<double> row) const {
        for (double& v : row) {
            v = 0;
        }
        for (const part& p : m_parts) {
            add(p, code, [&](std::size_t feature, double value) { row[feature] += value; });
        }
    }

    /// @return features times weights, as a sum over windows
    window_sum<Space> contributions(std::span<const double> weights) const {
        window_sum<Space> sum;
        for (const part& p : m_parts) {
            window_term term{p.first, p.last, {}};
            const std::uint64_t codes = window_codes<Space>(p.first, p.last);
            architecture<Space> code{};
            for (std::uint64_t number = 0; number < codes; ++number) {
                std::uint64_t rest = number;
                for (int i = p.last; i-- > p.first;) {
                    const auto at = static_cast<std::size_t>(i);
                    const auto count = static_cast<std::uint64_t>(Space::operator_counts[at]);
                    code[at] = static_cast<std::uint8_t>(rest % count);
                    rest /= count;
                }
                double value = 0;
                add(p, code, [&](std::size_t feature, double x) { value += weights[feature] * x; });
                term.values.push_back(value);
            }
            sum.add(std::move(term));
        }
        return sum;
    }

private:
    using single = fitnas::feature::cell_operator;
    using stage = fitnas::feature::stage_operator;
    static constexpr auto cells = static_cast<std::size_t>(Space::cells);
    static constexpr auto singles = static_cast<std::size_t>(single::template width<Space>);

    static constexpr std::size_t place(std::size_t cell) {
        return static_cast<std::size_t>(single::template offsets<Space>[cell]);
    }

    std::vector<std::size_t> m_group;       // of each cell the first one alike
    std::vector<std::size_t> m_stage_group; // the same in its stage
    std::vector<std::size_t> m_products;    // where the products of its stage begin
    std::array<std::size_t, kinds + 1> m_first{};
    std::vector<part> m_parts;
};

} // namespace fitnas::detail

#endif
