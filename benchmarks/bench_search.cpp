// Exact search of 6^19 architectures, the front of the space, and a table's answers: see docs/search.md.
//
//   bench_search [--top K] [--rounds N] [--json]

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/search/table.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

namespace {

using namespace fitnas;
using json = nlohmann::ordered_json;

using large = spaces::mobile_19x6;
using segment = codes<6, 6, 6, 6, 6, 6, 6>;
template <class Space>
using net = gcn::model<encoding::chain<Space, feature::cell_operator>, gcn::conv<64>, gcn::relu,
                       gcn::conv<64>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;

bool as_json = false;
int rounds = 5;

// The median of some runs, after one that warms up.
double seconds_of(const std::function<void()>& run) {
    run();
    std::vector<double> times;
    for (int r = 0; r < rounds; ++r) {
        const auto begin = std::chrono::steady_clock::now();
        run();
        times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

void print(const json& row) {
    if (as_json) {
        std::printf("%s\n", row.dump().c_str());
    } else {
        for (const auto& [name, value] : row.items()) {
            std::printf("%s %s  ", name.c_str(), value.dump().c_str());
        }
        std::printf("\n");
    }
    std::fflush(stdout);
}

// Stands for a supernet's scores: costs help with falling returns, neighbours act together, and there is
// noise.
score_table<large> made_up_scores() {
    score_table<large> table;
    random_stream random(seed{4}, purpose::user);
    for (const auto& a : sample<large>(1000, seed{1})) {
        double score = 70 + 5 * std::log(1e-8 * static_cast<double>(cost::macs<large>(a)));
        for (std::size_t i = 0; i < a.size(); ++i) {
            score += 0.1 * (a[i] % 3) - (i > 0 && a[i - 1] == a[i] ? 0.1 : 0.0);
        }
        table.push_back(a, score + 0.2 * random.normal());
    }
    return table;
}

void search_everything(std::size_t top) {
    const auto model = fit<net<large>>(made_up_scores(), {.epochs = 60});
    architecture<large> least{};
    architecture<large> most{};
    most.fill(5);
    const long long middle = (cost::macs<large>(least) + cost::macs<large>(most)) / 2;
    const auto exact = [&](const char* workload, const cost::limit& limit) {
        search::exact_report report;
        const double seconds = seconds_of(
            [&] { search::exact(model, {.top = top, .limit = limit}, &report); }); // tabulating included
        print({{"workload", workload},
               {"seconds", seconds},
               {"k", top},
               {"architectures", large::size},
               {"limit", limit.text()},
               {"tabulated", report.tabulated},
               {"looked_at", report.looked_at},
               {"gap", report.gap},
               {"threads", thread_count()}});
    };
    exact("exact", {});
    exact("exact_macs", cost::macs_at_most(middle));
    exact("exact_macs_parameters", cost::macs_at_most(middle) && cost::parameters_at_most(4'000'000));

    std::size_t points = 0;
    const double front = seconds_of([&] { points = search::pareto(model).size(); });
    print({{"workload", "pareto_macs"},
           {"seconds", front},
           {"points", points},
           {"architectures", large::size},
           {"threads", thread_count()}});
}

void look_up() {
    const fitted<net<segment>> model(net<segment>::initial_parameters(seed{1}));
    const double dense = seconds_of([&] { const dense_table all(model); });
    print({{"workload", "dense_table"},
           {"seconds", dense},
           {"architectures", segment::size},
           {"threads", thread_count()}});

    using space = spaces::nas_bench_macro;
    const fitted<net<space>> other(net<space>::initial_parameters(seed{1}));
    const search::table table(other);
    print({{"workload", "table_prepare"},
           {"seconds", seconds_of([&] { const search::table again(other); })},
           {"architectures", space::size},
           {"networks", table.size()}});
    // Limits of every size, so that some are met by the best and some by almost none.
    std::vector<cost::limit> limits;
    for (long long macs = 8'000'000; macs <= 104'000'000; macs += 1'000'000) {
        for (long long parameters = 400'000; parameters <= 2'900'000; parameters += 100'000) {
            const cost::limit limit = cost::macs_at_most(macs) && cost::parameters_at_most(parameters);
            try {
                table.best(limit);
                limits.push_back(limit);
            } catch (const limit_error&) { // nothing is that small
            }
        }
    }
    const auto ask = [&](const char* workload, std::size_t first, std::size_t last) {
        double sum = 0;
        const double seconds = seconds_of([&] {
            for (std::size_t i = first; i < last; ++i) {
                sum += table.best(limits[i]).predicted;
            }
        });
        print({{"workload", workload},
               {"seconds", seconds / static_cast<double>(last - first)},
               {"queries", last - first},
               {"architectures", space::size},
               {"mean", sum / static_cast<double>((last - first) * static_cast<std::size_t>(rounds + 1))}});
    };
    ask("table_query", 0, limits.size());
    limits.assign(1000, cost::macs_at_most(60'000'000) && cost::parameters_at_most(2'000'000));
    ask("table_query_60M_2M", 0, limits.size());
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Exact search, fronts and look-ups"};
    std::size_t top = 1000;
    app.add_option("--top", top, "how many of the best")->check(CLI::PositiveNumber)->capture_default_str();
    app.add_option("--rounds", rounds, "measurements; the median counts")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--json", as_json, "one JSON object a line");
    CLI11_PARSE(app, argc, argv);
    try {
        search_everything(top);
        look_up();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
    return 0;
}
