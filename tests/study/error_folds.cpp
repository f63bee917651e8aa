// The stage `error`: which images its folds have, and what its scores are.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/number_text.hpp>
#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/study/error.hpp>

#include "../support/temporary_folder.hpp"

using namespace fitnas;

namespace {

using ops = operator_set<op::identity, op::conv<1>, op::conv<3>>;
struct space : search_space<image<6, 6, 1>, stem<4>, stage<ops, 2, 4>, head<16, 3>> {};

} // namespace

TEST_CASE("folds of validation images that are sorted have every class in proportion") {
    dataset data = datasets::synthetic(
        {.image = {6, 6, 1}, .classes = 3, .train = 60, .validation = 120, .test = 3, .noise = 60});
    std::vector<std::size_t> sorted;
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t i = c; i < 120; i += 3) { // synthetic images have the classes in turn
            sorted.push_back(i);
        }
    }
    data.validation = subset(data.validation, sorted);
    const temporary_folder folder;
    const study::run_folder run(folder.path());
    study::sample_stage<space>(run, 0, seed{1});
    study::error_settings settings{.seeds = 2, .folds = 3, .images = 33, .score = score_measure::accuracy};
    settings.training = {.epochs = 8, .batch = 10, .seed = seed{4}};
    settings.evaluation.seed = seed{9};
    settings.fit.plan = fit_plan::cautious;
    study::error_stage<space>(run, data, settings);

    const csv_rows table = read_rows(run.file("error_scores.csv"));
    const auto networks = study::read_architectures<space>(run.file("architectures.csv"));
    REQUIRE(table.rows.size() == 2 * 3 * networks.size());
    const std::vector<std::size_t> order = stratified_indices(data.validation, 99, seed{9});
    std::size_t row = 0;
    for (std::uint64_t s = 4; s < 6; ++s) {
        supernet<space> net(seed{s});
        train(net, data.train, {.epochs = 8, .batch = 10, .seed = seed{s}});
        for (std::size_t fold = 0; fold < 3; ++fold) {
            dataset part = data;
            part.validation =
                subset(data.validation, std::span<const std::size_t>(order).subspan(fold * 33, 33));
            const std::vector<int> labels = image_dataset(part.validation).labels;
            for (int c = 0; c < 3; ++c) {
                CHECK(std::count(labels.begin(), labels.end(), c) == 11);
            }
            const auto expected = evaluate<space>(net, networks, part, {.seed = seed{9}}).scores;
            for (const double score : expected) {
                const double written = fitnas::detail::read_number<double>(table.rows[row++][3]).value();
                CHECK(written == score);
                CHECK(written == std::round(written * 33) / 33);
            }
        }
    }
}

TEST_CASE("means over folds are counts of images, divided once") {
    // 60 right of 300 in each row; 0.1 + 0.3 + 0.2 is not 0.2 + 0.2 + 0.2 in floating point.
    const std::vector<std::vector<double>> folds{{10 / 100.0, 20 / 100.0, 30 / 100.0},
                                                 {30 / 100.0, 20 / 100.0, 20 / 100.0},
                                                 {20 / 100.0, 20 / 100.0, 10 / 100.0}};
    CHECK(study::detail::mean_of(folds, 100) == std::vector<double>(3, 60 / 300.0));
    CHECK(study::detail::mean_of({{-1.5, 2.0}, {-2.5, 4.0}}, 0) == std::vector<double>{-2.0, 3.0});
}
