/// @file
/// @brief The predictions of a whole space.

#ifndef FITNAS_PREDICTOR_TABLE_HPP
#define FITNAS_PREDICTOR_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fitnas/predictor/predictor.hpp>

namespace fitnas {

/// @brief The most codes that a `dense_table` holds, where no other limit is given: 128 MiB of predictions.
inline constexpr std::uint64_t dense_table_limit = std::uint64_t{1} << 24U;

/// @brief A `predictor` that looks up what another predicted for every code of the space.
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
                      "dense_table<Space>(model): the model must be a predictor of the same space");
        if (Space::size > limit || Space::size == UINT64_MAX) {
            throw option_error("dense_table: the space has " +
                               (Space::size == UINT64_MAX ? "2^64 or more" : std::to_string(Space::size)) +
                               " codes, the limit is " + std::to_string(limit));
        }
        constexpr std::uint64_t block = 16384;
        std::vector<architecture<Space>> codes;
        m_values.reserve(static_cast<std::size_t>(Space::size));
        for (std::uint64_t first = 0; first < Space::size; first += block) {
            codes.clear();
            for (std::uint64_t i = first; i < (std::min)(Space::size, first + block); ++i) {
                codes.push_back(architecture_at<Space>(i));
            }
            const std::vector<double> part = model.predict(std::span<const architecture<Space>>(codes));
            m_values.insert(m_values.end(), part.begin(), part.end());
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
    std::vector<double> m_values;
};

template <predictor Predictor>
explicit dense_table(const Predictor&) -> dense_table<typename Predictor::space>;
template <predictor Predictor>
explicit dense_table(const Predictor&, std::uint64_t) -> dense_table<typename Predictor::space>;

} // namespace fitnas

#endif
