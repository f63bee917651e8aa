// The true best of 6^19 architectures by a fitted model, beside what the paper's search by segments finds of
// the same model: a model on a chain is a sum over windows of five cells, so that no architecture has to be
// looked at by itself.
//
// Prints what both found and what they needed, with and without a limit, and points of the front:
//   no limit: exact ... with ..., segment ... with ..., which is ... below
//   the front has ... networks; at most ... macs: ...

#include <cmath>
#include <cstdio>
#include <string>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

using space = spaces::mobile_19x6;
template <code_space Space>
using net = gcn::model<encoding::chain<Space, feature::cell_operator>, gcn::conv<32>, gcn::relu,
                       gcn::conv<32>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

// Stands for a supernet's scores: costs help with falling returns, neighbours act together, and there is
// noise.
score_table<space> made_up_scores() {
    score_table<space> table;
    random_stream random(seed{4}, purpose::user);
    for (const auto& a : sample<space>(1000, seed{1})) {
        double score = 70 + 5 * std::log(1e-8 * static_cast<double>(cost::macs<space>(a)));
        for (std::size_t i = 0; i < a.size(); ++i) {
            score += 0.1 * (a[i] % 3) - (i > 0 && a[i - 1] == a[i] ? 0.1 : 0.0);
        }
        table.push_back(a, score + 0.2 * random.normal());
    }
    return table;
}

int main() {
    const auto model = fit<net<space>>(made_up_scores(), {.epochs = 60});
    const windows tables(model); // the same predictions, to float32 rounding, by look-ups

    for (const cost::limit& limit : {cost::limit{}, cost::macs_at_most(400'000'000)}) {
        search::exact_report report;
        const auto best = search::exact(tables, {.top = 1, .limit = limit}, &report).front();

        // The segments ask the same model where they would ask a supernet.
        std::size_t asked = 0;
        const auto score = [&](std::span<const architecture<space>> some) {
            asked += some.size();
            return tables.predict(some);
        };
        const auto fit_segment = []<class Slots>(const score_table<Slots>& table) {
            return windows(fit<net<Slots>>(table, {.epochs = 60}));
        };
        const auto found =
            search::segment<space, search::segments<7, 6, 6>>(score, fit_segment, {.limit = limit});
        std::size_t predicted = asked;
        for (const auto& s : found.segments) {
            predicted += s.candidates;
        }
        const auto& winner = found.best.front();

        std::printf("%s:\n", limit.text().c_str());
        std::printf("  exact    %s  %.4f  %9lld macs  %s values tabulated, %s beginnings bounded\n",
                    to_string<space>(best.architecture).c_str(), best.predicted, best.macs,
                    std::to_string(report.tabulated).c_str(), std::to_string(report.looked_at).c_str());
        std::printf("  segment  %s  %.4f  %9lld macs  %zu predictions, %zu of them by the model itself\n",
                    to_string<space>(winner.architecture).c_str(), winner.score, winner.macs, predicted,
                    asked);
        std::printf("  the segments' best lies %.4f below the optimum\n", best.predicted - winner.score);
    }

    const auto front = search::pareto(model);
    std::printf("front of quality against macs: %zu networks\n", front.size());
    for (std::size_t i = 0; i < front.size(); i += (front.size() + 4) / 5) {
        std::printf("  %9lld macs: %.4f\n", front[i].macs, front[i].predicted);
    }
}
