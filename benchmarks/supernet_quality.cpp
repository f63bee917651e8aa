// How well a supernet's raw scores rank networks by their truth, at equal work: see docs/supernet.md.
//
//   supernet_quality --space fashion_tiny --data SOURCE --truth CSV --column C [--epochs N] [--sampling KIND]
//   ...
//
// One line for each number of calibration images and of scored images: a supernet is trained once a seed. Of
// several seeds there is one more, of each network's mean score over the supernets.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/metrics/ranking.hpp>
#include <fitnas/predictor/distinct.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/study/data_source.hpp>
#include <fitnas/study/supernet.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/fine_tune.hpp>

#include "../examples/console.hpp"
#include "summary.hpp"

namespace {

using namespace fitnas;
using json = nlohmann::ordered_json;

struct options {
    std::string data;
    std::string space = "fashion_tiny";
    std::string truth;
    std::string column = "score";
    std::string label;
    std::string keep;
    std::size_t validation = 4000;
    std::size_t train_images = 0;
    std::uint64_t split_seed = 7;
    train_options training;
    bool augment = false;
    study::initial_weights initial;
    std::size_t networks = 0;
    std::vector<std::size_t> calibration{512};
    std::vector<std::size_t> images{0};
    std::vector<std::uint64_t> seeds{1, 2, 3};
    std::size_t finalists = 0;
    train_options tuning{.epochs = 1, .batch = 64, .learning_rate = 0.02};
    bool as_json = false;
};

// Images through networks, forward and backward; a teacher's forward pass is a third.
double passes(const options& o, std::size_t images, std::size_t paths) {
    const train_options& t = o.training;
    const auto steps = static_cast<double>(images / t.batch * t.batch);
    const bool teacher = t.distillation > 0 && t.sampling != sampling::sandwich;
    return steps * (t.largest_epochs +
                    (t.epochs - t.largest_epochs) * (static_cast<double>(paths) + (teacher ? 1.0 / 3 : 0)));
}

// One kind of score over the seeds.
struct figures {
    summary tau;
    summary regret;
    void add(const std::vector<double>& scores, const std::vector<double>& truth,
             const std::vector<double>& macs) {
        tau.add(kendall_tau(scores, truth));
        regret.add(regret_under_limits(scores, truth, macs));
    }
    json as_json() const {
        return {{"tau", tau.mean()},
                {"tau_se", tau.error()},
                {"regret", regret.mean()},
                {"regret_se", regret.error()}};
    }
};

// Each network's score, added up over the seeds: their ranking is that of the mean.
struct added_scores {
    std::vector<double> loss;
    std::vector<double> accuracy;
    template <class Space>
    void add(const evaluation<Space>& found) {
        add(loss, found.negative_loss);
        add(accuracy, found.accuracy.scores);
    }

private:
    static void add(std::vector<double>& sum, const std::vector<double>& scores) {
        sum.resize(scores.size());
        std::transform(sum.begin(), sum.end(), scores.begin(), sum.begin(), std::plus<>());
    }
};

struct row {
    std::size_t calibration;
    std::size_t images;
    figures loss;
    figures accuracy;
    summary seconds; // of scoring
    added_scores sum;
};

// The networks with the highest negative losses, ranked by these and again after a short training of each.
struct finals {
    summary tau_before;
    summary tau_after;
    summary regret_before; // what the first of the ranking is below the best finalist
    summary regret_after;

    template <class Space>
    void add(const supernet<Space>& net, const dataset& data, const evaluation<Space>& found,
             const std::vector<double>& truth, const options& o, const train_options& training) {
        std::vector<architecture<Space>> networks;
        std::vector<double> before;
        std::vector<double> of_them;
        for (const std::size_t i : fitnas::detail::top_rows(found.negative_loss, o.finalists)) {
            networks.push_back(found.accuracy.architectures[i]);
            before.push_back(found.negative_loss[i]);
            of_them.push_back(truth[i]);
        }
        const std::vector<double> after = fine_tune<Space>(net, networks, data, training).negative_loss;
        tau_before.add(kendall_tau(before, of_them));
        tau_after.add(kendall_tau(after, of_them));
        regret_before.add(regret(before, of_them));
        regret_after.add(regret(after, of_them));
    }
};

void print(const options& o, const std::string& label, const row& r, double work, std::size_t networks,
           double training, double scoring) {
    if (o.as_json) {
        json line;
        line["label"] = label;
        line["passes"] = work;
        line["networks"] = networks;
        line["seeds"] = o.seeds;
        line["calibration"] = r.calibration;
        line["images"] = r.images;
        line["negative_loss"] = r.loss.as_json();
        line["accuracy"] = r.accuracy.as_json();
        line["train_seconds"] = training;
        line["score_seconds"] = scoring;
        std::printf("%s\n", line.dump().c_str());
    } else {
        std::printf("%-28s %8.0f %6zu %6zu  %.3f +- %.3f  %.4f  %.3f +- %.3f  %.4f  %6.0f %5.0f\n",
                    label.c_str(), work, r.calibration, r.images, r.loss.tau.mean(), r.loss.tau.error(),
                    r.loss.regret.mean(), r.accuracy.tau.mean(), r.accuracy.tau.error(),
                    r.accuracy.regret.mean(), training, scoring);
    }
}

template <class Space>
int run(const options& o) {
    const dataset data = study::data_source::parse(o.data).load(
        Space::input, Space::classes,
        {.validation = o.validation, .seed = seed{o.split_seed}, .train_limit = o.train_images});
    score_table<Space> truth = merge_equal_networks(read_csv<Space>(o.truth, {.score = o.column}), "truth");
    if (o.networks > 0 && o.networks < truth.size()) {
        std::vector<std::size_t> order = shuffled_indices(truth.size(), seed{0}, 0);
        order.resize(o.networks);
        truth = truth.rows(order);
    }
    std::vector<double> macs;
    for (const architecture<Space>& a : truth.architectures) {
        macs.push_back(static_cast<double>(cost::macs<Space>(a)));
    }
    std::vector<row> rows;
    for (const std::size_t calibration : o.calibration) {
        for (const std::size_t images : o.images) {
            rows.push_back({calibration, images == 0 ? data.validation.size() : images, {}, {}, {}, {}});
        }
    }
    summary seconds;
    finals tuned;
    if (o.finalists == 1 || o.finalists > truth.size()) {
        throw option_error("--finalists: expected 0, or 2 to " + std::to_string(truth.size()) + ", got " +
                           std::to_string(o.finalists));
    }
    for (const std::uint64_t s : o.seeds) {
        train_options training = o.training;
        training.seed = seed{s};
        training.observer = console::bar("training, seed " + std::to_string(s));
        if (o.augment) {
            training.augment = {.crop_padding = 4, .flip = true};
        }
        supernet<Space> net(training.seed);
        o.initial.set(net);
        const train_report report =
            o.keep.empty() ? train(net, data.train, training)
                           : train(net, data.train, training,
                                   checkpoint_options{.file = o.keep + std::to_string(s) + ".safetensors"});
        seconds.add(report.seconds);
        for (row& r : rows) {
            const stopwatch clock;
            const evaluation<Space> found =
                evaluate_both<Space>(net, truth.architectures, data,
                                     {.calibration = r.calibration,
                                      .images = r.images,
                                      .observer = console::bar("scoring, seed " + std::to_string(s))});
            r.seconds.add(clock.seconds());
            r.loss.add(found.negative_loss, truth.scores, macs);
            r.accuracy.add(found.accuracy.scores, truth.scores, macs);
            r.sum.add(found);
            if (o.finalists > 0 && &r == &rows.back()) {
                train_options tuning = o.tuning;
                tuning.augment = training.augment;
                tuning.seed = training.seed;
                tuning.observer = console::bar("fine-tuning, seed " + std::to_string(s));
                tuned.add<Space>(net, data, found, truth.scores, o, tuning);
            }
        }
    }
    const std::size_t paths =
        fitnas::detail::path_sampler(Space::operator_counts, o.training.sampling, seed{0}).size();
    const double work = passes(o, data.train.size(), paths);
    const auto all = static_cast<double>(o.seeds.size());
    for (const row& r : rows) {
        print(o, o.label, r, work, truth.size(), seconds.mean(), r.seconds.mean());
        if (o.seeds.size() > 1) {
            row together{r.calibration, r.images, {}, {}, {}, {}};
            together.loss.add(r.sum.loss, truth.scores, macs);
            together.accuracy.add(r.sum.accuracy, truth.scores, macs);
            print(o, o.label.empty() ? "together" : o.label + ", together", together, all * work,
                  truth.size(), all * seconds.mean(), all * r.seconds.mean());
        }
    }
    if (o.finalists > 0) {
        const double more = static_cast<double>(o.finalists) * o.tuning.epochs *
                            static_cast<double>(data.train.size() / o.tuning.batch * o.tuning.batch);
        if (o.as_json) {
            json line;
            line["label"] = o.label;
            line["finalists"] = o.finalists;
            line["passes"] = more;
            line["tau"] = tuned.tau_before.mean();
            line["tau_tuned"] = tuned.tau_after.mean();
            line["regret"] = tuned.regret_before.mean();
            line["regret_tuned"] = tuned.regret_after.mean();
            std::printf("%s\n", line.dump().c_str());
        } else {
            std::printf("%zu finalists, %.0f passes more: tau %.3f +- %.3f, regret %.4f; tuned %.3f +- %.3f, "
                        "%.4f\n",
                        o.finalists, more, tuned.tau_before.mean(), tuned.tau_before.error(),
                        tuned.regret_before.mean(), tuned.tau_after.mean(), tuned.tau_after.error(),
                        tuned.regret_after.mean());
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    o.training = {.epochs = 6, .batch = 64, .learning_rate = 0.1, .warmup = 0.5};
    train_options& t = o.training;
    CLI::App app("How well raw scores of a supernet rank networks by their truth: tau-b and the regret under "
                 "limits on multiply-accumulates, of negative losses and of accuracies, mean and standard "
                 "error over seeds. Columns: label, passes of training images (forward and backward), "
                 "calibration images, scored images, tau and regret of negative losses, of accuracies, "
                 "seconds of training and of scoring. Of several seeds a second line has the figures of each "
                 "network's mean score.");
    app.add_option("--data", o.data,
                   "fashion-mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, images:TRAIN[,TEST] or synthetic")
        ->required();
    app.add_option("--space", o.space, "whose networks the table has")
        ->check(CLI::IsMember({"fashion_tiny", "nas_bench_macro", "nas_bench_201", "nas_bench_201_one_cell"}))
        ->capture_default_str();
    app.add_option("--truth", o.truth, "table with the column arch")->required()->check(CLI::ExistingFile);
    app.add_option("--column", o.column, "its column of accuracies")->capture_default_str();
    app.add_option("--label", o.label, "of the lines");
    app.add_option("--keep", o.keep,
                   "checkpoints begin with this path, seed and ending follow: a training that was stopped "
                   "goes on, one that is over is only scored");
    app.add_option("--validation", o.validation, "images")->capture_default_str();
    app.add_option("--train-images", o.train_images, "0: all that are left");
    app.add_option("--split-seed", o.split_seed)->capture_default_str();
    app.add_option("--epochs", t.epochs)->capture_default_str();
    app.add_option("--batch", t.batch)->capture_default_str();
    std::map<std::string, sampling> kinds;
    for (std::size_t i = 0; i < sampling_names.size(); ++i) {
        kinds.emplace(sampling_names[i], static_cast<sampling>(i));
    }
    app.add_option("--sampling", t.sampling, "uniform by default")->transform(CLI::CheckedTransformer(kinds));
    app.add_option("--learning-rate", t.learning_rate)->capture_default_str();
    app.add_option("--final-rate", t.final_rate)->capture_default_str();
    app.add_option("--warmup", t.warmup, "epochs")->capture_default_str();
    app.add_option("--momentum", t.momentum)->capture_default_str();
    app.add_option("--weight-decay", t.weight_decay)->capture_default_str();
    app.add_option("--label-smoothing", t.label_smoothing)->capture_default_str();
    app.add_option("--largest-epochs", t.largest_epochs)->capture_default_str();
    app.add_option("--distillation", t.distillation)->capture_default_str();
    app.add_option("--average", t.average)->capture_default_str();
    app.add_flag("--augment", o.augment, "crops with a padding of 4, and flips");
    app.add_flag("--zero-init-residual", o.initial.zero_residual,
                 "cells that add their input begin as identity");
    app.add_flag("--init-alike", o.initial.alike,
                 "operators that differ in kernels and inner widths begin as the same function");
    app.add_option("--networks", o.networks, "random ones that are scored; 0: all different ones");
    app.add_option("--calibration", o.calibration, "images, several numbers")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--score-images", o.images, "validation images, several numbers; 0: all")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--seeds", o.seeds, "of the supernets")->delimiter(',')->capture_default_str();
    app.add_option(
           "--finalists", o.finalists,
           "so many networks with the highest negative losses are ranked again after a short training "
           "of each; 0: none")
        ->capture_default_str();
    app.add_option("--tune-epochs", o.tuning.epochs)->capture_default_str();
    app.add_option("--tune-rate", o.tuning.learning_rate)->capture_default_str();
    app.add_flag("--json", o.as_json, "one object a line");
    CLI11_PARSE(app, argc, argv);
    try {
        return o.space == "fashion_tiny"      ? run<spaces::fashion_tiny>(o)
               : o.space == "nas_bench_macro" ? run<spaces::nas_bench_macro>(o)
               : o.space == "nas_bench_201"   ? run<spaces::nas_bench_201<>>(o)
                                              : run<spaces::nas_bench_201<1>>(o); // one cell a stage
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "supernet_quality: %s\n", failure.what());
        return 1;
    }
}
