/// @file
/// @brief What a layer of a graph convolutional network is.

#ifndef FITNAS_PREDICTOR_GCN_LAYER_HPP
#define FITNAS_PREDICTOR_GCN_LAYER_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/encoding/graph.hpp>

namespace fitnas::gcn {

/// @brief What flows from layer to layer: for each architecture nodes x width floats, row-major.
struct signal {
    int nodes = 1;       ///< of each architecture
    int width = 1;       ///< numbers a node
    bool pooled = false; ///< the nodes are gone: one vector an architecture (`nodes` is 1)
    bool sparse = false; ///< mostly zeros, as node features are

    constexpr std::size_t size() const {
        return static_cast<std::size_t>(nodes) * static_cast<std::size_t>(width);
    }
    friend constexpr bool operator==(signal, signal) = default;
};

/// @brief Where in a model a layer may stand.
enum class place {
    nodes,  ///< before the nodes are pooled
    pooled, ///< behind that
    between ///< before and behind, but not as the last layer
};

/// @brief Which step of a training this is: the key of its random numbers.
struct training_step {
    fitnas::seed seed{};
    std::uint64_t number = 0; ///< below 2^48
};

/// @brief What a layer works with, for `count` architectures at once.
struct site {
    signal input{};                              ///< what comes in
    std::span<const encoding::edge> adjacency{}; ///< entries of the matrix, row by row
    int count = 0;                               ///< architectures
    int first = 0;                               ///< the first one's place in its batch
    int layer = 0;                               ///< the layer's place in its model, below 256
    const float* parameters = nullptr;           ///< the layer's own
    float* scratch = nullptr;                    ///< as long as input or output, whichever is longer
    const training_step* training = nullptr;     ///< null where nothing is trained
};

/// @brief A layer is a type with static members only:
///
/// - `place works_on`: where it may stand;
/// - `output(signal)`: what it makes of a signal, constexpr;
/// - `parameters(signal)`: how many parameters it then has, constexpr;
/// - `initialise(signal, p, random)`: draws their first values; `p` is all zeros before;
/// - `forward(site, x, y)`: overwrites `y` (count x output);
/// - `backward(site, x, y, dy, dx, dp)`: `x`, `y` as `forward` left them; overwrites `dx` (count x input)
/// unless it
///   is null, and *adds to* `dp` (as many as parameters).
///
/// Rows of different architectures do not touch each other. A layer may say more, which makes it faster:
///
/// - `bool row_wise`: true where a node's row of the output depends on its row of the input alone, in
///   whichever architecture and wherever in it the node stands. Rows that nodes share are then computed once:
///   `forward` and `backward` see them as architectures of one node, which have no edges;
/// - `bool in_place`: true where `forward` may find `y` where `x` is, and `backward` does not read `x`.
template <class L>
concept layer_type = requires(signal s, const site& at, const float* in, float* out, random_stream& random) {
    { L::works_on } -> std::convertible_to<place>;
    { L::output(s) } -> std::same_as<signal>;
    { L::parameters(s) } -> std::same_as<std::size_t>;
    L::initialise(s, out, random);
    L::forward(at, in, out);
    L::backward(at, in, in, in, out, out);
};

namespace detail {

template <class L>
inline constexpr bool is_row_wise = requires {
    requires L::row_wise;
};

template <class L>
inline constexpr bool is_in_place = requires {
    requires L::in_place;
};

/// Base of layers that have nothing to learn.
struct without_parameters {
    static constexpr std::size_t parameters(signal /*in*/) { return 0; }
    static void initialise(signal /*in*/, float* /*p*/, random_stream& /*random*/) {}
};

} // namespace detail

} // namespace fitnas::gcn

#endif
