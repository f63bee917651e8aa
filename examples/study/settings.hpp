// The options of the program `study`, and which stages they belong to.

#ifndef FITNAS_EXAMPLES_STUDY_SETTINGS_HPP
#define FITNAS_EXAMPLES_STUDY_SETTINGS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/io/json.hpp>
#include <fitnas/predictor/choose_plan.hpp>

struct settings {
    std::string out = "out/study";
    std::string space;
    std::string data;
    int image_size = 0; // of mobile_19x6
    int classes = 0;    // the same
    std::uint64_t seed = 7;
    bool quick = false;
    std::size_t train_images = 10000;
    std::size_t validation_images = 4000;

    int epochs = 6;
    std::size_t batch = 64;
    std::string sampling = "strict_fair";
    double learning_rate = 0.1;
    double warmup = 0.5;
    double label_smoothing = 0;
    bool zero_init_residual = false;
    bool init_alike = false;
    int supernet_cells = 0; // of nas_bench_201, a stage; 0: five, as the networks have
    int supernets = 1;
    bool augment = false;
    double resized_crop = 0;
    double jitter = 0;
    int read_ahead = 0;
    int parts = 0;
    std::string share = "images";
    bool recompute = false;
    long long checkpoint_steps = 100;

    std::size_t samples = 0;

    std::string score = "negative_loss";
    std::size_t score_images = 100;
    std::size_t calibration = 512;
    std::size_t score_batch = 2000;
    std::string statistics = "calibrated";

    std::string scores;
    std::string plan = "chosen"; // for scores of a supernet: smoothed
    int folds = 5;

    std::string table;
    std::size_t candidates = 10;
    double macs_share = 0.6;
    long long max_macs = 0;
    long long max_parameters = 0;

    std::size_t finalists = 1;
    std::size_t random_networks = 3;
    int retrain_seeds = 3;
    int retrain_epochs = 8;
    bool retrain_together = false;

    std::string truth = "all";
    std::string truth_table;
    std::string truth_column = "score";
    std::size_t known_truths = 0;
    int truth_seeds = 3;
    int truth_epochs = 2;

    int error_seeds = 3;
    int error_folds = 4;
    double selected = 0.25;

    std::size_t segment_samples = 1000;
    std::size_t segment_rescored = 60;
    std::size_t segment_fills = 4;
    double noise = 0.01;
    int segment_epochs = 100;

    std::string chart_js = "/usr/share/javascript/chart.js/chart.min.js";
};

// What --plan takes: the plans of the default fit behind the choice among them.
inline std::vector<std::string> plan_names() {
    std::vector<std::string> names{"chosen"};
    names.insert(names.end(), fitnas::fit_plan_names.begin(), fitnas::fit_plan_names.end());
    return names;
}

// Which stages an option belongs to.
namespace in {
enum : unsigned {
    train = 1,
    sample = 2,
    evaluate = 4,
    fit = 8,
    search = 16,
    retrain = 32,
    truth = 64,
    error = 128,
    segments = 256,
    report = 512,
    fidelities = 1024,
    images = train | evaluate | retrain | truth | error | segments,
    trainings = train | retrain | truth | error,
    scores = evaluate | error | segments,
    every = 2047
};
} // namespace in

struct stage_name {
    const char* name;
    unsigned bit;
    const char* help;
};
inline constexpr stage_name stages[] = {
    {"train", in::train, "Train the supernet, or several: supernet.safetensors, training.csv"},
    {"sample", in::sample, "Draw networks: architectures.csv"},
    {"evaluate", in::evaluate, "Score them with the supernet's weights: scores.csv"},
    {"fit", in::fit,
     "Fit a GCN to a table arch,score: predictor.json, predictions.csv, held_out.csv, predictors.csv"},
    {"truth", in::truth, "Train many networks by themselves, or read a table of truths: truth.csv"},
    {"fidelities", in::fidelities,
     "Fit scores and a few truths together: two_fidelities.json, two_fidelities.csv"},
    {"search", in::search, "Search the fitted space, or a table arch,score: candidates.csv, front.csv"},
    {"segments", in::segments,
     "Search mobile_19x6 by segments, scored by the supernet, or without --data against a made-up quality: "
     "segments.csv"},
    {"retrain", in::retrain, "Train the winner and others of its cost by themselves: retrained.csv"},
    {"error", in::error, "Split the error of a score into its parts: error_parts.csv, error_ranking.csv"},
    {"report", in::report, "Write the page: report.html, charts/, ranking.csv"},
};

// The options of some stages, by name.
fitnas::json options_of(settings s, unsigned stages_wanted);

#endif
