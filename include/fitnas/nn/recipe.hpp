/// @file
/// @brief A recipe: the constexpr list of primitives that an operator is in a given cell.

#ifndef FITNAS_NN_RECIPE_HPP
#define FITNAS_NN_RECIPE_HPP

#include <array>
#include <cstddef>
#include <initializer_list>

#include <fitnas/core/error.hpp>
#include <fitnas/nn/primitive.hpp>

namespace fitnas {

/// @brief An ordered list of primitives, at most `recipe::capacity`. An empty recipe passes its input
/// through.
///
/// Everything else follows from it: parameters, costs, activations, execution, latency tables, drawings.
class recipe {
public:
    static constexpr int capacity = 16; ///< the most primitives

    constexpr recipe() = default;
    /// At most `capacity` primitives, in their order.
    constexpr recipe(std::initializer_list<primitive> steps) {
        for (const primitive& step : steps) {
            push_back(step);
        }
    }

    /// @throws shape_error past the capacity (a compile-time error in a constant expression)
    constexpr void push_back(const primitive& step) {
        if (m_size == capacity) {
            throw shape_error("[F0110] a recipe has at most 16 primitives");
        }
        m_steps[static_cast<std::size_t>(m_size++)] = step;
    }

    constexpr int size() const { return m_size; }
    constexpr bool empty() const { return m_size == 0; }
    /// @return whether what comes out is zeros
    constexpr bool gives_zeros() const { return m_size > 0 && m_steps[0].kind == primitive_kind::zero; }
    constexpr const primitive* begin() const { return m_steps.data(); }        ///< the first primitive
    constexpr const primitive* end() const { return m_steps.data() + m_size; } ///< behind the last primitive
    friend constexpr bool operator==(const recipe&, const recipe&) = default;

private:
    std::array<primitive, capacity> m_steps{};
    int m_size = 0;
};

/// @brief What a recipe comes to on an input: the shape that comes out and its costs.
struct recipe_summary {
    shape output;             ///< of one image
    long long parameters = 0; ///< trainable values
    long long macs = 0;       ///< multiply-accumulates for one image
    bool valid = true; ///< kernels are odd but for pools, strides and widths positive, a `residual` meets the
                       ///< shape of the input, a `zero` is alone
};

/// @return the summary of `steps` on `input`
constexpr recipe_summary summarise(const recipe& steps, shape input) {
    recipe_summary sum{.output = input};
    for (const primitive& step : steps) {
        const bool widens = step.kind == primitive_kind::pointwise ||
                            step.kind == primitive_kind::convolution || step.kind == primitive_kind::linear ||
                            step.kind == primitive_kind::squeeze_excite || step.kind == primitive_kind::zero;
        const bool pools = step.kind == primitive_kind::max_pool || step.kind == primitive_kind::average_pool;
        if (step.kernel < 1 || (step.kernel % 2 == 0 && !pools) || step.stride < 1 ||
            (widens && step.width < 1) || (step.kind == primitive_kind::residual && sum.output != input) ||
            (step.kind == primitive_kind::zero && steps.size() > 1)) {
            sum.valid = false;
            return sum;
        }
        sum.parameters += step.parameters(sum.output);
        sum.macs += step.macs(sum.output);
        sum.output = step.output(sum.output);
    }
    return sum;
}

namespace detail {

/// A primitive of a recipe, and where it stands.
struct placed_primitive {
    const primitive* what = nullptr;
    int step = 0; ///< its place in the recipe
    shape input{};
    std::size_t offset = 0; ///< of its parameters among those of the recipe
};

/// Calls `visit(placed_primitive)` for each primitive of a recipe on an input, in order.
/// @return how many parameters they have
template <class Visit>
constexpr std::size_t for_each_primitive(const recipe& steps, shape input, Visit&& visit) {
    placed_primitive at{.input = input};
    for (const primitive& p : steps) {
        at.what = &p;
        visit(static_cast<const placed_primitive&>(at));
        at.offset += static_cast<std::size_t>(p.parameters(at.input));
        at.input = p.output(at.input);
        ++at.step;
    }
    return at.offset;
}

} // namespace detail

} // namespace fitnas

#endif
