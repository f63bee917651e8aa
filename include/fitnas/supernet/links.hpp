/// @file
/// @brief How layers hang together: what each reads, where it adds, and the places of gradients between them.

#ifndef FITNAS_SUPERNET_LINKS_HPP
#define FITNAS_SUPERNET_LINKS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/nn/layer_link.hpp>
#include <fitnas/space/layout.hpp>

namespace fitnas::detail {

/// The links of each layer of a space.
FITNAS_LAZY FITNAS_COLD std::vector<layer_link> links_of(const space_layout& space);

/// What a layer is, backward.
enum class link_kind : std::uint8_t {
    nothing, ///< it gave nothing
    passes,  ///< it handed on what came in
    computes
};

/// Goes back along the layers, and says where the gradient of each value lies: in one of few places, which
/// are free again when nobody needs what is in them. A chain takes two.
class backward_walk {
public:
    /// @param kind called with a layer's number: its `link_kind`
    /// @param layer called with (number, place of dy, place of dx, place of what is added to dx) where a
    /// layer computes; -1: none
    /// @param sum called with (number, place of dy, place of what is added, place of the sum) where it passes
    /// @param split called with (number, place of dy, place of the channels before, place of its own) where
    /// its channels stand behind others
    /// @return how many places there are
    template <class Kind, class Layer, class Sum, class Split>
    int run(std::span<const layer_link> links, Kind&& kind, Layer&& layer, Sum&& sum, Split&& split) {
        m_uses.clear();
        m_gradients.assign(links.size() + 1, -1);
        m_gradients.back() = take();
        for (std::size_t i = links.size(); i-- > 0;) {
            int dy = m_gradients[i + 1];
            const link_kind is = dy < 0 ? link_kind::nothing : kind(i);
            if (dy >= 0 && links[i].joins && links[i].appends) {
                m_gradients[i] = take();
                const int own = take();
                split(i, dy, m_gradients[i], own);
                give_back(dy);
                dy = own;
            } else if (dy >= 0 && links[i].joins) {
                m_gradients[i] = again(dy);
            }
            int& gradient = m_gradients[links[i].reads];
            const int before = gradient;
            if (is == link_kind::computes) {
                gradient = links[i].reads == 0 ? -1 : take();
                layer(i, dy, gradient, before);
                give_back(before);
            } else if (is == link_kind::passes && links[i].reads > 0) {
                gradient = before < 0 ? again(dy) : take();
                if (before >= 0) {
                    sum(i, dy, before, gradient);
                    give_back(before);
                }
            }
            give_back(dy);
        }
        return static_cast<int>(m_uses.size());
    }

private:
    int take() {
        const auto place = std::find(m_uses.begin(), m_uses.end(), 0);
        const auto number = static_cast<int>(place - m_uses.begin());
        if (place == m_uses.end()) {
            m_uses.push_back(1);
        } else {
            *place = 1;
        }
        return number;
    }
    int again(int place) {
        ++m_uses[static_cast<std::size_t>(place)];
        return place;
    }
    void give_back(int place) {
        if (place >= 0) {
            --m_uses[static_cast<std::size_t>(place)];
        }
    }

    std::vector<int> m_gradients; ///< the place of each value's; -1: none
    std::vector<int> m_uses;      ///< of each place
};

/// Most places of gradients that a path takes: where all layers compute.
FITNAS_LAZY FITNAS_COLD int gradient_places(std::span<const layer_link> links);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<layer_link> links_of(const space_layout& space) {
    std::vector<layer_link> links;
    for (std::size_t i = 0; i < space.layers.size(); ++i) {
        const space_layer& l = space.layers[i];
        shape value = space.blocks[static_cast<std::size_t>(l.first_block)].output;
        if (l.appends && space.joins(i)) {
            value.channels += links.back().value.channels;
        }
        links.push_back(
            {space.layers_to(l.from), space.joins(i), l.appends, !space.joins(i + 1), l.inside, value});
    }
    return links;
}

FITNAS_LAZY_AGAIN int gradient_places(std::span<const layer_link> links) {
    const auto nothing = [](std::size_t, int, int, int) {};
    return backward_walk().run(
        links, [](std::size_t) { return link_kind::computes; }, nothing, nothing, nothing);
}

} // namespace fitnas::detail

#endif

#endif
