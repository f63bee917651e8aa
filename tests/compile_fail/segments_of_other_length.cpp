// expect: [F0724] search::segment<Space, segments<Cells...>>: the segments together must have as many cells
#include <fitnas/search/segment.hpp>

using space = fitnas::codes<2, 2, 2, 2>;
struct nothing {
    using space = ::space;
    std::vector<double> predict(std::span<const fitnas::architecture<space>>) const;
};

void search() {
    const auto score = [](std::span<const fitnas::architecture<space>> some) {
        return std::vector<double>(some.size());
    };
    fitnas::search::segment<space, fitnas::search::segments<2, 1>>(score,
                                                                   [](const auto&) { return nothing{}; });
}
