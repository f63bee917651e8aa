/// @file
/// @brief The memory of one run of a plan: what backward needs from forward.

#ifndef FITNAS_CPU_BLOCK_RUN_HPP
#define FITNAS_CPU_BLOCK_RUN_HPP

#include <array>
#include <cstddef>

#include <fitnas/cpu/norm_state.hpp>
#include <fitnas/cpu/plan.hpp>

namespace fitnas::detail {

/// One run of a plan on some images.
struct block_run {
    static constexpr std::size_t most = 2 * recipe::capacity + 2;
    std::array<float*, most> buffers{}; ///< nullptr: it was in cache only
    std::array<float*, most>
        kept{}; ///< a squeeze-excite's state or an expansion's moments, by the buffer written
    std::array<norm_state, recipe::capacity> norms{};
    int images = 0;
};

} // namespace fitnas::detail

#endif
