/// @file
/// @brief Fits a model to a table of scores.

#ifndef FITNAS_PREDICTOR_FIT_HPP
#define FITNAS_PREDICTOR_FIT_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/nn/adam.hpp>
#include <fitnas/nn/schedule.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/predictor/fitted.hpp>
#include <fitnas/predictor/loss.hpp>
#include <fitnas/space/equal_code.hpp>

namespace fitnas {

/// @brief How to fit. The defaults are our choice; the paper (arXiv 2004.08423) gives none of these.
struct fit_options {
    fitnas::loss loss = fitnas::loss::pairwise;           ///< what is made small
    fitnas::target target = fitnas::target::standardised; ///< what scores become before
    int epochs = 300;                                     ///< at least 1
    int batch = 64;                                       ///< most networks in a step, at least 2
    double learning_rate = 1e-2; ///< of the first step, above 0; falls to 0 along a cosine
    double weight_decay = 1e-4;  ///< decoupled, at least 0
    bool equal_codes = false;    ///< show in each epoch another code of each network, where it has several
    fitnas::seed seed{};         ///< of first parameters, order and dropout
    fitnas::observer observer{}; ///< called after each epoch, with the mean loss over its batches
};

namespace detail {

FITNAS_LAZY FITNAS_COLD void require_fit_options(const fit_options& options);

FITNAS_LAZY void require_finite_loss(double loss, int epoch, const fit_options& options);

FITNAS_LAZY FITNAS_COLD void require_finite_line(const line& unit, std::span<const double> scores);

} // namespace detail

/// @brief Fits a model with Adam (decoupled weight decay) to the different networks of a table: equal
/// networks are one row with the mean of their scores. Bit-equal for any number of threads.
/// @tparam Model a `gcn::model`
/// @param table architectures and scores, higher is better
/// @param options loss, target, schedule, seed, observer
/// @return the fitted model; its predictions are in the unit of the scores
/// @throws option_error where an option is out of range
/// @throws shape_error where the table is empty, or has fewer than 2 different networks
/// @throws architecture_error where an architecture is not of the space
/// @throws numeric_error where a score is not finite, all are equal, or the loss becomes not finite
template <gcn::model_type Model>
fitted<Model> fit(const score_table<typename Model::space>& table, const fit_options& options = {}) {
    using space = typename Model::space;
    using code = architecture<space>;
    detail::require_fit_options(options);
    const auto data = merge_equal_networks(table, "fit");
    // The order of pairs is that of the scores themselves: standardised, what stands close may become equal.
    const std::vector<double> targets =
        options.loss == loss::pairwise ? data.scores : make_targets(options.target, data.scores);

    const std::size_t n = data.size();
    const auto most = (std::min)(static_cast<std::size_t>(options.batch), n);
    // Batches differ in size by one at most: a small last one would weigh its networks more than others.
    const std::size_t batches = (n + most - 1) / most;
    const cosine_schedule rate{options.learning_rate, static_cast<long long>(batches) * options.epochs};

    const stopwatch clock;
    std::vector<float> parameters = Model::initial_parameters(options.seed);
    std::vector<float> gradient(Model::parameters);
    adam optimiser(Model::parameters, {.weight_decay = static_cast<float>(options.weight_decay)});
    gcn::pass<Model> pass;
    gcn::training_step step{options.seed};
    std::vector<std::size_t> order(n);
    std::vector<code> codes(most);
    std::vector<double> wanted(most);
    std::vector<float> outputs(most);
    std::vector<float> pull(most);
    for (int epoch = 1; epoch <= options.epochs; ++epoch) {
        for (std::size_t i = 0; i < n; ++i) {
            order[i] = i;
        }
        random_stream random(options.seed, purpose::fit, static_cast<std::uint64_t>(epoch));
        random.shuffle(std::span<std::size_t>(order));
        double sum = 0;
        for (std::size_t b = 0; b < batches; ++b, ++step.number) {
            const std::size_t first = n * b / batches;
            const std::size_t size = n * (b + 1) / batches - first;
            for (std::size_t i = 0; i < size; ++i) {
                const code& known = data.architectures[order[first + i]];
                codes[i] = options.equal_codes ? random_equal_code<space>(known, random) : known;
                wanted[i] = targets[order[first + i]];
            }
            const auto out = std::span(outputs).first(size);
            const auto slope = std::span(pull).first(size);
            pass.forward(parameters, std::span<const code>(codes).first(size), out, &step);
            const double loss = evaluate_loss(options.loss, out, std::span(wanted).first(size), slope);
            detail::require_finite_loss(loss, epoch, options);
            sum += loss;
            pass.backward(parameters, slope, gradient);
            optimiser.step(parameters, gradient, rate(static_cast<long long>(step.number)));
        }
        if (options.observer) {
            options.observer({.stage = "fit",
                              .done = epoch,
                              .total = options.epochs,
                              .seconds = clock.seconds(),
                              .loss = sum / static_cast<double>(batches)});
        }
    }

    const std::vector<float> last = gcn::outputs<Model>(parameters, data.architectures);
    const std::vector<double> raw(last.begin(), last.end());
    detail::require_finite_loss(detail::exact_mean(raw), options.epochs, options);
    const line unit = fit_line(raw, data.scores);
    detail::require_finite_line(unit, data.scores);
    return fitted<Model>(std::move(parameters), unit);
}

/// @brief Refuses a table of another space with a sentence.
template <gcn::model_type Model, code_space Other>
requires(!std::same_as<Other, typename Model::space>) void fit(const score_table<Other>& /*table*/,
                                                               const fit_options& /*options*/ = {}) {
    static_assert(std::same_as<Other, typename Model::space>,
                  "[F0642] fit<Model>(table): the table must be of the model's space");
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_fit_options(const fit_options& options) {
    const auto expect = [](bool good, const std::string& message, const std::string& got) {
        if (!good) {
            throw option_error(message + ", got " + got);
        }
    };
    const double rate = options.learning_rate;
    const double decay = options.weight_decay;
    expect(options.epochs >= 1, "[F0612] fit: epochs: expected at least 1", std::to_string(options.epochs));
    expect(options.batch >= 2, "[F0613] fit: batch: expected at least 2", std::to_string(options.batch));
    expect(rate > 0 && std::isfinite(rate), "[F0614] fit: learning_rate: expected a number above 0",
           number_text(rate));
    expect(decay >= 0 && std::isfinite(decay), "[F0615] fit: weight_decay: expected a number from 0",
           number_text(decay));
}

FITNAS_LAZY_AGAIN void require_finite_loss(double loss, int epoch, const fit_options& options) {
    if (!std::isfinite(loss)) {
        throw numeric_error("[F0616] fit: the loss is not finite any more in epoch " + std::to_string(epoch) +
                            " of " + std::to_string(options.epochs) + "; the learning rate " +
                            number_text(options.learning_rate) + " may be too high");
    }
}

FITNAS_LAZY_AGAIN void require_finite_line(const line& unit, std::span<const double> scores) {
    if (!std::isfinite(unit.offset) || !std::isfinite(unit.slope)) {
        throw numeric_error("[F0660] fit: scores up to " + number_text(largest_magnitude(scores)) +
                            " are too large for predictions in their unit; divide all by one number");
    }
}

} // namespace fitnas::detail

#endif

#endif
