/// @file
/// @brief The stage `search`: the best networks under a limit, and the front of quality against cost.

#ifndef FITNAS_STUDY_SEARCH_HPP
#define FITNAS_STUDY_SEARCH_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
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
    bool with_truths = false; ///< whether the fit of the stage `fidelities` predicts, in place of `fit`'s
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

namespace detail {

/// What a search finds: the best, and the front.
template <search_space_type Space>
struct search_found {
    std::vector<search::candidate<Space>> best{};
    std::vector<search::candidate<Space>> front{};
};

/// Searches by `search::exact` where the model decomposes, else by looking at all networks.
template <predictor Predictor, search_space_type Space = typename Predictor::space>
FITNAS_COLD search_found<Space> search_fitted(const Predictor& predictor, const search_settings& settings,
                                              const watcher& w) {
    const observer watching = watch(w, "searching the fitted space");
    const stopwatch clock;
    const observer first = part_of(watching, 0, 2, clock);
    const observer second = part_of(watching, 1, 2, clock);
    if constexpr (decomposable<Predictor>) {
        const windows<Space> model(predictor);
        return {search::exact(model, {.top = settings.top, .limit = settings.limit, .observer = first}),
                search::pareto(model, {.observer = second})};
    } else {
        return {
            search::exhaustive(predictor, {.top = settings.top, .limit = settings.limit, .observer = first}),
            search::pareto(predictor, {.observer = second})};
    }
}

} // namespace detail

/// @brief Searches the fitted space, exactly: by `search::exact` where its model decomposes, else by looking
/// at all networks; writes `candidates.csv` and `front.csv` (arch, predicted, macs,
/// parameters, score, and what the limit names).
/// @param table a path: the networks of this table `arch,score` are searched by their scores; empty: the
/// whole space, by `predictor.json` or `two_fidelities.json`
/// @throws limit_error where nothing meets the limit; data_error
template <search_space_type Space>
void search_stage(const run_folder& folder, const std::string& table, const search_settings& settings,
                  const watcher& w = {}) {
    detail::search_found<Space> found;
    if (table.empty() && settings.with_truths) {
        found = detail::search_fitted(
            load_predictor<two_fidelity_predictor<Space>>(folder.need("two_fidelities.json", "fidelities")),
            settings, w);
    } else if (table.empty()) {
        found = detail::search_fitted(
            load_predictor<default_predictor<Space>>(folder.need("predictor.json", "fit")), settings, w);
    } else {
        const auto scores = merge_equal_networks(read_csv<Space>(table), "search");
        for (std::size_t i = 0; i < scores.size(); ++i) {
            found.front.push_back(
                search::candidate_of<Space>(scores.architectures[i], scores.scores[i], settings.limit));
            if (settings.limit.meets<Space>(scores.architectures[i])) {
                found.best.push_back(found.front.back());
            }
        }
        if (found.best.empty()) {
            throw limit_error("[F1012] search: no network of " + table + " meets " + settings.limit.text());
        }
        std::stable_sort(found.best.begin(), found.best.end(),
                         [](const auto& a, const auto& b) { return a.predicted > b.predicted; });
        found.best.resize((std::min)(found.best.size(), settings.top));
        found.front = search::pareto<Space>(std::move(found.front));
    }
    write_csv(folder.file("candidates.csv"), found.best);
    write_csv(folder.file("front.csv"), found.front);
}

} // namespace fitnas::study

#endif
