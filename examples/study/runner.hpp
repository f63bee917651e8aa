// Runs stages. Each space has a file of its own that compiles them for it.

#ifndef FITNAS_EXAMPLES_STUDY_RUNNER_HPP
#define FITNAS_EXAMPLES_STUDY_RUNNER_HPP

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/data_source.hpp>
#include <fitnas/study/error.hpp>
#include <fitnas/study/report.hpp>
#include <fitnas/study/search.hpp>
#include <fitnas/study/segments.hpp>
#include <fitnas/study/truth.hpp>

#include "../console.hpp"
#include "settings.hpp"

using namespace fitnas;

inline void say(const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

inline observer bar(const std::string& piece) { return console::bar(piece); }

class runner {
public:
    runner(const settings& s) : m(s), m_folder(s.out) {}

    // Defined below, not here: a function that is inline would be compiled by main.cpp too.
    template <search_space_type Space>
    void run(const std::string& name);

private:
    // No reader has images of 224 x 224 x 3, so that space is searched, not trained.
    template <search_space_type Space>
    static constexpr bool trainable = Space::input.height <= 32;

    template <search_space_type Space>
    FITNAS_COLD void one(const std::string& name, bool again) {
        if constexpr (trainable<Space>) {
            if (with_images<Space>(name, again)) {
                return;
            }
        }
        if (name == "sample") {
            perform<Space>(name, in::sample, {}, {"architectures.csv"}, {}, again,
                           [&] { study::sample_stage<Space>(m_folder, m.samples, seed{m.seed}); });
        } else if (name == "fit") {
            const std::string table = m.scores.empty() ? m_folder.file("scores.csv") : given(m.scores);
            perform<Space>(name, in::fit, {table},
                           {"predictor.json", "predictions.csv", "held_out.csv", "predictors.csv"}, {}, again,
                           [&] { study::fit_stage<Space>(m_folder, table, fitting(), bar); });
        } else if (name == "search") {
            const std::string input = m.table.empty() ? m_folder.file("predictor.json") : given(m.table);
            perform<Space>(name, in::search, {input}, {"candidates.csv", "front.csv"}, {}, again, [&] {
                study::search_stage<Space>(m_folder, m.table, {m.candidates, limit<Space>()}, bar);
            });
        } else if (name == "segments") {
            perform<Space>(name, in::segments, {}, {"segments.csv", "segments_result.csv"}, {}, again, [&] {
                study::segments_stage<spaces::mobile_19x6, search::segments<7, 6, 6>>(
                    m_folder, {m.segment_samples, m.noise, given_limit(), m.segment_epochs, seed{m.seed}},
                    bar);
            });
        } else if (name == "report") {
            perform<Space>(name, in::report, {}, {"report.html"}, {}, again, [&] {
                if (!study::report_stage<Space>(m_folder, {m.selected, m.chart_js}, bar)) {
                    say("report: no charts: Chart.js was not found at " + m.chart_js);
                }
            });
            say("report: " + m_folder.file("report.html"));
        } else {
            throw option_error("[F1102] --space: there are no images to train " + m.space +
                               " on; the stages fit, search, segments, report and run have it");
        }
    }

    // Returns whether the stage is one of those that read images.
    template <search_space_type Space>
    FITNAS_COLD bool with_images(const std::string& name, bool again) {
        if (name == "train") {
            perform<Space>(
                name, in::train, {}, {"supernet.safetensors", "training.csv"}, {"supernet.safetensors"},
                again, [&] { study::train_stage<Space>(m_folder, data<Space>(), training(m.epochs), bar); });
        } else if (name == "evaluate") {
            perform<Space>(
                name, in::evaluate,
                {m_folder.file("supernet.safetensors"), m_folder.file("architectures.csv")}, {"scores.csv"},
                {}, again,
                [&] { study::evaluate_stage<Space>(m_folder, data<Space>(), score(), evaluation(), bar); });
        } else if (name == "retrain") {
            perform<Space>(name, in::retrain, {m_folder.file("candidates.csv")}, {"retrained.csv"},
                           {"retrained_runs.csv"}, again, [&] {
                               study::retrain_stage<Space>(m_folder, data<Space>(),
                                                           {m.finalists, m.random_networks, m.retrain_seeds,
                                                            training(m.retrain_epochs)},
                                                           bar);
                           });
        } else if (name == "truth") {
            std::vector<std::string> tables;
            if (!m.truth_table.empty()) {
                tables.push_back(given(m.truth_table));
            }
            perform<Space>(name, in::truth, std::move(tables), {"truth.csv"}, {"truth_runs.csv"}, again,
                           [&] { truth<Space>(); });
        } else if (name == "error") {
            perform<Space>(name, in::error, {m_folder.file("architectures.csv"), m_folder.file("truth.csv")},
                           {"error_scores.csv", "error_parts.csv"},
                           {"error_scores.csv", "error_supernet.safetensors"}, again, [&] {
                               study::error_stage<Space>(m_folder, data<Space>(),
                                                         {m.error_seeds, m.error_folds, m.score_images,
                                                          m.selected, score(), training(m.epochs),
                                                          evaluation(), fitting()},
                                                         bar);
                           });
        } else {
            return false;
        }
        return true;
    }

    // A file that the user names: refused where it is not there, before anything changes.
    static std::string given(const std::string& path) {
        if (const fitnas::detail::byte_file opens(path); !std::filesystem::is_regular_file(path)) {
            throw data_error("[F1175] " + path + ": expected a file, which can be read more than once");
        }
        return path;
    }

    // What the folder's manifest remembers of a command: nothing before its first stage begins, and what was
    // there before where its options are refused.
    template <class Stages>
    FITNAS_COLD void remembered(Stages&& do_stages) {
        for (const char* key : {"space", "quick", "options"}) {
            const auto found = m_folder.manifest().find(key);
            m_before[key] = found == m_folder.manifest().end() ? json() : *found;
        }
        try {
            do_stages();
        } catch (const option_error&) {
            m_folder.note(m_before);
            throw;
        }
    }

    // The key of a stage has what files hold, never how their paths are spelt.
    template <search_space_type Space, class Work>
    void perform(const std::string& name, unsigned bit, std::vector<std::string> inputs,
                 std::vector<std::string> outputs, std::vector<std::string> partial, bool again,
                 Work&& work) {
        json options = options_of(m, bit);
        for (const char* path : {"data", "scores", "table", "truth-table", "chart-js"}) {
            options.erase(path);
        }
        if ((bit & in::images) != 0 && (bit != in::truth || m.truth_table.empty())) {
            options["images"] = images_hash<Space>();
        }
        m_folder.note({{"space", m.space}, {"quick", m.quick}, {"options", options_of(m, in::every)}});
        const stopwatch clock;
        const bool did =
            m_folder.perform({name, options, std::move(inputs), outputs, std::move(partial)}, again, work);
        std::string text;
        for (const std::string& file : outputs) {
            text += " " + file;
        }
        say("stage " + name + ":" + text +
            (did ? ", in " + console::duration(clock.seconds()) : ", done before"));
    }

    study::data_source source() const {
        if (m.data.empty()) {
            throw option_error(
                "[F1103] --data is needed: fashion-mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, images:DIR or "
                "synthetic");
        }
        return study::data_source::parse(m.data);
    }

    // Of the images as they are read, so that it is the same for the same images in other files.
    template <search_space_type Space>
    const std::string& images_hash() {
        if (m_images_hash.empty()) {
            json files = json::object();
            for (const std::string& file : source().files()) {
                files[file] = study::file_sha256(file);
            }
            m_folder.note("data_source", m.data);
            m_folder.note("data_files", files);
            m_images_hash = study::dataset_sha256(data<Space>());
        }
        return m_images_hash;
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

    // What the last stages would refuse after hours of training.
    template <search_space_type Space>
    void require_inputs() const {
        if (!m.scores.empty()) {
            merge_equal_networks(read_csv<Space>(given(m.scores)), "--scores");
        }
        if (!m.table.empty()) {
            given(m.table);
        }
        if (!m.truth_table.empty()) {
            merge_equal_networks(read_csv<Space>(given(m.truth_table), {.score = m.truth_column}),
                                 "--truth-table");
        } else if (m.truth != "none") {
            truth_networks();
        }
    }

    // Of how many networks to train the truth; 0: of all.
    std::size_t truth_networks() const {
        const auto networks =
            m.truth == "all" ? std::size_t{0} : fitnas::detail::read_number<std::size_t>(m.truth).value_or(0);
        if (networks == 0 && m.truth != "all") {
            throw option_error("[F1104] --truth: expected a number of networks or all, got \"" + m.truth +
                               "\"");
        }
        return networks;
    }

    template <search_space_type Space>
    void truth() {
        if (!m.truth_table.empty()) {
            study::truth_stage<Space>(m_folder, m.truth_table, m.truth_column);
            return;
        }
        study::truth_stage<Space>(m_folder, data<Space>(), truth_networks(), m.truth_seeds,
                                  training(m.truth_epochs), bar);
    }

    train_options training(int epochs) const {
        train_options o{.epochs = epochs,
                        .batch = m.batch,
                        .learning_rate = m.learning_rate,
                        .warmup = m.warmup,
                        .label_smoothing = m.label_smoothing,
                        .seed = seed{m.seed}};
        const auto& names = sampling_names();
        o.sampling = static_cast<sampling>(std::find(names.begin(), names.end(), m.sampling) - names.begin());
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
    score_measure score() const {
        return m.score == "accuracy" ? score_measure::accuracy : score_measure::negative_loss;
    }
    study::fit_settings fitting() const {
        study::fit_settings settings{.plan = {}, .folds = m.folds, .seed = seed{m.seed}};
        for (int p = 0; p < fit_plans; ++p) {
            if (m.plan == plan_names()[static_cast<std::size_t>(p) + 1]) {
                settings.plan = static_cast<fit_plan>(p);
            }
        }
        return settings;
    }

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
    json m_before = json::object();
    std::string m_images_hash;
    std::optional<dataset> m_data;
};

template <search_space_type Space>
FITNAS_COLD void runner::run(const std::string& name) {
    remembered([&] {
        if (name != "run") {
            one<Space>(name, true);
            return;
        }
        if (m.space == "mobile_19x6") {
            one<Space>("segments", false);
            one<Space>("report", true);
            return;
        }
        require_inputs<Space>();
        for (const stage_name& s : stages) {
            const bool wanted = s.bit == in::retrain ? m.finalists > 0
                                : s.bit == in::truth ? m.truth != "none" || !m.truth_table.empty()
                                : s.bit == in::error ? m.error_seeds > 0
                                                     : s.bit != in::segments;
            if (wanted) {
                one<Space>(s.name, s.bit == in::report);
            }
        }
    });
}

extern template void runner::run<spaces::fashion_tiny>(const std::string&);
extern template void runner::run<spaces::fashion_mini>(const std::string&);
extern template void runner::run<spaces::nas_bench_macro>(const std::string&);
extern template void runner::run<spaces::mobile_19x6>(const std::string&);

#endif
