/// @file
/// @brief The supernet: one set of weights for every sub-network of a space.

#ifndef FITNAS_SUPERNET_SUPERNET_HPP
#define FITNAS_SUPERNET_SUPERNET_HPP

#include <span>

#include <fitnas/space/architecture.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas {

/// @brief Weights of all operators of all cells of a space, in one flat buffer in the order of
/// `Space::layout().blocks`. A sub-network is a path through them: nothing is copied to use one.
///
/// @code
/// supernet<spaces::fashion_mini> super(seed{7});
/// train(super, data.train, {.epochs = 8, .sampling = sampling::strict_fair});
/// auto scores = evaluate(super, sample<spaces::fashion_mini>(100, seed{1}), data);
/// @endcode
/// @tparam Space a `search_space`
template <search_space_type Space>
class supernet {
public:
    using space = Space;

    /// @param s of the first values
    explicit supernet(seed s = seed{0}) : m_weights(Space::layout(), s) {}

    /// @return all trainable values
    std::span<float> parameters() { return m_weights.values(); }
    std::span<const float> parameters() const { return m_weights.values(); } ///< the same, read only

    /// @return the values of one operator in one cell
    /// @throws architecture_error where there is no such cell or operator
    std::span<float> parameters(int cell_index, int operator_index) {
        if (cell_index < 0 || cell_index >= Space::cells || operator_index < 0 ||
            operator_index >= Space::operator_counts[static_cast<std::size_t>(cell_index)]) {
            throw architecture_error("[F0507] supernet: there is no operator " +
                                     std::to_string(operator_index) + " in cell " +
                                     std::to_string(cell_index));
        }
        const space_block& b = Space::block_of(cell_index, operator_index);
        return parameters().subspan(static_cast<std::size_t>(b.offset),
                                    static_cast<std::size_t>(b.parameters));
    }

    /// Plans and values, for the library's own rooms.
    detail::weights& weights() { return m_weights; }
    /// The same, read only.
    const detail::weights& weights() const { return m_weights; }

private:
    detail::weights m_weights;
};

} // namespace fitnas

#endif
