// Predictors that several processes fit are those that one fits.
#include <span>
#include <string>
#include <vector>

#include <fitnas/predictor/cross_validation.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/fit_default.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/space/sample.hpp>

#include "../predictor/fixtures.hpp"
#include "come_to.hpp"

using namespace fitnas;
using fixtures::chain_net;
using fixtures::tiny;

std::string come_to(peers* all) {
    const score_table<tiny> table = fixtures::tiny_table();
    std::string lines;
    const auto add = [&](const std::string& name, const auto& predictor) {
        lines += line_of(name, predictor.predict(fixtures::codes_of(table)));
    };
    {
        all_told told(all);
        add("the default fit",
            fit_default(table, {.seed = seed{2}, .observer = told.observer(), .peers = all}));
    }
    add("a plan", fit_default(table, {.plan = fit_plan::careful, .repeats = 1, .peers = all}));
    const auto members = fit_ensemble<chain_net>(table, 3, {.epochs = 20}, all);
    for (const auto& m : members.members()) {
        lines += line_of("a member", m.parameters());
    }
    add("an ensemble", members);
    all_told told(all);
    const auto shown =
        cross_validate(table, [](const auto& rows) { return fit<chain_net>(rows, {.epochs = 20}); },
                       {.folds = 5, .observer = told.observer(), .peers = all});
    told.expect_all(5);
    expect(shown.folds.size() == 5, "five folds");
    for (const auto& fold : shown.folds) {
        const double ranks[] = {fold.kendall, fold.spearman};
        lines += line_of("a fold's ranks", ranks) + line_of("its predictions", fold.predictions) +
                 line_of("its scores", fold.held_out.scores);
    }
    score_table<tiny> truths;
    for (std::size_t i = 0; i < table.size(); i += 3) {
        truths.push_back(table.architectures[i], table.scores[i] / 80);
    }
    add("two fidelities", fit_two_fidelities(table, truths, {.repeats = 1, .peers = all}));
    // A fold whose scores are all equal shows nothing, whoever looks at it.
    score_table<tiny> flat;
    for (std::size_t i = 0; i < 8; ++i) {
        flat.push_back(table.architectures[i], i < 3 ? 1.0 : 0.0);
    }
    const auto few =
        cross_validate(flat, [](const auto& rows) { return fit<chain_net>(rows, {.epochs = 2}); },
                       {.folds = 4, .peers = all});
    expect(!few.folds.empty() && !few.skipped.empty() && few.folds.size() + few.skipped.size() == 4,
           "folds with and without an order");
    return lines + line_of("a fold beside skipped ones", few.folds[0].predictions);
}
