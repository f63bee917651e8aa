/// @file
/// @brief Latency, measured on this machine operator by operator.

#ifndef FITNAS_SUPERNET_LATENCY_HPP
#define FITNAS_SUPERNET_LATENCY_HPP

#include <algorithm>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/space/latency_table.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/run.hpp>

namespace fitnas {

/// @brief How to measure.
struct latency_options {
    int images = 1;              ///< that go through together, at least 1
    int repeats = 21;            ///< of which the median counts, at least 1
    fitnas::observer observer{}; ///< called after each block
};

namespace detail {

/// Refuses images that do not fit together, before anything is taken.
FITNAS_LAZY FITNAS_COLD void require_latency_fits(const space_layout& layout, const latency_options& o);

FITNAS_LAZY std::vector<double> measure_blocks(const space_layout& layout, const latency_options& o);

} // namespace detail

/// @brief Measures every operator in every layer by itself, as it runs when a trained network is used, on as
/// many threads as there are (`OMP_NUM_THREADS`).
/// @return median milliseconds for each block; an architecture's latency is their sum
/// @throws option_error where an option is below 1, or the images need more memory than there is
template <search_space_type Space>
latency_table measure_latency(const latency_options& options = {}) {
    return latency_table(Space::layout(), detail::measure_blocks(Space::layout(), options));
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_latency_fits(const space_layout& layout, const latency_options& o) {
    memory_size most; // of one block
    const memory_size images = memory_size::of(o.images);
    for (const space_block& b : layout.blocks) {
        const block_plan plan(b.steps, b.input);
        most =
            (std::max)(most, memory_size::of(b.parameters) + image_floats(images, b.input) +
                                 image_floats(images, b.output) + forward_floats(plan, images, false, false) +
                                 forward_floats(plan, images, true, false) +
                                 workspace_floats(plan, false, thread_count()));
    }
    require_memory("measure_latency: " + std::to_string(o.images) + " images together", most * sizeof(float),
                   0, "fewer latency_options::images need less");
}

FITNAS_LAZY_AGAIN std::vector<double> measure_blocks(const space_layout& layout, const latency_options& o) {
    if (o.images < 1 || o.repeats < 1) {
        throw option_error("[F0503] latency_options: images and repeats: expected at least 1, got " +
                           std::to_string(o.images) + " and " + std::to_string(o.repeats));
    }
    require_latency_fits(layout, o);
    std::vector<double> milliseconds;
    runner run;
    const teller tell(o.observer, "latency", layout.blocks.size());
    for (const space_block& b : layout.blocks) {
        const block_plan plan(b.steps, b.input);
        std::vector<double> times(1, 0.0);
        if (!plan.empty()) {
            const auto count = static_cast<std::size_t>(o.images);
            std::vector<float> parameters(static_cast<std::size_t>(b.parameters));
            std::vector<float> x(count * static_cast<std::size_t>(b.input.size()));
            std::vector<float> y(count * static_cast<std::size_t>(b.output.size()));
            random_stream random(seed{0}, purpose::initialise);
            initialise(b.steps, b.input, parameters, random);
            fill_normal(x, 1.0, random);
            // Statistics are known when a network is used, so they are here too.
            run.memory().reset();
            const block_run given = run.forward(plan, parameters.data(), x.data(), o.images, y.data());
            times.clear();
            for (int i = -2; i < o.repeats; ++i) { // two to warm up
                const stopwatch one;
                run.forward(plan, parameters.data(), x.data(), o.images, y.data(), given);
                if (i >= 0) {
                    times.push_back(1000 * one.seconds());
                }
            }
        }
        std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                         times.end());
        milliseconds.push_back(times[times.size() / 2]);
        tell(milliseconds.size());
    }
    return milliseconds;
}

} // namespace fitnas::detail

#endif

#endif
