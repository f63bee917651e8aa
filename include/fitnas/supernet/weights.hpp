/// @file
/// @brief The weights of a space, or of one architecture, in one flat buffer, with a plan for each block.

#ifndef FITNAS_SUPERNET_WEIGHTS_HPP
#define FITNAS_SUPERNET_WEIGHTS_HPP

#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/cpu/backward.hpp>
#include <fitnas/cpu/forward.hpp>
#include <fitnas/nn/initialise.hpp>
#include <fitnas/space/layout.hpp>

namespace fitnas::detail {

/// One operator in one layer.
struct weight_block {
    block_plan plan;
    shape output;
    std::size_t offset = 0; ///< of its parameters in the buffer
    std::size_t size = 0;
};

/// One layer: its candidates are neighbours in the list of blocks.
struct weight_layer {
    int first_block = 0;
    int candidates = 1;
    int cell_index = -1;
};

/// Values of one architecture.
FITNAS_COLD inline long long parameters_of(const space_layout& layout, std::span<const std::uint8_t> code) {
    long long sum = 0;
    for (const space_layer& l : layout.layers) {
        sum += layout.block(l, code).parameters;
    }
    return sum;
}

/// The block of each layer, from the stem to the head.
using network_path = std::vector<int>;

/// Everything that does not depend on the type of the space; compiled once for all spaces.
class weights {
public:
    weights() = default;

    /// All blocks of a space.
    weights(const space_layout& layout, seed s) : weights(layout, layout.parameters) {
        for (const space_layer& l : layout.layers) {
            m_layers.push_back({l.first_block, l.candidates, l.cell_index});
        }
        for (std::size_t i = 0; i < layout.blocks.size(); ++i) {
            add(layout.blocks[i], s, i);
        }
    }

    /// Only the blocks of one architecture; each layer has one candidate and nothing is left to choose.
    weights(const space_layout& layout, std::span<const std::uint8_t> code, seed s)
        : weights(layout, parameters_of(layout, code)) {
        m_code.assign(code.begin(), code.end());
        for (const space_layer& l : layout.layers) {
            m_layers.push_back({static_cast<int>(m_blocks.size()), 1, -1});
            add(layout.block(l, code), s, m_blocks.size());
        }
    }

    /// The tables that it was made of, which are those of the space's type and so stay.
    const space_layout& layout() const { return m_layout; }
    /// The one architecture; empty where these are all blocks of a space.
    std::span<const std::uint8_t> code() const { return m_code; }
    shape input() const { return m_layout.input; }
    int classes() const { return m_layout.classes; }
    std::span<const weight_layer> layers() const { return m_layers; }
    std::span<const weight_block> blocks() const { return m_blocks; }
    const weight_block& block(int i) const { return m_blocks[static_cast<std::size_t>(i)]; }
    std::span<float> values() { return m_values; }
    std::span<const float> values() const { return m_values; }
    const float* of(const weight_block& b) const { return m_values.data() + b.offset; }

    /// @param code one operator number a cell; empty where nothing is chosen
    network_path path(std::span<const std::uint8_t> code) const {
        network_path p;
        path(code, p);
        return p;
    }
    /// The same into a path that there is.
    void path(std::span<const std::uint8_t> code, network_path& p) const {
        p.clear();
        for (const weight_layer& l : m_layers) {
            p.push_back(l.first_block +
                        (l.cell_index < 0 ? 0 : code[static_cast<std::size_t>(l.cell_index)]));
        }
    }

private:
    weights(const space_layout& layout, long long parameters) : m_layout(layout) {
        require_memory("supernet: the weights", memory_size::of(parameters) * sizeof(float), 0,
                       "narrower stages or fewer operators need less");
        m_values.reserve(static_cast<std::size_t>(parameters));
    }

    void add(const space_block& b, seed s, std::size_t index) {
        const std::size_t offset = m_values.size();
        const auto size = static_cast<std::size_t>(b.parameters);
        m_blocks.push_back({block_plan(b.steps, b.input), b.output, offset, size});
        m_values.resize(offset + size);
        random_stream random(s, purpose::initialise, index);
        initialise(b.steps, b.input, std::span<float>(m_values).subspan(offset, size), random);
    }

    space_layout m_layout{};
    std::vector<std::uint8_t> m_code;
    std::vector<weight_layer> m_layers;
    std::vector<weight_block> m_blocks;
    std::vector<float> m_values;
};

} // namespace fitnas::detail

#endif
