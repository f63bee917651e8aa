// Seconds of a fit to a table: the default predictor, and a ridge on pairs of cells where rows are fewer than
// features.
//
//   bench_fits [options of Google Benchmark]
//
// `scores` are of a supernet, `truths` of networks by themselves; made up, with noise.

#include <cstddef>
#include <string>

#include <benchmark/benchmark.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

namespace {

using namespace fitnas;

using cells_28 = codes<2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 4>;

template <code_space Space>
score_table<Space> made_up(std::size_t rows, score_kind kind) {
    score_table<Space> table;
    table.kind = kind;
    random_stream random(seed{1}, purpose::user);
    for (const architecture<Space>& a : sample<Space>(rows, seed{1})) {
        double quality = 0.5 * a[0] * a[1];
        for (const auto o : a) {
            quality += 0.1 * o;
        }
        table.push_back(a, quality + 0.1 * random.normal());
    }
    return table;
}

template <code_space Space>
void fits(const std::string& cells, std::size_t rows) {
    for (const score_kind kind : {score_kind::supernet, score_kind::truth}) {
        const std::string name = "fit_default/" + cells + "/" + std::to_string(rows) +
                                 (kind == score_kind::supernet ? "_scores" : "_truths");
        benchmark::RegisterBenchmark(name.c_str(),
                                     [=](benchmark::State& state) {
                                         const score_table<Space> table = made_up<Space>(rows, kind);
                                         for (auto _ : state) {
                                             benchmark::DoNotOptimize(fit_default(table, {.seed = seed{1}}));
                                         }
                                     })
            ->Unit(benchmark::kSecond)
            ->UseRealTime();
    }
}

} // namespace

int main(int argc, char** argv) {
    fits<spaces::nas_bench_macro>("8_cells", 250);
    fits<spaces::nas_bench_macro>("8_cells", 1000);
    fits<cells_28>("28_cells", 400);
    benchmark::RegisterBenchmark("ridge_pairs/28_cells/400",
                                 [](benchmark::State& state) {
                                     const score_table<cells_28> table =
                                         made_up<cells_28>(400, score_kind::truth);
                                     for (auto _ : state) {
                                         benchmark::DoNotOptimize(ridge<cells_28, ridge_terms::pairs>(table));
                                     }
                                 })
        ->Unit(benchmark::kSecond)
        ->UseRealTime();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
