/// @file
/// @brief A short name for all that a space is: equal for equal layouts, in every program.

#ifndef FITNAS_SPACE_FINGERPRINT_HPP
#define FITNAS_SPACE_FINGERPRINT_HPP

#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/hash.hpp>
#include <fitnas/space/search_space.hpp>

namespace fitnas {

namespace detail {

inline void add(hash64& h, shape s) {
    for (const int n : {s.height, s.width, s.channels}) {
        h.add(static_cast<std::uint64_t>(n));
    }
}

/// Everything that decides what a parameter means: layers, operators, their recipes, the shapes between them.
FITNAS_LAZY FITNAS_COLD std::string fingerprint(const space_layout& layout);

} // namespace detail

/// @return 16 hexadecimal digits: equal where images, layers, operators (by name and recipe) and shapes are.
/// Files carry it, so that weights and tables are not taken for those of another space.
template <search_space_type Space>
std::string space_fingerprint() {
    return detail::fingerprint(Space::layout());
}

/// @brief The same for a space of bare codes: its cells and how many operators each has.
template <code_space Space>
requires(!search_space_type<Space>) std::string space_fingerprint() {
    detail::hash64 h;
    h.add("codes");
    for (const int count : Space::operator_counts) {
        h.add(static_cast<std::uint64_t>(count));
    }
    return h.text();
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string fingerprint(const space_layout& layout) {
    hash64 h;
    add(h, layout.input);
    h.add(static_cast<std::uint64_t>(layout.classes));
    for (const space_layer& l : layout.layers) {
        h.add(static_cast<std::uint64_t>(l.candidates));
        h.add(static_cast<std::uint64_t>(l.cell_index + 1));
    }
    for (const space_block& b : layout.blocks) {
        h.add(b.name);
        add(h, b.input);
        add(h, b.output);
        h.add(static_cast<std::uint64_t>(b.parameters));
        for (const primitive& p : b.steps) {
            for (const int n :
                 {static_cast<int>(p.kind), static_cast<int>(p.act), p.kernel, p.stride, p.width}) {
                h.add(static_cast<std::uint64_t>(n));
            }
            h.add(p.user == nullptr ? std::string_view() : p.user->name);
        }
    }
    return h.text();
}

} // namespace fitnas::detail

#endif

#endif
