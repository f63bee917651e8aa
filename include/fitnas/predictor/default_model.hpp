/// @file
/// @brief The model for whoever does not want to choose one.

#ifndef FITNAS_PREDICTOR_DEFAULT_MODEL_HPP
#define FITNAS_PREDICTOR_DEFAULT_MODEL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/encoding/line_graph.hpp>
#include <fitnas/predictor/feature/beside.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/stage_operator.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas {

/// @brief What the nodes of the default model carry: what a cell has for itself, and what its stage shares.
using default_feature = feature::beside<feature::cell_operator, feature::stage_operator>;

namespace detail {
template <code_space Space>
struct default_encoding {
    using type = encoding::chain<Space, default_feature>;
};
template <search_space_type Space>
requires(has_graphs<Space>) struct default_encoding<Space> {
    using type = encoding::line_graph<Space, default_feature>;
};
} // namespace detail

/// @brief The chain of cells; in spaces with graphs their line graph.
template <code_space Space>
using default_encoding = typename detail::default_encoding<Space>::type;

/// @brief Graph convolutions of the default model: 3, by which a prediction on the chain is a sum of terms of
/// 7 neighbouring cells each, where any 7 have at most 10,000 combinations of operators; else 2, and 5 cells.
/// In spaces with graphs 3: two see nearly all of a graph already. Our choice: the third makes predictions
/// better, and such a table is still cheap.
template <code_space Space>
inline constexpr int default_convolutions = [] {
    if constexpr (search_space_type<Space>) {
        if (detail::has_graphs<Space>) {
            return 3;
        }
    }
    constexpr std::size_t cells = Space::operator_counts.size();
    constexpr std::size_t window = (std::min)(std::size_t{7}, cells);
    std::uint64_t most = 0;
    for (std::size_t first = 0; first + window <= cells; ++first) {
        std::uint64_t combinations = 1;
        for (std::size_t i = first; i < first + window && combinations <= 10'000; ++i) {
            combinations *= static_cast<std::uint64_t>(Space::operator_counts[i]);
        }
        most = (std::max)(most, combinations);
    }
    return most <= 10'000 ? 3 : 2;
}();

namespace detail {
template <class Encoding, int Convolutions>
struct default_layers {
    using type = gcn::model<Encoding, gcn::conv<32>, gcn::silu, gcn::conv<32>, gcn::silu, gcn::flatten,
                            gcn::linear<1>>;
};
template <class Encoding>
struct default_layers<Encoding, 3> {
    using type = gcn::model<Encoding, gcn::conv<32>, gcn::silu, gcn::conv<32>, gcn::silu, gcn::conv<32>,
                            gcn::silu, gcn::flatten, gcn::linear<1>>;
};
} // namespace detail

/// @brief `default_convolutions` graph convolutions of 32, smooth, with a read-out of its own for each cell:
/// on the chain a prediction is a sum of terms of few neighbouring cells each, which `windows` tabulates. Our
/// choice; docs/predictor.md has the figures.
/// @tparam Space the code space
/// @tparam Encoding with a node for each cell
template <code_space Space, class Encoding = default_encoding<Space>>
struct default_model : detail::default_layers<Encoding, default_convolutions<Space>>::type {};

} // namespace fitnas

#endif
