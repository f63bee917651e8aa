// Why scores are fitted: with shared weights the score of a network is its quality plus an error, which the
// seed of the supernet draws anew. A fit averages it out over the networks that have cells in common.
//
// Five short trainings of a supernet score all networks of fashion_tiny. The truth, fashion_tiny_truth.csv,
// is the mean test accuracy of each network trained by itself from three seeds: truth.csv of the full study
// of docs/reproduce.md, seed 7, on a machine with AVX2.
//
// Prints for each supernet the loss of one network and its place among all, and Kendall's tau-b of raw and
// fitted scores with the truth; writes the last one's as 015_raw.svg and 015_fitted.svg, where the pointer on
// a point shows its code. Fitted scores had the higher tau-b for each of the seeds 1 to 10, by 0.02 to 0.08,
// with AVX-512 and with AVX2; ten took 20 and 28 seconds of one core.
//
//   example_015_random_error [folder of the truth [folder for the plots [supernets: 5]]]

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <fitnas/fitnas.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/study/plot.hpp>

using namespace fitnas;

using space = spaces::fashion_tiny;

int main(int argc, char** argv) {
    const auto truth =
        read_csv<space>(std::string(argc > 1 ? argv[1] : "examples/data") + "/fashion_tiny_truth.csv");
    std::vector<std::string> codes;
    for (const auto& a : truth.architectures) {
        codes.push_back(to_string<space>(a));
    }
    const auto plot = [&](const std::string& name, const std::vector<double>& scores) {
        const double tau = kendall_tau(scores, truth.scores);
        std::ofstream(std::string(argc > 2 ? argv[2] : ".") + "/015_" + name + ".svg")
            << study::scatter_svg(truth.scores, scores, codes,
                                  {name + " scores: tau-b " + std::to_string(tau),
                                   "truth: accuracy by itself", "minus the loss, shared weights"});
        return tau;
    };
    const dataset data = datasets::fashion_mnist("/usr/share/datasets/fashion-mnist", {.train_limit = 3000});
    const std::uint64_t supernets = argc > 3 ? std::stoul(argv[3]) : 5;
    int better = 0;
    for (std::uint64_t s = 1; s <= supernets; ++s) {
        supernet<space> super(seed{s});
        train(super, data.train,
              {.epochs = 3, .batch = 32, .sampling = sampling::strict_fair, .seed = seed{s}});
        const auto raw =
            evaluate_both<space>(super, truth.architectures, data, {.calibration = 128, .images = 100})
                .by_loss();
        const double one = raw.scores[100];
        const auto above =
            std::count_if(raw.scores.begin(), raw.scores.end(), [&](double v) { return v > one; });
        const double tau = plot("raw", raw.scores);
        const double fitted = plot(
            "fitted", fit_default(raw).predict(std::span<const architecture<space>>(truth.architectures)));
        better += fitted > tau ? 1 : 0;
        std::printf("supernet %d: %s has loss %.3f, place %d of %zu; tau-b raw %.3f, fitted %.3f\n",
                    static_cast<int>(s), codes[100].c_str(), -one, static_cast<int>(above) + 1, codes.size(),
                    tau, fitted);
    }
    std::printf("fitted scores rank better than raw ones under %d of %d supernets\n", better,
                static_cast<int>(supernets));
}
