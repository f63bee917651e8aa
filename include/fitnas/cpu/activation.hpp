/// @file
/// @brief Activations and their derivatives on vectors, told apart as they are compiled or as they run.

#ifndef FITNAS_CPU_ACTIVATION_HPP
#define FITNAS_CPU_ACTIVATION_HPP

#include <type_traits>

#include <fitnas/core/simd.hpp>
#include <fitnas/nn/primitive.hpp>

namespace fitnas::detail {

using simd::lanes;
using simd::vec;

template <activation A>
FITNAS_INLINE vec<> apply(vec<> u) {
    const vec<> zero{};
    if constexpr (A == activation::relu) {
        return (simd::max)(zero, u); // in this order a NaN stays one
    } else if constexpr (A == activation::relu6) {
        return (simd::min)(simd::broadcast(6.0F), (simd::max)(zero, u));
    } else if constexpr (A == activation::hard_swish) {
        return u * (simd::min)(simd::broadcast(6.0F), (simd::max)(zero, u + 3.0F)) * (1.0F / 6.0F);
    } else {
        return u;
    }
}

/// The same, told apart as it runs: for passes that are no great part of a network's time.
FITNAS_INLINE vec<> apply(activation act, vec<> u) {
    switch (act) {
    case activation::relu:
        return apply<activation::relu>(u);
    case activation::relu6:
        return apply<activation::relu6>(u);
    case activation::hard_swish:
        return apply<activation::hard_swish>(u);
    case activation::none:
        break;
    }
    return u;
}

/// gradient times the activation's derivative at u
template <activation A>
FITNAS_INLINE vec<> derive(vec<> gradient, vec<> u) {
    const vec<> zero{};
    if constexpr (A == activation::relu) {
        return u > zero ? gradient : zero;
    } else if constexpr (A == activation::relu6) {
        return ((u > zero) & (u < simd::broadcast(6.0F))) ? gradient : zero;
    } else if constexpr (A == activation::hard_swish) {
        const vec<> middle = gradient * (u * (1.0F / 3.0F) + 0.5F);
        return u > simd::broadcast(3.0F) ? gradient : (u > simd::broadcast(-3.0F) ? middle : zero);
    } else {
        return gradient;
    }
}

/// Calls `f` with the activation as a compile-time constant.
template <class F>
void with_activation(activation act, F&& f) {
    switch (act) {
    case activation::relu:
        return f(std::integral_constant<activation, activation::relu>());
    case activation::relu6:
        return f(std::integral_constant<activation, activation::relu6>());
    case activation::hard_swish:
        return f(std::integral_constant<activation, activation::hard_swish>());
    case activation::none:
        return f(std::integral_constant<activation, activation::none>());
    }
}

/// Backward, products and stencils are compiled for no activation, for ReLU, and for the others together,
/// which are told apart as they run; with narrow vectors all are.
template <class F>
void with_product_activation(activation act, F&& f) {
    if constexpr (lanes >= 8) {
        if (act == activation::none) {
            return f(std::integral_constant<activation, activation::none>());
        }
        if (act == activation::relu) {
            return f(std::integral_constant<activation, activation::relu>());
        }
    }
    f(std::integral_constant<activation, activation::hard_swish>());
}
template <activation A>
FITNAS_INLINE vec<> apply_product(activation act, vec<> u) {
    if constexpr (A == activation::hard_swish) {
        return apply(act, u);
    }
    return apply<A>(u);
}
template <activation A>
FITNAS_INLINE vec<> derive_product(activation act, vec<> gradient, vec<> u) {
    if constexpr (A == activation::hard_swish) {
        if (act == activation::relu6) {
            return derive<activation::relu6>(gradient, u);
        }
        if (lanes < 8 && act == activation::relu) {
            return derive<activation::relu>(gradient, u);
        }
        if (lanes < 8 && act == activation::none) {
            return gradient;
        }
    }
    return derive<A>(gradient, u);
}

} // namespace fitnas::detail

#endif
