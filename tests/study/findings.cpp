#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/study/findings.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

// Rows of "fitted" beside "raw", with a gain between two numbers.
study::rank_table table(interval own, interval other, interval tau_gain, interval regret_gain) {
    const auto middle = [](interval i) { return study::estimate{(i.low + i.high) / 2, i}; };
    study::rank_table t;
    t.add("raw", "tau", middle(other));
    t.add("raw", "regret", {0.02, {0.01, 0.03}});
    t.add("fitted", "tau", middle(own));
    t.add("fitted", "regret", {0.01, {0.005, 0.02}});
    t.add("fitted", "tau_over_raw", middle(tau_gain));
    t.add("fitted", "regret_below_raw", middle(regret_gain));
    return t;
}

study::finding found(const study::rank_table& t) {
    return study::compared(t, "fitted", "Fitted scores", "raw", "raw scores").value();
}

} // namespace

TEST_CASE("a kind of score is better or worse where the interval of the gain leaves out 0") {
    const study::finding better = found(table({0.6, 0.7}, {0.3, 0.5}, {0.2, 0.3}, {0.001, 0.02}));
    CHECK(better.verdict == "Fitted scores against raw scores: better order, better picks.");
    CHECK(contains(better.figures,
                   "Tau-b 0.650 (0.600\u00a0to\u00a00.700) against 0.400 (0.300\u00a0to\u00a00.500), a "
                   "gain of 0.250 (0.200\u00a0to\u00a00.300); the intervals of the two do not overlap."));
    CHECK(contains(better.figures, "Loss of the picks 0.0100 (0.0050\u00a0to\u00a00.0200) against 0.0200"));
    CHECK(contains(better.figures, "the intervals of the two overlap."));
    CHECK(found(table({0.2, 0.4}, {0.3, 0.5}, {-0.2, -0.1}, {-0.02, 0.01})).verdict ==
          "Fitted scores against raw scores: worse order, no clear difference of picks.");
    CHECK(found(table({0.2, 0.4}, {0.2, 0.4}, {0, 0}, {0, 0})).verdict ==
          "Fitted scores against raw scores: the same order, the same picks.");
    CHECK(contains(found(table({0.2, 0.3}, {0.3, 0.5}, {-0.2, 0.1}, {0, 0})).figures, "of the two overlap."));
}

TEST_CASE("nothing is said of what a table does not have") {
    study::rank_table t = table({0.6, 0.7}, {0.3, 0.5}, {0.2, 0.3}, {0.001, 0.02});
    CHECK_FALSE(study::compared(t, "fitted", "Fitted scores", "ridge", "ridge"));
    t.rows.rows.back()[2] = "unknown";
    CHECK(found(t).verdict == "Fitted scores against raw scores: better order.");
}

TEST_CASE("the winner is better than others of its cost by more than two standard errors, or not clearly") {
    // Pooled deviation 0.003, so 0.003 / sqrt(9) = 0.001 for the winner; the others spread by 0.001.
    std::vector<study::trained_network> trained{{"winner", "3210", 0.88, 0.003, 9},
                                                {"random 1", "0123", 0.874, 0.003, 9},
                                                {"random 2", "0000", 0.875, 0.003, 9},
                                                {"random 3", "1111", 0.876, 0.003, 9}};
    const study::finding better = study::winner_found(trained).value();
    CHECK(better.verdict == "The winner, 3210, is better than random networks of its cost.");
    CHECK(contains(better.figures,
                   "from 9 seeds it is right on 0.8800 of the test images (standard error 0.0010)"));
    CHECK(contains(better.figures,
                   "3 random networks, trained alike, on 0.8750 in the mean (standard error 0.0006)"));
    // sqrt(1e-6 + 1e-6 / 3) = 0.00115, and sqrt(2e-6) = 0.00141
    CHECK(contains(better.figures, "a difference of 0.0050 (4.3\u00a0standard"));
    CHECK(contains(better.figures, "1111, has 0.8760, below the winner by 0.0040 (2.8\u00a0standard"));
    CHECK(contains(better.figures, "none of the 3 is as good as the winner or better."));
    trained[0].accuracy = 0.877;
    CHECK(contains(study::winner_found(trained)->verdict, "is not clearly better or worse than random"));
    trained[0].accuracy = 0.87;
    const study::finding worse = study::winner_found(trained).value();
    CHECK(contains(worse.verdict, "is worse than random networks"));
    CHECK(contains(worse.figures, "above the winner by 0.0060"));
    CHECK(contains(worse.figures, "3 of the 3 are as good"));
    for (study::trained_network& t : trained) {
        t.runs = 1;
        t.deviation = 0;
    }
    const study::finding once = study::winner_found(trained).value();
    CHECK(contains(once.verdict,
                   "came out below the mean of random networks of its cost; how much of that is chance"));
    CHECK(contains(once.figures, "from 1 seed it is right"));
    CHECK_FALSE(study::winner_found({trained[0]}));
    CHECK_FALSE(study::winner_found({}));
}
