/// @file
/// @brief The last step: an architecture is trained from new weights, and tested once.

#ifndef FITNAS_SUPERNET_RETRAIN_HPP
#define FITNAS_SUPERNET_RETRAIN_HPP

#include <algorithm>

#include <fitnas/supernet/network.hpp>

namespace fitnas {

/// @brief A network trained by itself, and how good it is.
template <search_space_type Space>
struct retrained {
    fitnas::network<Space> network; ///< as it is after the training
    train_report report;            ///< of the training
    double validation_accuracy = 0; ///< in [0, 1]
    double test_accuracy = 0;       ///< in [0, 1]
};

namespace detail {

/// @param by trains the network, and returns the report
template <search_space_type Space, class By>
retrained<Space> retrain_by(const architecture<Space>& a, const dataset& data, seed s, By&& by) {
    retrained<Space> result{network<Space>(a, s), {}, 0, 0};
    require_images(result.network.weights(), data.test, "retrain: the test split");
    require_images(result.network.weights(), data.validation, "retrain: the validation split");
    require_logits_fit(result.network.weights(), (std::max)(data.test.size(), data.validation.size()));
    result.report = by(result.network);
    result.validation_accuracy = accuracy(result.network, data.validation);
    result.test_accuracy = accuracy(result.network, data.test);
    return result;
}

} // namespace detail

/// @brief Trains an architecture by itself on `data.train` from new weights, then reads the test split: the
/// one place in the library that does.
/// @param a the architecture
/// @param data all three splits
/// @param options of the training; `seed` also gives the first weights
/// @throws as `train`; data_error where there is no test split
template <search_space_type Space>
retrained<Space> retrain(const architecture<Space>& a, const dataset& data,
                         const train_options& options = {}) {
    return detail::retrain_by<Space>(a, data, options.seed,
                                     [&](network<Space>& one) { return train(one, data.train, options); });
}

} // namespace fitnas

#endif
