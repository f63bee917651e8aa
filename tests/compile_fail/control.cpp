// expect: nothing: the same pieces, put together correctly, compile
#include <fitnas/op/conv.hpp>
#include <fitnas/space/search_space.hpp>

struct dw5 {
    static constexpr std::string_view name = "dw5";
    static constexpr fitnas::recipe build(fitnas::cell c) {
        return {fitnas::depthwise(5, c.stride), fitnas::pointwise(c.width)};
    }
};
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                                   fitnas::stage<fitnas::operator_set<fitnas::op::conv<3>, dw5>, 2, 8>,
                                   fitnas::head<8, 10>>;
static_assert(space::cells > 0);
