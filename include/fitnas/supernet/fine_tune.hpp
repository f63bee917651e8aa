/// @file
/// @brief Finalists are trained a little, each from the shared weights, before they are ranked.

#ifndef FITNAS_SUPERNET_FINE_TUNE_HPP
#define FITNAS_SUPERNET_FINE_TUNE_HPP

#include <span>
#include <vector>

#include <fitnas/core/progress.hpp>
#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/network.hpp>

namespace fitnas {

/// @brief Scores networks on the validation split, each after a short training of its own that begins with
/// the supernet's weights. It costs a training each, so it is for the few best of a search: shared weights
/// suit all paths and none quite.
///
/// @code
/// auto scores = fine_tune<space>(super, finalists, data, {.epochs = 1, .learning_rate = 0.02}).accuracy;
/// @endcode
/// @param net trained; it is not changed
/// @param architectures any; equal networks are trained as their canonical form, once
/// @param data `train` is trained on and gives statistics, `validation` the images that count; the test split
/// is not read
/// @param options of each training; `observer` is told of the steps of all, `keep.stop` asked in each, the
/// rest of `keep` plays no part
/// @return the architectures in their order, with accuracies and with negative losses
/// @throws as `train` of a network
template <search_space_type Space>
evaluation<Space> fine_tune(const supernet<Space>& net, std::span<const architecture<Space>> architectures,
                            const dataset& data, const train_options& options) {
    const detail::numbered_networks<Space> networks(architectures);
    std::vector<detail::path_score> scores;
    train_options own = options;
    own.keep = {.stop = options.keep.stop};
    const stopwatch clock;
    if (options.observer) {
        own.observer = [&](const progress& p) {
            progress all = p;
            all.stage = "fine_tune";
            all.done += static_cast<long long>(scores.size()) * p.total;
            all.total *= static_cast<long long>(networks.codes.size());
            all.seconds = clock.seconds();
            options.observer(all);
        };
    }
    const std::vector<int> labels = detail::labels_of(data.validation);
    for (const architecture<Space>& a : networks.codes) {
        network<Space> one(a, net);
        train(one, data.train, own);
        const tensor2 logits = one.logits(data.validation);
        const batch_loss sum = cross_entropy({logits.data(), logits.size()}, labels, 0);
        scores.push_back(
            {static_cast<double>(sum.correct) / static_cast<double>(data.validation.size()), sum.loss});
    }
    return detail::evaluation_of<Space>(architectures, networks, scores);
}

} // namespace fitnas

#endif
