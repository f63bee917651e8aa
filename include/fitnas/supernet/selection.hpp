/// @file
/// @brief Which blocks of a space there are weights of: all of them, or those of one architecture.

#ifndef FITNAS_SUPERNET_SELECTION_HPP
#define FITNAS_SUPERNET_SELECTION_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/space/architecture.hpp>
#include <fitnas/space/layout.hpp>

namespace fitnas::detail {

/// A block of a selection, and where it stands.
struct selected_block {
    std::size_t index = 0; ///< among those of the selection
    std::size_t layer = 0;
    int candidate = 0;      ///< of the layer's
    std::size_t offset = 0; ///< of its parameters in the selection's flat buffer
    const space_block* block = nullptr;
};

/// The whole space, or one architecture of it. The layout's tables are those of the space's type and so stay.
class selection {
public:
    selection() = default;
    selection(const space_layout& space) : m_space(space) {}
    /// @param code one operator number a cell
    selection(const space_layout& space, std::span<const std::uint8_t> code)
        : m_space(space), m_code(code.begin(), code.end()), m_whole(false) {}

    const space_layout& space() const { return m_space; }
    /// Whether each operator of each cell is there.
    bool whole() const { return m_whole; }

    /// Operators of each cell that a path chooses among; none where nothing is left to choose.
    FITNAS_LAZY FITNAS_COLD std::vector<int> counts() const;

    /// Calls `visit(selected_block)` for each block, in the order of the flat buffer.
    template <class Visit>
    FITNAS_COLD void for_each_block(Visit&& visit) const {
        selected_block at;
        for (; at.layer < m_space.layers.size(); ++at.layer) {
            const space_layer& l = m_space.layers[at.layer];
            for (at.candidate = 0; at.candidate < l.candidates; ++at.candidate) {
                if (m_whole || l.first_block + at.candidate == m_space.block_index(l, m_code)) {
                    at.block = &m_space.blocks[static_cast<std::size_t>(l.first_block + at.candidate)];
                    visit(static_cast<const selected_block&>(at));
                    at.offset += static_cast<std::size_t>(at.block->parameters);
                    ++at.index;
                }
            }
        }
    }

    /// Trainable values of all blocks.
    FITNAS_COLD long long parameters() const {
        long long sum = 0;
        for_each_block([&](const selected_block& b) { sum += b.block->parameters; });
        return sum;
    }

    /// `supernet`, or the architecture's code.
    std::string text() const { return m_whole ? "supernet" : code_text(m_code); }

    /// `stem`, `cell2.op1_mb3_k5`, `layer4` (a fixed one), `layer5.op1_mb3_k5` (one that reads a cell again),
    /// `head`.
    FITNAS_LAZY FITNAS_COLD std::string name_of(const selected_block& b) const;

private:
    space_layout m_space{};
    std::vector<std::uint8_t> m_code;
    bool m_whole = true;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<int> selection::counts() const {
    std::vector<int> counts(static_cast<std::size_t>(m_whole ? m_space.cells : 0));
    for (const space_layer& l : m_space.layers) {
        if (m_whole && l.cell_index >= 0) {
            counts[static_cast<std::size_t>(l.cell_index)] = l.candidates;
        }
    }
    return counts;
}

FITNAS_LAZY_AGAIN std::string selection::name_of(const selected_block& b) const {
    const space_layer& l = m_space.layers[b.layer];
    if (l.cell_index >= 0) {
        return (m_space.reads_again(l) ? "layer" + std::to_string(b.layer)
                                       : "cell" + std::to_string(l.cell_index)) +
               ".op" + std::to_string(b.candidate) + "_" + std::string(b.block->name);
    }
    return b.layer == 0                           ? "stem"
           : b.layer + 1 == m_space.layers.size() ? "head"
                                                  : "layer" + std::to_string(b.layer);
}

} // namespace fitnas::detail

#endif

#endif
