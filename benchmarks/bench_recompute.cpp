// What train_options::recompute_activations costs and saves: steps at 224 x 224, batch 64, with it and
// without in turns.
//
//   bench_recompute [mobile|graph] [ROUNDS]
//
// mobile: `spaces::mobile_19x6`. graph: NAS-Bench-201's cells at this size. Both sides are processes of their
// own, which say how long a step took, on the clock and of the processor (user time: others may use the
// machine), and the most that was resident. The paths are the largest and two random ones.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <fitnas/nn/sgd.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/sampling.hpp>
#include <fitnas/supernet/update.hpp>

#include "worker.hpp"

namespace {

using namespace fitnas;

struct graph
    : search_space<image<224, 224, 3>, stem_of<op::conv_bn<3>, 16>,
                   shared<0, graph_stage<spaces::nas_bench_201_cell, 5, 16>>, fixed<op::resnet_reduce, 32, 2>,
                   shared<0, graph_stage<spaces::nas_bench_201_cell, 5, 32>>, fixed<op::resnet_reduce, 64, 2>,
                   shared<0, graph_stage<spaces::nas_bench_201_cell, 5, 64>>,
                   head_of<op::bn_relu_pool_linear, 1000>> {};

double user_seconds() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return static_cast<double>(use.ru_utime.tv_sec) + 1e-6 * static_cast<double>(use.ru_utime.tv_usec);
}

std::vector<std::uint8_t> code_of(const detail::selection& of, int path) {
    std::vector<std::uint8_t> code = detail::extreme_code(of.space(), true);
    if (path > 0) {
        std::mt19937 random(static_cast<unsigned>(path));
        const std::vector<int> counts = of.counts();
        for (std::size_t i = 0; i < code.size(); ++i) {
            code[i] = static_cast<std::uint8_t>(random() % static_cast<unsigned>(counts[i]));
        }
    }
    return code;
}

// Answers "step PATH" with seconds, user seconds and the loss.
int serve_steps(const detail::selection& of, std::size_t batch, bool recompute) {
    detail::weights w(of, seed{1});
    const detail::step_work alone;
    detail::weights_update<sgd> update(
        w, alone, [](std::size_t n) { return sgd(n, {}); }, recompute);
    std::vector<float> images(batch * static_cast<std::size_t>(w.input().size()));
    random_stream random(seed{1}, purpose::user);
    detail::fill_normal(images, 1.0, random);
    std::vector<int> labels(batch);
    for (std::size_t i = 0; i < batch; ++i) {
        labels[i] = static_cast<int>(i * 37) % w.classes();
    }
    return bench::serve([&](const std::string&, std::istream& arguments) {
        int path = 0;
        arguments >> path;
        const double user = user_seconds();
        const bench::clock::time_point start = bench::clock::now();
        const double loss = update.add(code_of(of, path), images.data(), labels, 0).loss;
        update.apply(0.01);
        char answer[96];
        std::snprintf(answer, sizeof answer, "%.6f %.6f %a", bench::seconds_since(start),
                      user_seconds() - user, loss);
        return std::string(answer);
    });
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

struct side {
    bench::worker process;
    double said; // MiB
    std::vector<double> seconds{};
    std::vector<double> user{};

    side(const char* program, const detail::selection& of, const std::string& name, std::size_t batch,
         bool recompute)
        : process({program, name, std::to_string(batch), "0", recompute ? "1" : "0"},
                  {"OMP_WAIT_POLICY=passive"}),
          said(static_cast<double>(detail::training_bytes(of, batch, recompute).value()) / 1048576.0) {}

    // The loss.
    std::string step(int path) {
        double times[2] = {};
        std::string loss;
        process.ask("step " + std::to_string(path)) >> times[0] >> times[1] >> loss;
        seconds.push_back(times[0]);
        user.push_back(times[1]);
        return loss;
    }
};

} // namespace

int main(int argc, char** argv) {
    const std::string name = argc > 1 ? argv[1] : "mobile";
    const std::size_t batch = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 64;
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
    const detail::selection of = name == "graph" ? graph::layout() : spaces::mobile_19x6::layout();
    if (argc > 4) {
        return serve_steps(of, batch, std::string(argv[4]) == "1");
    }
    const memory_size both =
        detail::training_bytes(of, batch, false) + detail::training_bytes(of, batch, true);
    std::optional<side> plain;
    if (both * 4 < memory_size(memory_there_is()) * 3) {
        plain.emplace(argv[0], of, name, batch, false);
    }
    side again(argv[0], of, name, batch, true);
    std::setbuf(stdout, nullptr); // rows as they come
    std::printf("path | s recomputed | s | ratio | ratio of user time\n");
    for (int path = 0; path < 3; ++path) {
        for (int round = -1; round < rounds; ++round) { // the first takes memory
            const std::string loss = again.step(path);
            if (plain && plain->step(path) != loss) {
                std::printf("the losses differ\n");
                return 1;
            }
            if (round < 0) {
                for (side* s : {&again, plain ? &*plain : &again}) {
                    s->seconds.clear();
                    s->user.clear();
                }
            }
        }
        std::printf("%s | %.2f", path == 0 ? "largest" : "random", median(again.seconds));
        if (plain) {
            std::printf(" | %.2f | %.2f | %.2f", median(plain->seconds),
                        median(again.seconds) / median(plain->seconds),
                        median(again.user) / median(plain->user));
        }
        std::printf("\n");
    }
    for (side* s : {&again, plain ? &*plain : nullptr}) {
        if (s != nullptr) {
            std::printf("%s: %.0f MiB resident, %.0f by training_bytes\n",
                        s == &again ? "recomputed" : "kept", s->process.peak_mib(), s->said);
        }
    }
}
