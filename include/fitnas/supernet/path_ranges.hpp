/// @file
/// @brief Sorted paths cut into ranges that are scored apart, where they share few first layers.

#ifndef FITNAS_SUPERNET_PATH_RANGES_HPP
#define FITNAS_SUPERNET_PATH_RANGES_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// How many first layers two paths have in common.
inline std::size_t shared_layers(std::span<const int> a, std::span<const int> b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

/// Cuts sorted paths into ranges for so many processes. One has all in one range; of more each has about 6,
/// so that those that are done early take what is left, of 8 paths at least, for the first layers of a range
/// are computed anew.
/// @return where each range begins, and the end
FITNAS_LAZY std::vector<std::size_t> cut_paths(std::span<const network_path> paths, int processes);

/// Cuts sorted paths into branches that threads take in turn: half of an equal share of what is left each, so
/// that all end at about the same time and few first layers are computed twice.
/// @param threads 1: all paths are one branch
/// @return where each branch begins, and the end
FITNAS_LAZY std::vector<std::size_t> cut_branches(std::span<const network_path> paths, std::size_t threads);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

/// Where neighbours share fewest first layers, at most `about` from the middle.
FITNAS_LAZY inline std::size_t best_cut(std::span<const network_path> paths, std::size_t middle,
                                        std::size_t about) {
    std::size_t best = middle;
    for (std::size_t p = middle - about; p <= middle + about; ++p) {
        best = shared_layers(paths[p - 1], paths[p]) < shared_layers(paths[best - 1], paths[best]) ? p : best;
    }
    return best;
}

FITNAS_LAZY_AGAIN std::vector<std::size_t> cut_paths(std::span<const network_path> paths, int processes) {
    const auto many = static_cast<std::size_t>(processes);
    const std::size_t n = paths.size();
    const std::size_t ranges =
        processes == 1 ? (std::min)(std::size_t{1}, n) : (std::min)({6 * many, (std::max)(many, n / 8), n});
    std::vector<std::size_t> cuts{0};
    for (std::size_t r = 1; r < ranges; ++r) {
        cuts.push_back(best_cut(paths, n * r / ranges, n / ranges / 4));
    }
    if (n > 0) {
        cuts.push_back(n);
    }
    return cuts;
}

FITNAS_LAZY_AGAIN std::vector<std::size_t> cut_branches(std::span<const network_path> paths,
                                                        std::size_t threads) {
    const std::size_t n = paths.size();
    std::vector<std::size_t> cuts{0};
    while (threads > 1 && cuts.back() + 1 < n) {
        const std::size_t size = (std::max)(std::size_t{1}, (n - cuts.back()) / (2 * threads));
        cuts.push_back(best_cut(paths, cuts.back() + size, size / 4));
    }
    if (cuts.back() < n) {
        cuts.push_back(n);
    }
    return cuts;
}

} // namespace fitnas::detail

#endif

#endif
