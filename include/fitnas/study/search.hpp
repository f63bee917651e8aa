/// @file
/// @brief The stage `search`: the best networks under a limit, and the front of quality against cost.

#ifndef FITNAS_STUDY_SEARCH_HPP
#define FITNAS_STUDY_SEARCH_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/study/predictor.hpp>

namespace fitnas::study {

/// @brief What to look for.
struct search_settings {
    std::size_t top = 10; ///< how many candidates, at least 1
    cost::limit limit{};
};

/// @return the macs of the heaviest network of a space
template <search_space_type Space>
constexpr long long most_macs() {
    long long total = 0;
    for (const space_layer& l : Space::tables.layers) {
        long long most = 0;
        for (int o = 0; o < l.candidates; ++o) {
            most = (std::max)(most, Space::tables.blocks[static_cast<std::size_t>(l.first_block + o)].macs);
        }
        total += most;
    }
    return total;
}

/// @brief Searches the fitted space, exactly: by `search::exact` where its model decomposes, else by looking
/// at all networks; writes `candidates.csv` and `front.csv` (arch, predicted, macs,
/// parameters, score, and what the limit names).
/// @param table a path: the networks of this table `arch,score` are searched by their scores; empty: the
/// whole space, by `predictor.json`
/// @throws limit_error where nothing meets the limit; data_error
template <search_space_type Space>
void search_stage(const run_folder& folder, const std::string& table, const search_settings& settings,
                  const watcher& w = {}) {
    const observer watching = watch(w, "searching the fitted space");
    const stopwatch clock;
    std::vector<search::candidate<Space>> best;
    std::vector<search::candidate<Space>> front;
    if (table.empty()) {
        const auto predictor = load_predictor<default_predictor<Space>>(folder.need("predictor.json", "fit"));
        const auto search_by = [&](const auto& model, const auto& find) {
            best = find(model, detail::part_of(watching, 0, 2, clock));
            front = search::pareto(model, {.observer = detail::part_of(watching, 1, 2, clock)});
        };
        if constexpr (decomposable<default_predictor<Space>>) {
            search_by(windows<Space>(predictor), [&](const auto& model, const observer& watched) {
                return search::exact(model,
                                     {.top = settings.top, .limit = settings.limit, .observer = watched});
            });
        } else {
            search_by(predictor, [&](const auto& model, const observer& watched) {
                return search::exhaustive(
                    model, {.top = settings.top, .limit = settings.limit, .observer = watched});
            });
        }
    } else {
        const auto scores = merge_equal_networks(read_csv<Space>(table), "search");
        for (std::size_t i = 0; i < scores.size(); ++i) {
            front.push_back(
                search::candidate_of<Space>(scores.architectures[i], scores.scores[i], settings.limit));
            if (settings.limit.meets<Space>(scores.architectures[i])) {
                best.push_back(front.back());
            }
        }
        if (best.empty()) {
            throw limit_error("[F1012] search: no network of " + table + " meets " + settings.limit.text());
        }
        std::stable_sort(best.begin(), best.end(),
                         [](const auto& a, const auto& b) { return a.predicted > b.predicted; });
        best.resize((std::min)(best.size(), settings.top));
        front = search::pareto<Space>(std::move(front));
    }
    write_csv(folder.file("candidates.csv"), best);
    write_csv(folder.file("front.csv"), front);
}

} // namespace fitnas::study

#endif
