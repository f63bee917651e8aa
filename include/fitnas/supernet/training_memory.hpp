/// @file
/// @brief Whether a training fits the memory that there is, and how many paths may go side by side in it.

#ifndef FITNAS_SUPERNET_TRAINING_MEMORY_HPP
#define FITNAS_SUPERNET_TRAINING_MEMORY_HPP

#include <cstddef>
#include <cstdint>

#include <fitnas/config.hpp>
#include <fitnas/supernet/step_work.hpp>
#include <fitnas/supernet/train_options.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Paths that take more go one after the other: their tensors leave the caches, and paths side by side take
/// more of what they share.
inline constexpr std::uint64_t most_path_bytes = std::uint64_t{256} << 20U;

/// How many of a step's paths may go side by side: 1 where they are too large for it to pay, or would not
/// fit.
/// @param paths of a step, on all processes
/// @param state floats that the optimiser keeps for each weight
FITNAS_LAZY FITNAS_COLD std::size_t paths_that_fit(const weights& w, const train_options& o,
                                                   const step_work& work, std::size_t paths,
                                                   std::size_t state);

/// Refuses a batch whose activations do not fit, before anything is taken.
/// @param state floats that the optimiser keeps for each weight
FITNAS_LAZY FITNAS_COLD void require_step_fits(const weights& w, const train_options& o, std::size_t state);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <string>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/supernet/memory_use.hpp>

namespace fitnas::detail {

/// Bytes that a training takes whose paths go one after the other.
/// @param images of a part of the batch
FITNAS_LAZY FITNAS_COLD inline memory_size step_bytes(const weights& w, const train_options& o,
                                                      const step_work& work, std::size_t state,
                                                      std::size_t images, bool recompute) {
    const std::size_t own = work.own_parts.count;
    // Gradients of parts, and what processes send of them.
    const std::size_t copies = state + (o.average > 0 ? 1U : 0U) + (own - 1) + (work.alone() ? 0 : own);
    const std::size_t batch = own * images;
    const std::size_t ahead = o.ahead.threads == 0 ? 0 : o.ahead.images != 0 ? o.ahead.images : 2 * batch;
    return training_bytes(w.part(), images, recompute, copies) +
           (memory_size(ahead) + memory_size(sizeof(float) * (batch - images))) *
               memory_size::of(w.input().size());
}

FITNAS_LAZY_AGAIN std::size_t paths_that_fit(const weights& w, const train_options& o, const step_work& work,
                                             std::size_t paths, std::size_t state) {
    const memory_size path =
        step_floats(w.part(), work.images, o.recompute_activations) * memory_size(sizeof(float));
    if (!o.path_a_thread || !work.keeps_paths_apart() || path > most_path_bytes) {
        return 1;
    }
    const std::size_t own = work.own_paths(paths).count;
    const memory_size there = o.memory_limit != 0 ? o.memory_limit : memory_there_is();
    const memory_size needed = step_bytes(w, o, work, state, work.images, o.recompute_activations) +
                               together_bytes(w.part(), work.images, o.recompute_activations, own);
    return needed > there ? 1 : own;
}

FITNAS_LAZY_AGAIN void require_step_fits(const weights& w, const train_options& o, std::size_t state) {
    const step_work work = work_of(o.batch, o.parts, o.peers, o.share);
    const auto needed = [&](std::size_t images, bool recompute) {
        return step_bytes(w, o, work, state, images, recompute);
    };
    require_memory("train: a " + std::string(work.parts > 1 ? "part" : "batch") + " of " +
                       std::to_string(work.images) + " images of " + to_string(w.input()),
                   needed(work.images, o.recompute_activations), o.memory_limit,
                   "a smaller train_options::batch needs less, a batch of 1 " +
                       to_string(needed(1, o.recompute_activations)) +
                       (o.recompute_activations ? ""
                                                : "; so does train_options::recompute_activations, " +
                                                      to_string(needed(work.images, true))));
}

} // namespace fitnas::detail

#endif

#endif
