/// @file
/// @brief How weights move: an optimiser, a learning rate for each step, and what happens to gradients
/// between.

#ifndef FITNAS_SUPERNET_TRAINING_METHOD_HPP
#define FITNAS_SUPERNET_TRAINING_METHOD_HPP

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <fitnas/nn/optimiser.hpp>
#include <fitnas/nn/schedule.hpp>
#include <fitnas/nn/sgd.hpp>
#include <fitnas/supernet/train_options.hpp>

namespace fitnas {

/// @brief Leaves gradients as they are: this process is alone.
struct own_gradients {
    void operator()(std::span<float>, std::span<int>) const {} ///< does nothing
};

/// @brief What `train` can be given in place of SGD along a cosine; `learning_rate`, `momentum`,
/// `weight_decay`, `warmup` and `final_rate` of its options then play no part.
///
/// @code
/// train(super, data.train, {.epochs = 8},
///       training_method("adam, 0.001", [](std::size_t n) { return adam(n); }, constant_rate{1e-3}));
/// @endcode
/// @tparam Optimiser from a number of values to an `optimiser_type` of them; each operator in each layer has
/// one of its own, which moves with the steps that use the operator
/// @tparam Rate a `schedule_type`
/// @tparam Exchange called in each step, before the update, with (the gradient, as long as the weights; of
/// each operator in each layer how many paths have added to it). Processes that train together add both up; a
/// gradient is divided by the paths when it is used
template <class Optimiser, class Rate, class Exchange = own_gradients>
struct training_method {
    std::string
        name; ///< a training goes on only with a method of the same name; say here what constants it has
    Optimiser optimiser; ///< makes one of a number of values
    Rate rate;           ///< of each step
    Exchange exchange;   ///< called before each update

    /// A method under the name that its checkpoints have.
    training_method(std::string called, Optimiser make, Rate schedule, Exchange between = {})
        : name(std::move(called)),
          optimiser(std::move(make)),
          rate(std::move(schedule)),
          exchange(std::move(between)) {}
};

/// @brief What `train` takes as a method.
template <class T>
concept training_method_type = requires(const T& m, std::span<float> gradient, std::span<int> uses) {
    { m.optimiser(std::size_t{}) } -> optimiser_type;
    requires schedule_type<decltype(m.rate)>;
    m.exchange(gradient, uses);
    { m.name } -> std::convertible_to<std::string>;
};

namespace detail {

/// SGD along a cosine, as the options say.
inline auto method_of(const train_options& o, std::size_t epoch_steps) {
    const cosine_schedule rate{o.learning_rate, static_cast<long long>(epoch_steps) * o.epochs,
                               o.warmup * static_cast<double>(epoch_steps), o.learning_rate * o.final_rate};
    const sgd_options options{.momentum = o.momentum, .weight_decay = o.weight_decay};
    return training_method(
        "", [options](std::size_t n) { return sgd(n, options); }, rate);
}

/// Floats that a method's optimisers keep for each weight.
template <training_method_type Method>
std::size_t state_floats(const Method& method) {
    return method.optimiser(2).state().size() - method.optimiser(1).state().size();
}

} // namespace detail

} // namespace fitnas

#endif
