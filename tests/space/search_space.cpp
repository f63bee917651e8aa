#include <set>

#include <doctest/doctest.h>

#include <fitnas/space/canonical.hpp>
#include <fitnas/space/cost.hpp>

#include "spaces_for_tests.hpp"

using namespace fitnas;

namespace {

struct wide_at_four {
    static constexpr std::string_view name = "wide_at_four";
    static constexpr recipe build(cell c) { return op::conv<3>::build(c); }
};
struct only_at_four {
    static constexpr std::string_view name = "only_at_four";
    static constexpr recipe build(cell c) {
        return c.width == 4 ? op::conv<3>::build(c) : op::separable<3>::build(c);
    }
};

} // namespace

TEST_CASE("cells of one space may have different operators") {
    static_assert(mixed_space::cells == 4);
    static_assert(mixed_space::operator_counts == std::array<int, 4>{3, 3, 2, 4});
    static_assert(mixed_space::size == 72);
    static_assert(mixed_space::layers == 7);
    static_assert(search_space_type<mixed_space>);
    CHECK(mixed_space::block_of(2, 1).name == "max_k3");
    CHECK(mixed_space::block_of(3, 3).name == "avg_k3");
}

TEST_CASE("layers follow each other") {
    const space_layout layout = mixed_space::layout();
    CHECK(layout.classes == 3);
    CHECK(layout.cells == 4);
    shape before = layout.input;
    int cell_index = 0;
    for (const space_layer& layer : layout.layers) {
        CHECK(layer.place.input == before);
        const bool last = &layer == &layout.layers.back();
        for (int o = 0; o < layer.candidates; ++o) {
            const space_block& block = layout.blocks[static_cast<std::size_t>(layer.first_block + o)];
            CHECK(block.input == before);
            CHECK(block.output == (last ? shape{1, 1, 3} : layer.place.output()));
        }
        if (layer.cell_index >= 0) {
            CHECK(layer.cell_index == cell_index++);
        }
        before = layer.place.output();
    }
    CHECK(cell_index == 4);
    // The stride of a stage is its first cell's.
    CHECK(mixed_space::layer_of(0).place.stride == 2);
    CHECK(mixed_space::layer_of(1).place.stride == 1);
}

TEST_CASE("every block has its own place in the flat buffer") {
    const space_layout layout = mixed_space::layout();
    long long next = 0;
    for (const space_block& block : layout.blocks) {
        CHECK(block.offset == next);
        next += block.parameters;
    }
    CHECK(next == layout.parameters);
    CHECK(mixed_space::supernet_parameters == next);
}

TEST_CASE("an architecture chooses one block a layer") {
    const space_layout layout = mixed_space::layout();
    const architecture<mixed_space> a{1, 2, 1, 3};
    const char* expected[] = {"stem", "mb2_k3", "conv_k3", "conv_k1", "max_k3", "avg_k3", "head"};
    std::set<int> blocks;
    for (std::size_t i = 0; i < layout.layers.size(); ++i) {
        CHECK(layout.block(layout.layers[i], a).name == expected[i]);
        blocks.insert(layout.block_index(layout.layers[i], a));
    }
    CHECK(blocks.size() == layout.layers.size());
}

TEST_CASE("odd sizes are rounded up by strides") {
    using space = search_space<image<7, 5, 1>, stem<4, 2>, stage<wide_ops, 1, 4, 2>, head<8, 2>>;
    static_assert(space::layer_of(0).place.input == shape{4, 3, 4});
    static_assert(space::layer_of(0).place.output() == shape{2, 2, 4});
}

TEST_CASE("sizes beyond 64 bits saturate") {
    using space = search_space<image<4, 4, 1>, stem<2>, stage<wide_ops, 41, 2>, head<2, 2>>;
    static_assert(space::size == UINT64_MAX); // 3^41
    using below = search_space<image<4, 4, 1>, stem<2>, stage<wide_ops, 40, 2>, head<2, 2>>;
    static_assert(below::size == 12'157'665'459'056'928'801U); // 3^40
}

TEST_CASE("several layers may read one cell") {
    static_assert(shared_space::cells == 6);
    static_assert(shared_space::layers == 13);
    static_assert(shared_space::operator_counts == std::array<int, 6>{3, 3, 2, 2, 3, 3});
    std::vector<int> cells;
    for (const space_layer& l : shared_space::tables.layers) {
        cells.push_back(l.cell_index);
    }
    CHECK(cells == std::vector<int>{-1, 0, 1, 2, 3, 0, 1, -1, 3, 4, 5, 4, -1});
    // Each layer has blocks, and so weights, of its own.
    const architecture<shared_space> a{2, 1, 0, 1, 2, 0};
    std::set<int> blocks;
    for (const space_layer& l : shared_space::tables.layers) {
        blocks.insert(shared_space::layout().block_index(l, a));
    }
    CHECK(blocks.size() == 13);
    CHECK(shared_space::block_of(0, 2).macs == 64 * 4 * 4 * 9);
    CHECK(shared_space::layout().block(shared_space::tables.layers[5], a).macs == 16 * 6 * 6 * 9);
}

TEST_CASE("a choice that several layers read is no other network elsewhere") {
    // What does nothing stays where it is in cells that are read twice; the last cell is by itself.
    std::size_t different = 0;
    for_each_architecture<shared_space>([&](const architecture<shared_space>& a) {
        CHECK(canonical<shared_space>(a) == a);
        ++different;
    });
    CHECK(different == 324);
    // Operators that are equal in one of the layers and not in the other are two.
    using pair = operator_set<wide_at_four, only_at_four>;
    using once = search_space<image<8, 8, 2>, stem<4>, stage<pair, 1, 4>, head<8, 3>>;
    using twice = search_space<image<8, 8, 2>, stem<4>, stage<pair, 1, 4>, again<pair, 1, 6, 0>, head<8, 3>>;
    CHECK(canonical<once>({1})[0] == 0);
    CHECK(canonical<twice>({1})[0] == 1);
    using same = search_space<image<8, 8, 2>, stem<4>, stage<pair, 1, 4>, again<pair, 1, 4, 0>, head<8, 3>>;
    CHECK(canonical<same>({1})[0] == 0);
}
