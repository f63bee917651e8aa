/// @file
/// @brief What an optimiser is: SGD and Adam are, and so may be a type of your own.

#ifndef FITNAS_NN_OPTIMISER_HPP
#define FITNAS_NN_OPTIMISER_HPP

#include <concepts>
#include <cstddef>
#include <span>

#include <fitnas/config.hpp>

namespace fitnas {

/// @brief Moves a row of values along gradients.
///
/// - `step(values, gradient, rate, share)`: one update of all values with the learning rate of this step; the
///   gradient is multiplied by `share` first;
/// - `state()`: all that later steps depend on beside the values, as floats that can be set; how many depends
///   on the number of values alone. A training that is kept saves them.
template <class T>
concept optimiser_type = requires(T o, std::span<float> values, std::span<const float> gradient,
                                  double number) {
    o.step(values, gradient, number, number);
    { o.state() } -> std::convertible_to<std::span<float>>;
};

} // namespace fitnas

#endif
