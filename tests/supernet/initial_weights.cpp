#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/initial_weights.hpp>
#include <fitnas/supernet/train.hpp>

#include "small_spaces.hpp"

using namespace fitnas;

namespace {

// Every way to add a block's input: after a batch norm, after an activation, and without a batch norm at all.
struct adds_after_norm {
    static constexpr std::string_view name = "adds_after_norm";
    static constexpr recipe build(cell c) { return {pointwise(c.width), batch_norm(), residual()}; }
};
struct adds_after_activation {
    static constexpr std::string_view name = "adds_after_activation";
    static constexpr recipe build(cell c) { return {pointwise(c.width), batch_norm(), relu(), residual()}; }
};
struct adds_at_once {
    static constexpr std::string_view name = "adds_at_once";
    static constexpr recipe build(cell c) { return {batch_norm(), relu(), pointwise(c.width), residual()}; }
};
using own = operator_set<adds_after_norm, adds_after_activation, adds_at_once>;
struct own_space : search_space<image<8, 8, 1>, stem<4>, stage<own, 2, 4>, head<8, 4>> {};

// Three families: MBConvs without and with squeeze-excite, and convolutions; a pool and identity by
// themselves.
using families = operator_set<op::mbconv<5, 4>, op::mbconv<3, 2>, op::mbconv<3, 2, 4>, op::mbconv<7, 3>,
                              op::mbconv<5, 3, 2>, op::conv<5>, op::conv<3>, op::max_pool<3>, op::identity>;
constexpr int family_of[] = {0, 0, 1, 0, 1, 2, 2, 3, 4};
struct families_space : search_space<image<8, 8, 1>, stem<6>, stage<families, 2, 10, 2>, head<16, 4>> {};

} // namespace

TEST_CASE("blocks whose shape stays begin as identity, the others as before") {
    // Cells 0 and 1 keep 8 channels, cell 2 has stride 2; operator 0 is an MBConv, 1 of the first cells
    // identity.
    supernet<small::space> net(seed{3});
    const supernet<small::space> before(seed{3});
    CHECK(zero_init_residual(net) == 2);

    std::size_t changed = 0;
    for (std::size_t i = 0; i < net.parameters().size(); ++i) {
        if (net.parameters()[i] != before.parameters()[i]) {
            ++changed;
            CHECK(before.parameters()[i] == 1.0F);
            CHECK(net.parameters()[i] == 0.0F);
        }
    }
    CHECK(changed == 2 * 8);

    const dataset data = small::images();
    for (const char* last : {"0", "1", "2"}) {
        std::vector<architecture<small::space>> codes;
        for (const char* first : {"11", "00", "01", "10"}) {
            codes.push_back(parse<small::space>(std::string(first) + last));
        }
        const auto scores = evaluate_both<small::space>(net, codes, data).negative_loss;
        const auto other = evaluate_both<small::space>(before, codes, data).negative_loss;
        for (std::size_t i = 1; i < codes.size(); ++i) {
            CHECK(scores[i] == scores[0]);
            CHECK(other[i] != other[0]);
        }
    }
}

TEST_CASE("scales that began at 0 are trained") {
    supernet<small::space> net(seed{3});
    zero_init_residual(net);
    const std::vector<float> before(net.parameters(0, 0).begin(), net.parameters(0, 0).end());
    train(net, small::images().train, {.epochs = 1, .batch = 64, .sampling = sampling::strict_fair});
    const auto after = net.parameters(0, 0);
    for (std::size_t i = after.size() - 16; i < after.size() - 8; ++i) {
        CHECK(before[i] == 0.0F);
        CHECK(after[i] != 0.0F);
    }
}

TEST_CASE("what is added behind an activation, or without a batch norm, stays") {
    supernet<own_space> net(seed{3});
    CHECK(zero_init_residual(net) == 2);
    for (int c = 0; c < 2; ++c) {
        const auto scales = net.parameters(c, 0).subspan(16, 4);
        CHECK(std::vector<float>(scales.begin(), scales.end()) == std::vector<float>(4, 0.0F));
        CHECK(net.parameters(c, 1)[16] == 1.0F);
        CHECK(net.parameters(c, 2)[0] == 1.0F);
    }
}

TEST_CASE("a network by itself, and one without residual blocks") {
    network<small::space> net(parse<small::space>("010"), seed{3});
    CHECK(zero_init_residual(net) == 1);
    network<small::space> none(parse<small::space>("110"), seed{3});
    CHECK(zero_init_residual(none) == 0);
}

TEST_CASE("candidates that differ in kernels and inner widths begin as the same function") {
    const dataset data = small::images();
    supernet<families_space> before(seed{11});
    supernet<families_space> net(seed{11});
    CHECK(init_candidates_alike(net) == 2 * (2 + 1 + 1)); // in each cell all of a family but the smallest
    for (const std::size_t cell : {0U, 1U}) {
        std::vector<architecture<families_space>> codes;
        for (std::uint8_t o = 0; o < std::size(family_of); ++o) {
            codes.push_back({2, 2});
            codes.back()[cell] = o;
        }
        const auto scores = evaluate_both<families_space>(net, codes, data).negative_loss;
        const auto other = evaluate_both<families_space>(before, codes, data).negative_loss;
        for (std::size_t i = 0; i < codes.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                CAPTURE(to_string<families_space>(codes[i]));
                CAPTURE(to_string<families_space>(codes[j]));
                CHECK((std::abs(scores[i] - scores[j]) < 1e-6) == (family_of[i] == family_of[j]));
                CHECK(std::abs(other[i] - other[j]) > 1e-6);
            }
        }
    }
    // The smallest of each family, and what is of no family, stay: operators 1, 2, 6, 7 and 8.
    for (const int o : {1, 2, 6, 7, 8}) {
        const auto same = net.parameters(1, o);
        const auto first = before.parameters(1, o);
        CHECK(std::equal(same.begin(), same.end(), first.begin(), first.end()));
    }
}

TEST_CASE("what makes candidates alike may come before zero scales or behind them, and is trained") {
    supernet<families_space> net(seed{11});
    supernet<families_space> other(seed{11});
    init_candidates_alike(net);
    zero_init_residual(net);
    zero_init_residual(other);
    init_candidates_alike(other);
    CHECK(std::equal(net.parameters().begin(), net.parameters().end(), other.parameters().begin()));

    train(net, small::images().train, {.epochs = 2, .batch = 64, .sampling = sampling::strict_fair});
    const std::vector<architecture<families_space>> codes{{0, 2}, {1, 2}, {3, 2}};
    const auto scores = evaluate_both<families_space>(net, codes, small::images()).negative_loss;
    CHECK(scores[0] != scores[1]);
    CHECK(scores[1] != scores[2]);
}

TEST_CASE("operators that are unlike stay") {
    supernet<small::space> net(seed{3});
    const supernet<small::space> before(seed{3});
    CHECK(init_candidates_alike(net) ==
          0); // MBConv and identity; a pool, MBConvs with and without squeeze-excite
    CHECK(std::equal(net.parameters().begin(), net.parameters().end(), before.parameters().begin()));
}
