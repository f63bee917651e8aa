/// @file
/// @brief What every backward kernel ends with.

#ifndef FITNAS_CPU_FINISH_GRADIENT_HPP
#define FITNAS_CPU_FINISH_GRADIENT_HPP

#include <cstddef>

#include <fitnas/config.hpp>
#include <fitnas/cpu/geometry.hpp>
#include <fitnas/cpu/group_sums.hpp>
#include <fitnas/cpu/operand.hpp>

namespace fitnas::detail {

/// Turns rows of gradients at the activations, lying in `out.du`, into gradients at the pre-activations of
/// `x`, adds the addend, and gathers the sums of du and du (z - mean), for the rows `source(r)` of a tile.
FITNAS_LAZY inline void finish_gradient(const affine_input& x, const gradient_output& out,
                                        const row_tile& tile, int channels, const strided_rows& source,
                                        group_sums& sums, int group) {
    if (x.plain() && out.addend == nullptr) {
        return;
    }
    const bool changes = x.act != activation::none || out.addend != nullptr;
    with_activation(x.act, [&](auto act) {
        for (int c = 0; c < channels; c += lanes) {
            const int count = channels - c;
            const affine u(x, c);
            const vec<> mean = x.mean != nullptr ? simd::load(x.mean + c) : vec<>{};
            vec<> s{};
            vec<> t{};
            for (int r = 0; r < tile.count; ++r) {
                const std::ptrdiff_t at = source(tile.first + r) + c;
                const vec<> z = simd::load(x.z + at, count);
                vec<> d = derive<act()>(simd::load(out.du + at, count), u(z));
                if (out.addend != nullptr) { // a shortcut reads the raw input of a recipe
                    d += simd::load(out.addend + at, count);
                }
                if (changes) {
                    simd::store(out.du + at, d, count);
                }
                s += d;
                t = simd::fma(d, z - mean, t);
            }
            if (x.mean != nullptr) {
                add_to(sums.first(group) + c, s, count);
                add_to(sums.second(group) + c, t, count);
            }
        }
    });
}

} // namespace fitnas::detail

#endif
