/// @file
/// @brief The gradient checker for recipes, and so for layers, operators and primitives of your own.

#ifndef FITNAS_CPU_RECIPE_CHECK_HPP
#define FITNAS_CPU_RECIPE_CHECK_HPP

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/cpu/engine.hpp>
#include <fitnas/nn/gradient_check.hpp>
#include <fitnas/nn/initialise.hpp>

namespace fitnas {

/// @brief Checks everything that backward promises for a recipe: gradients at parameters and at the input
/// against central differences of a random projection of the output, with all memory poisoned before (a value
/// that nobody wrote shows as not finite), that the input's gradient is overwritten, and that the parameters'
/// is added into.
/// @param steps the recipe
/// @param input the shape that comes in
/// @param images at least 2 where batch norm sees single pixels
/// @param options of the comparison
/// @return the report of both comparisons, which converts to whether all is right; `log` says what is not
/// @throws shape_error where the recipe does not fit the input
FITNAS_API gradient_report check_recipe(const recipe& steps, shape input, int images = 3,
                                        const gradient_check_options& options = {});

/// @brief The same for an operator in a cell.
/// @throws shape_error where the recipe does not fit the input, or gives another shape than the cell asks for
template <class Operator>
gradient_report check_operator(cell place, int images = 3, const gradient_check_options& options = {}) {
    const recipe steps = Operator::build(place);
    const recipe_summary sum = summarise(steps, place.input);
    if (sum.valid && sum.output != place.output()) {
        throw shape_error("[F0112] check_operator: " + std::string(Operator::name) + " gives " +
                          to_string(sum.output) + ", the cell asks for " + to_string(place.output()));
    }
    return check_recipe(steps, place.input, images, options);
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas {

FITNAS_API gradient_report check_recipe(const recipe& steps, shape input, int images,
                                        const gradient_check_options& options) {
    const recipe_summary sum = summarise(steps, input);
    if (!sum.valid || input.size() <= 0 || images < 1) {
        throw shape_error("[F0111] check_recipe: the recipe does not fit " + std::to_string(images) +
                          " images of " + to_string(input) +
                          ": kernels must be odd, strides and widths positive, a residual must meet "
                          "the input's shape");
    }
    const detail::block_plan plan(steps, input);
    const auto count = static_cast<std::size_t>(images);
    std::vector<float> parameters(static_cast<std::size_t>(sum.parameters));
    std::vector<float> x(count * static_cast<std::size_t>(input.size()));
    std::vector<float> y(count * static_cast<std::size_t>(sum.output.size()));
    std::vector<float> weights(y.size());
    random_stream random(options.seed, purpose::initialise);
    initialise(steps, input, parameters, random);
    for (std::vector<float>* some : {&x, &weights}) {
        for (float& v : *some) {
            v = static_cast<float>(random.normal());
        }
    }
    for (float& v : parameters) { // off the special values 0 and 1
        v += 0.1F * static_cast<float>(random.normal());
    }

    constexpr float poison = std::numeric_limits<float>::quiet_NaN();
    arena memory;
    detail::workspace shared;
    const auto run = [&] {
        memory.fill(poison);
        memory.reset();
        std::fill(y.begin(), y.end(), poison);
        return detail::forward(plan, parameters.data(), x.data(), images, y.data(), nullptr, memory, shared,
                               true);
    };
    const auto loss = [&] {
        run();
        const std::vector<float>& out = plan.empty() ? x : y;
        double total = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            total += static_cast<double>(out[i]) * static_cast<double>(weights[i]);
        }
        return total;
    };

    constexpr float before = 0.25F;
    std::vector<float> dparameters(parameters.size(), before);
    std::vector<float> dx(x.size(), poison);
    const std::vector<float> addend(x.size(), before);
    loss(); // so that all memory is there to be poisoned
    detail::block_run state = run();
    if (plan.empty()) {
        dx = weights;
        for (float& g : dx) {
            g += before;
        }
    } else {
        std::vector<float> dy = weights;
        detail::backward(plan, parameters.data(), dparameters.data(), state, dy.data(), dx.data(),
                         addend.data(), memory, shared);
    }
    for (std::vector<float>* some : {&dparameters, &dx}) {
        for (float& g : *some) {
            g -= before;
        }
    }
    gradient_report report = check_gradient(parameters, dparameters, loss, options);
    const gradient_report at_input = check_gradient(x, dx, loss, options);
    report.ok = report.ok && at_input.ok;
    report.compared += at_input.compared;
    report.skipped += at_input.skipped;
    report.worst = std::isnan(at_input.worst) ? at_input.worst : (std::max)(report.worst, at_input.worst);
    report.log += at_input.ok ? "" : "at the input: " + at_input.log;
    return report;
}

} // namespace fitnas

#endif

#endif
