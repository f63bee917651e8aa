/// @file
/// @brief Finalists are trained a little, each from the shared weights, before they are ranked.

#ifndef FITNAS_SUPERNET_FINE_TUNE_HPP
#define FITNAS_SUPERNET_FINE_TUNE_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/share_out.hpp>
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
/// @param options of each training; `observer` is told of the steps of all that this process does,
/// `keep.stop` asked in each, the rest of `keep` plays no part; `peers` share out the networks, each trained
/// by one
/// @return the architectures in their order, with accuracies and with negative losses
/// @throws as `train` of a network
template <search_space_type Space>
evaluation<Space> fine_tune(const supernet<Space>& net, std::span<const architecture<Space>> architectures,
                            const dataset& data, const train_options& options) {
    const detail::numbered_networks<Space> networks(architectures);
    train_options own = options;
    own.keep = {.stop = options.keep.stop};
    own.peers = nullptr;
    const stopwatch clock;
    long long done = 0; // networks of this process
    if (options.observer) {
        own.observer = [&](const progress& p) {
            progress of_all = p;
            of_all.stage = "fine_tune";
            of_all.done += done * p.total;
            of_all.total *= static_cast<long long>(networks.codes.size());
            of_all.seconds = clock.seconds();
            options.observer(of_all);
        };
    }
    const std::vector<int> labels = detail::labels_of(data.validation);
    const auto one = [&](std::size_t i) {
        network<Space> tuned(networks.codes[i], net);
        train(tuned, data.train, own);
        const tensor2 logits = tuned.logits(data.validation);
        const batch_loss sum = cross_entropy({logits.data(), logits.size()}, labels, 0);
        ++done;
        return std::vector<double>{
            static_cast<double>(sum.correct) / static_cast<double>(data.validation.size()), sum.loss};
    };
    std::vector<detail::path_score> scores;
    for (const std::vector<double>& s :
         share_out(options.peers, networks.codes.size(), pieces::in_turn, one)) {
        scores.push_back({s[0], s[1]});
    }
    return detail::evaluation_of<Space>(architectures, networks, scores);
}

} // namespace fitnas

#endif
