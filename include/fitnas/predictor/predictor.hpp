/// @file
/// @brief What a predictor is.

#ifndef FITNAS_PREDICTOR_PREDICTOR_HPP
#define FITNAS_PREDICTOR_PREDICTOR_HPP

#include <concepts>
#include <span>
#include <vector>

#include <fitnas/space/architecture.hpp>

namespace fitnas {

/// @brief Gives every architecture of its space a number, higher is better: a fitted model, an ensemble, a
/// baseline, or a type of yours. Searches and tables take any of them.
template <class P>
concept predictor = code_space<typename P::space> &&
    requires(const P& p, const architecture<typename P::space>& one,
             std::span<const architecture<typename P::space>> many) {
    { p.predict(one) } -> std::same_as<double>;
    { p.predict(many) } -> std::same_as<std::vector<double>>;
};

} // namespace fitnas

#endif
