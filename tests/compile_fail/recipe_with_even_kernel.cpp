// expect: [F0330] search_space<...>: an operator's recipe has an even kernel
#include <fitnas/space/search_space.hpp>

struct even {
    static constexpr std::string_view name = "even";
    static constexpr fitnas::recipe build(fitnas::cell c) {
        return {fitnas::convolution(2, c.width, c.stride)};
    }
};
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                                   fitnas::stage<fitnas::operator_set<even>, 2, 8>, fitnas::head<8, 10>>;
static_assert(space::supernet_parameters > 0);
