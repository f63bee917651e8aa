/// @file
/// @brief The model for whoever does not want to choose one.

#ifndef FITNAS_PREDICTOR_DEFAULT_MODEL_HPP
#define FITNAS_PREDICTOR_DEFAULT_MODEL_HPP

#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/beside.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/feature/stage_operator.hpp>
#include <fitnas/predictor/gcn/model.hpp>

namespace fitnas {

/// @brief What the nodes of the default model carry: what a cell has for itself, and what its stage shares.
using default_feature = feature::beside<feature::cell_operator, feature::stage_operator>;
template <code_space Space>
using default_encoding = encoding::chain<Space, default_feature>;

/// @brief Two graph convolutions of 32, smooth, with a read-out of its own for each cell: on the chain a
/// prediction is a sum of terms of at most 5 neighbouring cells each, which `windows` tabulates. Our choice;
/// docs/predictor.md has the figures.
/// @tparam Space the code space
/// @tparam Encoding with a node for each cell
template <code_space Space, class Encoding = default_encoding<Space>>
struct default_model
    : gcn::model<Encoding, gcn::conv<32>, gcn::silu, gcn::conv<32>, gcn::silu, gcn::flatten, gcn::linear<1>> {
};

} // namespace fitnas

#endif
