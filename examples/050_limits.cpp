// The fitted space answers any limit: multiply-accumulates, parameters, latency from a table that is measured
// on this machine operator by operator, and a cost of one's own. No search is trained anew.
//
// Prints the best code for each limit, cheaper limits first, the fronts, and one limit that nothing meets:
//   at most 500000 macs: ...
//   refused: [F0313] exhaustive: no architecture meets energy <= 1 mJ; the least is 2.5 mJ

#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

using space = spaces::fashion_mini;

int main() {
    // Stands for a fitted model: the scores of a made-up table, by ridge regression.
    score_table<space> table;
    for (const auto& a : sample<space>(100, seed{1})) {
        table.push_back(a, 1e-7 * static_cast<double>(cost::macs<space>(a)) + 0.01 * a[3]);
    }
    const ridge<space> model(table);

    for (const long long macs : {500'000, 1'000'000, 2'000'000}) {
        const auto best = search::exhaustive(model, {.top = 1, .limit = cost::macs_at_most(macs)});
        std::printf("at most %lld macs: %s with %lld\n", macs, to_string<space>(best[0].architecture).c_str(),
                    best[0].macs);
    }

    const latency_table latency = measure_latency<space>({.images = 32});
    const double middle = 0.5 * (cost::latency<space>(latency, parse<space>("000000")) +
                                 cost::latency<space>(latency, parse<space>("333333")));
    const auto fast = search::exhaustive(
        model,
        {.top = 1, .limit = cost::latency_at_most(latency, middle) && cost::parameters_at_most(60'000)});
    std::printf("fast enough and small enough: %lld parameters, %s than the limit of latency\n",
                fast[0].parameters, fast[0].cost("latency") <= middle ? "faster" : "slower");

    // A cost of one's own: a value for each operator of each cell, here by a function, and what all share.
    const auto energy = cost::table<space>(
        "energy", "mJ", [](int cell, int o) { return 0.5 * o + 0.1 * cell * (o > 0 ? 1 : 0); }, 2.5);
    const auto frugal =
        search::exact(model, {.top = 1, .limit = energy.at_most(6) && cost::macs_at_most(1'000'000)});
    std::printf("%s: %.1f mJ\n", to_string<space>(frugal[0].architecture).c_str(), frugal[0].cost("energy"));

    std::printf("cheapest of each quality: %zu networks on the front of macs, %zu on that of energy\n",
                search::pareto(model).size(), search::pareto(model, {.against = energy}).size());
    try {
        search::exhaustive(model, {.limit = energy.at_most(1)});
    } catch (const limit_error& e) {
        std::printf("refused: %s\n", e.what());
    }
}
