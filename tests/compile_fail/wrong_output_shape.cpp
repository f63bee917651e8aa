// expect: [F0331] search_space<...>: an operator's recipe does not give the cell's output shape
#include <fitnas/space/search_space.hpp>

struct widens {
    static constexpr std::string_view name = "widens";
    static constexpr fitnas::recipe build(fitnas::cell c) {
        return {fitnas::pointwise(2 * c.width, c.stride)};
    }
};
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                                   fitnas::stage<fitnas::operator_set<widens>, 2, 8>, fitnas::head<8, 10>>;
static_assert(space::supernet_parameters > 0);
