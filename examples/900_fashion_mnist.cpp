// The whole pipeline on real images: a supernet is trained on Fashion-MNIST, some of its sub-networks are
// scored, a GCN is fitted to the scores, the fitted space is searched under a limit, and the winner is
// trained by itself, beside three random networks of the same cost. scripts/demo.sh runs it.
//
// Usage: example_900_fashion_mnist [folder for results [folder of the data set [small]]]
//
// small: every stage on as little as it takes, for memory checkers; its numbers mean nothing.
//
// Prints tables to stdout, the same at every run, and progress to stderr.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include <fitnas/fitnas.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/study/report.hpp>

#include "console.hpp"

using namespace fitnas;

namespace {

using space = spaces::fashion_mini;
using graph = encoding::chain<space, feature::cell_operator>;
using net =
    gcn::model<graph, gcn::conv<64>, gcn::relu, gcn::conv<64>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
using code = architecture<space>;

struct sizes {
    std::size_t train = 10000; // images
    std::size_t validation = 2000;
    std::size_t test = 10000;
    std::size_t calibration = 512;
    std::size_t fitted_to = 200; // sub-networks
    std::size_t held_out = 100;
    int fit_epochs = 300;
    int most_epochs = 100; // of trainings
};
constexpr sizes small{256, 100, 50, 64, 16, 12, 5, 1};

// Everything here is our choice; the paper has larger numbers.
const train_options supernet_training{.epochs = 5,
                                      .batch = 64,
                                      .sampling = sampling::strict_fair,
                                      .learning_rate = 0.15,
                                      .warmup = 0.5,
                                      .seed = seed{7}};
const train_options individual_training{.epochs = 8,
                                        .batch = 64,
                                        .learning_rate = 0.1,
                                        .warmup = 0.5,
                                        .augment = {.flip = true},
                                        .seed = seed{11}};

struct judged {
    std::string name;
    double tau = 0;
    interval range;
};

// How a predictor ranks sub-networks that it was not fitted to.
template <class Predictor>
judged judge(const char* name, const Predictor& predictor, const score_table<space>& table) {
    const std::vector<double> predicted = predictor.predict(std::span<const code>(table.architectures));
    const auto tau = [](std::span<const double> x, std::span<const double> y) { return kendall_tau(x, y); };
    return {name, kendall_tau(predicted, table.scores), bootstrap_interval(predicted, table.scores, tau)};
}

std::vector<std::size_t> numbers_below(std::size_t n) {
    std::vector<std::size_t> numbers(n);
    for (std::size_t i = 0; i < n; ++i) {
        numbers[i] = i;
    }
    return numbers;
}

// Different networks whose macs are within 5 % of the winner's (10, 20 ... where there are too few).
std::vector<code> of_same_cost(const code& winner, std::size_t count) {
    const auto wanted = static_cast<double>(cost::macs<space>(winner));
    std::vector<code> all = different_networks<space>();
    random_stream random(seed{23}, purpose::user);
    random.shuffle(std::span<code>(all));
    for (double off = 0.05;; off *= 2) {
        std::vector<code> found;
        for (const code& a : all) {
            if (a != winner && found.size() < count &&
                std::abs(static_cast<double>(cost::macs<space>(a)) - wanted) <= off * wanted) {
                found.push_back(a);
            }
        }
        if (found.size() == count) {
            return found;
        }
    }
}

json describe(const code& a) {
    return {{"arch", to_string<space>(a)},
            {"macs", cost::macs<space>(a)},
            {"parameters", cost::parameters<space>(a)}};
}

// The page of what was found, from tables as a study writes them. Returns its path.
std::string report(const std::string& out, const train_report& trained, const std::vector<judged>& predictors,
                   const std::vector<search::candidate<space>>& best,
                   const std::vector<search::candidate<space>>& front, const json& trials) {
    study::write_training(out + "/training.csv", trained);
    csv_rows ranks{.header = {"predictor", "tau", "low", "high"}};
    for (const judged& j : predictors) {
        ranks.rows.push_back({j.name, exact_text(j.tau), exact_text(j.range.low), exact_text(j.range.high)});
    }
    write_rows(out + "/predictors.csv", ranks);
    write_csv(out + "/candidates.csv", best);
    write_csv(out + "/front.csv", front);
    csv_rows table{.header = {"name", "arch", "validation_accuracy", "test_accuracy", "macs", "parameters"}};
    for (const json& t : trials) {
        table.rows.emplace_back();
        for (const std::string& column : table.header) {
            const json& value = t.at(column);
            table.rows.back().push_back(value.is_string() ? value.get<std::string>() : value.dump());
        }
    }
    write_rows(out + "/retrained.csv", table);
    study::run_folder folder(out);
    folder.note("space", "fashion_mini");
    folder.note("data_source", "Fashion-MNIST");
    study::report_stage<space>(folder, {});
    return folder.file("report.html");
}

void run(const std::string& out, const std::string& source, const sizes& n) {
    study::run_folder(out).require_writable({"scores.csv", "predictions.csv", "result.json", "report.html"});
    dataset data = datasets::fashion_mnist(source, {.validation = n.validation, .train_limit = n.train});
    if (n.test < data.test.size()) {
        data.test = subset(data.test, stratified_indices(data.test, n.test, seed{0}));
    }
    std::printf("Fashion-MNIST: %zu images to train, %zu to compare sub-networks, %zu for the final test\n",
                data.train.size(), data.validation.size(), data.test.size());
    std::printf("Search space fashion_mini: %d cells, %llu codes, %zu different networks\n\n", space::cells,
                static_cast<unsigned long long>(space::size), different_networks<space>().size());

    supernet<space> super(seed{7});
    train_options training = supernet_training;
    training.epochs = (std::min)(training.epochs, n.most_epochs);
    training.observer = console::bar("training the supernet");
    const train_report trained = train(super, data.train, training);

    const std::vector<code> sampled = sample<space>(n.fitted_to + n.held_out, seed{1});
    const score_table<space> scores =
        evaluate<space>(super, sampled, data,
                        {.calibration = n.calibration, .observer = console::bar("scoring sub-networks")});
    write_csv(out + "/scores.csv", scores);
    const std::vector<std::size_t> rows = numbers_below(scores.size());
    const score_table<space> known = scores.rows(std::span(rows).first(n.fitted_to));
    const score_table<space> unknown = scores.rows(std::span(rows).last(n.held_out));

    const auto model =
        fit_ensemble<net>(known, 3, {.epochs = n.fit_epochs, .observer = console::bar("fitting the GCN")});
    const std::vector<judged> predictors{judge("GCN, 3 of them", model, unknown),
                                         judge("ridge on one-hot codes", ridge<space>(known), unknown),
                                         judge("macs alone", cost_baseline<space>(), unknown)};
    std::printf(
        "Sub-networks scored: %zu, of which %zu are held out. Rank correlation with their scores:\n\n",
        scores.size(), n.held_out);
    std::printf("  %-26s %-14s %s\n", "predictor", "Kendall tau-b", "95 % interval");
    for (const judged& j : predictors) {
        std::printf("  %-26s %-14.3f %.3f to %.3f\n", j.name.c_str(), j.tau, j.range.low, j.range.high);
    }

    // The heaviest networks win without a limit; half of their cost asks for a choice.
    long long most = 0;
    for (const code& a : sampled) {
        most = (std::max)(most, cost::macs<space>(a));
    }
    const cost::limit limit = cost::macs_at_most(most * 6 / 10);
    const auto best = search::exhaustive(model, {.top = 10, .limit = limit});
    std::printf("\nTen best of the whole space with at most %lld multiply-accumulates:\n\n", limit.macs);
    std::printf("  %-8s %-20s %-12s %s\n", "code", "predicted accuracy", "macs", "parameters");
    for (const auto& c : best) {
        std::printf("  %-8s %-20s %-12lld %lld\n", to_string<space>(c.architecture).c_str(),
                    (std::to_string(100 * c.predicted).substr(0, 5) + " %").c_str(), c.macs, c.parameters);
    }

    std::vector<code> finalists{best.front().architecture};
    const std::vector<code> others = of_same_cost(finalists.front(), 3);
    finalists.insert(finalists.end(), others.begin(), others.end());
    json trials = json::array();
    std::printf("\nTrained by themselves, all the same way:\n\n  %-10s %-8s %-20s %-20s %-10s %s\n",
                "network", "code", "validation accuracy", "test accuracy", "macs", "parameters");
    for (std::size_t i = 0; i < finalists.size(); ++i) {
        const std::string name = i == 0 ? "winner" : "random " + std::to_string(i);
        train_options alone = individual_training;
        alone.epochs = (std::min)(alone.epochs, n.most_epochs);
        alone.observer = console::bar("training " + name + " by itself");
        const auto result = retrain<space>(finalists[i], data, alone);
        json trial = describe(finalists[i]);
        trial["name"] = name;
        trial["predicted"] = model.predict(finalists[i]);
        trial["validation_accuracy"] = result.validation_accuracy;
        trial["test_accuracy"] = result.test_accuracy;
        trials.push_back(trial);
        std::printf("  %-10s %-8s %-20.4f %-20.4f %-10lld %lld\n", name.c_str(),
                    to_string<space>(finalists[i]).c_str(), result.validation_accuracy, result.test_accuracy,
                    cost::macs<space>(finalists[i]), cost::parameters<space>(finalists[i]));
    }

    // The fitted space as a table, for a plot or a query of your own.
    score_table<space> whole;
    whole.architectures = different_networks<space>();
    whole.scores = model.predict(std::span<const code>(whole.architectures));
    std::vector<double> macs;
    std::vector<double> parameters;
    for (const code& a : whole.architectures) {
        macs.push_back(static_cast<double>(cost::macs<space>(a)));
        parameters.push_back(static_cast<double>(cost::parameters<space>(a)));
    }
    const std::vector<csv_column> costs{{"macs", macs}, {"parameters", parameters}};
    write_csv(out + "/predictions.csv", whole, costs);

    json found = json::array();
    for (const auto& c : best) {
        json row = describe(c.architecture);
        row["predicted"] = c.predicted;
        found.push_back(row);
    }
    json ranks = json::array();
    for (const judged& j : predictors) {
        ranks.push_back(
            {{"predictor", j.name}, {"kendall_tau_b", j.tau}, {"low", j.range.low}, {"high", j.range.high}});
    }
    json epochs = json::array();
    for (const epoch_report& e : trained.epochs) {
        epochs.push_back({{"loss", e.loss}, {"accuracy", e.accuracy}});
    }
    write_json(out + "/result.json", {{"space", "fashion_mini"},
                                      {"supernet_epochs", epochs},
                                      {"scored", scores.size()},
                                      {"held_out", n.held_out},
                                      {"predictors", ranks},
                                      {"macs_limit", limit.macs},
                                      {"best", found},
                                      {"trained", trials}});
    std::printf("\nWritten: %s/scores.csv, predictions.csv, result.json\n", out.c_str());
    std::printf("The same as a page: %s\n",
                report(out, trained, predictors, best, search::pareto(model), trials).c_str());
}

} // namespace

int main(int argc, char** argv) {
    try {
        run(argc > 1 ? argv[1] : "out/demo", argc > 2 ? argv[2] : "/usr/share/datasets/fashion-mnist",
            argc > 3 && std::string(argv[3]) == "small" ? small : sizes{});
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
