/// @file
/// @brief Fits the default model in the ways that suit a table.

#ifndef FITNAS_PREDICTOR_FIT_DEFAULT_HPP
#define FITNAS_PREDICTOR_FIT_DEFAULT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/share_out.hpp>
#include <fitnas/predictor/choose_plan.hpp>
#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/outliers.hpp>
#include <fitnas/predictor/watched_fits.hpp>

namespace fitnas {

/// @brief What `fit_default` returns.
template <code_space Space, class Encoding = default_encoding<Space>>
using default_predictor = ensemble<fitted<default_model<Space, Encoding>>>;

namespace detail {

/// A fitted model whose outputs are read in the unit of a table's scores.
template <class Model, code_space Space>
fitted<Model> in_unit_of(const fitted<Model>& found, const score_table<Space>& table) {
    const std::vector<float> last = gcn::outputs<Model>(found.parameters(), table.architectures);
    const std::vector<double> raw(last.begin(), last.end());
    return fitted<Model>({found.parameters().begin(), found.parameters().end()}, fit_line(raw, table.scores));
}

} // namespace detail

/// @brief Fits the default model in several ways, each several times, and averages them: what to use where
/// nothing speaks for another model. `choose_plan` says which ways: one rule for tables of any size, exact or
/// noisy. Scores that accidents made (trainings that diverged) are left out or count as the furthest of the
/// others: see predictor/outliers.hpp. `distil` makes one model of them. Bit-equal for any number of threads
/// and processes.
/// @tparam Encoding with a node for each cell
/// @param table architectures and scores, higher is better
/// @throws option_error where repeats is below 1; as `choose_plan` and `fit`
/// @throws interrupted_with the mean of the fits that are done, where the observer throws `interrupted` while
/// the members are fitted and there is one
template <code_space Space, class Encoding = default_encoding<Space>>
default_predictor<Space, Encoding> fit_default(const score_table<Space>& table,
                                               const default_fit_options& options = {}) {
    using model = default_model<Space, Encoding>;
    if (options.repeats < 1) {
        throw option_error("[F0644] fit_default: repeats: expected at least 1, got " +
                           std::to_string(options.repeats));
    }
    const score_table<Space> data = detail::without_outliers(merge_equal_networks(table, "fit_default"));
    const fit_plan plan = options.plan ? *options.plan : detail::plan_of(data, options).plan;
    const int first = detail::plan_ways[static_cast<std::size_t>(plan)][0];
    const int last = detail::plan_ways[static_cast<std::size_t>(plan)][1];
    const auto repeats = static_cast<std::size_t>(options.repeats);
    const std::size_t members_of_plan = static_cast<std::size_t>(last - first) * repeats;
    std::vector<score_table<Space>> fitted_to; // of each way
    for (int way = first; way < last; ++way) {
        fitted_to.push_back(detail::scores_of_way(way, data));
    }
    detail::watched_fits watch(options.observer, "fit_default", members_of_plan);
    const auto one = [&](std::size_t i) -> std::vector<double> { // nothing where it is interrupted
        if (watch.stopped()) {
            return {};
        }
        const int way = first + static_cast<int>(i / repeats);
        random_stream random(options.seed, purpose::fit, i % repeats, static_cast<std::uint64_t>(way));
        const seed own{(std::uint64_t{random.bits()} << 32U) | random.bits()};
        std::vector<double> numbers;
        try {
            const fitted<model> found = fit<model>(fitted_to[static_cast<std::size_t>(way - first)],
                                                   watch.watched(options_of_way(way, data.size(), own)));
            numbers = detail::numbers_of(detail::in_unit_of(found, data));
        } catch (const interrupted&) {
            return {};
        }
        watch.done();
        return numbers;
    };
    std::vector<fitted<model>> members;
    for (const std::vector<double>& numbers :
         share_out(options.peers, members_of_plan, pieces::beside, one)) {
        if (!numbers.empty()) {
            members.push_back(detail::fitted_of<model>(numbers));
        }
    }
    if (members.empty()) {
        watch.rethrow(options.peers);
    }
    const ensemble<fitted<model>> mean(std::move(members));
    return detail::or_partial(
        [&] {
            watch.rethrow(options.peers);
            return mean;
        },
        [&] { return mean; });
}

} // namespace fitnas

#endif
