// Several supernets of a run, each with a seed of its own, and the means of their scores.

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/study/supernet.hpp>

#include "../support/temporary_folder.hpp"

using namespace fitnas;

namespace {

using ops = operator_set<op::identity, op::conv<3>>;
struct space : search_space<image<6, 6, 1>, stem<4>, stage<ops, 2, 4>, head<8, 3>> {};

} // namespace

TEST_CASE("scores of several supernets are the means of what each gives alone") {
    const dataset data =
        datasets::synthetic({.image = {6, 6, 1}, .classes = 3, .train = 48, .validation = 24, .test = 12});
    const train_options training{.epochs = 2, .batch = 16, .seed = seed{5}};
    const evaluate_options scoring{.calibration = 16, .images = 12, .seed = seed{9}};
    const temporary_folder folder;
    const study::run_folder run(folder.path());
    study::sample_stage<space>(run, 0, seed{1});
    const auto networks = study::read_architectures<space>(folder.path("architectures.csv"));
    REQUIRE(networks.size() > 2);
    std::vector<evaluation<space>> alone;
    for (int which = 0; which < 3; ++which) {
        study::train_stage<space>(run, data, training, {}, 100, {}, which);
        // By the library's parts: a supernet whose seed is so far behind, scored on images of its own
        // drawing.
        const auto ahead = static_cast<std::uint64_t>(which);
        train_options own = training;
        own.seed.value += ahead;
        supernet<space> net(own.seed);
        train(net, data.train, own);
        evaluate_options its = scoring;
        its.seed.value += ahead;
        alone.push_back(evaluate_both<space>(net, networks, data, its));
    }
    CHECK(folder.names() == std::vector<std::string>{"architectures.csv", "supernet.safetensors",
                                                     "supernet_2.safetensors", "supernet_3.safetensors",
                                                     "training.csv", "training_2.csv", "training_3.csv"});
    for (const int supernets : {1, 3}) {
        study::evaluate_stage<space>(run, data, score_measure::negative_loss, scoring, {}, supernets);
        const auto table = read_csv<space>(folder.path("scores.csv"));
        const auto accuracies = read_csv<space>(folder.path("scores.csv"), {.score = "accuracy"});
        REQUIRE(table.size() == networks.size());
        for (std::size_t i = 0; i < table.size(); ++i) {
            double loss = 0;
            double accuracy = 0;
            for (int which = 0; which < supernets; ++which) {
                const auto& one = alone[static_cast<std::size_t>(which)];
                REQUIRE(one.accuracy.architectures[i] == table.architectures[i]);
                loss += one.negative_loss[i] / supernets;
                accuracy += one.accuracy.scores[i] / supernets;
            }
            CHECK(table.scores[i] == doctest::Approx(loss).epsilon(1e-12));
            CHECK(accuracies.scores[i] == doctest::Approx(accuracy).epsilon(1e-12));
        }
    }
    CHECK(alone[0].negative_loss != alone[1].negative_loss);
    // A fourth was not trained.
    CHECK_THROWS_WITH_AS(study::evaluate_stage<space>(run, data, score_measure::accuracy, scoring, {}, 4),
                         doctest::Contains("supernet_4.safetensors"), data_error);
}
