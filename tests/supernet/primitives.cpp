// Primitives where they stand: offsets add up to the layout's parameters, and tensors fill each primitive.
#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/weight_tensors.hpp>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using detail::selection;
using space = small::space;

namespace {

// Each primitive that has parameters, between those that have none.
struct all_primitives {
    static constexpr std::string_view name = "all";
    static constexpr recipe build(cell c) {
        return {pointwise(c.width, c.stride),
                batch_norm(),
                relu(),
                depthwise(5),
                batch_norm(),
                max_pool(3),
                convolution(3, c.width),
                average_pool(3),
                squeeze_excite(3),
                linear(c.width),
                residual_if_same_shape()};
    }
};
using mixed = search_space<image<8, 8, 3>, stem<8>,
                           stage<operator_set<all_primitives, op::identity>, 2, 9, 2>, head<16, 4>>;

void check_filled(const selection& of, long long parameters) {
    std::size_t next = 0;
    std::set<std::string> names;
    for (const detail::weight_tensor& t : detail::weight_tensors(of)) {
        CAPTURE(t.name);
        CHECK(t.offset == next);
        next += t.size;
        CHECK(names.insert(t.name).second);
    }
    CHECK(static_cast<long long>(next) == parameters);
    CHECK(of.parameters() == parameters);
}

} // namespace

TEST_CASE("tensors fill the buffer of a supernet and of each architecture, without gap or overlap") {
    check_filled(mixed::layout(), mixed::supernet_parameters);
    check_filled(space::layout(), space::supernet_parameters);
    check_filled(spaces::mobile_19x6::layout(), spaces::mobile_19x6::supernet_parameters);
    for (const char* text : {"00", "01", "10", "11"}) {
        const auto code = parse<mixed>(text);
        long long sum = 0;
        for (const space_layer& l : mixed::layout().layers) {
            sum += mixed::layout().block(l, code).parameters;
        }
        check_filled({mixed::layout(), code}, sum);
    }
}

TEST_CASE("a primitive says where it stands") {
    const auto code = parse<space>("012");
    for (const selection& of : {selection(space::layout()), selection(space::layout(), code)}) {
        std::size_t blocks = 0;
        of.for_each_block([&](const detail::selected_block& b) {
            CHECK(b.index == blocks++);
            const space_layer& l = space::layout().layers[b.layer];
            CHECK(b.block == &space::layout().blocks[static_cast<std::size_t>(l.first_block + b.candidate)]);
            if (of.whole()) {
                CHECK(static_cast<long long>(b.offset) == b.block->offset);
            } else {
                CHECK(b.block == &space::layout().block(l, code));
            }
        });
        CHECK(blocks == (of.whole() ? space::layout().blocks.size() : space::layout().layers.size()));
        detail::for_each_primitive(of, [&](const detail::selected_primitive& p) {
            CHECK(*p.what == p.block->block->steps.begin()[p.step]);
            CHECK((p.norm >= 0) == (p.what->kind == primitive_kind::batch_norm));
            CHECK((p.step > 0 || p.input == p.block->block->input));
        });
    }
    const auto norms = detail::selected_norms(mixed::layout());
    const auto found = std::find_if(norms.begin(), norms.end(),
                                    [](const auto& n) { return n.name == "cell1.op0_all.step4_batch_norm"; });
    REQUIRE(found != norms.end());
    CHECK(found->channels == 9);
    CHECK(found->norm == 1);
    CHECK(selection(space::layout()).counts() == std::vector<int>{2, 2, 3});
    CHECK(selection(space::layout(), code).counts().empty());
    CHECK(selection(space::layout()).text() == "supernet");
    CHECK(selection(space::layout(), code).text() == "012");
}

TEST_CASE("parts that do not add up are refused: they would misalign a checkpoint") {
    // As if a primitive had been forgotten where parameters are counted.
    std::vector<space_block> blocks(mixed::layout().blocks.begin(), mixed::layout().blocks.end());
    space_layout layout = mixed::layout();
    layout.blocks = blocks;
    check_filled(layout, mixed::supernet_parameters);
    blocks[1].parameters += 2;
    CHECK(contains(thrown<shape_error>([&] { detail::weight_tensors(layout); }),
                   "cell0.op0_all: expected " + std::to_string(blocks[1].parameters) +
                       " parameters, its parts have " + std::to_string(blocks[1].parameters - 2)));
    // As if one had been forgotten where tensors are named.
    CHECK_NOTHROW(detail::require_offset("x", 3, 3));
    CHECK(contains(thrown<shape_error>([&] { detail::require_offset("stem.step0_", 3, 0); }), "stem.step0_"));
}
