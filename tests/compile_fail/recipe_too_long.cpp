// expect: [F0110] a recipe has at most 16 primitives
#include <fitnas/space/search_space.hpp>

struct endless {
    static constexpr std::string_view name = "endless";
    static constexpr fitnas::recipe build(fitnas::cell) {
        fitnas::recipe steps;
        for (int i = 0; i < 17; ++i) {
            steps.push_back(fitnas::relu());
        }
        return steps;
    }
};
using space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8>,
                                   fitnas::stage<fitnas::operator_set<endless>, 2, 8>, fitnas::head<8, 10>>;
static_assert(space::supernet_parameters > 0);
