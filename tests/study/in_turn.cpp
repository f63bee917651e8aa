// Trainings one after the other come to what trainings beside each other come to, also when they are stopped.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/study/in_turn.hpp>

#include "../support/temporary_folder.hpp"

using namespace fitnas;

namespace {

using ops = operator_set<op::identity, op::conv<3>>;
struct space : search_space<image<6, 6, 1>, stem<4>, stage<ops, 2, 4>, head<8, 3>> {};

} // namespace

TEST_CASE("trainings one after the other, stopped twice, are those that run beside each other") {
    const dataset data =
        datasets::synthetic({.image = {6, 6, 1}, .classes = 3, .train = 48, .validation = 12, .test = 12});
    const std::vector<study::alone_job<space>> jobs{{{1, 1}, 4}, {{1, 1}, 5}, {{0, 0}, 4}};
    const train_options options{.epochs = 2, .batch = 16};
    const temporary_folder folder;
    const auto whole = study::train_alone<space>(folder.path("whole.csv"), jobs, data, options);
    REQUIRE(whole.size() == 3);

    const std::string path = folder.path("runs.csv");
    const auto train = [&](const std::string& stopped_in) {
        return study::train_in_turn<space>(path, folder.path(), jobs, data, options, 2,
                                           [&](const std::string& piece) -> observer {
                                               return [&, piece](const progress& p) {
                                                   if (piece == stopped_in && p.done == 3) {
                                                       std::raise(SIGTERM);
                                                   }
                                               };
                                           });
    };
    CHECK_THROWS_AS(train("training network 1 of 3 by itself"), interrupted);
    CHECK(std::filesystem::exists(folder.path("retrain_1.safetensors")));
    CHECK(!std::filesystem::exists(path));
    CHECK_THROWS_AS(train("training network 2 of 3 by itself"), interrupted);
    CHECK(study::read_alone<space>(path).size() == 1);
    CHECK(std::filesystem::exists(folder.path("winner.safetensors")));
    const auto all = train("");
    CHECK(folder.read("runs.csv") == folder.read("whole.csv"));
    CHECK(all.at(jobs[2]).test_accuracy == whole.at(jobs[2]).test_accuracy);
    CHECK(folder.names() == std::vector<std::string>{"runs.csv", "whole.csv", "winner.safetensors"});
    CHECK(accuracy(load_network<space>(folder.path("winner.safetensors")), data.test) ==
          whole.at(jobs[0]).test_accuracy);
}
