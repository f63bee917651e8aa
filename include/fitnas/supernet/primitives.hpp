/// @file
/// @brief Each primitive of a selection, where it stands: what names, files and diagnoses go along.

#ifndef FITNAS_SUPERNET_PRIMITIVES_HPP
#define FITNAS_SUPERNET_PRIMITIVES_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/supernet/selection.hpp>

namespace fitnas::detail {

/// A primitive of a selection, and where it stands.
struct selected_primitive {
    const selected_block* block = nullptr;
    int step = 0; ///< its place in the recipe
    const primitive* what = nullptr;
    shape input{};
    std::size_t offset = 0; ///< of its parameters in the selection's flat buffer
    int norm = -1;          ///< the number of this batch norm in the block; -1: it is none
};

FITNAS_LAZY FITNAS_COLD void require_offset(const std::string& what, long long expected, long long got);

/// Calls `visit(selected_primitive)` for each primitive, in the order of the flat buffer.
/// @throws shape_error where the primitives of a block have more or fewer parameters than the block
template <class Visit>
FITNAS_COLD void for_each_primitive(const selection& of, Visit&& visit) {
    of.for_each_block([&](const selected_block& b) {
        int norms = 0;
        const std::size_t size =
            for_each_primitive(b.block->steps, b.block->input, [&](const placed_primitive& p) {
                const int norm = p.what->kind == primitive_kind::batch_norm ? norms++ : -1;
                visit(selected_primitive{&b, p.step, p.what, p.input, b.offset + p.offset, norm});
            });
        require_offset(of.name_of(b), b.block->parameters, static_cast<long long>(size));
    });
}

/// `cell2.op1_mb3_k5.step4_`, before the primitive's name.
FITNAS_COLD inline std::string prefix_of(const selection& of, const selected_primitive& p) {
    return of.name_of(*p.block) + ".step" + std::to_string(p.step) + "_";
}

/// A batch norm of a selection.
struct selected_norm {
    std::string name; ///< `cell2.op1_mb3_k5.step3_batch_norm`
    int channels = 0;
    std::size_t block = 0; ///< among those of the selection
    int norm = 0;          ///< the number of this batch norm in the block
};

/// @return all batch norms, in the order of the blocks
FITNAS_LAZY FITNAS_COLD std::vector<selected_norm> selected_norms(const selection& of);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_offset(const std::string& what, long long expected, long long got) {
    if (got != expected) {
        throw shape_error("[F0580] " + what + ": expected " + std::to_string(expected) +
                          " parameters, its parts have " + std::to_string(got));
    }
}

FITNAS_LAZY_AGAIN std::vector<selected_norm> selected_norms(const selection& of) {
    std::vector<selected_norm> norms;
    for_each_primitive(of, [&](const selected_primitive& p) {
        if (p.norm >= 0) {
            norms.push_back({prefix_of(of, p) + "batch_norm", p.input.channels, p.block->index, p.norm});
        }
    });
    return norms;
}

} // namespace fitnas::detail

#endif

#endif
