// The whole pipeline on real images: a supernet is trained on Fashion-MNIST, some of its sub-networks are
// scored, the default predictor is fitted to the scores, the fitted space is searched under a limit, and the
// winner is trained by itself, beside random networks of the same cost. scripts/demo.sh runs it.
//
// Usage: example_900_fashion_mnist [folder for results [folder of the data set [seed | small]]]
//
// small: every stage on as little as it takes, for memory checkers; its numbers mean nothing.
//
// Prints tables to stdout, the same at every run of one seed, and progress to stderr.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <fitnas/fitnas.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/study/report.hpp>
#include <fitnas/study/truth.hpp>

#include "console.hpp"

using namespace fitnas;

namespace {

// Choices at equal cost matter here: 1 x 1 kernels cost what larger ones do and see no neighbours, and a cell
// may be left out where another can use its multiply-accumulates better. Random networks of one cost differ
// by about twice as much as trainings of one network do: the run measures it.
using operators =
    operator_set<op::identity, op::mbconv<1, 4>, op::mbconv<3, 2>, op::mbconv<5, 2>, op::mbconv<3, 4>>;
struct space : search_space<image<28, 28, 1>, stem<8, 2>, stage<operators, 2, 8>, stage<operators, 2, 16, 2>,
                            stage<operators, 2, 32, 2>, head<64, 10>> {};
using code = architecture<space>;

// Everything here is our choice; the paper has larger numbers.
struct sizes {
    std::size_t train = 10000; // images
    std::size_t validation = 2000;
    std::size_t test = 10000;
    std::size_t calibration = 512;
    std::size_t scored = 300; // sub-networks that are fitted to
    std::size_t of_cost = 6;  // random networks beside the winner
    std::size_t anywhere = 6; // and of any cost, for the rankings
    int supernet_epochs = 4;  // of a path for each operator
    int alone_epochs = 3;
    int runs = 2; // trainings of each network
    std::uint64_t seed = 7;
};
constexpr sizes small{256, 100, 50, 64, 16, 2, 2, 1, 1, 2, 7};

struct row {
    std::string name;
    code architecture{};
    study::alone_summary trained{};
};

using fitnas::detail::exact_mean;
double deviation(const std::vector<double>& values) {
    return fitnas::detail::deviation_about(exact_mean(values), values, values.size() - 1);
}
std::string percent(double share) {
    char text[16];
    std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
    return text;
}

// What the trainings say of the winner: computed, whatever it is.
std::string verdict(double winner, const std::vector<double>& others) {
    const double best = *std::max_element(others.begin(), others.end());
    const double average = exact_mean(others);
    const double error = deviation(others) / std::sqrt(static_cast<double>(others.size()));
    const std::string found =
        winner > best
            ? "is better than each of the " + std::to_string(others.size()) + " random networks of its cost"
        : winner > average
            ? "is better than the mean of the random networks of its cost, not than the best of them"
            : "is NOT better than random networks of its cost";
    return "The winner " + found + ": " + percent(winner) + " of the test images, where they have " +
           percent(average) + " on average (standard error " + percent(error) + ") and " + percent(best) +
           " at best.";
}

// Trains each row's network by itself; what comes of it stands in the rows, is printed, and written for the
// first rows.
void train_alone(const std::string& out, std::vector<row>& rows, std::size_t written, const dataset& data,
                 const sizes& n) {
    std::vector<code> networks;
    for (const row& r : rows) {
        networks.push_back(r.architecture);
    }
    const std::string runs = out + "/retrained_runs.csv";
    std::filesystem::remove(runs); // of an earlier run
    const auto trainings = study::train_alone<space>(
        runs, study::detail::jobs_of<space>(networks, n.runs, seed{n.seed}), data,
        {.epochs = n.alone_epochs, .batch = 64, .learning_rate = 0.1, .warmup = 0.5},
        console::bar("training networks by themselves"));
    const auto summaries = study::summarise<space>(trainings, data.validation.size(), data.test.size());
    std::printf("\nTrained by themselves, all the same way, from %d seeds each (means):\n\n", n.runs);
    std::printf("  %-12s %-8s %-20s %-15s %-10s %s\n", "network", "code", "validation accuracy",
                "test accuracy", "macs", "parameters");
    csv_rows table{.header = {"name", "arch", "validation_accuracy", "test_accuracy", "deviation", "runs",
                              "macs", "parameters"}};
    for (row& r : rows) {
        r.trained = summaries.at(r.architecture);
        const std::string arch = to_string<space>(r.architecture);
        const long long macs = cost::macs<space>(r.architecture);
        const long long parameters = cost::parameters<space>(r.architecture);
        std::printf("  %-12s %-8s %-20s %-15s %-10lld %lld\n", r.name.c_str(), arch.c_str(),
                    percent(r.trained.validation_accuracy).c_str(), percent(r.trained.test_accuracy).c_str(),
                    macs, parameters);
        if (table.rows.size() < written) {
            table.rows.push_back({r.name, arch, exact_text(r.trained.validation_accuracy),
                                  exact_text(r.trained.test_accuracy), exact_text(r.trained.deviation),
                                  std::to_string(r.trained.runs), std::to_string(macs),
                                  std::to_string(parameters)});
        }
    }
    write_rows(out + "/retrained.csv", table);
}

// How rankings agree with the truth of the random networks, which were not fitted to: printed, and as JSON.
json compare_rankings(const supernet<space>& super, const score_table<space>& scores,
                      const default_predictor<space>& model, std::span<const code> held_out,
                      std::span<const double> held_truth, const dataset& data, std::size_t calibration) {
    const evaluation<space> raw = evaluate_both<space>(super, held_out, data, {.calibration = calibration});
    struct ranking {
        const char* name;
        std::vector<double> values;
    };
    const ranking rankings[] = {{"raw score", raw.negative_loss},
                                {"fitted score", model.predict(held_out)},
                                {"ridge", ridge<space>(scores).predict(held_out)},
                                {"macs alone", cost_baseline<space>().predict(held_out)}};
    const auto tau = [](std::span<const double> x, std::span<const double> y) { return kendall_tau(x, y); };
    std::vector<double> held_macs;
    for (const code& a : held_out) {
        held_macs.push_back(static_cast<double>(cost::macs<space>(a)));
    }
    json ranks = json::array();
    std::printf(
        "\nRankings of the %zu random networks, by the truth that was held out, and what taking their "
        "first within a limit on\nmultiply-accumulates loses of the best there, a mean over 8 limits:"
        "\n\n  %-14s %-15s %-18s %s\n",
        held_out.size(), "ranked by", "Kendall tau-b", "95 % interval", "loss of its picks");
    for (const ranking& r : rankings) {
        const double t = kendall_tau(r.values, held_truth);
        const interval range = bootstrap_interval(r.values, held_truth, tau);
        const double regret = regret_under_limits(r.values, held_truth, held_macs);
        char within_95[32];
        std::snprintf(within_95, sizeof within_95, "%.3f to %.3f", range.low, range.high);
        std::printf("  %-14s %-15.3f %-18s %s\n", r.name, t, within_95, percent(regret).c_str());
        ranks.push_back({{"ranking", r.name},
                         {"kendall_tau_b", t},
                         {"low", range.low},
                         {"high", range.high},
                         {"regret_under_limits", regret}});
    }
    return ranks;
}

// The fitted space as tables, for the page, plots and queries of your own.
void write_tables(const std::string& out, const default_predictor<space>& model, const std::vector<code>& all,
                  const std::vector<search::candidate<space>>& best) {
    score_table<space> whole;
    whole.architectures = all;
    whole.scores = model.predict(std::span<const code>(all));
    std::vector<double> macs;
    std::vector<double> parameters;
    for (const code& a : all) {
        macs.push_back(static_cast<double>(cost::macs<space>(a)));
        parameters.push_back(static_cast<double>(cost::parameters<space>(a)));
    }
    write_csv(out + "/predictions.csv", whole,
              std::vector<csv_column>{{"macs", macs}, {"parameters", parameters}});
    write_csv(out + "/candidates.csv", best);
    write_csv(out + "/front.csv", search::pareto(model));
}

void run(const std::string& out, const std::string& source, const sizes& n) {
    const study::run_folder folder(out);
    folder.require_writable({"scores.csv", "predictions.csv", "result.json", "report.html"});
    dataset data = datasets::fashion_mnist(
        source, {.validation = n.validation, .seed = seed{n.seed}, .train_limit = n.train});
    if (n.test < data.test.size()) {
        data.test = subset(data.test, stratified_indices(data.test, n.test, seed{0}));
    }
    const std::vector<code> all = different_networks<space>();
    std::printf("Fashion-MNIST: %zu images to train, %zu to compare sub-networks, %zu for the final test\n",
                data.train.size(), data.validation.size(), data.test.size());
    std::printf("Search space: %d cells, %llu codes, %zu different networks\n", space::cells,
                static_cast<unsigned long long>(space::size), all.size());

    supernet<space> super(seed{n.seed});
    const train_report trained = train(super, data.train,
                                       {.epochs = n.supernet_epochs,
                                        .batch = 64,
                                        .sampling = sampling::strict_fair,
                                        .learning_rate = 0.15,
                                        .warmup = 0.5,
                                        .seed = seed{n.seed},
                                        .observer = console::bar("training the supernet")});

    // Those of any cost are not among the scored; no network's truth is fitted to.
    const std::vector<code> drawn = sample<space>(n.scored + n.anywhere, seed{n.seed});
    const std::span<const code> sampled = std::span(drawn).first(n.scored);
    const evaluate_options scoring{.calibration = n.calibration,
                                   .observer = console::bar("scoring sub-networks")};
    const evaluation<space> scored = evaluate_both<space>(super, sampled, data, scoring);
    const score_table<space> scores = scored.by_loss(); // less noisy than accuracies, at no cost
    write_csv(out + "/scores.csv", scores, std::vector<csv_column>{{"accuracy", scored.accuracy.scores}});
    const auto model = fit_default(scores, {.observer = console::bar("fitting the GCNs")});

    long long most = 0;
    for (const code& a : all) {
        most = (std::max)(most, cost::macs<space>(a));
    }
    // The heaviest networks win without a limit; 60 % of their cost asks for a choice.
    const long long within = most * 6 / 10;
    const cost::limit limit = cost::macs_at_most(within);
    const auto best = search::exhaustive(model, {.top = 5, .limit = limit});
    std::printf("\nSub-networks scored: %zu. The best of the fitted space with at most %lld "
                "multiply-accumulates:\n\n",
                scores.size(), within);
    std::printf("  %-8s %-16s %-10s %s\n", "code", "predicted loss", "macs", "parameters");
    for (const auto& c : best) {
        std::printf("  %-8s %-16.4f %-10lld %lld\n", to_string<space>(c.architecture).c_str(), -c.predicted,
                    c.macs, c.parameters);
    }

    std::vector<row> rows{{"winner", canonical<space>(best.front().architecture)}};
    for (const code& a : study::of_same_cost<space>(rows.front().architecture, n.of_cost, seed{n.seed})) {
        rows.push_back({"random " + std::to_string(rows.size()), a});
    }
    const std::size_t compared = rows.size();
    for (const code& a : std::span(drawn).last(n.anywhere)) {
        rows.push_back({"any cost " + std::to_string(rows.size() + 1 - compared), canonical<space>(a)});
    }
    train_alone(out, rows, compared, data, n);
    std::vector<code> networks;
    std::vector<double> truth;
    double between_seeds = 0;
    for (const row& r : rows) {
        networks.push_back(r.architecture);
        truth.push_back(r.trained.test_accuracy);
        between_seeds += std::pow(r.trained.deviation, 2) / static_cast<double>(rows.size());
    }
    const std::vector<double> others(truth.begin() + 1,
                                     truth.begin() + static_cast<std::ptrdiff_t>(compared));
    std::printf("\nNetworks of one cost differ by %s (standard deviation), trainings of one network by %s.\n",
                percent(deviation(others)).c_str(), percent(std::sqrt(between_seeds)).c_str());

    const json ranks = compare_rankings(super, scores, model, std::span<const code>(networks).subspan(1),
                                        std::span<const double>(truth).subspan(1), data, n.calibration);
    const std::string found = verdict(truth.front(), others);
    std::printf("\n%s\n", found.c_str());

    write_tables(out, model, all, best);
    study::write_training(out + "/training.csv", trained);
    json trials = json::array();
    for (const row& r : rows) {
        trials.push_back({{"name", r.name},
                          {"arch", to_string<space>(r.architecture)},
                          {"macs", cost::macs<space>(r.architecture)},
                          {"predicted", model.predict(r.architecture)},
                          {"validation_accuracy", r.trained.validation_accuracy},
                          {"test_accuracy", r.trained.test_accuracy},
                          {"deviation", r.trained.deviation}});
    }
    write_json(out + "/result.json", {{"seed", n.seed},
                                      {"scored", scores.size()},
                                      {"macs_limit", within},
                                      {"rankings", ranks},
                                      {"trained", trials},
                                      {"found", found}});
    study::run_folder page(out);
    page.note("space", "6 cells of 5 operators");
    page.note("data_source", "Fashion-MNIST");
    study::report_stage<space>(page, {});
    std::printf("\nWritten: %s/scores.csv, predictions.csv, result.json\nThe same as a page: %s\n",
                out.c_str(), page.file("report.html").c_str());
}

} // namespace

int main(int argc, char** argv) {
    try {
        const std::string out = argc > 1 ? argv[1] : "out/demo";
        const std::string third = argc > 3 ? argv[3] : "7";
        sizes n = third == "small" ? small : sizes{};
        const auto number = fitnas::detail::read_number<std::uint64_t>(third);
        if (out.starts_with('-') || argc > 4 || (third != "small" && !number)) {
            std::fprintf(stderr, "usage: %s [folder for results [folder of the data set [seed | small]]]\n",
                         argv[0]);
            return 2;
        }
        n.seed = number.value_or(n.seed);
        run(out, argc > 2 ? argv[2] : "/usr/share/datasets/fashion-mnist", n);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
