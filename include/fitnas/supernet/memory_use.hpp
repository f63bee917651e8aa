/// @file
/// @brief How many bytes training and scoring need, found before they begin.

#ifndef FITNAS_SUPERNET_MEMORY_USE_HPP
#define FITNAS_SUPERNET_MEMORY_USE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/supernet/links.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/selection.hpp>

namespace fitnas {

namespace detail {

/// Calls `visit(layer, its link, plan)` for each block that a path may use.
template <class Visit>
void for_each_plan(const selection& of, Visit&& visit) {
    const std::vector<layer_link> links = links_of(of.space());
    of.for_each_block([&](const selected_block& b) {
        visit(b.layer, links[b.layer], block_plan(b.block->steps, b.block->input));
    });
}

/// Floats of what comes out of a block, and of its node behind it.
/// @param in_place whether sums are, also those of maxima
FITNAS_LAZY FITNAS_COLD memory_size output_floats(const layer_link& l, const block_plan& plan,
                                                  memory_size images, bool in_place);

/// Floats in the arena of a training step: of the path that takes most, layer by layer.
/// @param recompute as `train_options::recompute_activations`
FITNAS_LAZY FITNAS_COLD memory_size step_floats(const selection& of, memory_size batch, bool recompute);

/// Floats in the arena of scoring.
FITNAS_LAZY FITNAS_COLD memory_size scoring_floats(const selection& of, memory_size images,
                                                   memory_size calibration);

/// @param threads that have scratch of their own
FITNAS_LAZY FITNAS_COLD memory_size largest_workspace(const selection& of, bool backward_follows,
                                                      int threads);

/// Parameters of each layer's largest candidate.
FITNAS_LAZY FITNAS_COLD std::vector<std::size_t> layer_parameters(const selection& of);

/// How many of a step's paths go side by side: as many rounds as there are whole, a path a thread, at most 4;
/// 0 where there are fewer paths than threads, or one thread.
FITNAS_LAZY FITNAS_COLD std::size_t paths_together(std::size_t paths);

/// What paths side by side take beside `training_bytes`: memory of each thread's path, gradients of the
/// paths.
FITNAS_LAZY FITNAS_COLD memory_size together_bytes(const selection& of, memory_size batch, bool recompute,
                                                   std::size_t paths);

/// @param copies floats of each weight beside these: of the optimiser, of the mean
FITNAS_LAZY FITNAS_COLD memory_size training_bytes(const selection& of, memory_size batch, bool recompute,
                                                   memory_size copies = 1);

/// @param paths at once, each on a thread of its own; 1: one, on all threads
FITNAS_LAZY FITNAS_COLD memory_size evaluation_bytes(const selection& of, memory_size images,
                                                     memory_size calibration, memory_size paths = 1);

/// A path that takes more bytes has passes so long that threads hardly wait for each other, and that the
/// memory they share is what holds them up: two such paths at once are slower (docs/performance.md).
inline constexpr std::uint64_t large_path = std::uint64_t{128} << 20U;

/// How many paths are scored at once, each on a thread of its own: as many as there are threads, but no more
/// than every fourth path, for threads that have no path left wait, and no more than fit. 1 where these are
/// fewer than the threads that a pass over one path can use, and where paths are large: then one goes after
/// the other.
/// @param room bytes
FITNAS_LAZY FITNAS_COLD std::size_t paths_at_once(const selection& of, memory_size images,
                                                  memory_size calibration, memory_size room,
                                                  std::size_t paths);

} // namespace detail

/// @brief Memory that training a supernet of the space needs, from the shapes alone: weights, gradients,
/// momentum, a batch, and the activations of the largest path. `train` refuses what the machine cannot have.
///
/// Activations are what is taken once the largest path was run; a graph of which no path takes all may take
/// less. The data set comes on top, with `train_options::average` the weights once more, and with
/// `train_options::ahead` a byte for each value of the images that are kept.
/// @tparam Space the search space
/// @param batch images of a step
/// @param recompute_activations as in `train_options`
/// @param paths of a step, which go side by side as `train_options::path_a_thread` says
/// @return bytes; 2^64 - 1 where there would be more
template <search_space_type Space>
std::uint64_t training_bytes(std::size_t batch, bool recompute_activations = false, std::size_t paths = 1) {
    const auto layout = Space::layout();
    return (detail::training_bytes(layout, batch, recompute_activations) +
            detail::together_bytes(layout, batch, recompute_activations, paths))
        .value();
}

/// @brief Memory that scoring needs, as `training_bytes`.
/// @param images that go through together: `evaluate_options::batch`, or all where there are fewer
/// @param calibration images for the statistics; 0 for `statistics::batch`
/// @param paths sub-networks that are scored at once: `evaluate` takes one a thread where each needs at most
/// 128 MiB and all fit `evaluate_options::memory_limit`, and else one on all threads
/// @return bytes; 2^64 - 1 where there would be more
template <search_space_type Space>
std::uint64_t evaluation_bytes(std::size_t images, std::size_t calibration, std::size_t paths = 1) {
    return detail::evaluation_bytes(Space::layout(), images, calibration, paths).value();
}

/// @brief Memory that training one architecture by itself needs (`train` of a `network`, `retrain`).
/// @param a in canonical form, as a network has it
template <search_space_type Space>
std::uint64_t training_bytes(const architecture<Space>& a, std::size_t batch,
                             bool recompute_activations = false) {
    return detail::training_bytes({Space::layout(), a}, batch, recompute_activations).value();
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN memory_size output_floats(const layer_link& l, const block_plan& plan, memory_size images,
                                            bool in_place) {
    const memory_size own = image_floats(images, plan.output());
    const bool hands_on = plan.empty() && (l.appends || !l.joins);
    const bool beside = l.joins && !l.appends && !in_place && plan.reads_output();
    return (hands_on ? memory_size() : own) + (beside ? own : memory_size()) +
           (l.joins && l.appends ? image_floats(images, l.value) : memory_size());
}

FITNAS_LAZY_AGAIN memory_size step_floats(const selection& of, memory_size batch, bool recompute) {
    memory_size place; // of the gradient between two layers
    memory_size kept;  // of the layers before
    memory_size here;  // of the present layer's largest candidate; recomputed, of the present node
    memory_size node;  // recomputed, what the layers before have given it
    memory_size peak;  // with what backward takes
    std::size_t layer = 0;
    for_each_plan(of, [&](std::size_t i, const layer_link& link, const block_plan& plan) {
        if (i != layer) {
            const bool adds = recompute && link.joins && !link.appends;
            kept += adds ? memory_size() : here;
            here = node = adds ? here : memory_size();
            layer = i;
        }
        place = (std::max)(place, image_floats(batch, link.value));
        const memory_size out = output_floats(link, plan, batch, recompute);
        const memory_size inside = forward_floats(plan, batch, false, true);
        const memory_size back = backward_floats(plan, batch);
        if (recompute) {
            here = (std::max)(here, out);
            peak = (std::max)({peak, kept + node + out + inside,
                               kept + (std::max)(node, out) + forward_again_floats(plan, batch) + back});
        } else {
            here = (std::max)(here, out + inside);
            peak = (std::max)(peak, kept + out + inside + back);
        }
    });
    return image_floats(batch, {1, 1, of.space().classes}) +
           place * memory_size::of(gradient_places(links_of(of.space()))) + (std::max)(peak, kept + here);
}

FITNAS_LAZY_AGAIN memory_size scoring_floats(const selection& of, memory_size images,
                                             memory_size calibration) {
    const bool calibrated = calibration.value() > 0;
    memory_size kept; // outputs of the layers before
    memory_size here;
    memory_size peak;
    std::size_t layer = 0;
    for_each_plan(of, [&](std::size_t i, const layer_link& link, const block_plan& plan) {
        if (i != layer) {
            kept += here;
            here = 0;
            layer = i;
        }
        const memory_size outputs =
            output_floats(link, plan, images, true) + output_floats(link, plan, calibration, true);
        const memory_size slice = (std::min)(images, memory_size::of(given_slice));
        const memory_size between = calibrated ? forward_floats(plan, calibration, false, false) +
                                                     forward_floats(plan, slice, true, false)
                                               : forward_floats(plan, images, false, false);
        here = (std::max)(here, outputs);
        peak = (std::max)(peak, kept + outputs + between);
    });
    return (std::max)(peak, kept + here);
}

FITNAS_LAZY_AGAIN memory_size largest_workspace(const selection& of, bool backward_follows, int threads) {
    memory_size most;
    for_each_plan(of, [&](std::size_t, const layer_link&, const block_plan& plan) {
        most = (std::max)(most, workspace_floats(plan, backward_follows, threads));
    });
    return most;
}

FITNAS_LAZY_AGAIN std::vector<std::size_t> layer_parameters(const selection& of) {
    std::vector<std::size_t> most(of.space().layers.size());
    of.for_each_block([&](const selected_block& b) {
        most[b.layer] = (std::max)(most[b.layer], static_cast<std::size_t>(b.block->parameters));
    });
    return most;
}

FITNAS_LAZY_AGAIN std::size_t paths_together(std::size_t paths) {
    const auto threads = static_cast<std::size_t>(thread_count());
    return threads == 1 ? 0 : (std::min)(paths / threads, std::size_t{4}) * threads;
}

FITNAS_LAZY_AGAIN memory_size together_bytes(const selection& of, memory_size batch, bool recompute,
                                             std::size_t paths) {
    const std::size_t together = paths_together(paths);
    if (together == 0) {
        return {};
    }
    const std::vector<std::size_t> layers = layer_parameters(of);
    return memory_size(sizeof(float)) *
           ((step_floats(of, batch, recompute) + largest_workspace(of, true, 0)) *
                memory_size::of(thread_count() - 1) +
            memory_size(std::accumulate(layers.begin(), layers.end(), std::size_t{0})) *
                memory_size(together));
}

FITNAS_LAZY_AGAIN memory_size training_bytes(const selection& of, memory_size batch, bool recompute,
                                             memory_size copies) {
    // Weights, gradients, and the weights before, for a training that diverges.
    return memory_size(sizeof(float)) *
           (memory_size::of(of.parameters()) * (copies + memory_size(3)) +
            image_floats(batch, of.space().input) + step_floats(of, batch, recompute) +
            largest_workspace(of, true, thread_count()));
}

FITNAS_LAZY_AGAIN memory_size evaluation_bytes(const selection& of, memory_size images,
                                               memory_size calibration, memory_size paths) {
    const int threads_of_a_path = paths == 1 ? thread_count() : 1;
    return memory_size(sizeof(float)) *
           (memory_size::of(of.parameters()) + image_floats(images, of.space().input) +
            image_floats(calibration, of.space().input) +
            paths *
                (scoring_floats(of, images, calibration) + largest_workspace(of, false, threads_of_a_path)));
}

FITNAS_LAZY_AGAIN std::size_t paths_at_once(const selection& of, memory_size images, memory_size calibration,
                                            memory_size room, std::size_t paths) {
    const auto threads = static_cast<std::size_t>(thread_count());
    const std::size_t wanted = (std::min)(threads, paths / 4);
    const std::size_t least = (std::min)(threads, std::size_t{sum_groups});
    if (least < 2 || wanted < least) {
        return 1;
    }
    const auto bytes = [&](std::size_t at_once) {
        return evaluation_bytes(of, images, calibration, at_once);
    };
    const memory_size two = bytes(2);
    const memory_size each(bytes(3).value() - two.value());
    if (each > large_path) {
        return 1;
    }
    std::size_t fit = 1;
    for (memory_size all = two; fit < wanted && all <= room; all += each) {
        ++fit;
    }
    return fit < least ? 1 : fit;
}

} // namespace fitnas::detail

#endif

#endif
