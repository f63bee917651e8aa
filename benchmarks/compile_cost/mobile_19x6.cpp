// The same at the paper's scale, where the space is searched segment by segment.
#include <fitnas/fitnas.hpp>

using namespace fitnas;

using space = spaces::mobile_19x6;

int main() {
    const dataset data = datasets::synthetic({.image = space::input, .classes = 1000});
    supernet<space> super(seed{7});
    train(super, data.train, {.epochs = 1, .batch = 8});
    const auto fit_segment = [](const auto& table) {
        using slots = typename std::remove_cvref_t<decltype(table)>::space;
        using graph = encoding::chain<slots, feature::cell_operator>;
        using net = gcn::model<graph, gcn::conv<64>, gcn::relu, gcn::conv<64>, gcn::relu, gcn::mean_pool,
                               gcn::linear<1>>;
        return fit<net>(table);
    };
    const auto result =
        search::segment<space, search::segments<7, 6, 6>>(scorer(super, data), fit_segment, {});
    return result.best.empty() ? 1 : 0;
}
