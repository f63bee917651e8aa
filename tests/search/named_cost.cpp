/// Searches under limits on costs of one's own, and fronts against them, beside plain enumeration.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/search/evolution.hpp>
#include <fitnas/search/exact.hpp>
#include <fitnas/search/exhaustive.hpp>
#include <fitnas/search/pareto.hpp>
#include <fitnas/search/random.hpp>
#include <fitnas/search/segment.hpp>
#include <fitnas/search/table.hpp>
#include <fitnas/space/codes.hpp>

#include "../space/spaces_for_tests.hpp"
#include "models.hpp"
#include "random_windows.hpp"

using namespace fitnas;

namespace {

/// A cost, and the sum it stands for written out: the fixed part, then cell by cell.
template <class Space>
struct plain_cost {
    std::vector<std::vector<double>> values;
    double fixed;
    named_cost cost;

    /// Of kind 0 any numbers, 1 tenths, whose sums round differently in another order, 2 small integers.
    plain_cost(const std::string& name, std::uint64_t number, int kind)
        : values(draw(number, kind)),
          fixed(kind == 0   ? 0.3
                : kind == 1 ? 0.7
                            : 0),
          cost(cost::table<Space>(name, "mJ", values, fixed)) {}

    double operator()(const architecture<Space>& a) const {
        double sum = fixed;
        for (std::size_t i = 0; i < a.size(); ++i) {
            sum += values[i][a[i]];
        }
        return sum;
    }

private:
    static std::vector<std::vector<double>> draw(std::uint64_t number, int kind) {
        random_stream random(seed{number}, purpose::user, 7);
        std::vector<std::vector<double>> all;
        for (const int count : Space::operator_counts) {
            all.emplace_back();
            for (int o = 0; o < count; ++o) {
                all.back().push_back(kind == 0   ? random.uniform()
                                     : kind == 1 ? 0.1 * random.below(6)
                                                 : random.below(4));
            }
        }
        return all;
    }
};

template <class Space>
struct scored_code {
    architecture<Space> code;
    double quality;
    double first;
    double second;
};

/// Of every network that keeps both limits, by loops alone.
template <class Space, class Model>
std::vector<scored_code<Space>> kept(const Model& model, const plain_cost<Space>& first, double most_first,
                                     const plain_cost<Space>& second, double most_second) {
    std::vector<scored_code<Space>> all;
    for (const auto& a : different_networks<Space>()) {
        if (first(a) <= most_first && second(a) <= most_second) {
            all.push_back({a, model.predict(a), first(a), second(a)});
        }
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return a.quality != b.quality ? a.quality > b.quality : a.code < b.code;
    });
    return all;
}

/// Some sums that occur: limits that are met to the bit.
template <class Space>
std::vector<double> some_sums(const plain_cost<Space>& cost) {
    std::vector<double> sums;
    for (const auto& a : different_networks<Space>()) {
        sums.push_back(cost(a));
    }
    std::sort(sums.begin(), sums.end());
    std::vector<double> some;
    for (const double share : {0.0, 0.01, 0.2, 0.6, 1.0}) {
        const double sum = sums[static_cast<std::size_t>(share * static_cast<double>(sums.size() - 1))];
        some.push_back(sum);
        some.push_back(std::nextafter(sum, 1e9));
    }
    some.push_back(std::numeric_limits<double>::infinity());
    return some;
}

template <class Space>
void require_equal(const std::vector<search::candidate<Space>>& found,
                   const std::vector<scored_code<Space>>& expected, std::size_t top, bool limited) {
    REQUIRE(found.size() == (std::min)(top, expected.size()));
    for (std::size_t i = 0; i < found.size(); ++i) {
        REQUIRE(found[i].architecture == expected[i].code);
        REQUIRE(found[i].predicted == expected[i].quality);
        if (limited) {
            REQUIRE(found[i].cost("energy") == expected[i].first);
            REQUIRE(found[i].cost("bytes") == expected[i].second);
        }
    }
}

/// Of points equal in quality and cost one.
template <class Space>
std::vector<std::pair<double, double>> front_of(const std::vector<scored_code<Space>>& all) {
    std::vector<std::pair<double, double>> points;
    for (const auto& c : all) {
        const bool dominated = std::any_of(all.begin(), all.end(), [&](const auto& d) {
            return d.quality >= c.quality && d.first <= c.first &&
                   (d.quality > c.quality || d.first < c.first);
        });
        if (!dominated) {
            points.emplace_back(c.first, c.quality);
        }
    }
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    return points;
}

template <class Space>
std::vector<std::pair<double, double>> points_of(const std::vector<search::candidate<Space>>& front) {
    std::vector<std::pair<double, double>> points;
    for (const auto& c : front) {
        points.emplace_back(c.cost("energy"), c.predicted);
    }
    points.erase(std::unique(points.begin(), points.end()), points.end());
    return points;
}

template <class Space>
void compare(std::uint64_t number) {
    const auto model = random_windows<Space>(number);
    const plain_cost<Space> energy("energy", number, static_cast<int>(number % 3));
    const plain_cost<Space> bytes("bytes", number + 100, static_cast<int>(number / 3 % 3));
    const search::table table(model, {energy.cost});
    const auto byte_sums = some_sums(bytes);
    for (const double most : some_sums(energy)) {
        for (const double most_bytes : {byte_sums[4], byte_sums[6], byte_sums.back()}) {
            const auto expected = kept(model, energy, most, bytes, most_bytes);
            const cost::limit limit = energy.cost.at_most(most) && bytes.cost.at_most(most_bytes);
            if (expected.empty()) {
                CHECK_THROWS_AS(search::exact(model, {.limit = limit}), limit_error);
                CHECK_THROWS_AS(table.best(limit), limit_error);
                CHECK_THROWS_AS(search::detail::large_front(model, {.limit = limit, .against = energy.cost}),
                                limit_error);
                continue;
            }
            for (const std::size_t top : {1U, 6U, 5000U}) {
                for (const std::size_t beam : {1U, 4096U}) {
                    search::exact_report report;
                    const auto found =
                        search::exact(model, {.top = top, .limit = limit, .beam = beam}, &report);
                    require_equal(found, expected, top, true);
                    CHECK(report.gap == 0);
                }
                require_equal(search::exhaustive(model, {.top = top, .limit = limit}), expected, top, true);
                require_equal(table.top(top, limit), expected, top, true);
            }
            const auto front = front_of(expected);
            CHECK(points_of(search::pareto(model, {.limit = limit, .against = energy.cost})) == front);
            CHECK(points_of(search::detail::large_front(model, {.limit = limit, .against = energy.cost})) ==
                  front);
        }
    }
}

} // namespace

TEST_CASE(
    "exact search, tables and fronts are what enumeration finds: costs of one's own, ties, limits on a sum") {
    for (std::uint64_t number = 0; number < 18; ++number) {
        CAPTURE(number);
        compare<codes<3, 2, 4, 3>>(number);
    }
    for (std::uint64_t number = 0; number < 9; ++number) {
        CAPTURE(number);
        compare<codes<2, 3, 1, 2, 4, 2, 3>>(number);
        compare<small_space>(number);
        compare<mixed_space>(number);
    }
}

TEST_CASE("latencies are exact too, with fixed layers between the cells") {
    for (std::uint64_t number = 0; number < 6; ++number) {
        const auto model = random_windows<mixed_space>(number);
        random_stream random(seed{number}, purpose::user);
        std::vector<double> milliseconds;
        for (std::size_t i = 0; i < mixed_space::layout().blocks.size(); ++i) {
            milliseconds.push_back(0.1 * random.below(6));
        }
        const latency_table table(mixed_space::layout(), milliseconds);
        std::set<double> sums;
        for (const auto& a : different_networks<mixed_space>()) {
            sums.insert(table.milliseconds<mixed_space>(a));
        }
        for (const double most : sums) {
            const auto expected =
                search::exhaustive(model, {.top = 500, .limit = cost::latency_at_most(table, most)});
            for (const auto& c : expected) {
                CHECK(c.cost("latency") <= most);
            }
            const auto found =
                search::exact(model, {.top = 500, .limit = cost::latency_at_most(table, most)});
            REQUIRE(found.size() == expected.size());
            for (std::size_t i = 0; i < found.size(); ++i) {
                CHECK(found[i].architecture == expected[i].architecture);
            }
        }
        auto enumerated = search::pareto(model, {.against = table});
        enumerated.erase(std::unique(enumerated.begin(), enumerated.end(),
                                     [](const auto& a, const auto& b) {
                                         return a.predicted == b.predicted && a.costs == b.costs;
                                     }),
                         enumerated.end());
        const auto large = search::detail::large_front(model, {.against = table});
        REQUIRE(large.size() == enumerated.size());
        for (std::size_t i = 0; i < large.size(); ++i) {
            CHECK(large[i].costs == enumerated[i].costs);
            CHECK(large[i].predicted == enumerated[i].predicted);
        }
    }
}

TEST_CASE("random search, evolution and segments keep a limit on a cost of bare codes") {
    using bare = codes<3, 2, 4, 3, 3, 2>;
    for (std::uint64_t number = 0; number < 6; ++number) {
        const auto model = random_windows<bare>(number);
        const plain_cost<bare> energy("energy", number, static_cast<int>(number % 3));
        const plain_cost<bare> none("bytes", number, 0);
        const double infinity = std::numeric_limits<double>::infinity();
        for (const double most : {some_sums(energy)[2], some_sums(energy)[4], infinity}) {
            const cost::limit limit = energy.cost.at_most(most);
            const auto expected = kept(model, energy, most, none, infinity);
            std::set<architecture<bare>> possible;
            for (const auto& e : expected) {
                possible.insert(e.code);
            }
            const auto is_kept = [&](const std::vector<search::candidate<bare>>& found) {
                REQUIRE_FALSE(found.empty());
                for (const auto& c : found) {
                    CHECK(possible.contains(c.architecture));
                    CHECK(c.cost("energy") == energy(c.architecture));
                }
            };
            // The sample is all of a space as small as this.
            const auto drawn = search::random(model, {.samples = 5000, .top = 5, .limit = limit});
            is_kept(drawn);
            CHECK(drawn.front().architecture == expected.front().code);
            is_kept(search::evolution(model, {.limit = limit}));
            const auto by_segments = search::segment<bare, search::segments<3, 3>, 6>(
                [&](std::span<const architecture<bare>> some) { return model.predict(some); },
                [](const auto& table) {
                    using slots = typename std::remove_cvref_t<decltype(table)>::space;
                    return windows<slots>(window_sum<slots>(table.scores.front()));
                },
                {.limit = limit});
            is_kept(by_segments.best);
            // The candidates of the first segment, by loops: a beginning that some network in the limit has.
            std::set<std::vector<std::uint8_t>> beginnings;
            for (const auto& a : possible) {
                beginnings.insert({a.begin(), a.begin() + 3});
            }
            CHECK(by_segments.segments.front().candidates == beginnings.size());
        }
    }
}

namespace {

/// What layers of one cell cost is added up first, at the first of them.
double by_layers(const architecture<shared_space>& a, const std::vector<double>& of_block) {
    const space_layout layout = shared_space::layout();
    double sum = 0;
    std::set<int> done;
    for (std::size_t i = 0; i < layout.layers.size(); ++i) {
        const int cell = layout.layers[i].cell_index;
        if (cell >= 0 && !done.insert(cell).second) {
            continue;
        }
        double here = 0;
        for (std::size_t j = i; j < layout.layers.size(); ++j) {
            if (j == i || (cell >= 0 && layout.layers[j].cell_index == cell)) {
                here += of_block[static_cast<std::size_t>(layout.block_index(layout.layers[j], a))];
            }
        }
        sum += here;
    }
    return sum;
}

/// By loops: of those that keep the limit the best, ties in the order of the codes.
template <class Keeps>
std::vector<architecture<shared_space>> ranked(const windows<shared_space>& model, Keeps&& keeps) {
    std::vector<architecture<shared_space>> all;
    for_each_architecture<shared_space>([&](const architecture<shared_space>& a) {
        if (keeps(a)) {
            all.push_back(a);
        }
    });
    std::stable_sort(all.begin(), all.end(),
                     [&](const auto& a, const auto& b) { return model.predict(a) > model.predict(b); });
    return all;
}

std::vector<architecture<shared_space>> codes_of(const std::vector<search::candidate<shared_space>>& found) {
    std::vector<architecture<shared_space>> codes;
    for (const auto& c : found) {
        codes.push_back(c.architecture);
    }
    return codes;
}

} // namespace

TEST_CASE("where several layers read one cell: costs, limits, exact search, fronts and segments") {
    using space = shared_space;
    const auto blocks = space::layout().blocks;
    std::vector<double> macs;
    std::vector<double> milliseconds;
    random_stream random(seed{5}, purpose::user);
    for (const space_block& b : blocks) {
        macs.push_back(static_cast<double>(b.macs));
        milliseconds.push_back(0.1 * random.below(6));
    }
    const latency_table table(space::layout(), milliseconds);
    std::set<double> macs_seen;
    std::set<double> latencies_seen;
    for_each_architecture<space>([&](const architecture<space>& a) {
        CHECK(static_cast<double>(cost::macs<space>(a)) == by_layers(a, macs));
        CHECK(cost::macs().of<space>(a) == by_layers(a, macs));
        CHECK(table.milliseconds<space>(a) == by_layers(a, milliseconds));
        macs_seen.insert(by_layers(a, macs));
        latencies_seen.insert(by_layers(a, milliseconds));
    });
    CHECK(macs_seen.size() > 50);
    for (std::uint64_t number = 0; number < 6; ++number) {
        compare<space>(number);
        const auto model = random_windows<space>(number);
        for (const double share : {0.0, 0.1, 0.5, 1.0}) {
            const auto of = [&](const std::set<double>& seen) {
                return *std::next(seen.begin(),
                                  static_cast<std::ptrdiff_t>(share * static_cast<double>(seen.size() - 1)));
            };
            const double most = of(latencies_seen);
            const auto most_macs = static_cast<long long>(of(macs_seen));
            const auto quick =
                ranked(model, [&](const auto& a) { return by_layers(a, milliseconds) <= most; });
            const auto light = ranked(
                model, [&](const auto& a) { return by_layers(a, macs) <= static_cast<double>(most_macs); });
            const cost::limit latency = cost::latency_at_most(table, most);
            const cost::limit few_macs = cost::macs_at_most(most_macs);
            CHECK(codes_of(search::exact(model, {.top = 1000, .limit = latency})) == quick);
            CHECK(codes_of(search::exact(model, {.top = 1000, .limit = few_macs})) == light);
            CHECK(codes_of(search::exhaustive(model, {.top = 1000, .limit = few_macs})) == light);
            // A beginning can meet a limit exactly where some network that begins so does.
            const limit_check check = check_of<space>(latency);
            for (int chosen = 0; chosen <= space::cells; ++chosen) {
                std::set<std::vector<std::uint8_t>> some;
                for (const auto& a : quick) {
                    some.insert({a.begin(), a.begin() + chosen});
                }
                for_each_architecture<space>([&](const architecture<space>& a) {
                    REQUIRE(check.can_meet(a, chosen) == some.contains({a.begin(), a.begin() + chosen}));
                });
            }
            const auto result = search::segment<space, search::segments<3, 3>, 36>(
                [&](std::span<const architecture<space>> some) { return model.predict(some); },
                [](const auto& scores) {
                    using slots = typename std::remove_cvref_t<decltype(scores)>::space;
                    return windows<slots>(window_sum<slots>(scores.scores.front()));
                },
                {.rescored = 1000, .limit = few_macs});
            // All beginnings are kept: the segments end with all networks that keep the limit.
            REQUIRE(result.best.size() == light.size());
            std::vector<architecture<space>> found = codes_of(result.best);
            std::vector<architecture<space>> expected = light;
            std::sort(found.begin(), found.end());
            std::sort(expected.begin(), expected.end());
            CHECK(found == expected);
            CHECK(result.best.front().score == model.predict(light.front()));
        }
        auto enumerated = search::pareto(model, {.against = table});
        const auto same = [](const auto& a, const auto& b) {
            return a.predicted == b.predicted && a.costs == b.costs;
        };
        enumerated.erase(std::unique(enumerated.begin(), enumerated.end(), same), enumerated.end());
        const auto large = search::detail::large_front(model, {.against = table});
        CHECK(std::equal(large.begin(), large.end(), enumerated.begin(), enumerated.end(), same));
    }
}
