// What a budget of trainings finds with the help of a supernet's scores: see docs/predictor.md.
//
//   budget_quality --scores CSV [--score COLUMN] --truth CSV [--column C] [--trainings 8,16,32] [--draws N]
//   [--json]
//
// Tables have the column arch, with codes of spaces::nas_bench_macro.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fitnas/io/csv.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/search/budget.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/space/spaces.hpp>

#include "summary.hpp"

namespace {

using namespace fitnas;
using space = spaces::nas_bench_macro;
using code = architecture<space>;

struct options {
    std::string scores;
    std::string score = "negative_loss";
    std::string truth;
    std::string column = "mean_acc";
    std::vector<std::size_t> trainings{8, 16, 32};
    std::vector<double> limits{0.2, 0.5, 1}; // quantiles of the multiply-accumulates
    std::size_t scored = 500;
    std::uint64_t draws = 10;
    std::uint64_t seed = 1;
    bool as_json = false;
};

// A table as a scorer.
template <score_kind Kind>
struct listed {
    static constexpr score_kind kind = Kind;
    std::map<code, double> values{};

    explicit listed(const score_table<space>& table) {
        for (std::size_t i = 0; i < table.size(); ++i) {
            values.emplace(canonical<space>(table.architectures[i]), table.scores[i]);
        }
    }
    std::vector<double> operator()(std::span<const code> some) const {
        std::vector<double> found;
        for (const code& a : some) {
            found.push_back(values.at(canonical<space>(a)));
        }
        return found;
    }
};

int run(const options& o) {
    const listed<score_kind::supernet> scores(read_csv<space>(o.scores, {.score = o.score}));
    const listed<score_kind::truth> truths(read_csv<space>(o.truth, {.score = o.column}));
    std::vector<long long> macs;
    for (const auto& [a, truth] : truths.values) {
        macs.push_back(cost::macs<space>(a));
    }
    std::sort(macs.begin(), macs.end());
    for (const std::size_t count : o.trainings) {
        summary of_budget;
        summary of_scores;
        summary of_truths;
        for (std::uint64_t s = o.seed; s < o.seed + o.draws; ++s) {
            for (const double quantile : o.limits) {
                const auto at = static_cast<std::size_t>(quantile * static_cast<double>(macs.size() - 1));
                const cost::limit limit = cost::macs_at_most(macs[at]);
                double best = -std::numeric_limits<double>::infinity();
                for (const auto& [a, truth] : truths.values) {
                    best = cost::macs<space>(a) <= macs[at] ? (std::max)(best, truth) : best;
                }
                // Scores cost a thousandth of a training.
                const double for_scores = 0.001 * static_cast<double>(o.scored);
                const double budget = for_scores + static_cast<double>(count);
                const auto found =
                    search::iterative<space>(search::priced{scores, 0.001}, search::priced{truths, 1},
                                             {.budget = budget,
                                              .scores_share = for_scores / budget,
                                              .most_scores = o.scored,
                                              .limit = limit,
                                              .seed = seed{s}});
                of_budget.add(best - found.best.predicted);

                const auto fitted = fit_default(found.known.scores, {.seed = seed{s}});
                double top = -std::numeric_limits<double>::infinity();
                for (const auto& c : search::exhaustive(fitted, {.top = count, .limit = limit})) {
                    top = (std::max)(top, truths.values.at(canonical<space>(c.architecture)));
                }
                of_scores.add(best - top);
                of_truths.add(best - search::iterative<space>(
                                         truths, {.evaluations = count, .limit = limit, .seed = seed{s}})
                                         .best.predicted);
            }
        }
        const std::pair<const char*, const summary*> rows[] = {
            {"budget", &of_budget}, {"top of the scores' fit", &of_scores}, {"truths alone", &of_truths}};
        for (const auto& [name, f] : rows) {
            if (o.as_json) {
                const nlohmann::ordered_json row{
                    {"search", name}, {"trainings", count}, {"regret", f->mean()}, {"regret_se", f->error()}};
                std::printf("%s\n", row.dump().c_str());
            } else {
                std::printf("%-23s %3zu trainings: regret %.3f +- %.3f\n", name, count, f->mean(),
                            f->error());
            }
            std::fflush(stdout);
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app("What a budget of trainings finds with the help of a supernet's scores.");
    app.add_option("--scores", o.scores, "a table of supernet scores")->required()->check(CLI::ExistingFile);
    app.add_option("--score", o.score, "its column");
    app.add_option("--truth", o.truth, "a table of accuracies")->required()->check(CLI::ExistingFile);
    app.add_option("--column", o.column, "its column");
    app.add_option("--trainings", o.trainings, "networks that are trained")
        ->delimiter(',')
        ->check(CLI::Range(8, 1000));
    app.add_option("--scored", o.scored, "networks that the supernet scores")->check(CLI::Range(8, 3000));
    app.add_option("--draws", o.draws, "searches under each limit")->check(CLI::PositiveNumber);
    app.add_option("--seed", o.seed, "of the first");
    app.add_flag("--json", o.as_json, "one object a line");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(o);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "budget_quality: %s\n", failure.what());
        return 1;
    }
}
