/// @file
/// @brief How the work of a training step lies in parts, and which of it a process does.

#ifndef FITNAS_SUPERNET_STEP_WORK_HPP
#define FITNAS_SUPERNET_STEP_WORK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/nn/cross_entropy.hpp>

namespace fitnas {

/// @brief What of a training step each of the processes does that train together.
enum class step_share : std::uint8_t {
    /// Parts of the batch, along all paths of the step. Batch norm takes the statistics of each part by
    /// itself. To the
    /// byte what one process comes to with as many `train_options::parts`.
    images,
    /// The same, one part each, but batch norm takes the statistics of the whole batch ("synchronised batch
    /// norm"):
    /// within rounding what one process comes to.
    images_synchronised,
    /// Paths, along which the whole batch goes: for `sampling::strict_fair` and `sandwich`. Within rounding
    /// what one
    /// process comes to.
    paths
};

namespace detail {

/// Items from `first` on, `count` of them.
struct own_range {
    std::size_t first = 0;
    std::size_t count = 0;
};

/// What of each step this process does.
struct step_work {
    peers* together = nullptr; ///< null: this process is alone
    step_share share = step_share::images;
    std::size_t parts = 1; ///< of the batch
    own_range own_parts{0, 1};
    std::size_t images = 0; ///< of a part

    std::size_t own_images() const { return own_parts.count * images; }
    std::size_t first_image() const { return own_parts.first * images; }
    bool alone() const { return together == nullptr || together->count() == 1; }
    bool shares_paths() const { return !alone() && share == step_share::paths; }
    /// Processes whose images batch norm takes together; null: this one's alone.
    peers* norms_over() const {
        return !alone() && share == step_share::images_synchronised ? together : nullptr;
    }
    /// Whether paths may go side by side: nothing goes over to other processes while they do.
    bool keeps_paths_apart() const { return alone() || shares_paths(); }
    own_range own_paths(std::size_t paths) const {
        if (!shares_paths()) {
            return {0, paths};
        }
        const auto rank = static_cast<std::size_t>(together->rank());
        const auto processes = static_cast<std::size_t>(together->count());
        const std::size_t first = paths * rank / processes;
        return {first, paths * (rank + 1) / processes - first};
    }
};

/// @param parts 0: one a process
/// @throws option_error where the batch or its parts cannot be cut so
FITNAS_LAZY FITNAS_COLD step_work work_of(std::size_t batch, int parts, peers* together, step_share share);

/// The losses of a step: one of each part along each path, on all processes.
/// @param own those of this process, part by part
/// @return of each path, the mean over its parts
FITNAS_LAZY std::vector<batch_loss> losses_of_paths(const step_work& work, std::size_t paths,
                                                    std::span<const batch_loss> own);

/// Collective: refuses processes that do not train the same weights in the same way.
/// @param all null: this process is alone
FITNAS_LAZY void require_alike(peers* all, const std::vector<std::pair<std::string, std::string>>& setup,
                               long long step, std::span<const float> weights);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <fitnas/core/hash.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN step_work work_of(std::size_t batch, int parts, peers* together, step_share share) {
    if (parts < 0) {
        throw option_error("[F0540] train_options::parts: expected at least 0, got " + std::to_string(parts));
    }
    step_work work{.together = together, .share = share};
    const std::size_t processes = together == nullptr ? 1 : static_cast<std::size_t>(together->count());
    const bool images = share != step_share::paths;
    if (!images && parts > 1) {
        throw option_error("[F0543] train_options::parts: expected 0 or 1 where processes share paths, got " +
                           std::to_string(parts));
    }
    work.parts = parts > 0 ? static_cast<std::size_t>(parts) : images ? processes : 1;
    if (batch % work.parts != 0) {
        throw option_error("[F0541] train_options::batch: expected a multiple of the " +
                           std::to_string(work.parts) + (parts > 0 ? " parts" : " processes") + ", got " +
                           std::to_string(batch));
    }
    const bool each = share != step_share::images_synchronised || work.parts == processes;
    if (images && (work.parts % processes != 0 || !each)) {
        throw option_error("[F0542] train_options::parts: expected " +
                           std::string(each ? "a multiple of " : "0 or ") + "the number of processes, " +
                           std::to_string(processes) + ", got " + std::to_string(parts));
    }
    work.images = batch / work.parts;
    const std::size_t own = images ? work.parts / processes : work.parts;
    work.own_parts = {images && together != nullptr ? static_cast<std::size_t>(together->rank()) * own : 0,
                      own};
    return work;
}

FITNAS_LAZY_AGAIN std::vector<batch_loss> losses_of_paths(const step_work& work, std::size_t paths,
                                                          std::span<const batch_loss> own) {
    std::vector<batch_loss> all(own.begin(), own.end());
    if (!work.alone()) {
        const std::size_t bytes = own.size_bytes();
        std::string mine(reinterpret_cast<const char*>(own.data()), bytes);
        all.clear();
        for (const std::string& from : work.together->gather(mine)) {
            const auto count = from.size() / sizeof(batch_loss);
            all.resize(all.size() + count);
            std::copy_n(from.data(), from.size(), reinterpret_cast<char*>(all.data() + all.size() - count));
        }
    }
    std::vector<batch_loss> of_paths(paths);
    const auto add = [&](std::size_t path, const batch_loss& one) {
        of_paths[path].loss += one.loss;
        of_paths[path].correct += one.correct;
    };
    // Parts come one after the other; where processes share paths, process by process.
    std::size_t at = 0;
    const std::size_t processes = work.shares_paths() ? static_cast<std::size_t>(work.together->count()) : 1;
    for (std::size_t r = 0; r < processes; ++r) {
        const std::size_t first = paths * r / processes;
        const std::size_t last = paths * (r + 1) / processes;
        for (std::size_t part = 0; part < work.parts; ++part) {
            for (std::size_t path = first; path < last; ++path) {
                add(path, all[at++]);
            }
        }
    }
    for (batch_loss& one : of_paths) {
        one.loss /= static_cast<double>(work.parts);
    }
    return of_paths;
}

FITNAS_LAZY_AGAIN void require_alike(peers* all,
                                     const std::vector<std::pair<std::string, std::string>>& setup,
                                     long long step, std::span<const float> weights) {
    if (all == nullptr) {
        return;
    }
    std::string own;
    for (const auto& [name, value] : setup) {
        own += name + " " + value + "\n";
    }
    own += "step " + std::to_string(step) + "\n";
    hash64 hash;
    hash.add(weights.data(), weights.size_bytes());
    own += "weights, hash " + hash.text();
    const std::vector<std::string> texts = all->gather(own);
    for (std::size_t r = 1; r < texts.size(); ++r) {
        if (texts[r] != texts[0]) {
            const auto at = std::mismatch(texts[0].begin(), texts[0].end(), texts[r].begin(), texts[r].end());
            const auto from = static_cast<std::size_t>(at.first - texts[0].begin());
            const auto line = [&](const std::string& text) {
                const std::size_t begin = from == 0 ? 0 : text.rfind('\n', from - 1) + 1;
                return text.substr(begin, text.find('\n', from) - begin);
            };
            throw option_error("[F0545] train: processes that train together must be alike: process 0 has " +
                               line(texts[0]) + ", process " + std::to_string(r) + " " + line(texts[r]));
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
