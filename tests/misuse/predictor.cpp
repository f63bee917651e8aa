/// Tables, predictors, searches and metrics.
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <fitnas/metrics/bootstrap.hpp>
#include <fitnas/metrics/kendall.hpp>
#include <fitnas/metrics/ranking.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/encoding/chain.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/feature/cell_operator.hpp>
#include <fitnas/predictor/fit.hpp>
#include <fitnas/predictor/gcn/model.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/search/evolution.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/iterative.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/search/random.hpp>
#include <fitnas/space/codes.hpp>
#include <fitnas/space/sample.hpp>

#include "refused.hpp"

using namespace fitnas;

namespace {

using space = codes<3, 3, 3>;
using gcn_model =
    gcn::model<encoding::chain<space, feature::cell_operator>, gcn::conv<4>, gcn::mean_pool, gcn::linear<1>>;

/// A predictor of the user's that has gone wrong.
struct broken {
    using space = fitnas::codes<3, 3, 3>;
    double value = 0;
    std::size_t lost = 0;
    std::vector<double> predict(std::span<const architecture<space>> some) const {
        return std::vector<double>(some.size() - lost, value);
    }
    double predict(const architecture<space>& /*one*/) const { return value; }
};

score_table<space> scores(std::size_t n) {
    score_table<space> table;
    for (const auto& a : sample<space>(n, seed{1})) {
        table.push_back(a, static_cast<double>(table.size()));
    }
    return table;
}

} // namespace

TEST_CASE("misuse of tables and predictors") {
    const score_table<space> table = scores(12);
    const double nan = std::numeric_limits<double>::quiet_NaN();

    // an empty table
    REFUSED(call, shape_error, "[F0321] fit: the table of scores is empty",
            fit<gcn_model>(score_table<space>{}));
    // a table of one network
    REFUSED(call, shape_error, "[F0604] fit: the table has 1 different network, at least 2 are needed",
            fit<gcn_model>(scores(1)));
    // one network trained by itself beside a supernet's scores
    REFUSED(call, shape_error,
            "[F0604] fit_two_fidelities: truths: the table has 1 different network, at least 2 are needed",
            fit_two_fidelities(table, scores(1)));
    // a score that is not a number
    REFUSED(call, numeric_error, "[F0323] fit: the score of architecture 112 (row 2) is not finite",
            score_table<space> bad = table;
            bad.scores[2] = nan; fit<gcn_model>(bad));
    // scores that are all the same
    REFUSED(call, numeric_error,
            "[F0324] fit: all 12 scores are equal to 0.1, there is nothing to learn from them",
            score_table<space> bad = table;
            bad.scores.assign(12, 0.1); fit<gcn_model>(bad));
    // more architectures than scores
    REFUSED(call, shape_error, "[F0322] fit: 12 architectures but 11 scores", score_table<space> bad = table;
            bad.scores.pop_back(); fit<gcn_model>(bad));
    // an architecture that is not of the space
    REFUSED(call, architecture_error, "[F0303] architecture: cell 1 has the operators 0 to 2, got 3",
            score_table<space> bad = table;
            bad.architectures[5][1] = 3; fit<gcn_model>(bad));
    // no epochs
    REFUSED(call, option_error, "[F0612] fit: epochs: expected at least 1, got 0",
            fit<gcn_model>(table, {.epochs = 0}));
    // batches of one network
    REFUSED(call, option_error, "[F0613] fit: batch: expected at least 2, got 1",
            fit<gcn_model>(table, {.batch = 1}));
    // a learning rate of 0
    REFUSED(call, option_error, "[F0614] fit: learning_rate: expected a number above 0, got 0",
            fit<gcn_model>(table, {.learning_rate = 0}));
    // a learning rate at which the fit diverges
    REFUSED(call, numeric_error,
            "[F0616] fit: the loss is not finite any more in epoch 2 of 300; the learning rate 1e+30 may be "
            "too high",
            fit<gcn_model>(table, {.loss = loss::mse, .learning_rate = 1e30}));
    // an ensemble of nobody
    REFUSED(call, option_error, "[F0608] fit_ensemble: members: expected at least 1, got 0",
            fit_ensemble<gcn_model>(table, 0));
    // ridge regression without a ridge
    REFUSED(construction, option_error, "[F0601] ridge: lambda: expected a number above 0, got 0",
            ridge<space>(table, {.lambda = 0}));
    // more folds than networks
    REFUSED(call, option_error, "[F0602] folds: expected 2 to 6 for 12 different networks, got 20",
            cross_validate(table, [](const auto& part) { return ridge<space>(part); }, {.folds = 20}));
    // folds of a table that is too small
    REFUSED(call, shape_error,
            "[F0641] folds: expected at least 4 different networks, two for each of two folds, got 3",
            cross_validate(scores(3), [](const auto& part) { return ridge<space>(part); }));
    // a table of all predictions of a space that is too large
    REFUSED(construction, option_error, "[F0632] dense_table: the space has 27 codes, the limit is 10",
            dense_table<space>(broken{}, 10));
}

TEST_CASE("misuse of searches") {
    const score_table<space> table = scores(12);
    const auto scorer = [](std::span<const architecture<space>> some) {
        return std::vector<double>(some.size());
    };

    // the best 0
    REFUSED(call, option_error, "[F0701] exhaustive: top: expected at least 1, got 0",
            search::exhaustive(broken{}, {.top = 0}));
    // a predictor that gives no numbers
    REFUSED(call, numeric_error, "[F0703] exhaustive: the model gave a value that is not finite (0 of 27)",
            search::exhaustive(broken{.value = std::numeric_limits<double>::quiet_NaN()}));
    // a predictor that forgets an architecture
    REFUSED(call, shape_error, "[F0702] exhaustive: the model gave 26 values for 27 architectures",
            search::exhaustive(broken{.lost = 1}));
    // a limit on macs for a space of bare codes
    REFUSED(call, option_error,
            "[F0315] cost: the space has no layout, so its codes have no macs; a cost of your own is made by "
            "cost::table<space>(name, unit, values)",
            search::exhaustive(broken{}, {.limit = cost::macs_at_most(1000)}));
    // looking at no network
    REFUSED(call, option_error, "[F0716] random: samples: expected at least 1, got 0",
            search::random<space>(scorer, {.samples = 0}));
    // a population of nobody
    REFUSED(call, option_error, "[F0706] evolution: population: expected at least 1, got 0",
            search::evolution<space>(scorer, {.population = 0}));
    // a chance above 1
    REFUSED(call, option_error, "[F0707] evolution: mutation: expected a chance in (0, 1], got 1.5",
            search::evolution<space>(scorer, {.mutation = 1.5}));
    // a front against a cost that the search was not asked for
    REFUSED(call, option_error,
            "[F0715] candidate 000: expected a cost that the search was asked for, as `.limit = "
            "cost.at_most(infinity)` does, got latency",
            search::pareto<space>(std::vector<search::candidate<space>>(2), "latency"));
}

TEST_CASE("misuse of metrics") {
    const std::vector<double> three = {1, 2, 3};
    const std::vector<double> two = {1, 2};

    // columns of different lengths
    REFUSED(call, shape_error, "[F0804] kendall_tau: expected two columns of one length, got 3 and 2 values",
            kendall_tau(three, two));
    // one pair of values
    REFUSED(call, shape_error, "[F0805] kendall_tau: expected at least 2 pairs of values, got 1",
            kendall_tau(std::vector<double>{1}, std::vector<double>{2}));
    // the best 0
    REFUSED(call, option_error, "[F0808] regret: expected k from 1 to 3, got 0", regret(three, three, 0));
    // a fraction in per cent
    REFUSED(call, option_error, "[F0807] precision_at: expected a fraction above 0 and up to 1, got 10",
            precision_at(three, three, 10));
    // quantiles of the cost in per cent
    REFUSED(call, option_error,
            "[F0886] regret_under_limits: quantiles: expected numbers from 0 to 1, got 50",
            regret_under_limits(three, three, three, std::vector<double>{50}));
    // a level in per cent
    REFUSED(
        call, option_error, "[F0802] bootstrap_options::level: expected a number between 0 and 1, got 95",
        bootstrap_interval(three, three, [](auto x, auto y) { return kendall_tau(x, y); }, {.level = 95}));
}
