// Cells that are graphs: their tables, their costs and their equal networks.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/space/cost.hpp>
#include <fitnas/space/equal_code.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "../supernet/graph_spaces.hpp"

using namespace fitnas;
using nas_bench_201 = spaces::nas_bench_201<>;
using small::two_graphs;

static_assert(nas_bench_201::cells == 6 && nas_bench_201::size == 15625 && nas_bench_201::classes == 10);
static_assert(nas_bench_201::layers == 1 + 15 * 6 + 2 * 2 + 1);
static_assert(small::sparse::edge_count == 3 && small::sparse::edges[2].from == 1);
static_assert(two_graphs::cells == 1 + 1 + 2 * 3);

TEST_CASE("a chain leads from node to node, a graph's edges from its first node to its last") {
    const auto& chain = spaces::fashion_tiny::tables.layers;
    for (std::size_t i = 0; i < chain.size(); ++i) {
        CHECK(chain[i].from == static_cast<int>(i));
        CHECK(chain[i].to == static_cast<int>(i) + 1);
        CHECK(chain[i].graph == -1);
        CHECK_FALSE(chain[i].inside);
    }
    // stem 0>1; edge 1>2; cell 2>3; then 3 is the first node of a graph with 4 and 5, 5 of one with 6 and 7.
    const std::vector<std::array<int, 4>> expected{{0, 1, -1, 0}, {1, 2, 0, 0}, {2, 3, -1, 0}, {3, 4, 2, 1},
                                                   {3, 5, 2, 0},  {4, 5, 2, 0}, {5, 6, 5, 1},  {5, 7, 5, 0},
                                                   {6, 7, 5, 0},  {7, 8, -1, 0}};
    const auto& layers = two_graphs::tables.layers;
    REQUIRE(layers.size() == expected.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
        CHECK(std::array<int, 4>{layers[i].from, layers[i].to, layers[i].graph, layers[i].inside ? 1 : 0} ==
              expected[i]);
    }
    CHECK(layers[1].place == cell{{8, 8, 4}, 6, 2});
    CHECK(layers[3].place == cell{{4, 4, 6}, 8, 1});
    CHECK(layers[5].place == cell{{4, 4, 8}, 8, 1});
}

// macs = 7,783,040 + 3,932,160 n(1x1) + 35,389,440 n(3x3), parameters = 73,306 + 28,000 n(1x1) + 243,040
// n(3x3): what the benchmark's table of CIFAR-10 has (Dong and Yang, arXiv 2001.00326).
TEST_CASE("costs of NAS-Bench-201 are the published ones") {
    for (const auto& a : sample<nas_bench_201>(500, seed{1})) {
        const auto narrow = std::count(a.begin(), a.end(), std::uint8_t{2});
        const auto wide = std::count(a.begin(), a.end(), std::uint8_t{3});
        CHECK(cost::macs<nas_bench_201>(a) == 7'783'040 + 3'932'160LL * narrow + 35'389'440LL * wide);
        CHECK(cost::parameters<nas_bench_201>(a) == 73'306 + 28'000LL * narrow + 243'040LL * wide);
    }
}

TEST_CASE("NAS-Bench-201 has 5,260 different networks") {
    CHECK(different_networks<nas_bench_201>().size() == 5260);
    const auto same = [](const char* a, const char* b) {
        return same_network<nas_bench_201>(parse<nas_bench_201>(a), parse<nas_bench_201>(b));
    };
    CHECK(same("000000", "333000")); // nothing comes out
    CHECK(same("300010", "000300")); // a convolution and an identity, or the convolution alone
    CHECK(same("300013", "300043") == false);
    CHECK(same("230040", "320400") == false); // edges 0>1 and 0>2 differ in what reads them
    CHECK(same("330033", "330033"));
    CHECK(same("320000", "230000"));       // both lead nowhere
    CHECK_FALSE(same("310011", "330011")); // twice one convolution, or two of them
}

TEST_CASE("canonical codes are the smallest, and random equal codes are of the same network") {
    random_stream random(seed{4}, purpose::user);
    std::map<std::string, int> seen;
    for (const auto& a : sample<nas_bench_201>(300, seed{2})) {
        const auto c = canonical<nas_bench_201>(a);
        CHECK(canonical<nas_bench_201>(c) == c);
        CHECK_FALSE(a < c);
        CHECK(canonical<nas_bench_201>(random_equal_code<nas_bench_201>(a, random)) == c);
    }
    // 5^3 codes with nothing on the edges to node 3 and more: all equal to 000000.
    for (int i = 0; i < 4000; ++i) {
        ++seen[to_string<nas_bench_201>(
            random_equal_code<nas_bench_201>(parse<nas_bench_201>("000300"), random))];
    }
    std::size_t equal = 0;
    for_each_architecture<nas_bench_201>([&](const auto& a) {
        equal += canonical<nas_bench_201>(a) == canonical<nas_bench_201>(parse<nas_bench_201>("000300"));
    });
    CHECK(seen.size() > equal * 9 / 10);
    CHECK(seen.size() <= equal);
}

TEST_CASE("NAS-Bench-201's classes are those of its table") {
    const char* folder = std::getenv("FITNAS_DATA_DIR");
    std::ifstream table(std::string(folder == nullptr ? "." : folder) + "/nas_bench_201.csv");
    if (!table) {
        MESSAGE("nas_bench_201.csv is not there: left out");
        return;
    }
    std::string line;
    std::getline(table, line);
    std::map<std::string, std::string> ours;
    std::map<std::string, std::string> theirs;
    std::size_t rows = 0;
    while (std::getline(table, line)) {
        const std::string here = line.substr(line.rfind(',') + 1, 6);
        const std::string mine =
            to_string<nas_bench_201>(canonical<nas_bench_201>(parse<nas_bench_201>(line.substr(0, 6))));
        CHECK(ours.emplace(here, mine).first->second == mine);
        CHECK(theirs.emplace(mine, here).first->second == here);
        ++rows;
    }
    CHECK(rows == 15625);
}

TEST_CASE("a graph of more codes than a table holds: what plays no part does not count") {
    using space = small::large_graph;
    const auto text = [](const char* code) { return to_string<space>(canonical<space>(parse<space>(code))); };
    CHECK(text("2103211223") == "2103011023"); // nothing comes to node 1
    CHECK(text("0122232222") == "0000002222"); // nothing leads to the last node
}
