// Accuracy of short trainings on Fashion-MNIST from several seeds: built with products of floats
// (short_training) and of bfloat16 (short_training_bfloat16), to see whether rounding costs accuracy
// (docs/performance.md).

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

namespace {

using space = spaces::fashion_mini;

void print(const char* what, const std::vector<double>& percent) {
    double mean = 0;
    for (const double p : percent) {
        mean += p / static_cast<double>(percent.size());
    }
    double squares = 0;
    for (const double p : percent) {
        squares += (p - mean) * (p - mean);
    }
    std::printf("%-9s", what);
    for (const double p : percent) {
        std::printf(" %6.2f", p);
    }
    const auto n = static_cast<double>(percent.size());
    std::printf("   mean %.2f, standard error %.2f\n", mean, n > 1 ? std::sqrt(squares / (n - 1) / n) : 0.0);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Short trainings from several seeds: test accuracy of a network, mean score of a supernet's "
                 "sub-networks, in percent."};
    std::string folder = "/usr/share/datasets/fashion-mnist";
    int seeds = 5;
    int epochs = 3;
    app.add_option("--data", folder, "folder of Fashion-MNIST")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    app.add_option("--seeds", seeds, "trainings")->check(CLI::PositiveNumber)->capture_default_str();
    app.add_option("--epochs", epochs, "of 10,000 images")->check(CLI::PositiveNumber)->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    try {
        const dataset data = datasets::fashion_mnist(folder, {.train_limit = 10000});
        std::vector<double> alone;
        std::vector<double> shared;
        for (int s = 1; s <= seeds; ++s) {
            const seed key{static_cast<std::uint64_t>(s)};
            const auto one = retrain<space>(parse<space>("323232"), data, {.epochs = epochs, .seed = key});
            alone.push_back(100 * one.test_accuracy);
            supernet<space> super(key);
            train(super, data.train, {.epochs = epochs, .sampling = sampling::strict_fair, .seed = key});
            double mean = 0;
            const auto scores = evaluate<space>(super, sample<space>(50, seed{1}), data, {.images = 2000});
            for (const double score : scores.scores) {
                mean += 100 * score / static_cast<double>(scores.size());
            }
            shared.push_back(mean);
        }
        print("network", alone);
        print("supernet", shared);
    } catch (const error& e) {
        std::fprintf(stderr, "short_training: %s\n", e.what());
        return 1;
    }
    return 0;
}
