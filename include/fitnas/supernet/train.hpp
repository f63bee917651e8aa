/// @file
/// @brief Training: a supernet by sampled paths, or one network by itself.

#ifndef FITNAS_SUPERNET_TRAIN_HPP
#define FITNAS_SUPERNET_TRAIN_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/supernet/supernet.hpp>
#include <fitnas/supernet/train_options.hpp>
#include <fitnas/supernet/training.hpp>
#include <fitnas/supernet/training_method.hpp>

namespace fitnas {

namespace detail {

/// Trains by SGD along a cosine.
FITNAS_LAZY train_report train(weights& w, const image_source& data, const train_options& o);

/// Does what changes weights. Whatever it throws, they are then as they were before; after `interrupted`
/// alone they stay where the work stopped.
template <class Work>
auto or_as_before(weights& w, Work&& work) {
    const std::vector<float> before(w.values().begin(), w.values().end());
    try {
        return work();
    } catch (const interrupted&) {
        throw;
    } catch (...) {
        std::copy(before.begin(), before.end(), w.values().begin());
        throw;
    }
}
template <search_space_type Space, class Work>
auto or_as_before(supernet<Space>& net, Work&& work) {
    return or_as_before(net.weights(), work);
}

} // namespace detail

/// @brief Trains a supernet: each step takes one batch, forward and backward along sampled paths, one SGD
/// update of what they used. The same (seed, options, data) gives the same weights on any number of threads.
/// @param net trained on from its present weights
/// @param data the training split
/// @param options which are checked first
/// @throws option_error, shape_error, data_error where options or images are wrong; numeric_error where a
/// loss or a weight is not finite; what the observer throws. The weights are then as they were before the
/// call
/// @throws interrupted where `options.keep.stop` asked for it, or the observer threw it, after saving; the
/// weights are then those of the last step, also where a mean is taken (`options.average`)
template <search_space_type Space>
train_report train(supernet<Space>& net, const image_source& data, const train_options& options = {}) {
    return detail::or_as_before(net, [&] { return detail::train(net.weights(), data, options); });
}

/// @brief The same by a method of your own.
/// @param method a `training_method`
template <search_space_type Space, training_method_type Method>
train_report train(supernet<Space>& net, const image_source& data, const train_options& options,
                   const Method& method) {
    return detail::or_as_before(net, [&] { return detail::train_by(net.weights(), data, options, method); });
}

/// @brief Refuses a whole data set with a sentence: a training that sees all splits would leave none to judge
/// by.
template <class Network>
void train(Network& /*net*/, const dataset& /*data*/, const train_options& /*options*/ = {}) {
    static_assert(!std::same_as<Network, Network>, "[F0525] train(net, images): the images must be one "
                                                   "split, such as data.train, not the whole data set");
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN train_report train(weights& w, const image_source& data, const train_options& o) {
    const std::size_t batch = (std::max)(o.batch, std::size_t{1}); // which is checked only then
    return train_by(w, data, o, method_of(o, data.size() / batch));
}

} // namespace fitnas::detail

#endif

#endif
