// A study from data to a report, stage by stage or all at once, in a folder of its own:
//
//   study run --space fashion_tiny --data fashion-mnist:/usr/share/datasets/fashion-mnist --out out/tiny
//   --seed 7
//
// docs/reproduce.md has the commands that reproduce published claims. Exit codes: 0, 1 where something went
// wrong, 2 for wrong options, 130 where it was interrupted (the same command goes on).

#include <cstdio>
#include <exception>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#ifdef FITNAS_STUDY_MPI
#include <fitnas/mpi/session.hpp>
#endif

#include "runner.hpp"

namespace {

// The one list of options: `f(name, field, stages, help, check...)`.
template <class F>
FITNAS_COLD void for_each_option(settings& s, F&& f) {
    const CLI::Range fraction(1e-9, 1.0, "a number above 0, up to 1");
    const CLI::Range one_up(1, 1000000);
    const CLI::Range two_up(2, 1000000);
    const CLI::Range not_negative(0.0, 1e18);
    const CLI::Range side(0, 65535);
    const CLI::Range share(0.0, 1.0);
    f("space", s.space, in::every,
      "fashion_tiny (the default), fashion_mini, nas_bench_macro, nas_bench_201 or mobile_19x6",
      CLI::IsMember({"fashion_tiny", "fashion_mini", "nas_bench_macro", "nas_bench_201", "mobile_19x6"}));
    f("seed", s.seed, in::every, "of everything that is random");
    f("data", s.data, in::images,
      "fashion-mnist:DIR, cifar10:DIR (binary files), idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS] (images N "
      "x H x W, or N x H x W x C in colour), images:TRAIN[,TEST] (a folder for each class; "
      "docs/your-own.md), images-lazy:TRAIN[,TEST] (the same, decoded when they are read), pack:TRAIN[,TEST] "
      "(files of pack_images, or folders of such), "
      "synthetic; names may have commas");
    f("image-size", s.image_size, in::images | in::report,
      "side of the images of mobile_19x6: 64 or 224; 0: as the classes of the data ask for", side);
    f("classes", s.classes, in::images | in::report, "of mobile_19x6; 0: as many as the data have", side);
    f("train-images", s.train_images, in::images, "training images that are used, 0 for all");
    f("validation-images", s.validation_images, in::images,
      "images taken out of the training set, to compare networks", one_up);

    f("epochs", s.epochs, in::train | in::error, "of the supernet", one_up);
    f("batch", s.batch, in::trainings, "images of a training step", one_up);
    f("learning-rate", s.learning_rate, in::trainings, "at its peak, above 0", CLI::PositiveNumber);
    f("warmup", s.warmup, in::trainings, "epochs in which the learning rate rises", not_negative);
    f("label-smoothing", s.label_smoothing, in::trainings, "from 0 to less than 1", CLI::Range(0.0, 0.999));
    f("augment", s.augment, in::trainings, "crop and flip training images");
    f("resized-crop", s.resized_crop, in::trainings,
      "instead of that crop a random part of each training image, at least this share of its area, scaled; "
      "0: "
      "none",
      share);
    f("jitter", s.jitter, in::trainings,
      "change brightness, contrast and saturation of training images by up to this share", share);
    f("read-ahead", s.read_ahead, in::trainings,
      "threads that read images beside the computing ones, of each training; results do not depend on it",
      CLI::Range(0, 1024));
    f("parts", s.parts, in::train | in::error | in::retrain,
      "the supernet's batches go through in so many parts; 0: one for each process that trains it",
      CLI::Range(0, 1000000));
    f("share", s.share, in::train | in::error | in::retrain,
      "of a step of the supernet, what each of several processes does: images, images_synchronised (batch "
      "norm over all) or paths",
      CLI::IsMember({"images", "images_synchronised", "paths"}));
    f("recompute", s.recompute, in::trainings,
      "compute activations again in backward, for less memory; results do not depend on it");
    f("sampling", s.sampling, in::train | in::error,
      "of the supernet's paths: uniform, strict_fair, fair_in_turn or sandwich (docs/supernet.md)",
      CLI::IsMember(std::vector<std::string>(fitnas::sampling_names.begin(), fitnas::sampling_names.end())));
    f("zero-init-residual", s.zero_init_residual, in::train | in::error,
      "the supernet's cells that add their input begin as identity");
    f("init-alike", s.init_alike, in::train | in::error,
      "the supernet's operators that differ in kernels and inner widths begin as the same function");

    f("supernet-cells", s.supernet_cells, in::train | in::evaluate | in::error,
      "of nas_bench_201, cells a stage of the supernet: 1, whose scores stand for those of five; 0: five",
      CLI::Range(0, 1));

    f("supernets", s.supernets, in::train | in::evaluate,
      "so many are trained, with a seed each, and a score is the mean of theirs", CLI::Range(1, 1000));

    f("samples", s.samples, in::sample, "networks that are scored, 0 for all");

    f("score", s.score, in::scores, "negative_loss (less noisy) or accuracy; scores.csv has both",
      CLI::IsMember({"accuracy", "negative_loss"}));
    f("score-images", s.score_images, in::scores,
      "validation images that a score is taken on, each class in proportion", one_up);
    f("calibration", s.calibration, in::scores, "training images for batch norm statistics", one_up);
    f("score-batch", s.score_batch, in::scores,
      "images that are scored together, with those of --calibration: memory grows with both", one_up);
    f("statistics", s.statistics, in::scores, "calibrated, or batch: of the scored images themselves",
      CLI::IsMember({"calibrated", "batch"}));

    f("scores", s.scores, in::fit | in::fidelities, "fit to this table arch,score instead of scores.csv",
      CLI::ExistingFile);
    f("plan", s.plan, in::fit | in::error,
      "which GCNs are averaged: cautious, careful, broad, close, smoothed, or chosen, which is smoothed for "
      "the scores of a supernet",
      CLI::IsMember(plan_names()));
    f("folds", s.folds, in::fit | in::segments, "of the cross-validation", two_up);

    f("table", s.table, in::search,
      "search the networks of this table arch,score, by their scores, instead of the fitted space",
      CLI::ExistingFile);
    f("candidates", s.candidates, in::search, "how many of the best are listed", one_up);
    f("macs-share", s.macs_share, in::search | in::segments,
      "limit: this share of the heaviest network's multiply-accumulates; 1 for none", fraction);
    f("max-macs", s.max_macs, in::search | in::segments,
      "limit on multiply-accumulates instead of --macs-share; 0 for none", not_negative);
    f("max-parameters", s.max_parameters, in::search | in::segments, "limit on parameters; 0 for none",
      not_negative);

    f("finalists", s.finalists, in::retrain, "the first so many candidates; 0: `run` leaves the stage out");
    f("random-networks", s.random_networks, in::retrain,
      "random networks of the winner's cost, to compare with");
    f("retrain-seeds", s.retrain_seeds, in::retrain, "trainings of each", one_up);
    f("retrain-epochs", s.retrain_epochs, in::retrain, "of each training", one_up);
    f("retrain-together", s.retrain_together, in::retrain,
      "several processes train each network together, as --parts and --share say, and not one each");
    f("checkpoint-steps", s.checkpoint_steps, in::train | in::retrain,
      "of a training, from one checkpoint to the next", one_up);

    f("truth", s.truth, in::truth,
      "how many random networks are trained by themselves: a number, all or none");
    f("truth-seeds", s.truth_seeds, in::truth, "trainings of each", one_up);
    f("truth-epochs", s.truth_epochs, in::truth, "of each training", one_up);
    f("truth-table", s.truth_table, in::truth, "take the truth from this table instead", CLI::ExistingFile);
    f("truth-column", s.truth_column, in::truth, "its column; the codes are in the column arch");
    f("known-truths", s.known_truths, in::fidelities | in::search,
      "so many truths, drawn at random, are fitted together with the scores, and `search` goes by that fit "
      "where it is there; 0: `run` leaves the stage out, and `search` goes by the scores alone");

    f("error-seeds", s.error_seeds, in::error, "supernets, from 2; 0: `run` leaves the stage out");
    f("error-folds", s.error_folds, in::error, "disjoint sets of --score-images validation images", two_up);
    f("selected", s.selected, in::error | in::report, "the top of a ranking is this share of it", fraction);

    f("segment-samples", s.segment_samples, in::segments, "scores for the GCN of each segment", two_up);
    f("segment-rescored", s.segment_rescored, in::segments,
      "the best of each segment by its GCN, which are scored again; 6 are kept", CLI::Range(6, 1000000));
    f("segment-fills", s.segment_fills, in::segments,
      "cells behind a segment, drawn at random, that such a score is averaged over", one_up);
    f("segment-epochs", s.segment_epochs, in::segments, "of each GCN", one_up);
    f("noise", s.noise, in::segments,
      "without --data: standard deviation of a score from the made-up quality", not_negative);

    f("chart-js", s.chart_js, in::report, "path of Chart.js 3, which is copied into the page");
}

// Of images of 64 x 64 an hour on two quiet cores, of 224 x 224 what a cluster or very long patience has time
// for: numbers of epochs are those of FairNAS (arXiv 1907.01845), of scores ours.
FITNAS_COLD void mobile_preset(settings& s) {
    const bool tiny = s.image_size < 128;
    s.sampling = "uniform";
    s.augment = true;
    s.resized_crop = tiny ? 0.5 : 0.08;
    s.label_smoothing = 0.1;
    s.zero_init_residual = true; // without these two a supernet this deep hardly leaves chance
    s.init_alike = true;
    s.read_ahead = 1;
    s.batch = tiny ? 32 : 128; // few images: rather many steps
    s.learning_rate = tiny ? 0.02 : 0.05;
    s.warmup = 0.5;
    s.macs_share = 0.7; // the median of random networks: those of the winner's cost are easily found
    s.truth = "none";
    s.error_seeds = 0;
    s.train_images = tiny ? 20000 : 0;
    s.validation_images = tiny ? 5000 : 50000;
    s.epochs = tiny ? 15 : 150;
    s.score_images = tiny ? 400 : 2000;
    s.calibration = tiny ? 256 : 512;
    s.score_batch = tiny ? 2000 : 500;
    s.segment_samples = tiny ? 500 : 1000;
    s.segment_rescored = tiny ? 40 : 60;
    s.retrain_seeds = tiny ? 2 : 1;
    s.retrain_epochs = tiny ? 4 : 250;
    if (s.quick) {
        s.train_images = tiny ? 2000 : 512;
        s.validation_images = tiny ? 500 : 100;
        s.epochs = tiny ? 3 : 1;
        s.batch = 32;
        s.score_images = tiny ? 100 : 50;
        s.calibration = tiny ? 100 : 50;
        s.segment_samples = tiny ? 60 : 20;
        s.segment_rescored = tiny ? 12 : 6;
        s.segment_fills = 1;
        s.segment_epochs = 50;
        s.random_networks = 2;
        s.retrain_seeds = 1;
        s.retrain_epochs = tiny ? 2 : 1;
    }
}

// What each space begins with.
FITNAS_COLD void apply_preset(settings& s) {
    if (s.space == "fashion_tiny" && s.quick) {
        s.train_images = 4000;
        s.epochs = 4;
        s.truth = "81";
        s.truth_epochs = 2;
        s.retrain_epochs = 4;
    }
    if (s.space == "fashion_mini") {
        s.epochs = s.quick ? 2 : 5;
        s.samples = s.quick ? 100 : 300;
        s.score_images = 1000;
        s.learning_rate = 0.15;
        s.retrain_seeds = 1;
        s.retrain_epochs = s.quick ? 2 : 8;
        s.truth = "none";
        s.error_seeds = 0;
    }
    if (s.space == "nas_bench_macro") {
        s.train_images = 0;
        s.validation_images = 5000;
        s.epochs = s.quick ? 1 : 9;
        s.batch = 128;
        s.label_smoothing = 0.1;
        s.augment = true;
        s.samples = s.quick ? 100 : 0;
        s.score_images = 1000;
        s.finalists = 0;
        s.truth = "none";
        s.truth_column = "mean_acc";
        s.known_truths = 20;
        s.error_seeds = 0;
    }
    if (s.space == "nas_bench_201") {
        s.train_images = s.quick ? 5000 : 25000;
        s.validation_images = 5000;
        s.supernet_cells = s.quick ? 0 : 1; // ranks networks with five better than five do (docs/supernet.md)
        s.epochs = 2;                       // of five paths a step; longer is not better there
        s.batch = 32;                       // many steps; single paths rank worse by losses
        s.learning_rate = s.quick ? 0.1 : 0.05;
        s.augment = true;
        s.samples = s.quick ? 300 : 0;
        s.score_images = s.quick ? 200 : 1000;
        s.statistics = "batch";
        s.finalists = s.quick ? 1 : 0;
        s.retrain_seeds = 1;
        s.retrain_epochs = 4;
        s.truth = "none";
        s.truth_column = "c10_test";
        s.known_truths = 20;
        s.error_seeds = 0;
    }
    if (s.space == "mobile_19x6") {
        s.macs_share = 1;
        if (!s.data.empty()) {
            mobile_preset(s);
        }
    }
}

FITNAS_COLD void read_options(settings& s, const json& known) {
    for_each_option(s, [&](const char* name, auto& field, unsigned, const char*, auto&&...) {
        if (known.contains(name)) {
            field = known.at(name).template get<std::remove_reference_t<decltype(field)>>();
        }
    });
}

// What the user asked for.
struct request {
    settings with;
    std::string stage;
};

// Throws CLI::ParseError.
FITNAS_COLD void parse(CLI::App& app, int argc, char** argv, request& r) {
    app.require_subcommand(1);
    const auto add = [&](const char* name, const char* help, unsigned bits) {
        CLI::App* stage = app.add_subcommand(name, help);
        stage->add_option("--out", r.with.out, "folder of the run")->capture_default_str();
        if (bits == in::every) {
            stage->add_flag("--quick", r.with.quick,
                            "a run of minutes that shows that all works; its page says that it is one");
        }
        for_each_option(
            r.with, [&](const char* option, auto& field, unsigned of, const char* text, auto&&... check) {
                if ((of & bits) != 0) {
                    using type = std::remove_reference_t<decltype(field)>;
                    if constexpr (std::is_same_v<type, bool>) {
                        stage->add_flag(std::string("--") + option + ",!--no-" + option, field, text);
                    } else {
                        auto* added =
                            stage->add_option(std::string("--") + option, field, text)->capture_default_str();
                        (added->check(check), ...);
                    }
                }
            });
        stage->callback([&r, name] { r.stage = name; });
    };
    for (const stage_name& s : stages) {
        add(s.name, s.help, s.bit);
    }
    add("run", "All stages that the space and the options ask for; those that are done are not done again",
        in::every);
    app.parse(argc, argv);
}

// Defaults, the space's preset, what the folder's run began with, and the command line, in this order.
FITNAS_COLD request read_request(int argc, char** argv, CLI::App& app) {
    request first;
    try {
        CLI::App quiet;
        parse(quiet, argc, argv, first);
    } catch (const CLI::ParseError&) { // thrown again below
    }
    request r;
    r.with.space = first.with.space;
    r.with.quick = first.with.quick;
    const std::string manifest = first.with.out + "/manifest.json";
    const json known = study::is_there(manifest) ? read_json(manifest) : json::object();
    if (known.contains("options")) {
        const std::string space = known.value("space", "");
        if ((!r.with.space.empty() && r.with.space != space) ||
            (r.with.quick && !known.value("quick", false))) {
            throw option_error("[F1101] --out: " + first.with.out + " holds a run of " + space +
                               (known.value("quick", false) ? ", quick" : ", not quick") +
                               "; give another folder");
        }
        r.with.space = space;
        r.with.quick = known.value("quick", false);
    }
    if (r.with.space.empty()) {
        r.with.space = "fashion_tiny";
    }
    const json options = known.value("options", json::object());
    r.with.data = first.with.data.empty() ? options.value("data", "") : first.with.data;
    r.with.image_size = first.with.image_size > 0 ? first.with.image_size : options.value("image-size", 0);
    r.with.classes = first.with.classes > 0 ? first.with.classes : options.value("classes", 0);
    if (r.with.space == "mobile_19x6" && !r.with.data.empty() && options.value("data", "?").empty()) {
        throw option_error("[F1113] --out: " + first.with.out +
                           " holds a run without images; give another folder");
    }
    choose_mobile_19x6(r.with);
    const settings chosen = r.with;
    apply_preset(r.with);
    if (!options.empty() && !options.contains("supernet-cells")) { // a run from before there was a choice
        r.with.supernet_cells = 0;
    }
    if (!options.empty() && !options.contains("supernets")) {
        r.with.supernets = 1;
    }
    read_options(r.with, options);
    parse(app, argc, argv, r);
    r.with.image_size = chosen.image_size;
    r.with.classes = chosen.classes;
    return r;
}

} // namespace

FITNAS_COLD json options_of(settings s, unsigned of_stages) {
    json all = json::object();
    for_each_option(s, [&](const char* name, auto& field, unsigned stages_of, const char*, auto&&...) {
        if ((stages_of & of_stages) != 0) {
            all[name] = field;
        }
    });
    return all;
}

// @param together processes that share the run; null: this one is alone
static void run_study(int argc, char** argv, CLI::App& app, peers* together) {
    silent = !fitnas::detail::is_first(together);
    const request r = read_request(argc, argv, app);
    fitnas::detail::any_of(together, false); // all have read what the first will write
    runner all(r.with, together);
    if (r.with.space == "fashion_tiny") {
        all.run<spaces::fashion_tiny>(r.stage);
    } else if (r.with.space == "fashion_mini") {
        all.run<spaces::fashion_mini>(r.stage);
    } else if (r.with.space == "nas_bench_macro") {
        all.run<spaces::nas_bench_macro>(r.stage);
    } else if (r.with.space == "nas_bench_201" && r.with.quick) {
        all.run<quick_nas_bench_201>(r.stage);
    } else if (r.with.space == "nas_bench_201") {
        all.run<spaces::nas_bench_201<>>(r.stage);
    } else {
        all.run_mobile_19x6(r.stage);
    }
}

static void tell(const std::string& text) {
    if (!silent) {
        std::fprintf(stderr, "study: %s\n", text.c_str());
    }
}

// Says what was thrown. @return the exit code
static int explain(const CLI::App& app) {
    try {
        throw;
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) {
            return silent ? 0 : app.exit(e);
        }
        tell(std::string(e.what()) + "\nstudy --help and study STAGE --help list what there is.");
        return 2;
    } catch (const option_error& e) {
        tell(e.what());
        return 2;
    } catch (const interrupted& e) {
        tell(std::string(e.what()) + "\nThe same command goes on.");
        return 130;
    } catch (const std::exception& e) {
        tell(e.what());
        return 1;
    }
}

int main(int argc, char** argv) {
    CLI::App app(
        "A study of weight-sharing architecture search, from data to a report. Each stage reads and writes "
        "files in the run's folder. Options that a run began with are kept in its manifest.json; one given "
        "again replaces them.",
        "study");
#ifdef FITNAS_STUDY_MPI
    int code = -1;
    try {
        mpi::session all(argc, argv);
        try {
            run_study(argc, argv, app, &all);
            return 0;
        } catch (const std::exception& e) { // said before the others may end this process
            all.last_words = e.what();
            code = explain(app);
            throw;
        }
    } catch (const std::exception&) {
        return code >= 0 ? code : explain(app);
    }
#else
    try {
        run_study(argc, argv, app, nullptr);
        return 0;
    } catch (const std::exception&) {
        return explain(app);
    }
#endif
}
