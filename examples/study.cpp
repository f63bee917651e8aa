// A study from data to a report, stage by stage or all at once, in a folder of its own:
//
//   study run --space fashion_tiny --data fashion-mnist:/usr/share/datasets/fashion-mnist --out out/tiny
//   --seed 7
//
// docs/reproduce.md has the commands that reproduce published claims. Exit codes: 0, 1 where something went
// wrong, 2 for wrong options, 130 where it was interrupted (the same command goes on).

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/data_source.hpp>
#include <fitnas/study/error.hpp>
#include <fitnas/study/report.hpp>
#include <fitnas/study/search.hpp>
#include <fitnas/study/segments.hpp>
#include <fitnas/study/truth.hpp>

#include "console.hpp"

using namespace fitnas;

namespace {

// --- Options
// --------------------------------------------------------------------------------------------------

struct settings {
    std::string out = "out/study";
    std::string space;
    std::string data;
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
    bool augment = false;

    std::size_t samples = 0;

    std::string score = "accuracy";
    std::size_t score_images = 500;
    std::size_t calibration = 512;
    std::string statistics = "calibrated";

    std::string scores;
    int members = 3;
    int folds = 5;
    int fit_epochs = 300;

    std::string table;
    std::size_t candidates = 10;
    double macs_share = 0.6;
    long long max_macs = 0;
    long long max_parameters = 0;

    std::size_t finalists = 1;
    std::size_t random_networks = 3;
    int retrain_seeds = 3;
    int retrain_epochs = 8;

    std::string truth = "all";
    std::string truth_table;
    std::string truth_column = "score";
    int truth_seeds = 3;
    int truth_epochs = 4;

    int error_seeds = 3;
    int error_folds = 4;
    double selected = 0.25;

    std::size_t segment_samples = 1000;
    double noise = 0.01;
    int segment_epochs = 100;

    std::string chart_js = study::report_settings{}.chart_js;
};

// Which stages an option belongs to.
enum : unsigned {
    train = 1,
    sampled = 2,
    evaluated = 4,
    fitted_space = 8,
    searched = 16,
    retrained_alone = 32,
    truths = 64,
    errors = 128,
    segmented = 256,
    reported = 512,
    images = train | evaluated | retrained_alone | truths | errors,
    every = 1023
};

struct stage_name {
    const char* name;
    unsigned bit;
    const char* help;
};
constexpr stage_name stages[] = {
    {"train", train, "Train the supernet: supernet.safetensors, training.csv"},
    {"sample", sampled, "Draw networks: architectures.csv"},
    {"evaluate", evaluated, "Score them with the supernet's weights: scores.csv"},
    {"fit", fitted_space,
     "Fit a GCN to a table arch,score: predictor.json, predictions.csv, held_out.csv, predictors.csv"},
    {"search", searched, "Search the fitted space, or a table arch,score: candidates.csv, front.csv"},
    {"retrain", retrained_alone, "Train the winner and others of its cost by themselves: retrained.csv"},
    {"truth", truths, "Train many networks by themselves, or read a table of truths: truth.csv"},
    {"error", errors, "Split the error of a score into its parts: error_parts.csv, error_ranking.csv"},
    {"segments", segmented,
     "Search mobile_19x6 by segments against a made-up quality: segments.csv, segments_result.csv"},
    {"report", reported, "Write the page: report.html, charts/, ranking.csv"},
};

// The one list of options: `f(name, field, stages, help, check...)`.
template <class F>
void for_each_option(settings& s, F&& f) {
    const CLI::Range fraction(1e-9, 1.0, "a number above 0, up to 1");
    const CLI::Range one_up(1, 1000000);
    const CLI::Range two_up(2, 1000000);
    const CLI::Range not_negative(0.0, 1e18);
    f("space", s.space, every, "fashion_tiny (the default), fashion_mini, nas_bench_macro or mobile_19x6",
      CLI::IsMember({"fashion_tiny", "fashion_mini", "nas_bench_macro", "mobile_19x6"}));
    f("seed", s.seed, every, "of everything that is random");
    f("data", s.data, images,
      "fashion-mnist:DIR, cifar10:DIR (binary files), idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS], "
      "synthetic");
    f("train-images", s.train_images, images, "training images that are used, 0 for all");
    f("validation-images", s.validation_images, images,
      "images taken out of the training set, to compare networks", one_up);

    f("epochs", s.epochs, train | errors, "of the supernet", one_up);
    f("batch", s.batch, train | errors | retrained_alone | truths, "images of a training step", one_up);
    f("learning-rate", s.learning_rate, train | errors | retrained_alone | truths, "at its peak, above 0",
      CLI::PositiveNumber);
    f("warmup", s.warmup, train | errors | retrained_alone | truths,
      "epochs in which the learning rate rises", not_negative);
    f("label-smoothing", s.label_smoothing, train | errors | retrained_alone | truths,
      "from 0 to less than 1", CLI::Range(0.0, 0.999));
    f("augment", s.augment, train | errors | retrained_alone | truths, "crop and flip training images");
    f("sampling", s.sampling, train | errors, "of the supernet's paths: strict_fair or uniform",
      CLI::IsMember({"strict_fair", "uniform"}));

    f("samples", s.samples, sampled, "networks that are scored, 0 for all");

    f("score", s.score, evaluated | errors, "accuracy or negative_loss; scores.csv has both",
      CLI::IsMember({"accuracy", "negative_loss"}));
    f("score-images", s.score_images, evaluated | errors, "validation images that a score is taken on",
      one_up);
    f("calibration", s.calibration, evaluated | errors, "training images for batch norm statistics", one_up);
    f("statistics", s.statistics, evaluated | errors, "calibrated, or batch: of the scored images themselves",
      CLI::IsMember({"calibrated", "batch"}));

    f("scores", s.scores, fitted_space, "fit to this table arch,score instead of scores.csv",
      CLI::ExistingFile);
    f("members", s.members, fitted_space | errors, "GCNs whose predictions are averaged", one_up);
    f("fit-epochs", s.fit_epochs, fitted_space | errors, "of each GCN", one_up);
    f("folds", s.folds, fitted_space, "of the cross-validation", two_up);

    f("table", s.table, searched,
      "search the networks of this table arch,score, by their scores, instead of the fitted space",
      CLI::ExistingFile);
    f("candidates", s.candidates, searched, "how many of the best are listed", one_up);
    f("macs-share", s.macs_share, searched,
      "limit: this share of the heaviest network's multiply-accumulates; 1 for none", fraction);
    f("max-macs", s.max_macs, searched | segmented,
      "limit on multiply-accumulates instead of --macs-share; 0 for none", not_negative);
    f("max-parameters", s.max_parameters, searched | segmented, "limit on parameters; 0 for none",
      not_negative);

    f("finalists", s.finalists, retrained_alone,
      "the first so many candidates; 0: `run` leaves the stage out");
    f("random-networks", s.random_networks, retrained_alone,
      "random networks of the winner's cost, to compare with");
    f("retrain-seeds", s.retrain_seeds, retrained_alone, "trainings of each", one_up);
    f("retrain-epochs", s.retrain_epochs, retrained_alone, "of each training", one_up);

    f("truth", s.truth, truths, "how many random networks are trained by themselves: a number, all or none");
    f("truth-seeds", s.truth_seeds, truths, "trainings of each", one_up);
    f("truth-epochs", s.truth_epochs, truths, "of each training", one_up);
    f("truth-table", s.truth_table, truths, "take the truth from this table instead", CLI::ExistingFile);
    f("truth-column", s.truth_column, truths, "its column; the codes are in the column arch");

    f("error-seeds", s.error_seeds, errors, "supernets, from 2; 0: `run` leaves the stage out");
    f("error-folds", s.error_folds, errors, "disjoint sets of --score-images validation images", two_up);
    f("selected", s.selected, errors | reported, "the top of a ranking is this share of it", fraction);

    f("segment-samples", s.segment_samples, segmented, "scores for the GCN of each segment", two_up);
    f("segment-epochs", s.segment_epochs, segmented, "of each GCN", one_up);
    f("noise", s.noise, segmented, "standard deviation of a score from the made-up quality", not_negative);

    f("chart-js", s.chart_js, reported, "path of Chart.js 3, which is copied into the page");
}

// What each space begins with.
void apply_preset(settings& s) {
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
        s.error_seeds = 0;
    }
}

json to_json(settings s, unsigned of_stages) {
    json all = json::object();
    for_each_option(s, [&](const char* name, auto& field, unsigned stages_of, const char*, auto&&...) {
        if ((stages_of & of_stages) != 0) {
            all[name] = field;
        }
    });
    return all;
}

void read_options(settings& s, const json& known) {
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
void parse(CLI::App& app, int argc, char** argv, request& r) {
    app.require_subcommand(1);
    const auto add = [&](const char* name, const char* help, unsigned bits) {
        CLI::App* stage = app.add_subcommand(name, help);
        stage->add_option("--out", r.with.out, "folder of the run")->capture_default_str();
        if (bits == every) {
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
        every);
    app.parse(argc, argv);
}

// --- Stages
// -----------------------------------------------------------------------------------------------------

void say(const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

observer bar(const std::string& piece) { return console::bar(piece); }

class runner {
public:
    runner(const settings& s) : m(s), m_folder(s.out) {
        m_folder.note("space", m.space);
        m_folder.note("quick", m.quick);
        m_folder.note("options", to_json(m, every));
    }

    template <search_space_type Space>
    void run(const std::string& name) {
        if (name != "run") {
            one<Space>(name, true);
            return;
        }
        if (m.space == "mobile_19x6") {
            one<Space>("segments", false);
            one<Space>("report", true);
            return;
        }
        for (const stage_name& s : stages) {
            const bool wanted = s.bit == retrained_alone ? m.finalists > 0
                                : s.bit == truths        ? m.truth != "none" || !m.truth_table.empty()
                                : s.bit == errors        ? m.error_seeds > 0
                                                         : s.bit != segmented;
            if (wanted) {
                one<Space>(s.name, s.bit == reported);
            }
        }
    }

private:
    // No reader has images of 224 x 224 x 3, so that space is searched, not trained.
    template <search_space_type Space>
    static constexpr bool trainable = Space::input.height <= 32;

    template <search_space_type Space>
    void one(const std::string& name, bool again) {
        if constexpr (trainable<Space>) {
            if (with_images<Space>(name, again)) {
                return;
            }
        }
        if (name == "sample") {
            perform(name, sampled, {}, {"architectures.csv"}, {}, again,
                    [&] { study::sample_stage<Space>(m_folder, m.samples, seed{m.seed}); });
        } else if (name == "fit") {
            const std::string table = m.scores.empty() ? m_folder.file("scores.csv") : m.scores;
            perform(name, fitted_space, {table},
                    {"predictor.json", "predictions.csv", "held_out.csv", "predictors.csv"}, {}, again,
                    [&] { study::fit_stage<Space>(m_folder, table, fitting(), bar); });
        } else if (name == "search") {
            perform(name, searched, {m.table.empty() ? "predictor.json" : m.table},
                    {"candidates.csv", "front.csv"}, {}, again, [&] {
                        study::search_stage<Space>(m_folder, m.table, {m.candidates, limit<Space>()});
                    });
        } else if (name == "segments") {
            perform(name, segmented, {}, {"segments.csv", "segments_result.csv"}, {}, again, [&] {
                study::segments_stage<spaces::mobile_19x6, search::segments<7, 6, 6>>(
                    m_folder, {m.segment_samples, m.noise, given_limit(), m.segment_epochs, seed{m.seed}},
                    bar);
            });
        } else if (name == "report") {
            perform(name, reported, {}, {"report.html"}, {}, again, [&] {
                if (!study::report_stage<Space>(m_folder, {m.selected, m.chart_js})) {
                    say("report: no charts: Chart.js was not found at " + m.chart_js);
                }
            });
            say("report: " + m_folder.file("report.html"));
        } else {
            throw option_error("--space: there are no images to train " + m.space +
                               " on; the stages fit, search, segments, report and run have it");
        }
    }

    // Returns whether the stage is one of those that read images.
    template <search_space_type Space>
    bool with_images(const std::string& name, bool again) {
        if (name == "train") {
            perform(name, train, {}, {"supernet.safetensors", "training.csv"}, {"supernet.safetensors"},
                    again,
                    [&] { study::train_stage<Space>(m_folder, data<Space>(), training(m.epochs), bar); });
        } else if (name == "evaluate") {
            perform(
                name, evaluated, {"supernet.safetensors", "architectures.csv"}, {"scores.csv"}, {}, again,
                [&] { study::evaluate_stage<Space>(m_folder, data<Space>(), score(), evaluation(), bar); });
        } else if (name == "retrain") {
            perform(name, retrained_alone, {"candidates.csv"}, {"retrained.csv"}, {"retrained_runs.csv"},
                    again, [&] {
                        study::retrain_stage<Space>(
                            m_folder, data<Space>(),
                            {m.finalists, m.random_networks, m.retrain_seeds, training(m.retrain_epochs)},
                            bar);
                    });
        } else if (name == "truth") {
            perform(name, truths, {m.truth_table}, {"truth.csv"}, {"truth_runs.csv"}, again,
                    [&] { truth<Space>(); });
        } else if (name == "error") {
            perform(name, errors, {"architectures.csv", "truth.csv"}, {"error_scores.csv", "error_parts.csv"},
                    {"error_scores.csv", "error_supernet.safetensors"}, again, [&] {
                        study::error_stage<Space>(m_folder, data<Space>(),
                                                  {m.error_seeds, m.error_folds, m.score_images, m.selected,
                                                   score(), training(m.epochs), evaluation(), fitting()},
                                                  bar);
                    });
        } else {
            return false;
        }
        return true;
    }

    template <class Work>
    void perform(const std::string& name, unsigned bit, std::vector<std::string> inputs,
                 std::vector<std::string> outputs, std::vector<std::string> partial, bool again,
                 Work&& work) {
        json options = to_json(m, bit);
        options.erase("chart-js");
        if ((bit & images) != 0 && (bit != truths || m.truth_table.empty())) {
            options["data-files"] = data_files();
        }
        for (std::string& path : inputs) {
            path = path.empty() || path.find('/') != std::string::npos ? path : m_folder.file(path);
        }
        const stopwatch clock;
        const bool did =
            m_folder.perform({name, options, std::move(inputs), outputs, std::move(partial)}, again, work);
        std::string text;
        for (const std::string& file : outputs) {
            text += " " + file;
        }
        say(name + ":" + text + (did ? ", in " + console::duration(clock.seconds()) : ", done before"));
    }

    study::data_source source() const {
        if (m.data.empty()) {
            throw option_error(
                "--data is needed: fashion-mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS or synthetic");
        }
        return study::data_source::parse(m.data);
    }

    // Hashes of the files of images, which are part of a stage's key.
    const json& data_files() {
        if (!m_hashes) {
            m_hashes = json::object();
            for (const std::string& file : source().files()) {
                (*m_hashes)[file] = study::file_sha256(file);
            }
            m_folder.note("data_source", m.data);
            m_folder.note("data_files", *m_hashes);
        }
        return *m_hashes;
    }

    template <search_space_type Space>
    const dataset& data() {
        if (!m_data) {
            m_data = source().load(
                Space::input, Space::classes,
                {.validation = m.validation_images, .seed = seed{m.seed}, .train_limit = m.train_images});
        }
        return *m_data;
    }

    template <search_space_type Space>
    void truth() {
        if (!m.truth_table.empty()) {
            study::truth_stage<Space>(m_folder, m.truth_table, m.truth_column);
            return;
        }
        std::size_t networks = 0;
        if (m.truth != "all") {
            char* end = nullptr;
            networks = std::strtoull(m.truth.c_str(), &end, 10);
            if (networks == 0 || *end != '\0') {
                throw option_error("--truth: expected a number of networks or all, got \"" + m.truth + "\"");
            }
        }
        study::truth_stage<Space>(m_folder, data<Space>(), networks, m.truth_seeds, training(m.truth_epochs),
                                  bar);
    }

    train_options training(int epochs) const {
        train_options o{.epochs = epochs,
                        .batch = m.batch,
                        .learning_rate = m.learning_rate,
                        .warmup = m.warmup,
                        .label_smoothing = m.label_smoothing,
                        .seed = seed{m.seed}};
        o.sampling = m.sampling == "uniform" ? sampling::uniform : sampling::strict_fair;
        if (m.augment) {
            o.augment = augmentation{.crop_padding = 4, .flip = true};
        }
        return o;
    }
    evaluate_options evaluation() const {
        return {.statistics = m.statistics == "batch" ? statistics::batch : statistics::calibrated,
                .calibration = m.calibration,
                .images = m.score_images,
                .seed = seed{m.seed}};
    }
    study::score_kind score() const {
        return m.score == "accuracy" ? study::score_kind::accuracy : study::score_kind::negative_loss;
    }
    study::fit_settings fitting() const { return {m.members, m.folds, m.fit_epochs, seed{m.seed}}; }

    cost::limit given_limit() const {
        cost::limit limit;
        if (m.max_macs > 0) {
            limit = limit && cost::macs_at_most(m.max_macs);
        }
        return m.max_parameters > 0 ? limit && cost::parameters_at_most(m.max_parameters) : limit;
    }
    template <search_space_type Space>
    cost::limit limit() const {
        const auto share =
            static_cast<long long>(m.macs_share * static_cast<double>(study::most_macs<Space>()));
        return m.max_macs > 0 || m.macs_share >= 1 ? given_limit()
                                                   : given_limit() && cost::macs_at_most(share);
    }

    settings m;
    study::run_folder m_folder;
    std::optional<json> m_hashes;
    std::optional<dataset> m_data;
};

// Defaults, the space's preset, what the folder's run began with, and the command line, in this order.
request read_request(int argc, char** argv, CLI::App& app) {
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
    const json known = std::filesystem::exists(manifest) ? read_json(manifest) : json::object();
    if (known.contains("options")) {
        const std::string space = known.value("space", "");
        if ((!r.with.space.empty() && r.with.space != space) ||
            (r.with.quick && !known.value("quick", false))) {
            throw option_error("--out: " + first.with.out + " holds a run of " + space +
                               (known.value("quick", false) ? ", quick" : ", not quick") +
                               "; give another folder");
        }
        r.with.space = space;
        r.with.quick = known.value("quick", false);
    }
    if (r.with.space.empty()) {
        r.with.space = "fashion_tiny";
    }
    apply_preset(r.with);
    read_options(r.with, known.value("options", json::object()));
    parse(app, argc, argv, r);
    return r;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "A study of weight-sharing architecture search, from data to a report. Each stage reads and writes "
        "files in the run's folder. Options that a run began with are kept in its manifest.json; one given "
        "again replaces them.",
        "study");
    try {
        const request r = read_request(argc, argv, app);
        runner all(r.with);
        if (r.with.space == "fashion_tiny") {
            all.run<spaces::fashion_tiny>(r.stage);
        } else if (r.with.space == "fashion_mini") {
            all.run<spaces::fashion_mini>(r.stage);
        } else if (r.with.space == "nas_bench_macro") {
            all.run<spaces::nas_bench_macro>(r.stage);
        } else {
            all.run<spaces::mobile_19x6>(r.stage);
        }
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) {
            return app.exit(e);
        }
        std::fprintf(stderr, "study: %s\nstudy --help and study STAGE --help list what there is.\n",
                     e.what());
        return 2;
    } catch (const option_error& e) {
        std::fprintf(stderr, "study: %s\n", e.what());
        return 2;
    } catch (const interrupted& e) {
        std::fprintf(stderr, "study: %s\nThe same command goes on.\n", e.what());
        return 130;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "study: %s\n", e.what());
        return 1;
    }
}
