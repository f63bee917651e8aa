// expect: [F0722] search::segment: fit(table) must return a model
#include <fitnas/search/segment.hpp>

using namespace fitnas;
void search_it() {
    const auto score = [](std::span<const architecture<codes<2, 2>>> some) {
        return std::vector<double>(some.size());
    };
    search::segment<codes<2, 2>, search::segments<1, 1>>(score, [](const auto&) { return 1; });
}
