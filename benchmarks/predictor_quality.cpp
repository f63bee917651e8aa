// How well predictors rank networks that they were not fitted to: see docs/predictor.md.
//
//   predictor_quality --table CSV [--part clean,noisy,iterative] [--draws N] [--seed S] [--json]
//
// The table has columns arch, mean_acc and acc0 of spaces::nas_bench_macro (NAS-Bench-Macro, CIFAR-10).

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fitnas/io/csv.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/metrics/ranking.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/distil.hpp>
#include <fitnas/predictor/encoding/complete.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/space/spaces.hpp>

#include "summary.hpp"

namespace {

using namespace fitnas;
using space = spaces::nas_bench_macro;
using code = architecture<space>;
using json = nlohmann::ordered_json;

// One model in place of the default ensemble, that ensemble, the same on a complete graph; ridge regressions
// on cells with ranks and with scores as targets, on pairs of cells with ranks; multiply-accumulates.
const std::vector<std::string> all_models{"gcn",          "ensemble",    "complete", "ridge",
                                          "ridge_scores", "ridge_pairs", "macs"};

struct options {
    std::string table;
    std::vector<std::string> parts{"clean", "noisy", "iterative"};
    std::vector<std::string> models = all_models;
    std::vector<std::size_t> clean{50, 100, 200, 400, 1000};
    std::vector<std::size_t> noisy{200, 1000, 2000};
    std::vector<double> sigmas{0.5, 1, 2, 4};
    int draws = 20;
    int searches = 50;
    std::uint64_t seed = 1;
    bool as_json = false;
};

// One row for each different network.
struct ground_truth {
    score_table<space> mean;    // accuracy, mean of three trainings
    std::vector<double> single; // accuracy of the first training

    explicit ground_truth(const std::string& path) {
        mean = merge_equal_networks(read_csv<space>(path, {.score = "mean_acc"}), "predictor_quality");
        single = merge_equal_networks(read_csv<space>(path, {.score = "acc0"}), "predictor_quality").scores;
    }
};

struct split {
    score_table<space> fitted;
    score_table<space> others; // all other networks, with their mean accuracy
};

split draw(const ground_truth& truth, std::size_t n, double sigma, seed s) {
    std::vector<std::size_t> order(truth.mean.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    random_stream random(s, purpose::user);
    random.shuffle(std::span<std::size_t>(order));
    split parts;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t row = order[i];
        const code& a = truth.mean.architectures[row];
        if (i >= n) {
            parts.others.push_back(a, truth.mean.scores[row]);
        } else if (sigma > 0) {
            parts.fitted.push_back(a, truth.single[row] + sigma * random.normal());
        } else {
            parts.fitted.push_back(a, truth.mean.scores[row]);
        }
    }
    return parts;
}

struct figures {
    summary tau;
    summary tau_top10;
    summary regret;
    summary p_at_1;
    void add(const std::vector<double>& predicted, const std::vector<double>& truth) {
        tau.add(kendall_tau(predicted, truth));
        tau_top10.add(tau_in_top(predicted, truth, 0.1));
        regret.add(fitnas::regret(predicted, truth));
        p_at_1.add(precision_at(predicted, truth, 0.01));
    }
};

using predictions = std::vector<std::pair<std::string, std::vector<double>>>;

predictions predict(const split& data, const std::vector<std::string>& models, seed s) {
    const std::span<const code> asked(data.others.architectures);
    default_fit_options how{.seed = s}; // what cross-validation chose serves three models
    std::optional<default_predictor<space>> members;
    const auto fitted_default = [&]() -> const default_predictor<space>& {
        if (!members) {
            how.plan = choose_plan(data.fitted, how).plan;
            members = fit_default(data.fitted, how);
        }
        return *members;
    };
    predictions all;
    for (const std::string& model : models) {
        std::vector<double> values;
        if (model == "gcn") {
            values = distil<default_model<space>>(fitted_default()).predict(asked);
        } else if (model == "ensemble") {
            values = fitted_default().predict(asked);
        } else if (model == "complete") {
            fitted_default();
            using complete = encoding::complete<space, default_feature>;
            default_fit_options once = how; // a third of the time: it is here to compare with
            once.repeats = 1;
            values = fit_default<space, complete>(data.fitted, once).predict(asked);
        } else if (model == "ridge") {
            values = ridge(data.fitted, {.target = target::ranks}).predict(asked);
        } else if (model == "ridge_scores") {
            values = ridge(data.fitted).predict(asked);
        } else if (model == "ridge_pairs") {
            values = ridge<space, ridge_terms::pairs>(data.fitted, {.target = target::ranks}).predict(asked);
        } else {
            values = cost_baseline<space>().predict(asked);
        }
        all.emplace_back(model, std::move(values));
    }
    return all;
}

void compare(const ground_truth& truth, const options& o, double sigma, std::size_t n) {
    // A draw stays on one thread: all predictors give the same bits on any number of them.
    std::vector<std::vector<double>> truths(static_cast<std::size_t>(o.draws));
    std::vector<predictions> drawn(truths.size());
    parallel_for(o.draws, [&](std::ptrdiff_t d) {
        const seed s{o.seed + static_cast<std::uint64_t>(d)};
        split data = draw(truth, n, sigma, s);
        drawn[static_cast<std::size_t>(d)] = predict(data, o.models, s);
        truths[static_cast<std::size_t>(d)] = std::move(data.others.scores);
    });
    std::vector<std::pair<std::string, figures>> models(o.models.size());
    for (std::size_t d = 0; d < drawn.size(); ++d) {
        for (std::size_t m = 0; m < models.size(); ++m) {
            models[m].first = drawn[d][m].first;
            models[m].second.add(drawn[d][m].second, truths[d]);
        }
    }
    for (const auto& [name, f] : models) {
        if (o.as_json) {
            json row;
            row["model"] = name;
            row["n"] = n;
            row["sigma"] = sigma;
            row["tau"] = f.tau.mean();
            row["tau_se"] = f.tau.error();
            row["tau_top10"] = f.tau_top10.mean();
            row["tau_top10_se"] = f.tau_top10.error();
            row["regret"] = f.regret.mean();
            row["regret_se"] = f.regret.error();
            row["p_at_1"] = f.p_at_1.mean();
            row["p_at_1_se"] = f.p_at_1.error();
            row["draws"] = o.draws;
            std::printf("%s\n", row.dump().c_str());
        } else {
            std::printf("%-13s %5zu %5.1f   %.4f +- %.4f   %.3f +- %.3f   %.3f +- %.3f   %.3f +- %.3f\n",
                        name.c_str(), n, sigma, f.tau.mean(), f.tau.error(), f.tau_top10.mean(),
                        f.tau_top10.error(), f.regret.mean(), f.regret.error(), f.p_at_1.mean(),
                        f.p_at_1.error());
        }
    }
    std::fflush(stdout);
}

// The regret of the best of 100 networks scored, over the whole space.
void search_iteratively(const ground_truth& truth, const options& o) {
    constexpr std::size_t evaluations = 100;
    std::map<code, double> scores;
    double best = 0;
    for (std::size_t i = 0; i < truth.mean.size(); ++i) {
        scores[truth.mean.architectures[i]] = truth.mean.scores[i];
        best = (std::max)(best, truth.mean.scores[i]);
    }
    const auto score = [&](std::span<const code> some) {
        std::vector<double> values;
        for (const code& a : some) {
            values.push_back(scores.at(a));
        }
        return values;
    };
    summary iterative;
    summary random;
    for (int d = 0; d < o.searches; ++d) {
        const seed s{o.seed + static_cast<std::uint64_t>(d)};
        iterative.add(
            best - search::iterative<space>(score, {.evaluations = evaluations, .seed = s}).best.predicted);
        random.add(best - fitnas::search::random<space>(score, {.samples = evaluations, .top = 1, .seed = s})
                              .front()
                              .predicted);
    }
    for (const auto& [name, f] : {std::pair("iterative", &iterative), std::pair("random", &random)}) {
        if (o.as_json) {
            json row;
            row["model"] = name;
            row["n"] = evaluations;
            row["sigma"] = 0;
            row["regret"] = f->mean();
            row["regret_se"] = f->error();
            row["draws"] = o.searches;
            std::printf("%s\n", row.dump().c_str());
        } else {
            std::printf("%-13s best of %zu scored: regret %.3f +- %.3f, %d draws\n", name, evaluations,
                        f->mean(), f->error(), o.searches);
        }
    }
}

int run(const options& o) {
    const ground_truth truth(o.table);
    if (!o.as_json) {
        std::printf("%-13s %5s %5s   %-16s   %-14s   %-14s   %s\n", "model", "n", "sigma", "tau-b",
                    "tau top tenth", "regret", "precision at 1 %");
    }
    for (const std::string& part : o.parts) {
        if (part == "clean") {
            for (const std::size_t n : o.clean) {
                compare(truth, o, 0, n);
            }
        } else if (part == "noisy") {
            for (const double sigma : o.sigmas) {
                for (const std::size_t n : o.noisy) {
                    compare(truth, o, sigma, n);
                }
            }
        } else {
            search_iteratively(truth, o);
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app("How well predictors rank NAS-Bench-Macro networks that they were not fitted to.");
    app.add_option("--table", o.table, "nas_bench_macro_cifar10.csv")->required()->check(CLI::ExistingFile);
    app.add_option("--part", o.parts, "clean, noisy, iterative")
        ->delimiter(',')
        ->check(CLI::IsMember({"clean", "noisy", "iterative"}));
    app.add_option("--models", o.models,
                   "some of gcn, ensemble, complete, ridge, ridge_scores, ridge_pairs, macs")
        ->delimiter(',')
        ->check(CLI::IsMember(all_models));
    app.add_option("--draws", o.draws, "training sets a row")->check(CLI::PositiveNumber);
    app.add_option("--searches", o.searches, "iterative searches")->check(CLI::PositiveNumber);
    app.add_option("--clean", o.clean, "training networks with exact scores")
        ->delimiter(',')
        ->check(CLI::Range(10, 3900));
    app.add_option("--noisy", o.noisy, "training networks with noisy scores")
        ->delimiter(',')
        ->check(CLI::Range(10, 3900));
    app.add_option("--sigma", o.sigmas, "noise, points")->delimiter(',')->check(CLI::PositiveNumber);
    app.add_option("--seed", o.seed, "of the first draw");
    app.add_flag("--json", o.as_json, "one object a line");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(o);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "predictor_quality: %s\n", failure.what());
        return 1;
    }
}
