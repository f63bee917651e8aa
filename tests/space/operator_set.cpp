#include <doctest/doctest.h>

#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/space/operator_set.hpp>

using namespace fitnas;

TEST_CASE("an operator set keeps its order") {
    using ops = operator_set<op::conv<5>, op::identity, op::conv<3>>;
    static_assert(ops::size == 3);
    static_assert(ops::names() == std::array<std::string_view, 3>{"conv_k5", "identity", "conv_k3"});
    constexpr cell c{{8, 8, 4}, 4, 1};
    CHECK(ops::build(c)[0] == op::conv<5>::build(c));
    CHECK(ops::build(c)[1].empty());
    CHECK(ops::build(c)[2] == op::conv<3>::build(c));
}
