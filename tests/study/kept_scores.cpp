// Scores that are kept come once, in pieces, and are the same for a run that was stopped.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/study/kept_scores.hpp>
#include <fitnas/study/supernet_segments.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using ops = operator_set<op::identity, op::conv<3>, op::conv<1>>;
struct space : search_space<image<6, 6, 1>, stem<4>, stage<ops, 4, 4>, head<8, 3>> {};

// Scores with a cost: how many networks were asked for.
struct counting {
    std::size_t scored = 0;
    std::size_t stop_at = 1000;

    study::networks_scorer<space> scorer() {
        return [this](std::span<const architecture<space>> some, const observer& watch) {
            evaluation<space> found;
            for (const auto& a : some) {
                if (++scored == stop_at) {
                    std::raise(SIGTERM);
                }
                found.accuracy.push_back(a, 0.1 * a[0] + 0.01 * a[1]);
                found.negative_loss.push_back(-1.0 - a[2]);
                watch({.stage = "", .done = 1, .total = 1, .seconds = 0});
            }
            return found;
        };
    }
};

} // namespace

TEST_CASE("a network is scored once, and a stopped run goes on to the same table") {
    const temporary_folder folder;
    const auto some = sample<space>(30, seed{1});
    counting whole;
    study::kept_scores<space> scores(folder.path("whole.csv"), whole.scorer(), 0);
    const auto all = scores(some);
    CHECK(whole.scored == 30);
    CHECK(all.accuracy.architectures == some);
    CHECK(all.accuracy.scores[3] == 0.1 * some[3][0] + 0.01 * some[3][1]);
    CHECK(all.negative_loss[3] == -1.0 - some[3][2]);
    CHECK(scores(std::span(some).first(7)).negative_loss.size() == 7);
    CHECK(whole.scored == 30);

    counting part;
    part.stop_at = 20;
    const auto run = [&] {
        return study::kept_scores<space>(folder.path("part.csv"), part.scorer(), 0)(some);
    };
    const std::string said = thrown<interrupted>(run);
    CHECK(contains(said, "[F1020] scoring networks: stopped; " + folder.path("part.csv")));
    CHECK(contains(said, " of the 30 that were missing"));
    CHECK(part.scored == 20);
    CHECK(run().accuracy.scores == all.accuracy.scores);
    CHECK(part.scored < 29 + 8); // no more again than one piece
    CHECK(folder.read("part.csv") == folder.read("whole.csv"));
    folder.write("wrong.csv", "arch,accuracy,negative_loss\n0000,nan,1\n");
    CHECK(contains(
        thrown<data_error>([&] { study::kept_scores<space>(folder.path("wrong.csv"), part.scorer()); }),
        "wrong.csv:2"));
}

TEST_CASE("a supernet's scores are the same together and in pieces of one") {
    const dataset data =
        datasets::synthetic({.image = {6, 6, 1}, .classes = 3, .train = 48, .validation = 30, .test = 12});
    const supernet<space> net(seed{2});
    const auto some = sample<space>(12, seed{1});
    const evaluate_options how{.calibration = 20, .images = 24};
    const auto together = evaluate_both<space>(net, some, data, how);
    const temporary_folder folder;
    study::kept_scores<space> kept(folder.path("s.csv"), study::scorer_of<space>(net, data, how), 1e-9);
    const auto pieces = kept(some);
    CHECK(pieces.accuracy.scores == together.accuracy.scores);
    CHECK(pieces.negative_loss == together.negative_loss);
    CHECK(kept.size() == 12);
}
