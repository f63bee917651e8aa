/// @file
/// @brief The weights of a space, or of one architecture, in one flat buffer, with a plan for each block.

#ifndef FITNAS_SUPERNET_WEIGHTS_HPP
#define FITNAS_SUPERNET_WEIGHTS_HPP

#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/cpu/plan.hpp>
#include <fitnas/nn/initialise.hpp>
#include <fitnas/supernet/links.hpp>
#include <fitnas/supernet/selection.hpp>

namespace fitnas::detail {

/// One operator in one layer.
struct weight_block : selected_block {
    block_plan plan;
    shape output;
    std::size_t size = 0;     ///< of its parameters in the buffer
    bool gives_zeros = false; ///< whatever comes in
};

/// One layer: its candidates are neighbours in the list of blocks.
struct weight_layer {
    int first_block = 0;
    int cell_index = -1; ///< the place of its digit in a code; -1 where nothing is chosen
};

/// The block of each layer, from the stem to the head.
using network_path = std::vector<int>;

/// Everything that does not depend on the type of the space; compiled once for all spaces.
class weights {
public:
    weights() = default;

    /// @param part the blocks that there are; of one architecture each layer has one, and nothing is left to
    /// choose
    /// @param s of the first values
    FITNAS_LAZY FITNAS_COLD weights(const selection& part, seed s);

    /// Which blocks of the space these are.
    const selection& part() const { return m_part; }
    shape input() const { return m_part.space().input; }
    int classes() const { return m_part.space().classes; }
    FITNAS_LAZY std::span<const weight_layer> layers() const { return m_layers; }
    FITNAS_LAZY std::span<const layer_link> links() const { return m_links; }
    FITNAS_LAZY std::span<const weight_block> blocks() const { return m_blocks; }
    const weight_block& block(int i) const { return m_blocks[static_cast<std::size_t>(i)]; }
    std::span<float> values() { return m_values; }
    std::span<const float> values() const { return m_values; }
    FITNAS_LAZY std::span<float> values(const weight_block& b) { return values().subspan(b.offset, b.size); }
    const float* of(const weight_block& b) const { return m_values.data() + b.offset; }

    /// @param code one operator number a cell; empty where nothing is chosen
    FITNAS_LAZY network_path path(std::span<const std::uint8_t> code) const {
        network_path p;
        path(code, p);
        return p;
    }
    /// The same into a path that there is.
    FITNAS_LAZY void path(std::span<const std::uint8_t> code, network_path& p) const;

private:
    selection m_part;
    std::vector<weight_layer> m_layers;
    std::vector<layer_link> m_links;
    std::vector<weight_block> m_blocks;
    std::vector<float> m_values;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN weights::weights(const selection& part, seed s)
    : m_part(part), m_links(links_of(part.space())) {
    require_memory("supernet: the weights", memory_size::of(part.parameters()) * sizeof(float), 0,
                   "narrower stages or fewer operators need less");
    m_values.resize(static_cast<std::size_t>(part.parameters()));
    m_part.for_each_block([&](const selected_block& at) {
        const space_block& b = *at.block;
        if (at.layer == m_layers.size()) {
            const space_layer& l = part.space().layers[at.layer];
            m_layers.push_back({static_cast<int>(at.index), part.whole() ? l.cell_index : -1});
        }
        m_blocks.push_back({at, block_plan(b.steps, b.input), b.output,
                            static_cast<std::size_t>(b.parameters), b.steps.gives_zeros()});
        random_stream random(s, purpose::initialise, at.index);
        initialise(b.steps, b.input, values(m_blocks.back()), random);
    });
}

FITNAS_LAZY_AGAIN void weights::path(std::span<const std::uint8_t> code, network_path& p) const {
    p.clear();
    for (const weight_layer& l : m_layers) {
        p.push_back(l.first_block + (l.cell_index < 0 ? 0 : code[static_cast<std::size_t>(l.cell_index)]));
    }
}

} // namespace fitnas::detail

#endif

#endif
