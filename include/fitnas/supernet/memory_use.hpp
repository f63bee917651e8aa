/// @file
/// @brief How many bytes training and scoring need, found before they begin.

#ifndef FITNAS_SUPERNET_MEMORY_USE_HPP
#define FITNAS_SUPERNET_MEMORY_USE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/supernet/links.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/selection.hpp>

namespace fitnas {

namespace detail {

/// Calls `visit(layer, plan, output, whether a place for what comes out is taken)` for each block that a path
/// may use.
template <class Visit>
void for_each_plan(const selection& of, Visit&& visit) {
    const std::vector<layer_link> links = links_of(of.space());
    of.for_each_block([&](const selected_block& b) {
        const block_plan plan(b.block->steps, b.block->input);
        visit(b.layer, plan, links[b.layer].value, !plan.empty() || links[b.layer].joins);
    });
}

/// Floats in the arena of a training step: of the path that takes most, layer by layer.
FITNAS_LAZY FITNAS_COLD memory_size step_floats(const selection& of, memory_size batch);

/// Floats in the arena of scoring.
FITNAS_LAZY FITNAS_COLD memory_size scoring_floats(const selection& of, memory_size images,
                                                   memory_size calibration);

FITNAS_LAZY FITNAS_COLD memory_size largest_workspace(const selection& of, bool backward_follows);

/// @param copies floats of each weight beside these: of the optimiser, of the mean
FITNAS_LAZY FITNAS_COLD memory_size training_bytes(const selection& of, memory_size batch,
                                                   memory_size copies = 1);

FITNAS_LAZY FITNAS_COLD memory_size evaluation_bytes(const selection& of, memory_size images,
                                                     memory_size calibration);

} // namespace detail

/// @brief Memory that training a supernet of the space needs, from the shapes alone: weights, gradients,
/// momentum, a batch, and the activations of the largest path. `train` refuses what the machine cannot have.
///
/// Activations are within a tenth of what is taken once the largest path was run, but for up to 8 MiB that
/// pieces leave unused. The data set comes on top, with `train_options::average` the weights once more, and
/// with `train_options::ahead` a byte for each value of the images that are kept.
/// @tparam Space the search space
/// @param batch images of a step
/// @return bytes; 2^64 - 1 where there would be more
template <search_space_type Space>
std::uint64_t training_bytes(std::size_t batch) {
    return detail::training_bytes(Space::layout(), batch).value();
}

/// @brief Memory that scoring needs, as `training_bytes`.
/// @param images that go through together: `evaluate_options::batch`, or all where there are fewer
/// @param calibration images for the statistics; 0 for `statistics::batch`
/// @return bytes; 2^64 - 1 where there would be more
template <search_space_type Space>
std::uint64_t evaluation_bytes(std::size_t images, std::size_t calibration) {
    return detail::evaluation_bytes(Space::layout(), images, calibration).value();
}

/// @brief Memory that training one architecture by itself needs (`train` of a `network`, `retrain`).
/// @param a in canonical form, as a network has it
template <search_space_type Space>
std::uint64_t training_bytes(const architecture<Space>& a, std::size_t batch) {
    return detail::training_bytes({Space::layout(), a}, batch).value();
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN memory_size step_floats(const selection& of, memory_size batch) {
    memory_size place; // of the gradient between two layers
    memory_size kept;  // of the layers before
    memory_size here;  // of the present layer's largest candidate
    memory_size peak;  // with what backward takes
    std::size_t layer = 0;
    for_each_plan(of, [&](std::size_t i, const block_plan& plan, shape output, bool takes) {
        if (i != layer) {
            kept += here;
            here = 0;
            layer = i;
        }
        place = (std::max)(place, image_floats(batch, output));
        if (takes) {
            const memory_size mine = image_floats(batch, output) + forward_floats(plan, batch, false, true);
            here = (std::max)(here, mine);
            peak = (std::max)(peak, kept + mine + backward_floats(plan, batch));
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
    for_each_plan(of, [&](std::size_t i, const block_plan& plan, shape output, bool takes) {
        if (i != layer) {
            kept += here;
            here = 0;
            layer = i;
        }
        if (takes) {
            const memory_size outputs = image_floats(images, output) + image_floats(calibration, output);
            const memory_size slice = (std::min)(images, memory_size::of(given_slice));
            const memory_size between = calibrated ? forward_floats(plan, calibration, false, false) +
                                                         forward_floats(plan, slice, true, false)
                                                   : forward_floats(plan, images, false, false);
            here = (std::max)(here, outputs);
            peak = (std::max)(peak, kept + outputs + between);
        }
    });
    return (std::max)(peak, kept + here);
}

FITNAS_LAZY_AGAIN memory_size largest_workspace(const selection& of, bool backward_follows) {
    memory_size most;
    for_each_plan(of, [&](std::size_t, const block_plan& plan, shape, bool) {
        most = (std::max)(most, workspace_floats(plan, backward_follows));
    });
    return most;
}

FITNAS_LAZY_AGAIN memory_size training_bytes(const selection& of, memory_size batch, memory_size copies) {
    // Weights, gradients, and the weights before, for a training that diverges.
    return memory_size(sizeof(float)) *
           (memory_size::of(of.parameters()) * (copies + memory_size(3)) +
            image_floats(batch, of.space().input) + step_floats(of, batch) + largest_workspace(of, true));
}

FITNAS_LAZY_AGAIN memory_size evaluation_bytes(const selection& of, memory_size images,
                                               memory_size calibration) {
    return memory_size(sizeof(float)) *
           (memory_size::of(of.parameters()) + image_floats(images, of.space().input) +
            image_floats(calibration, of.space().input) + scoring_floats(of, images, calibration) +
            largest_workspace(of, false));
}

} // namespace fitnas::detail

#endif

#endif
