/// @file
/// @brief Random codes of one network.

#ifndef FITNAS_SPACE_EQUAL_CODE_HPP
#define FITNAS_SPACE_EQUAL_CODE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <fitnas/core/rng.hpp>
#include <fitnas/space/canonical.hpp>

namespace fitnas {

/// @brief A random code of the same network: among neighbouring cells of one shape, those whose operator
/// changes nothing are put anywhere, each choice equally likely. Where a cell does not have the operator that
/// would come there, its run of cells stays as it is. Of a graph's codes that are one network each is equally
/// likely.
template <code_space Space>
architecture<Space> random_equal_code(const architecture<Space>& a, random_stream& random) {
    require_valid<Space>(a);
    architecture<Space> result = a;
    if constexpr (search_space_type<Space>) {
        static constexpr recipe nothing{};
        for (int first = 0, next = 0; first < Space::cells; first = next) {
            next = detail::end_of_run<Space>(first);
            if constexpr (detail::has_graphs<Space>) {
                if (Space::layer_of(first).graph >= 0) {
                    detail::networks_of_graph<Space>(first).make_random(
                        std::span<std::uint8_t>(result).subspan(static_cast<std::size_t>(first),
                                                                static_cast<std::size_t>(next - first)),
                        random);
                    continue;
                }
            }
            std::array<const recipe*, static_cast<std::size_t>(Space::cells)> kept;
            std::size_t count = 0;
            for (int i = first; i < next; ++i) {
                const recipe& steps = Space::block_of(i, a[static_cast<std::size_t>(i)]).steps;
                if (!steps.empty()) {
                    kept[count++] = &steps;
                }
            }
            if (next - first < 2 || static_cast<int>(count) == next - first) {
                continue;
            }
            // A uniform choice of places (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S).
            architecture<Space> moved = result;
            bool possible = true;
            std::size_t placed = 0;
            for (int i = first; i < next; ++i) {
                const auto left = static_cast<std::uint32_t>(next - i);
                const bool take = random.below(left) < count - placed;
                const int o = detail::operator_with<Space>(i, take ? *kept[placed] : nothing);
                placed += take ? 1U : 0U;
                possible = possible && o >= 0;
                moved[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(o);
            }
            result = possible ? moved : result;
        }
    }
    return result;
}

} // namespace fitnas

#endif
