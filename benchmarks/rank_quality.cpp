// How well predictors fitted to a supernet's scores rank networks by their truth: see docs/predictor.md.
//
//   rank_quality --scores CSV [--score COLUMN] --truth CSV --column C [--n 250,1000] [--draws N] [--json]
//
// Tables have the column arch, with codes of spaces::nas_bench_macro (8 digits) or of NAS-Bench-201 (6
// digits, one an edge).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <set>
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
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/predictor/window_sum.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/spaces.hpp>

#include "summary.hpp"

namespace {

using namespace fitnas;
using json = nlohmann::ordered_json;
using nas_bench_201 = spaces::nas_bench_201<>;

// Random order; multiply-accumulates; the scores themselves, of all networks; ridge regressions on cells and
// on pairs of cells, with ranks; three of the GCN that the README fits; what fit_default gives; and what
// fit_two_fidelities gives, where there are truths. Beyond these, where they are asked for, what fit_default
// gives by each plan.
const std::vector<std::string> all_models{"random",      "macs", "raw",     "ridge",
                                          "ridge_pairs", "gcn",  "default", "two_fidelities"};

struct options {
    std::string scores;
    std::string score; // empty: the first column that is not arch
    std::string truth;
    std::string column;
    std::string space; // empty: by the length of the codes
    std::string kind = "supernet";
    std::vector<std::string> models = all_models;
    std::vector<std::size_t> n{250, 1000};
    std::size_t truths = 0;
    int draws = 20;
    std::uint64_t seed = 1;
    bool as_json = false;
};

template <class Space>
struct rows {
    std::vector<architecture<Space>> networks; // those that are ranked: all different ones in both tables
    std::vector<double> scores;
    std::vector<double> truth;
    std::vector<double> macs;
    std::vector<window_sum<Space>> costs; // as sums over cells
    std::span<const architecture<Space>> all() const { return networks; }
};

// Costs of a space without layout are those of the table, and equal networks those that it says are equal.
template <class Space>
struct listed_costs {
    std::map<architecture<Space>, double> macs;
    std::set<architecture<Space>> repeated; // networks that another row stands for

    explicit listed_costs(const std::string& path) {
        detail::csv_reader reader(path);
        const auto has = [&](const char* name) {
            return std::find(reader.header().begin(), reader.header().end(), name) != reader.header().end();
        };
        const std::size_t code = reader.place("arch");
        const std::size_t cost = reader.place(has("flops") && !has("macs") ? "flops" : "macs");
        const std::size_t same = has("same_network") ? reader.place("same_network") : code;
        for (std::vector<std::string> fields; reader.next(fields);) {
            const auto a = detail::csv_code<Space>(fields[code], reader, code);
            macs[a] = detail::csv_finite(fields[cost], reader, cost);
            if (detail::csv_code<Space>(fields[same], reader, same) != a) {
                repeated.insert(a);
            }
        }
    }

    // What each operator costs more than the first one of its cell, where the table has such codes.
    window_sum<Space> by_cells() const {
        window_sum<Space> sum;
        for (int i = 0; i < Space::cells; ++i) {
            window_term term{i, i + 1, {}};
            for (int o = 0; o < Space::operator_counts[static_cast<std::size_t>(i)]; ++o) {
                architecture<Space> code{};
                code[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(o);
                const auto with = macs.find(code);
                const auto without = macs.find(architecture<Space>{});
                term.values.push_back(
                    with == macs.end() || without == macs.end() ? 0 : with->second - without->second);
            }
            sum.add(std::move(term));
        }
        return sum;
    }
};

template <class Space>
rows<Space> read_rows_of(const options& o) {
    std::string score = o.score;
    if (score.empty()) {
        const detail::csv_reader reader(o.scores);
        const std::vector<std::string>& names = reader.header();
        const auto first =
            std::find_if(names.begin(), names.end(), [](const std::string& name) { return name != "arch"; });
        score = first == names.end() ? "score" : *first;
    }
    const auto merged = [](const std::string& path, const std::string& column) {
        return merge_equal_networks(read_csv<Space>(path, {.score = column}), "rank_quality");
    };
    const score_table<Space> scores = merged(o.scores, score);
    const score_table<Space> truth = merged(o.truth, o.column);
    std::map<architecture<Space>, double> truth_of;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        truth_of[truth.architectures[i]] = truth.scores[i];
    }
    rows<Space> found;
    const auto take = [&](std::size_t i, double macs) {
        found.networks.push_back(scores.architectures[i]);
        found.scores.push_back(scores.scores[i]);
        found.truth.push_back(truth_of.at(scores.architectures[i]));
        found.macs.push_back(macs);
    };
    if constexpr (search_space_type<Space>) {
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (truth_of.contains(scores.architectures[i])) {
                take(i, static_cast<double>(cost::macs<Space>(scores.architectures[i])));
            }
        }
        found.costs = two_fidelity_options<Space>{}.costs;
    } else {
        const listed_costs<Space> costs(o.truth);
        found.costs = {costs.by_cells()};
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const architecture<Space>& a = scores.architectures[i];
            if (truth_of.contains(a) && !costs.repeated.contains(a)) {
                take(i, costs.macs.at(a));
            }
        }
    }
    return found;
}

// Rows that the table of the benchmark tells apart, in the codes and with the graphs of the space.
template <>
rows<nas_bench_201> read_rows_of<nas_bench_201>(const options& o) {
    rows<codes<5, 5, 5, 5, 5, 5>> listed = read_rows_of<codes<5, 5, 5, 5, 5, 5>>(o);
    rows<nas_bench_201> found;
    for (const architecture<nas_bench_201>& a : listed.networks) {
        found.networks.push_back(canonical<nas_bench_201>(a));
    }
    found.scores = std::move(listed.scores);
    found.truth = std::move(listed.truth);
    found.macs = std::move(listed.macs);
    found.costs = two_fidelity_options<nas_bench_201>{}.costs;
    return found;
}

// Some networks with these values.
// @param kind what these are: a supernet's scores ("supernet"), or the truth
template <class Space>
score_table<Space> table_of(const rows<Space>& all, const std::vector<double>& values,
                            std::span<const std::size_t> numbers, const std::string& kind) {
    score_table<Space> table = score_table<Space>{all.networks, values}.rows(numbers);
    table.kind = kind == "truth" ? score_kind::truth : score_kind::supernet;
    return table;
}

// The tables of a draw.
template <class Space>
struct draw {
    score_table<Space> scored;
    score_table<Space> known; // with truth

    draw(const rows<Space>& all, std::size_t n, const options& o, seed s) {
        scored = table_of(all, all.scores, some(all.networks.size(), n, s, 0), o.kind);
        known = table_of(all, all.truth, some(all.networks.size(), o.truths, s, 1), "truth");
    }

private:
    // n of all rows; those of a smaller n are among them.
    static std::vector<std::size_t> some(std::size_t all, std::size_t n, seed s, std::uint64_t step) {
        std::vector<std::size_t> order(all);
        for (std::size_t i = 0; i < all; ++i) {
            order[i] = i;
        }
        random_stream random(s, purpose::user, step);
        random.shuffle(std::span<std::size_t>(order));
        order.resize(n);
        return order;
    }
};

// A plan that is a model by its name, or none: the default's own choice.
std::optional<fit_plan> plan_of(const std::string& model) {
    const auto found = std::find(fit_plan_names.begin(), fit_plan_names.end(), model);
    return found == fit_plan_names.end()
               ? std::nullopt
               : std::optional(static_cast<fit_plan>(found - fit_plan_names.begin()));
}

template <class Space>
std::vector<double> fit_and_predict(const std::string& model, const draw<Space>& tables,
                                    const rows<Space>& all, seed s, double* seconds = nullptr) {
    const stopwatch clock;
    const auto predicted = [&](const auto& fitted) {
        if (seconds != nullptr) {
            *seconds = clock.seconds();
        }
        return fitted.predict(all.all());
    };
    if (model == "ridge") {
        return predicted(ridge<Space>(tables.scored, {.target = target::ranks}));
    }
    if (model == "ridge_pairs") {
        return predicted(ridge<Space, ridge_terms::pairs>(tables.scored, {.target = target::ranks}));
    }
    if (model == "gcn") {
        using graph = encoding::chain<Space, feature::cell_operator>;
        using net = gcn::model<graph, gcn::conv<64>, gcn::relu, gcn::conv<64>, gcn::relu, gcn::mean_pool,
                               gcn::linear<1>>;
        return predicted(fit_ensemble<net>(tables.scored, 3, {.seed = s}));
    }
    if (model == "two_fidelities") {
        return predicted(fit_two_fidelities(tables.scored, tables.known, {.costs = all.costs, .seed = s}));
    }
    return predicted(
        fit_default(model == "truths" ? tables.known : tables.scored, {.plan = plan_of(model), .seed = s}));
}

// A model's figures over the draws.
struct figures {
    summary tau;
    summary regret;
    double seconds = 0;
    template <class Space>
    void add(const std::vector<double>& predicted, const rows<Space>& all) {
        tau.add(kendall_tau(predicted, all.truth));
        regret.add(regret_under_limits(predicted, all.truth, all.macs));
    }
};

void print(const options& o, const std::string& model, std::size_t n, const figures& f) {
    const std::size_t truths = model == "truths" || model == "two_fidelities" ? o.truths : 0;
    if (o.as_json) {
        json row;
        row["model"] = model;
        row["n"] = n;
        row["truths"] = truths;
        row["tau"] = f.tau.mean();
        row["tau_se"] = f.tau.error();
        row["regret"] = f.regret.mean();
        row["regret_se"] = f.regret.error();
        row["seconds"] = f.seconds;
        std::printf("%s\n", row.dump().c_str());
    } else {
        std::printf("%-12s %6zu %6zu   %.4f +- %.4f   %.4f +- %.4f   %8.3f\n", model.c_str(), n, truths,
                    f.tau.mean(), f.tau.error(), f.regret.mean(), f.regret.error(), f.seconds);
    }
    std::fflush(stdout);
}

// Models that see n scores (or the truths).
template <class Space>
void compare_fits(const rows<Space>& all, const options& o, const std::vector<std::string>& models,
                  std::size_t n) {
    std::vector<figures> found(models.size());
    const seed first{o.seed};
    for (std::size_t m = 0; m < models.size(); ++m) { // one fit on all threads, with nothing beside it
        fit_and_predict(models[m], draw<Space>(all, n, o, first), all, first, &found[m].seconds);
    }
    // A draw stays on one thread: all predictors give the same bits on any number of them.
    std::vector<std::vector<std::vector<double>>> predictions(static_cast<std::size_t>(o.draws));
    parallel_for(o.draws, [&](std::ptrdiff_t d) {
        const seed s{o.seed + static_cast<std::uint64_t>(d)};
        const draw<Space> tables(all, n, o, s);
        for (const std::string& model : models) {
            predictions[static_cast<std::size_t>(d)].push_back(fit_and_predict(model, tables, all, s));
        }
    });
    for (std::size_t m = 0; m < models.size(); ++m) {
        for (const auto& of_draw : predictions) {
            found[m].add(of_draw[m], all);
        }
        print(o, models[m], models[m] == "truths" ? 0 : n, found[m]);
    }
}

template <class Space>
int run(const options& o) {
    const auto all = read_rows_of<Space>(o);
    const std::size_t count = all.networks.size();
    std::size_t most = o.truths;
    for (const std::size_t n : o.n) {
        most = (std::max)(most, n);
    }
    if (most > count) {
        throw option_error("--n, --truths: expected at most " + std::to_string(count) +
                           ", the different networks in both tables, got " + std::to_string(most));
    }
    if (!o.as_json) {
        std::printf("%zu networks\n%-12s %6s %6s   %-16s   %-16s   %8s\n", count, "model", "n", "truths",
                    "tau-b", "regret", "seconds");
    }
    std::vector<std::string> fitted;
    for (const std::string& model : o.models) {
        figures f;
        if (model == "random") {
            for (int d = 0; d < o.draws; ++d) {
                random_stream random(seed{o.seed + static_cast<std::uint64_t>(d)}, purpose::user, 2);
                std::vector<double> values(count);
                for (double& v : values) {
                    v = random.normal();
                }
                f.add(values, all);
            }
            print(o, model, 0, f);
        } else if (model == "macs") {
            f.add(all.macs, all);
            print(o, model, 0, f);
        } else if (model == "raw") {
            f.add(all.scores, all);
            print(o, model, count, f);
        } else if (model != "two_fidelities" || o.truths > 0) {
            fitted.push_back(model);
        }
    }
    if (o.truths > 0) {
        compare_fits(all, o, {"truths"}, 0);
    }
    for (const std::size_t n : o.n) {
        compare_fits(all, o, fitted, n);
    }
    return 0;
}

// @return the name of the space whose codes the table has
std::string space_of(const options& o) {
    if (!o.space.empty()) {
        return o.space;
    }
    detail::csv_reader reader(o.scores);
    const std::size_t place = reader.place("arch");
    std::vector<std::string> fields;
    const std::size_t digits = reader.next(fields) ? detail::trimmed(fields[place]).size() : 0;
    if (digits != 8 && digits != 6) {
        throw data_error(reader.where() +
                         ": expected codes of 8 digits (nas_bench_macro) or 6 (nas_bench_201), got " +
                         std::to_string(digits) + "; or set --space");
    }
    return digits == 8 ? "nas_bench_macro" : "nas_bench_201";
}

} // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app(
        "How well predictors fitted to a supernet's scores rank networks by their truth. Ranked are "
        "all different networks that are in both tables, those fitted to among them. Regret is what "
        "picking by the ranking loses under limits on multiply-accumulates (regret_under_limits), in "
        "the unit of the truth.");
    app.add_option("--scores", o.scores, "table of the scores")->required()->check(CLI::ExistingFile);
    app.add_option("--score", o.score, "its column; by default the first that is not arch");
    app.add_option("--truth", o.truth,
                   "table of the truth; of nas_bench_201 with macs or flops, and perhaps same_network: the "
                   "code of the row that stands for an equal network")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--column", o.column, "its column of accuracies")->required();
    app.add_option("--space", o.space, "by default the one with codes of this length")
        ->check(CLI::IsMember({"nas_bench_macro", "nas_bench_201"}));
    app.add_option("--kind", o.kind,
                   "what the scores are: those of a supernet, or accuracies of networks by themselves")
        ->check(CLI::IsMember({"supernet", "truth"}))
        ->capture_default_str();
    std::vector<std::string> models_and_plans = all_models;
    models_and_plans.insert(models_and_plans.end(), fit_plan_names.begin(), fit_plan_names.end());
    app.add_option("--models", o.models,
                   "some of random, macs, raw, ridge, ridge_pairs, gcn, default, two_fidelities (all by "
                   "default), and of the default's plans cautious, careful, broad, close, smoothed")
        ->delimiter(',')
        ->check(CLI::IsMember(models_and_plans));
    app.add_option("--n", o.n, "how many networks with scores are drawn and fitted to")
        ->delimiter(',')
        ->check(CLI::Range(10, 1000000))
        ->capture_default_str();
    app.add_option(
           "--truths", o.truths,
           "how many networks with known truth are drawn; where above 0, the model truths is fitted to "
           "them alone, and two_fidelities to them and to the scores")
        ->check(CLI::Range(0, 1000000));
    app.add_option("--draws", o.draws, "sets of networks a row")->check(CLI::PositiveNumber);
    app.add_option("--seed", o.seed, "of the first draw");
    app.add_flag("--json", o.as_json, "one object a line; seconds are those of one fit on all threads");
    CLI11_PARSE(app, argc, argv);
    try {
        return space_of(o) == "nas_bench_macro" ? run<spaces::nas_bench_macro>(o) : run<nas_bench_201>(o);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "rank_quality: %s\n", failure.what());
        return 1;
    }
}
