/// @file
/// @brief The paper's experiment: a large space searched segment by segment, scored by a supernet.

#ifndef FITNAS_STUDY_SUPERNET_SEGMENTS_HPP
#define FITNAS_STUDY_SUPERNET_SEGMENTS_HPP

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fitnas/data/kept_images.hpp>
#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/search/segment.hpp>
#include <fitnas/study/kept_scores.hpp>
#include <fitnas/study/segments.hpp>
#include <fitnas/study/supernet.hpp>

namespace fitnas::study {

/// @brief How a large space is searched with the scores of a supernet.
struct supernet_segments_settings {
    std::size_t samples = 1000;  ///< of each segment, scored for its GCN
    std::size_t rescored = 60;   ///< the best by the GCN, which are scored again, on equal cells behind
    std::size_t completions = 4; ///< cells behind, drawn at random, that a re-scored one is averaged over
    cost::limit limit{};         ///< of whole networks
    int epochs = 100;            ///< of each GCN
    int folds = 5; ///< of the cross-validation that shows how well each GCN foretells scores, from 2
    score_measure measure = score_measure::negative_loss; ///< what is fitted
    fitnas::seed seed{0};                                 ///< of samples, cells behind and GCNs
};

/// @return the table of the scores of one segment, from 1
inline std::string segment_file(int segment) { return "segment_" + std::to_string(segment) + "_scores.csv"; }

/// @brief The scorer of `segments_by_supernet`: the supernet that the stage `train` left.
/// @param net,data live longer
template <search_space_type Space>
networks_scorer<Space> scorer_of(const supernet<Space>& net, const dataset& data, evaluate_options options) {
    return [&net, &data, options](std::span<const architecture<Space>> some, const observer& watch) {
        evaluate_options own = options;
        own.observer = watch;
        return evaluate_both<Space>(net, some, data, own);
    };
}

/// @brief Searches a space by segments (`search::segment`; 6 kept of each) with scores of a supernet, and
/// shows how well the GCN of each segment foretells scores that it was not fitted to, by cross-validation.
/// Writes `segment_1_scores.csv` and so on as scores come (arch, accuracy, negative_loss), from which a
/// stopped search goes on; then `segments.csv` (segment, cells, candidates, sampled, scored, kept, tau, low,
/// high), `segment_kept.csv` (segment, part, predicted, score), `segment_held_out.csv` (segment, slots,
/// score, predicted) and `candidates.csv`, of which the first is the winner.
/// @param score scores networks: on this process, or wherever it likes
/// @throws option_error, limit_error as `search::segment`; interrupted as `kept_scores`; data_error
template <search_space_type Space, class Segments>
void segments_by_supernet(const run_folder& folder, const networks_scorer<Space>& score,
                          const supernet_segments_settings& settings, const watcher& w = {}) {
    using code = architecture<Space>;
    folder.require_writable({"segments.csv", "segment_kept.csv", "segment_held_out.csv", "candidates.csv"});
    int segment = 0;
    bool again = false; // whether candidates are scored for the second time
    std::optional<kept_scores<Space>> kept;
    const auto begin = [&](const progress& p) { // 3 steps a segment: listed, modelled, scored again
        again = p.done % 3 == 2;
        if (p.done % 3 == 1) {
            kept.emplace(folder.file(segment_file(++segment)), score, 20, folder.peers());
        }
    };
    const auto score_some = [&](std::span<const code> some) {
        const std::string piece = "scoring segment " + std::to_string(segment) + (again ? ", the best" : "");
        return (*kept)(some, watch(w, piece)).by(settings.measure).scores;
    };
    csv_rows held_out{.header = {"segment", "slots", "score", "predicted"}};
    std::vector<std::vector<std::string>> agreement;
    const auto fit_slots = [&]<class Slots>(const score_table<Slots>& table) {
        const std::string number = std::to_string(segment);
        const observer all = watch(w, "fitting segment " + number);
        const stopwatch clock;
        int part = 0;
        const auto fit_part = [&](const score_table<Slots>& rows) {
            return fit<segment_model<Slots>>(
                rows, {.epochs = settings.epochs,
                       .seed = settings.seed,
                       .observer = detail::part_of(all, part++, settings.folds + 1, clock)});
        };
        const auto shown = cross_validate(
            table, fit_part, {.folds = settings.folds, .seed = settings.seed, .peers = folder.peers()});
        agreement.push_back(detail::judged(number, shown));
        for (const fold_result<Slots>& fold : shown.folds) {
            for (std::size_t i = 0; i < fold.held_out.size(); ++i) {
                held_out.rows.push_back({number, to_string<Slots>(fold.held_out.architectures[i]),
                                         exact_text(fold.held_out.scores[i]),
                                         exact_text(fold.predictions[i])});
            }
        }
        part = settings.folds;
        return windows(fit_part(table));
    };
    const auto found = search::segment<Space, Segments>(score_some, fit_slots,
                                                        {.samples = settings.samples,
                                                         .rescored = settings.rescored,
                                                         .completions = settings.completions,
                                                         .limit = settings.limit,
                                                         .seed = settings.seed,
                                                         .observer = begin});

    csv_rows parts{.header = {"segment", "part", "predicted", "score"}};
    for (std::size_t i = 0; i < found.segments.size(); ++i) {
        for (const auto& k : found.segments[i].kept) {
            parts.rows.push_back(
                {std::to_string(i + 1), k.code, exact_text(k.predicted), exact_text(k.score)});
        }
    }
    folder.write([&] {
        write_rows(folder.file("segments.csv"), detail::segment_rows(found.segments, agreement));
        write_rows(folder.file("segment_kept.csv"), parts);
        write_rows(folder.file("segment_held_out.csv"), held_out);
        write_csv(folder.file("candidates.csv"), found.best);
        remove_file(folder.file("segments_result.csv")); // of a made-up quality
    });
}

/// @brief `segments_by_supernet` with the supernet of the stage `train`; the processes of the folder share
/// out the scores.
/// @throws as `segments_by_supernet`, `load_checkpoint` and `evaluate_both`
template <search_space_type Space, class Segments>
void supernet_segments_stage(const run_folder& folder, const dataset& data, const evaluate_options& scoring,
                             const supernet_segments_settings& settings, const watcher& w = {}) {
    supernet<Space> net(seed{0});
    load_checkpoint(folder.need("supernet.safetensors", "train"), net);
    // The same few images are read for each piece of the scores.
    const dataset kept{kept_images(data.train), kept_images(data.validation), data.test};
    segments_by_supernet<Space, Segments>(folder, scorer_of<Space>(net, kept, scoring), settings, w);
}

} // namespace fitnas::study

#endif
