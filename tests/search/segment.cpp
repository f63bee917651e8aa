#include <limits>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/predictor/baseline.hpp>
#include <fitnas/search/segment.hpp>
#include <fitnas/space/spaces.hpp>

#include "models.hpp"

using namespace fitnas;

namespace {

/// A linear model of a segment's slots, which is exact for a separable score.
const auto additive = [](const auto& table) { return ridge(table, {.lambda = 1e-3}); };
/// For segments that need no model.
const auto no_model = [](const auto& table) {
    FAIL("a model was made");
    return ridge(table);
};

/// Different networks that begin with one of `kept` and keep the limits, for `last` cells; by looking at all.
template <class Space>
std::size_t count_candidates(const std::vector<search::kept_part>& kept, int last, const cost::limit& limit) {
    const auto length = static_cast<std::size_t>(last);
    const limit_check check = check_of<Space>(limit);
    std::set<architecture<Space>> networks;
    for_each_architecture<Space>([&](const architecture<Space>& a) {
        if (std::any_of(a.begin() + last, a.end(), [](int o) { return o != 0; })) {
            return;
        }
        const std::string code = to_string<Space>(a);
        bool begun = kept.empty();
        for (const search::kept_part& part : kept) {
            begun = begun || code.substr(0, part.code.size()) == part.code;
        }
        if (begun && length <= a.size() && check.can_meet(a, last)) {
            networks.insert(canonical<Space>(a));
        }
    });
    return networks.size();
}

} // namespace

TEST_CASE("segments of a small space find the optimum of a separable score") {
    using space = codes<3, 4, 2, 3, 5, 2, 4>;
    using cut = search::segments<3, 2, 2>;
    int found_in_noise = 0;
    for (std::uint64_t number = 1; number <= 5; ++number) {
        const separable_score<space> score(number);
        const std::string best = to_string<space>(score.best());
        const auto result = search::segment<space, cut, 3>(
            model_by<space>(score), additive, {.samples = 40, .rescored = 8, .fill = search::fill::fixed});
        CHECK(to_string<space>(result.best.front().architecture) == best);
        CHECK(result.best.front().score == doctest::Approx(score(score.best())));
        CHECK(result.best.size() == 8);
        REQUIRE(result.segments.size() == 3);
        for (const search::segment_report& report : result.segments) {
            REQUIRE(report.kept.size() == 3);
            CHECK(report.kept.front().code == best.substr(0, static_cast<std::size_t>(report.last)));
            CHECK(report.kept[0].score >= report.kept[1].score);
            CHECK(report.kept[1].score >= report.kept[2].score);
        }
        CHECK(result.segments[0].candidates == 24);
        CHECK(result.segments[1].candidates == 3 * 15);
        CHECK(result.segments[2].candidates == 3 * 8);
        CHECK(result.segments[2].first == 5);
        CHECK(result.segments[2].last == 7);
        CHECK(result.segments[0].sampled == 24); // no more than there are
        CHECK(result.segments[1].sampled == 40);
        CHECK(result.segments[1].scored == 40 + 8);

        // Where the cells behind are random, the model sees their noise, and the re-scored make up for it.
        const auto noisy =
            search::segment<space, cut, 3>(model_by<space>(score), additive, {.samples = 40, .rescored = 22});
        found_in_noise += to_string<space>(noisy.best.front().architecture) == best;
        CHECK(noisy.segments[1].scored == 40 + 22 * 4);
        CHECK(noisy.segments[2].scored == 24 + 22);
    }
    CHECK(found_in_noise >= 4);
}

TEST_CASE("the paper's segments find the optimum of a separable score among 6^19") {
    using space = spaces::mobile_19x6;
    const separable_score<space> score(19);
    const auto result = search::segment<space, search::segments<7, 6, 6>>(
        model_by<space>(score), additive, {.samples = 1500, .completions = 2});
    REQUIRE(result.segments.size() == 3);
    for (const search::segment_report& report : result.segments) {
        CHECK(report.candidates == 279'936);
        CHECK(report.sampled == 1500);
        CHECK(report.kept.size() == 6);
    }
    CHECK(result.segments[1].first == 7);
    CHECK(result.segments[2].first == 13);
    CHECK(result.segments[0].scored == 1500 + 60 * 2);
    CHECK(result.segments[2].scored == 1500 + 60);
    CHECK(result.best.size() == 60);
    CHECK(to_string<space>(result.best.front().architecture) == to_string<space>(score.best()));
    CHECK(result.best.front().macs == cost::macs<space>(score.best()));
}

TEST_CASE("what is kept is decided by the scorer, among the model's best") {
    using space = codes<4, 4, 3>;
    const separable_score<space> score(2);
    // A model that likes the last operators, whatever the table says.
    const auto likes_last = [](const auto& table) {
        using slots = typename std::remove_cvref_t<decltype(table)>::space;
        return model_by<slots>([](const architecture<slots>& a) { return 10.0 * a[0] + a[1]; });
    };
    const auto result = search::segment<space, search::segments<2, 1>, 2>(model_by<space>(score), likes_last,
                                                                          {.samples = 5, .rescored = 4});
    const search::segment_report& first = result.segments.front();
    REQUIRE(first.kept.size() == 2);
    // The model's best four are 33, 32, 31, 30.
    std::size_t best = 0;
    for (std::size_t o = 1; o < 4; ++o) {
        best = score.values[1][o] > score.values[1][best] ? o : best;
    }
    CHECK(first.kept.front().code == "3" + std::to_string(best));
    CHECK(first.kept.front().predicted == 30.0 + static_cast<double>(best));
    CHECK(first.kept.back().code.front() == '3');
    CHECK(first.kept.front().score >= first.kept.back().score);
}

TEST_CASE("the re-scored share their completions, and their score is the mean over them") {
    using space = codes<3, 3, 7, 7>;
    const separable_score<space> value(5);
    std::vector<architecture<space>> first_call;
    const auto score = [&](std::span<const architecture<space>> some) {
        if (first_call.empty()) {
            first_call.assign(some.begin(), some.end());
        }
        return model_by<space>(value).predict(some);
    };
    const auto result = search::segment<space, search::segments<2, 2>, 6>(
        score, no_model, {.rescored = 294, .completions = 5});
    // Nine candidates need no model: the first call re-scores them all.
    REQUIRE(first_call.size() == 9 * 5);
    std::map<std::string, std::vector<std::string>> fills;
    std::map<std::string, double> means;
    for (const auto& a : first_call) {
        fills[to_string<space>(a).substr(0, 2)].push_back(to_string<space>(a).substr(2));
        means[to_string<space>(a).substr(0, 2)] += value(a) / 5;
    }
    CHECK(fills.size() == 9);
    for (const auto& [begun, behind] : fills) {
        CHECK(behind == fills.begin()->second);
    }
    CHECK(std::set(fills["00"].begin(), fills["00"].end()).size() > 1);
    for (const search::kept_part& part : result.segments.front().kept) {
        CHECK(part.score == doctest::Approx(means[part.code]));
        CHECK(part.predicted == part.score); // there was no model
    }
    CHECK(result.segments.front().sampled == 0);
    CHECK(result.segments.front().scored == 45);
    CHECK(result.segments.back().candidates == 6 * 49);
}

TEST_CASE("each policy fills the cells behind a segment") {
    using space = small_space;
    using code = architecture<space>;
    // By looking at every operator: most and fewest macs behind the first three cells.
    code heaviest{};
    code cheapest{};
    for_each_architecture<space>([&](const code& a) {
        const auto macs = [](const code& b) { return cost::macs<space>({0, 0, 0, b[3], b[4]}); };
        heaviest = macs(a) > macs(heaviest) ? a : heaviest;
        cheapest = macs(a) < macs(cheapest) ? a : cheapest;
    });
    CHECK(heaviest != cheapest);

    const auto behind = [](search::fill policy, const code& completion) {
        std::set<std::string> seen;
        bool first = true;
        const auto score = [&](std::span<const code> some) {
            for (const code& a : some) {
                CHECK(canonical<space>(a) == a);
                if (first) {
                    seen.insert(to_string<space>(a).substr(3));
                }
            }
            first = false;
            return model_by<space>(noise_of<space>).predict(some);
        };
        search::segment<space, search::segments<3, 2>, 2>(
            score, additive, {.samples = 15, .rescored = 6, .fill = policy, .completion = completion});
        return seen;
    };
    CHECK(behind(search::fill::heaviest, {}) == std::set{to_string<space>(heaviest).substr(3)});
    CHECK(behind(search::fill::cheapest, {}) == std::set{to_string<space>(cheapest).substr(3)});
    CHECK(behind(search::fill::fixed, {0, 0, 0, 1, 0}) == std::set<std::string>{"10"});
    CHECK(behind(search::fill::random, {}) == std::set<std::string>{"00", "01", "10", "11"});

    using bare = codes<2, 2>;
    CHECK_THROWS_WITH_AS((search::segment<bare, search::segments<1, 1>>(
                             model_by<bare>(noise_of<bare>), additive, {.fill = search::fill::heaviest})),
                         "[F0719] segment: fill: heaviest and cheapest need a space with costs; use "
                         "fill::random or fill::fixed",
                         option_error);
}

TEST_CASE("equal networks are one candidate, also across segments") {
    using space = spaces::nas_bench_macro;
    const separable_score<space> score(6);
    // The second stage is cut between its second and its third cell.
    const auto result = search::segment<space, search::segments<4, 4>>(model_by<space>(score), additive,
                                                                       {.samples = 60, .rescored = 30});
    CHECK(result.segments[0].candidates == 81);
    CHECK(result.segments[1].candidates == count_candidates<space>(result.segments[0].kept, 8, {}));
    CHECK(result.segments[1].candidates <= 6 * 3 * 21);
    std::set<architecture<space>> networks;
    for (const auto& c : result.best) {
        CHECK(canonical<space>(c.architecture) == c.architecture);
        networks.insert(c.architecture);
    }
    CHECK(networks.size() == result.best.size());

    // A run of three cells, cut behind the second.
    const auto cut = search::segment<small_space, search::segments<2, 3>, 7>(
        model_by<small_space>(noise_of<small_space>), no_model, {.rescored = 60});
    CHECK(cut.segments[0].candidates == 7); // 1 + 2 + 4
    CHECK(cut.segments[1].candidates == 60);
    double most = -1;
    for (const auto& a : different_networks<small_space>()) {
        most = (std::max)(most, noise_of<small_space>(a));
    }
    CHECK(cut.best.size() == 60);
    CHECK(cut.best.front().score == most);
}

TEST_CASE("a segment with fewer candidates than are kept leaves super-cells that never come") {
    using space = codes<2, 5, 5>;
    const separable_score<space> score(3);
    std::size_t tables = 0;
    const auto checking = [&](const auto& table) {
        using slots = typename std::remove_cvref_t<decltype(table)>::space;
        static_assert(std::is_same_v<slots, codes<6, 5, 5>> || std::is_same_v<slots, codes<2>>);
        for (const auto& a : table.architectures) {
            CHECK(a[0] < 2);
        }
        ++tables;
        return additive(table);
    };
    const auto result = search::segment<space, search::segments<1, 2>>(model_by<space>(score), checking,
                                                                       {.samples = 30, .rescored = 10});
    CHECK(tables == 1);
    CHECK(result.segments[0].kept.size() == 2);
    CHECK(result.segments[1].candidates == 50);
    CHECK(result.best.front().architecture == score.best());
}

TEST_CASE("a model sees each sampled candidate once, with its score") {
    using space = codes<4, 4, 4, 3>;
    const separable_score<space> score(8);
    std::vector<std::size_t> sizes;
    const auto checking = [&](const auto& table) {
        CHECK(std::set(table.architectures.begin(), table.architectures.end()).size() == table.size());
        if constexpr (std::remove_cvref_t<decltype(table)>::space::cells == 3) {
            // The first segment: the cell behind is the last operator.
            for (std::size_t i = 0; i < table.size(); ++i) {
                const auto& a = table.architectures[i];
                CHECK(table.scores[i] == score({a[0], a[1], a[2], 2}));
            }
        }
        sizes.push_back(table.size());
        return additive(table);
    };
    search::segment<space, search::segments<3, 1>, 6>(
        model_by<space>(score), checking,
        {.samples = 1000, .rescored = 10, .fill = search::fill::fixed, .completion = {0, 0, 0, 2}});
    CHECK(sizes == std::vector<std::size_t>{64, 18}); // no more than there are
}

TEST_CASE("limits hold in every segment") {
    using space = spaces::nas_bench_macro;
    const separable_score<space> score(4);
    const cost::limit limit = cost::macs_at_most(28'000'000) && cost::parameters_at_most(1'200'000);
    const auto result = search::segment<space, search::segments<3, 3, 2>>(
        model_by<space>(score), additive, {.samples = 50, .rescored = 12, .limit = limit});
    const limit_check check = check_of<space>(limit);
    CHECK(result.segments[0].candidates == count_candidates<space>({}, 3, limit));
    CHECK(result.segments[0].candidates < 27);
    CHECK(result.segments[1].candidates == count_candidates<space>(result.segments[0].kept, 6, limit));
    CHECK(result.segments[2].candidates == count_candidates<space>(result.segments[1].kept, 8, limit));
    for (const search::segment_report& report : result.segments) {
        for (const search::kept_part& part : report.kept) {
            const auto a = parse<space>(part.code + std::string(8 - part.code.size(), '0'));
            CHECK(check.can_meet(a, report.last));
        }
    }
    CHECK(result.best.size() > 0);
    for (const auto& c : result.best) {
        CHECK(limit.meets<space>(c.architecture));
        CHECK(c.macs == cost::macs<space>(c.architecture));
        CHECK(c.score == doctest::Approx(score(c.architecture)));
    }
}

TEST_CASE("limits that nothing meets are named") {
    using space = spaces::nas_bench_macro;
    const auto score = model_by<space>(noise_of<space>);
    CHECK_THROWS_WITH_AS((search::segment<space, search::segments<4, 4>>(
                             score, additive, {.limit = cost::macs_at_most(7'713'279)})),
                         "[F0313] segment: no architecture meets macs <= 7713279; the least is 7713280",
                         limit_error);

    CHECK_THROWS_WITH_AS((search::segment<space, search::segments<4, 4>>(
                             score, additive, {.rescored = 6, .limit = few_macs_but_slow()})),
                         "[F0314] segment: no candidate for the cells 4 to 7 behind the 1 kept meets macs <= "
                         "7713280 and latency <= 1 "
                         "ms; the least of each: macs 7713280, latency 0 ms",
                         limit_error);
}

TEST_CASE("the seed determines the search") {
    using space = spaces::nas_bench_macro;
    const auto run = [](std::uint64_t number) {
        std::vector<std::string> text;
        const auto score = [&](std::span<const architecture<space>> some) {
            for (const auto& a : some) {
                text.push_back(to_string<space>(a));
            }
            return model_by<space>(noise_of<space>).predict(some);
        };
        const auto result = search::segment<space, search::segments<4, 4>>(
            score, additive, {.samples = 40, .rescored = 10, .seed = seed{number}});
        for (const auto& report : result.segments) {
            for (const auto& part : report.kept) {
                text.push_back(part.code + " " + std::to_string(part.predicted));
            }
        }
        return text;
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
}

TEST_CASE("segment search refuses what it cannot do") {
    using space = codes<4, 4, 4>;
    using cut = search::segments<2, 1>;
    const auto score = model_by<space>(noise_of<space>);
    CHECK_THROWS_WITH_AS((search::segment<space, cut>(score, additive, {.samples = 1})),
                         "[F0720] segment: samples: expected at least 2, got 1", option_error);
    CHECK_THROWS_WITH_AS((search::segment<space, cut>(score, additive, {.rescored = 5})),
                         "[F0720] segment: rescored: expected at least 6, got 5", option_error);
    CHECK_THROWS_WITH_AS((search::segment<space, cut>(score, additive, {.completions = 0})),
                         "[F0720] segment: completions: expected at least 1, got 0", option_error);
    CHECK_THROWS_AS((search::segment<space, cut>(score, additive, {.completion = {0, 4, 0}})),
                    architecture_error);
    CHECK_THROWS_AS((search::segment<space, cut>(score, additive, {.limit = cost::macs_at_most(1)})),
                    option_error);

    const auto lost =
        model_by<space>([](const architecture<space>&) { return std::numeric_limits<double>::quiet_NaN(); });
    CHECK_THROWS_AS((search::segment<space, cut>(lost, additive, {.rescored = 6})), numeric_error);
    const auto too_few = [](std::span<const architecture<space>>) { return std::vector<double>{1.0}; };
    CHECK_THROWS_WITH_AS((search::segment<space, cut>(too_few, additive, {.samples = 9, .rescored = 6})),
                         "[F0702] segment: the scorer gave 1 values for 9 architectures", shape_error);
    const auto bad_model = [](const auto& table) {
        using slots = typename std::remove_cvref_t<decltype(table)>::space;
        return model_by<slots>([](const architecture<slots>& a) { return 1.0 / (a[0] - a[0]); });
    };
    CHECK_THROWS_AS((search::segment<space, cut>(score, bad_model, {.rescored = 6})), numeric_error);
}
