#include <filesystem>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/study/kept_trainings.hpp>
#include <fitnas/supernet/training_scorer.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using ops = operator_set<op::identity, op::conv<3>>;
struct space : search_space<image<6, 6, 1>, stem<4>, stage<ops, 2, 4>, head<8, 3>> {};

} // namespace

TEST_CASE("trainings that are kept are scores of a training scorer, and none is done twice") {
    const dataset data =
        datasets::synthetic({.image = {6, 6, 1}, .classes = 3, .train = 48, .validation = 30, .test = 12});
    const std::vector<architecture<space>> some{{0, 1}, {1, 1}, {1, 0}}; // the first equals the last
    const temporary_folder folder;
    study::kept_trainings<space> kept{
        folder.path("t.csv"), &data, {.epochs = 1, .batch = 16, .seed = seed{3}}, 2};
    long long trained = 0;
    kept.watch = [&](const progress& p) { trained = p.done; };
    const std::vector<double> scores = kept(some);
    CHECK(trained == 4);
    CHECK(scores == training_scorer<space>{&data, kept.options, 2}(some));
    CHECK(scores[0] == scores[2]);

    trained = 0;
    CHECK(kept(std::span(some).first(2)) == std::vector<double>(scores.begin(), scores.begin() + 2));
    CHECK(trained == 0);

    study::kept_trainings<space> other = kept;
    other.options.epochs = 2;
    CHECK(thrown<option_error>([&] { other(some); }) ==
          "[F1078] " + kept.path +
              ": has trainings with other options: epochs was \"1\", and is now \"2\"; take "
              "another path");
    dataset fewer = data;
    fewer.train =
        subset(data.train, std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    other = kept;
    other.data = &fewer;
    CHECK(thrown<option_error>([&] { other(some); }).find(": images was") != std::string::npos);
    std::filesystem::remove(kept.path + ".json");
    CHECK(thrown<data_error>([&] { kept(some); }).find(kept.path + ".json") != std::string::npos);
    kept.seeds = 0;
    CHECK(thrown<option_error>([&] { kept(some); }).starts_with("[F1077]"));
}
