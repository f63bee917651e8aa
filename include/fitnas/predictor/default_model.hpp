/// @file
/// @brief The model for whoever does not want to choose one.

#ifndef FITNAS_PREDICTOR_DEFAULT_MODEL_HPP
#define FITNAS_PREDICTOR_DEFAULT_MODEL_HPP

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/beside.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/stage_operator.hpp>
#include <fitnas/predictor/fitted.hpp>

namespace fitnas {

/// @brief What the nodes of the default model carry: what a cell has for itself, and what its stage shares.
using default_feature = feature::beside<feature::cell_operator, feature::stage_operator>;
template <code_space Space>
using default_encoding = encoding::chain<Space, default_feature>;

/// @brief Two graph convolutions of 32, smooth, with a read-out that is linear in the nodes: on the chain a
/// prediction is a sum of terms of at most 5 neighbouring cells each. Our choice; docs/predictor.md has the
/// figures.
/// @tparam Space the code space
/// @tparam Encoding with a node for each cell, which carries a `default_feature`
template <code_space Space, class Encoding = default_encoding<Space>>
struct default_model : gcn::model<Encoding, gcn::conv<32>, gcn::silu, gcn::conv<32>, gcn::silu,
                                  gcn::mean_pool, gcn::linear<1>> {};

/// @brief A ridge regression (`ridge_terms::cells`) as parameters of the default model: both predict the
/// same, but for rounding. With a and -a side by side the activation is the identity, silu(a) - silu(-a) = a.
template <code_space Space, class Encoding = default_encoding<Space>>
fitted<default_model<Space, Encoding>> as_default_model(const ridge<Space>& additive) {
    using model = default_model<Space, Encoding>;
    constexpr auto nodes = static_cast<std::size_t>(Space::cells);
    constexpr std::size_t width = 32;
    // How often a node's value is counted in the end: the column sums of the squared adjacency.
    std::array<double, nodes> once{};
    std::array<double, nodes> twice{};
    for (const encoding::edge& e : model::graph::adjacency) {
        once[static_cast<std::size_t>(e.column)] += static_cast<double>(e.weight);
    }
    for (const encoding::edge& e : model::graph::adjacency) {
        twice[static_cast<std::size_t>(e.column)] +=
            static_cast<double>(e.weight) * once[static_cast<std::size_t>(e.row)];
    }
    std::vector<float> p(model::parameters);
    for (int cell = 0; cell < Space::cells; ++cell) {
        const auto here = static_cast<std::size_t>(cell);
        for (int o = 0; o < Space::operator_counts[here]; ++o) {
            const auto row = static_cast<std::size_t>(feature::cell_operator::offsets<Space>[here] + o);
            const double value = additive.weight(cell, o) * static_cast<double>(nodes) / twice[here];
            p[row * width] = static_cast<float>(value);
            p[row * width + 1] = static_cast<float>(-value);
        }
    }
    float* second = p.data() + model::offsets[2];
    second[0] = second[width + 1] = 1;
    second[1] = second[width] = -1;
    float* last = p.data() + model::offsets[5];
    last[0] = 1;
    last[1] = -1;
    return fitted<model>(std::move(p), {additive.offset(), 1});
}

} // namespace fitnas

#endif
