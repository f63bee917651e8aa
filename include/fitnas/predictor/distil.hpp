/// @file
/// @brief One model that predicts what another predictor does.

#ifndef FITNAS_PREDICTOR_DISTIL_HPP
#define FITNAS_PREDICTOR_DISTIL_HPP

#include <cstddef>
#include <span>

#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/predictor.hpp>
#include <fitnas/space/sample.hpp>

namespace fitnas {

/// @brief Fits a model to what a predictor says about networks drawn uniformly (Hinton et al., "Distilling
/// the knowledge in a neural network", arXiv 1503.02531, for regression): one model in place of an ensemble.
/// What the predictor says has no noise and costs no evaluation, so there can be many.
/// @tparam Model a `gcn::model` of the predictor's space
/// @param teacher the predictor
/// @param networks how many codes to draw; of equal networks one counts
/// @param options of the fit; the defaults are our choice
/// @return the model, in the unit of the predictor
/// @throws as `fit`
template <gcn::model_type Model, predictor Teacher>
fitted<Model>
distil(const Teacher& teacher, std::size_t networks = 4000,
       const fit_options& options = {.epochs = 120, .learning_rate = 2e-2, .weight_decay = 0.01}) {
    using space = typename Model::space;
    score_table<space> table;
    random_stream random(options.seed, purpose::sample);
    for (std::size_t i = 0; i < networks; ++i) {
        table.architectures.push_back(sample_one<space>(random));
    }
    table.scores = teacher.predict(std::span<const architecture<space>>(table.architectures));
    return fit<Model>(table, options);
}

} // namespace fitnas

#endif
