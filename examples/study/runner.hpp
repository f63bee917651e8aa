// Runs stages. Each space has a file of its own that compiles them for it.

#ifndef FITNAS_EXAMPLES_STUDY_RUNNER_HPP
#define FITNAS_EXAMPLES_STUDY_RUNNER_HPP

#include <algorithm>
#include <concepts>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/space/nas_bench_201.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/study/data_source.hpp>
#include <fitnas/study/error.hpp>
#include <fitnas/study/report.hpp>
#include <fitnas/study/search.hpp>
#include <fitnas/study/segments.hpp>
#include <fitnas/study/supernet_segments.hpp>
#include <fitnas/study/truth.hpp>
#include <fitnas/study/two_fidelities.hpp>

#include "../console.hpp"
#include "settings.hpp"

using namespace fitnas;

// One cell where the benchmark has five: other networks, of which no table has the truth.
using quick_nas_bench_201 = spaces::nas_bench_201<1>;

// The paper's space, in whichever size.
template <class Space>
inline constexpr bool is_mobile_19x6 = std::derived_from<Space, spaces::mobile_19x6>;
template <int Side, int Classes>
inline constexpr bool is_mobile_19x6<spaces::mobile_19x6_of<Side, Classes>> = true;

// Finds out, of mobile_19x6 with images, which size and how many classes; refuses what is not compiled.
void choose_mobile_19x6(settings& s);

// Of several processes the first speaks.
inline bool silent = false;

inline void say(const std::string& text) {
    if (silent) {
        return;
    }
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

inline observer bar(const std::string& piece) { return silent ? observer() : console::bar(piece); }

class runner {
public:
    // all: processes that share the run; null: this process is alone
    runner(const settings& s, peers* all) : m(s), m_folder(s.out, all) {}

    // Defined below, not here: a function that is inline would be compiled by main.cpp too.
    template <search_space_type Space>
    void run(const std::string& name);
    void run_mobile_19x6(const std::string& stage);

private:
    template <search_space_type Space>
    FITNAS_COLD void one(const std::string& name, bool again) {
        if (with_images<Space>(name, again)) {
            return;
        }
        if (name == "sample") {
            perform(name, in::sample, {}, {"architectures.csv"}, {}, again,
                    [&] { study::sample_stage<Space>(m_folder, m.samples, seed{m.seed}); });
        } else if (name == "fit") {
            const std::string table = m.scores.empty() ? m_folder.file("scores.csv") : given(m.scores);
            perform(name, in::fit, {table},
                    {"predictor.json", "predictions.csv", "held_out.csv", "predictors.csv"}, {}, again,
                    [&] { study::fit_stage<Space>(m_folder, table, fitting(), bar); });
        } else if (name == "search") {
            // The best that is known of the space: where truths were fitted too, that fit.
            const bool with_truths = m.known_truths > 0 && m_folder.has("two_fidelities.json");
            const std::string input =
                !m.table.empty() ? given(m.table)
                                 : m_folder.file(with_truths ? "two_fidelities.json" : "predictor.json");
            perform(name, in::search, {input}, {"candidates.csv", "front.csv"}, {}, again, by_first([&] {
                        study::search_stage<Space>(m_folder, m.table,
                                                   {m.candidates, limit<Space>(), with_truths}, bar);
                    }));
        } else if (name == "report") {
            perform(name, in::report, {}, {"report.html"}, {}, again, by_first([&] {
                        if (!study::report_stage<Space>(m_folder, {m.selected, m.chart_js}, bar)) {
                            say("report: no charts: Chart.js was not found at " + m.chart_js);
                        }
                    }));
            say("report: " + m_folder.file("report.html"));
        } else {
            throw option_error("[F1102] --space: the stage " + name + " does not have " + m.space +
                               "; study run --space " + m.space + " does those that have it");
        }
    }

    // Returns whether the stage is one of those that read images.
    template <search_space_type Space>
    FITNAS_COLD bool with_images(const std::string& name, bool again) {
        if (name == "train") {
            for (int which = 0; which < m.supernets; ++which) { // a run with fewer goes on
                const std::string file = study::supernet_file(which);
                perform(which == 0 ? name : name + "_" + std::to_string(which + 1), in::train, {},
                        {file, study::training_file(which)}, {file}, again, [&] {
                            with_supernet<Space>([&]<class Supernet>(std::type_identity<Supernet>) {
                                study::train_stage<Supernet>(m_folder, data(), shared_training(m.epochs), bar,
                                                             m.checkpoint_steps, initial(), which);
                            });
                        });
            }
        } else if (name == "retrain") {
            perform(name, in::retrain, {m_folder.file("candidates.csv")}, {"retrained.csv"},
                    retrain_partial<Space>(), again, [&] {
                        study::retrain_stage<Space>(m_folder, data(),
                                                    {m.finalists, m.random_networks, m.retrain_seeds,
                                                     retraining(), in_turn<Space>() ? m.checkpoint_steps : 0},
                                                    bar);
                    });
        } else if constexpr (is_mobile_19x6<Space>) {
            if (name != "segments") {
                return false;
            }
            segments<Space>(again);
        } else if (name == "evaluate") {
            std::vector<std::string> inputs{m_folder.file("architectures.csv")};
            for (int which = m.supernets; which-- > 0;) {
                inputs.insert(inputs.begin(), m_folder.file(study::supernet_file(which)));
            }
            perform(name, in::evaluate, inputs, {"scores.csv"}, {}, again, [&] {
                with_supernet<Space>([&]<class Supernet>(std::type_identity<Supernet>) {
                    study::evaluate_stage<Supernet>(m_folder, data(), score(), evaluation(), bar,
                                                    m.supernets);
                });
            });
        } else if (name == "truth") {
            std::vector<std::string> tables;
            if (!m.truth_table.empty()) {
                tables.push_back(given(m.truth_table));
            }
            perform(name, in::truth, std::move(tables), {"truth.csv"}, {"truth_runs.csv"}, again,
                    [&] { truth<Space>(); });
        } else if (name == "fidelities") {
            const std::string table = m.scores.empty() ? m_folder.file("scores.csv") : given(m.scores);
            perform(
                name, in::fidelities, {table, m_folder.file("truth.csv"), m_folder.file("predictions.csv")},
                {"two_fidelities.json", "two_fidelities.csv"}, {}, again, [&] {
                    study::two_fidelities_stage<Space>(m_folder, table, m.known_truths, seed{m.seed}, bar);
                });
        } else if (name == "error") {
            perform(name, in::error, {m_folder.file("architectures.csv"), m_folder.file("truth.csv")},
                    {"error_scores.csv", "error_parts.csv"},
                    {"error_scores.csv", "error_supernet.safetensors"}, again, [&] {
                        with_supernet<Space>([&]<class Supernet>(std::type_identity<Supernet>) {
                            study::error_stage<Supernet>(m_folder, data(),
                                                         {m.error_seeds, m.error_folds, m.score_images,
                                                          m.selected, score(), shared_training(m.epochs),
                                                          evaluation(), fitting(), initial()},
                                                         bar);
                        });
                    });
        } else {
            return false;
        }
        return true;
    }

    // Calls `f(type of the supernet's space)`: of the same codes, and of no more cells a stage.
    template <search_space_type Space, class F>
    void with_supernet(F&& f) const {
        if constexpr (std::same_as<Space, spaces::nas_bench_201<>>) {
            if (m.supernet_cells == 1) {
                f(std::type_identity<spaces::nas_bench_201<1>>());
                return;
            }
        }
        f(std::type_identity<Space>());
    }

    // By the supernet's scores, or against a made-up quality.
    template <search_space_type Space>
    FITNAS_COLD void segments(bool again) {
        using cut = search::segments<7, 6, 6>;
        if (m.data.empty()) {
            perform("segments", in::segments, {}, {"segments.csv", "segments_result.csv"}, {}, again,
                    by_first([&] {
                        study::segments_stage<Space, cut>(
                            m_folder,
                            {m.segment_samples, m.noise, limit<Space>(), m.segment_epochs, seed{m.seed}},
                            bar);
                    }));
            return;
        }
        perform("segments", in::segments, {m_folder.file("supernet.safetensors")},
                {"segments.csv", "segment_kept.csv", "segment_held_out.csv", "candidates.csv"},
                {study::segment_file(1), study::segment_file(2), study::segment_file(3)}, again, [&] {
                    study::supernet_segments_stage<Space, cut>(
                        m_folder, data(), evaluation(),
                        {m.segment_samples, m.segment_rescored, m.segment_fills, limit<Space>(),
                         m.segment_epochs, m.folds, score(), seed{m.seed}},
                        bar);
                });
    }

    // Whether `retrain` trains one network after the other.
    template <search_space_type Space>
    bool in_turn() const {
        return is_mobile_19x6<Space> || m.retrain_together;
    }

    // By what a stopped stage `retrain` goes on.
    template <search_space_type Space>
    std::vector<std::string> retrain_partial() const {
        std::vector<std::string> files{"retrained_runs.csv"};
        if (in_turn<Space>()) {
            const std::size_t networks = m.finalists + m.random_networks;
            for (std::size_t i = 1; i <= networks * static_cast<std::size_t>(m.retrain_seeds); ++i) {
                files.push_back(study::in_turn_file(i));
            }
        }
        return files;
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

    // Work that processes do not share: the others wait.
    std::function<void()> by_first(std::function<void()> work) const {
        return [this, work = std::move(work)] { m_folder.write(work); };
    }

    // What does not know the space is compiled once, in runner.cpp.
    void perform(const std::string& name, unsigned bit, std::vector<std::string> inputs,
                 const std::vector<std::string>& outputs, std::vector<std::string> partial, bool again,
                 const std::function<void()>& work);
    void without_truth(const std::string& stage, const std::string& note);
    void tell_supernet();
    static std::string given(const std::string& path);
    study::data_source source() const;
    const std::string& images_hash();
    const dataset& data();
    std::size_t truth_networks() const;
    train_options training(int epochs) const;
    train_options shared_training(int epochs) const;
    train_options retraining() const;
    evaluate_options evaluation() const;
    score_measure score() const;
    study::fit_settings fitting() const;
    study::initial_weights initial() const { return {m.zero_init_residual, m.init_alike}; }
    cost::limit given_limit() const;

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
            merge_equal_networks(read_csv<Space>(given(m.truth_table), truth_columns<Space>()),
                                 "--truth-table");
        } else if (m.truth != "none") {
            truth_networks();
        }
    }

    // NAS-Bench-201's cells may be written as that benchmark writes them.
    template <search_space_type Space>
    csv_options truth_columns() const {
        csv_options columns{.score = m.truth_column};
        if constexpr (std::same_as<Space, spaces::nas_bench_201<>>) {
            columns.code_of = [](const std::string& text) {
                return text.starts_with('|') ? to_string<Space>(parse_nas_bench_201(text)) : text;
            };
        }
        return columns;
    }

    template <search_space_type Space>
    void truth() {
        if (!m.truth_table.empty()) {
            study::truth_stage<Space>(m_folder, m.truth_table, truth_columns<Space>());
            return;
        }
        study::truth_stage<Space>(m_folder, data(), truth_networks(), m.truth_seeds, training(m.truth_epochs),
                                  bar);
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
    shape m_input{}; // of the space's images
    int m_classes = 0;
    std::optional<dataset> m_data;
};

template <search_space_type Space>
FITNAS_COLD void runner::run(const std::string& name) {
    m_input = Space::input;
    m_classes = Space::classes;
    if constexpr (std::same_as<Space, quick_nas_bench_201>) {
        without_truth(name, "networks of one cell a stage, where NAS-Bench-201 has five: no published truth "
                            "is theirs, and no table of truths is read");
    }
    if (!std::same_as<Space, spaces::nas_bench_201<>> && m.supernet_cells > 0) {
        throw option_error(
            "[F1192] --supernet-cells: for networks of nas_bench_201, which have five a stage");
    }
    if (is_mobile_19x6<Space> && m.supernets > 1) {
        throw option_error(
            "[F1193] --supernets: expected 1 for mobile_19x6, whose segments one supernet scores");
    }
    if constexpr (!std::same_as<Space, quick_nas_bench_201>) { // whose note stands above
        tell_supernet();
    }
    remembered([&] {
        if (name != "run") {
            one<Space>(name, true);
            return;
        }
        if constexpr (is_mobile_19x6<Space>) {
            const bool images = !m.data.empty();
            for (const char* stage : {"train", "segments", "retrain"}) {
                if (stage == std::string("segments") ||
                    (images && (stage != std::string("retrain") || m.finalists > 0))) {
                    one<Space>(stage, false);
                }
            }
            one<Space>("report", true);
            return;
        }
        require_inputs<Space>();
        const bool with_truth = m.truth != "none" || !m.truth_table.empty();
        m.known_truths = with_truth ? m.known_truths : 0;
        for (const stage_name& s : stages) {
            const bool wanted = s.bit == in::retrain      ? m.finalists > 0
                                : s.bit == in::truth      ? with_truth
                                : s.bit == in::fidelities ? m.known_truths > 0
                                : s.bit == in::error      ? m.error_seeds > 0
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
extern template void runner::run<spaces::nas_bench_201<>>(const std::string&);
extern template void runner::run<quick_nas_bench_201>(const std::string&);
extern template void runner::run<spaces::mobile_19x6>(const std::string&);
extern template void runner::run<spaces::mobile_19x6_of<64, 10>>(const std::string&);

#endif
