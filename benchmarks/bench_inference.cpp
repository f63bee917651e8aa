// One image at a time on one thread: `network::logits` of a set with one image, and a `classifier`, on the
// same networks.
//
//   OMP_NUM_THREADS=1 bench_inference --benchmark_enable_random_interleaving=true --benchmark_repetitions=15
//     --benchmark_min_time=0.1 --benchmark_report_aggregates_only=true
//
// The CPU column is user time; its medians are compared. Counters: 10^6 multiply-accumulates, GFLOP/s, bytes
// of activations. `bench_inference --write-onnx FOLDER` writes the same networks instead, for
// tests/export/time_onnx.mjs.

#include <cstdio>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <fitnas/data/image_dataset.hpp>
#if __has_include(<protozero/pbf_builder.hpp>)
#include <fitnas/io/onnx.hpp>
#endif
#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/classifier.hpp>

namespace {

using namespace fitnas;

// Random pixels: what a network answers plays no part.
template <class Space>
image_view images(std::size_t count) {
    image_dataset set;
    const shape s = Space::input;
    set.images =
        pixel_tensor::from_shape({count, static_cast<std::size_t>(s.height),
                                  static_cast<std::size_t>(s.width), static_cast<std::size_t>(s.channels)});
    random_stream random(seed{1}, purpose::user);
    for (std::uint8_t& p : set.images) {
        p = static_cast<std::uint8_t>(random.below(256));
    }
    set.labels.assign(count, 0);
    set.classes = Space::classes;
    return set;
}

std::string onnx_folder; // empty: times are taken

template <class Space>
void compare(const std::string& name, const char* code) {
    const architecture<Space> a = parse<Space>(code);
    network<Space> net(a, seed{1});
    net.calibrate(images<Space>(8));
#if __has_include(<protozero/pbf_builder.hpp>)
    if (!onnx_folder.empty()) {
        const shape s = Space::input;
        save_onnx(onnx_folder + "/" + name + "-" + std::to_string(s.channels) + "x" +
                      std::to_string(s.height) + "x" + std::to_string(s.width) + ".onnx",
                  net);
        return;
    }
#endif
    const classifier<Space> folded(net);
    const auto count = [a](benchmark::State& state) {
        const auto macs = static_cast<double>(cost::macs<Space>(a));
        state.counters["Mmac"] = macs / 1e6;
        state.counters["GFLOP/s"] =
            benchmark::Counter(2 * macs / 1e9, benchmark::Counter::kIsIterationInvariantRate);
    };
    benchmark::RegisterBenchmark((name + "/logits").c_str(), [=](benchmark::State& state) {
        const image_view one = images<Space>(1);
        for (auto _ : state) {
            benchmark::DoNotOptimize(net.logits(one));
        }
        count(state);
    });
    benchmark::RegisterBenchmark((name + "/classifier").c_str(), [=](benchmark::State& state) {
        classifier<Space> mine = folded;
        const image_view one = images<Space>(1);
        std::vector<std::uint8_t> room(static_cast<std::size_t>(Space::input.size()));
        const std::uint8_t* pixels = one.read(0, room.data());
        for (auto _ : state) {
            benchmark::DoNotOptimize(mine.logits(std::span(pixels, room.size())));
        }
        count(state);
        state.counters["memory"] = static_cast<double>(mine.memory());
    });
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "--write-onnx") {
#if !__has_include(<protozero/pbf_builder.hpp>)
        std::fputs("bench_inference: --write-onnx needs protozero, which was not found\n", stderr);
        return 1;
#endif
        onnx_folder = argv[2];
    }
    compare<spaces::fashion_tiny>("fashion_tiny", "1231");
    compare<spaces::fashion_mini>("fashion_mini", "123123");
    compare<spaces::nas_bench_macro>("nas_bench_macro", "12112121");
    compare<spaces::mobile_19x6>("mobile_19x6", "0314250314253102541");
    if (!onnx_folder.empty()) { // they are written
        return 0;
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
