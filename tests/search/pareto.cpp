#include <limits>

#include <doctest/doctest.h>

#include <fitnas/search/pareto.hpp>

#include "models.hpp"

using namespace fitnas;

namespace {

using code = architecture<small_space>;
using point = search::candidate<small_space>;

/// By comparing every two.
std::vector<code> front_of(const std::vector<point>& all, const std::string& against) {
    std::vector<code> front;
    for (const point& c : all) {
        bool dominated = false;
        for (const point& d : all) {
            const double more = c.cost(against) - d.cost(against);
            dominated = dominated ||
                        (d.predicted >= c.predicted && more >= 0 && (d.predicted > c.predicted || more > 0));
        }
        if (!dominated) {
            front.push_back(c.architecture);
        }
    }
    std::sort(front.begin(), front.end());
    return front;
}

void check_front(const std::vector<point>& front, const std::vector<code>& expected,
                 const std::string& against) {
    std::vector<code> codes;
    for (std::size_t i = 0; i < front.size(); ++i) {
        codes.push_back(front[i].architecture);
        if (i > 0) {
            CHECK(front[i].cost(against) >= front[i - 1].cost(against));
            CHECK(front[i].predicted >= front[i - 1].predicted);
        }
    }
    std::sort(codes.begin(), codes.end());
    CHECK(codes == expected);
}

} // namespace

TEST_CASE("the front of random points with many ties") {
    random_stream random(seed{3}, purpose::user);
    for (int round = 0; round < 50; ++round) {
        std::vector<point> all;
        for (std::uint64_t i = 0; i < 40; ++i) {
            point p{.architecture = architecture_at<small_space>(i)};
            p.predicted = random.below(8);
            p.macs = random.below(8);
            p.parameters = random.below(1000);
            p.costs = {{"latency", "ms", random.uniform()}};
            all.push_back(p);
        }
        for (const std::string against : {"macs", "parameters", "latency"}) {
            check_front(search::pareto<small_space>(all, against), front_of(all, against), against);
        }
    }
}

TEST_CASE("the front of a whole space under limits") {
    const latency_table table = random_latencies<small_space>(8);
    const double anything = std::numeric_limits<double>::infinity();
    for (const cost::limit& extra : {cost::limit{}, cost::parameters_at_most(600)}) {
        const cost::limit limit = cost::latency_at_most(table, anything) && extra;
        std::vector<point> all;
        for (const code& a : different_networks<small_space>()) {
            if (limit.meets<small_space>(a)) {
                all.push_back(search::candidate_of<small_space>(a, noise_of<small_space>(a), limit));
            }
        }
        for (const named_cost& against : {cost::macs(), cost::parameters(), cost::latency(table)}) {
            for (const std::size_t batch : {9U, 16384U}) {
                const auto front = search::pareto(model_by<small_space>(noise_of<small_space>),
                                                  {.limit = limit, .against = against, .batch = batch});
                check_front(front, front_of(all, against.name()), against.name());
            }
        }
    }
}

TEST_CASE("a front needs something to weigh") {
    CHECK(search::pareto<small_space>({}).empty());
    const auto model = model_by<small_space>(noise_of<small_space>);
    const point bare = search::candidate_of<small_space>({}, 1);
    CHECK_THROWS_WITH_AS(
        search::pareto<small_space>({bare}, "latency"),
        "[F0715] candidate 00000: expected a cost that the search was asked for, as `.limit = "
        "cost.at_most(infinity)` does, got latency",
        option_error);
    point lost = bare;
    lost.costs = {{"latency", "ms", std::numeric_limits<double>::quiet_NaN()}};
    CHECK_THROWS_AS(search::pareto<small_space>({bare, lost}, "latency"), option_error);
    CHECK_THROWS_WITH_AS(search::pareto<small_space>({lost}, "latency"),
                         "[F0790] pareto: latency of the candidate 00000: expected a number, got nan",
                         numeric_error);
    CHECK_THROWS_AS(search::pareto(model, {.against = random_latencies<spaces::fashion_mini>(1)}),
                    shape_error);
    CHECK_THROWS_AS(search::pareto(model, {.limit = cost::macs_at_most(1)}), limit_error);
}
