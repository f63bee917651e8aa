#include <cmath>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/feature/with_costs.hpp>
#include <fitnas/space/spaces.hpp>

#include "../nn/golden_file.hpp"
#include "../supernet/graph_spaces.hpp"
#include "fixtures.hpp"

using namespace fitnas;
using fixtures::tiny;

namespace {

template <class Encoding>
std::vector<double> dense() {
    std::vector<double> a(static_cast<std::size_t>(Encoding::nodes * Encoding::nodes));
    for (const encoding::edge& e : Encoding::adjacency) {
        a[static_cast<std::size_t>(e.row * Encoding::nodes + e.column)] += static_cast<double>(e.weight);
    }
    return a;
}

template <class Encoding>
void agrees_with(const std::string& name) {
    CAPTURE(name);
    static_assert(encoding::encoding_type<Encoding>);
    const golden::file file(name, "predictor");
    CHECK(golden::relative_error(dense<Encoding>(), file["adjacency"].values) < 1e-6);

    const golden::tensor& codes = file["codes"];
    const golden::tensor& features = file["features"];
    for (std::size_t g = 0; g < codes.sizes[0]; ++g) {
        architecture<tiny> a{};
        REQUIRE(codes.row(g).size() == a.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            a[i] = static_cast<std::uint8_t>(codes.row(g)[i]);
        }
        // Poisoned: what is not set must be overwritten.
        std::vector<float> got(static_cast<std::size_t>(Encoding::nodes * Encoding::features), NAN);
        Encoding::encode(a, got.data());
        CHECK(std::equal(got.begin(), got.end(), features.row(g).begin(), features.row(g).end(),
                         [](float x, double y) { return static_cast<double>(x) == y; }));
    }
}

} // namespace

TEST_CASE("adjacency and features are what their definitions say") {
    agrees_with<fixtures::chain>("chain");
    agrees_with<fixtures::complete>("complete");
    agrees_with<fixtures::lattice>("lattice");
}

TEST_CASE("the line graph of a cell of 4 nodes by hand") {
    // Edges 01, 02, 12, 03, 13, 23 are nodes 0 to 5; 6 is where the cell begins, 7 where it ends.
    const bool joined[8][8] = {{1, 0, 1, 0, 1, 0, 1, 0}, {0, 1, 0, 0, 0, 1, 1, 0}, {1, 0, 1, 0, 0, 1, 0, 0},
                               {0, 0, 0, 1, 0, 0, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 1}, {0, 1, 1, 0, 0, 1, 0, 1},
                               {1, 1, 0, 1, 0, 0, 1, 0}, {0, 0, 0, 1, 1, 1, 0, 1}};
    using space = spaces::nas_bench_201<1>;
    using bare = codes<5, 5, 5, 5, 5, 5>;
    const auto graph = dense<encoding::line_graph<space, feature::cell_operator>>();
    REQUIRE(graph.size() == 64);
    double degree[8]{};
    for (int i = 0; i < 8; ++i) {
        for (int j = 0; j < 8; ++j) {
            degree[i] += joined[i][j] ? 1 : 0;
        }
    }
    for (int i = 0; i < 8; ++i) {
        for (int j = 0; j < 8; ++j) {
            CHECK(graph[static_cast<std::size_t>(8 * i + j)] ==
                  doctest::Approx(joined[i][j] ? 1 / std::sqrt(degree[i] * degree[j]) : 0));
        }
    }
    using of_codes = encoding::line_graph<bare, feature::cell_operator, spaces::nas_bench_201_cell>;
    CHECK(dense<of_codes>() == graph);
    static_assert(encoding::encoding_type<of_codes> && of_codes::features == 31);
    static_assert(of_codes::cell_of(5) == 5 && of_codes::cell_of(6) == -1);
    std::vector<float> got(8 * 31, NAN);
    of_codes::encode({0, 1, 2, 3, 4, 0}, got.data());
    for (int node = 0; node < 8; ++node) {
        for (int f = 0; f < 31; ++f) {
            const int at[8] = {0, 5 + 1, 10 + 2, 15 + 3, 20 + 4, 25, 30, 30};
            CHECK(got[static_cast<std::size_t>(31 * node + f)] == (f == at[node] ? 1.0F : 0.0F));
        }
    }
    static_assert(std::is_same_v<default_encoding<space>, encoding::line_graph<space, default_feature>>);
    static_assert(std::is_same_v<default_encoding<bare>, encoding::chain<bare, default_feature>>);
}

TEST_CASE("the line graph of a chain is the chain, whatever stands between its cells") {
    using space = spaces::mobile_19x6;
    CHECK(dense<encoding::line_graph<space, feature::operators>>() ==
          dense<encoding::chain<space, feature::operators>>());
}

TEST_CASE("the line graph of two kinds of graph and a cell between them") {
    // Cells: 0, the edge of a graph of 2 nodes; 1, a cell; 2, 3, 4 and 5, 6, 7: graphs of 3 nodes, edges 01,
    // 02,
    // 12. Nodes 8 to 11: where the first begins, it ends, the second begins, ends and the third begins, ends.
    using encoding_of = encoding::line_graph<small::two_graphs, feature::operators>;
    static_assert(encoding_of::nodes == 8 + 5);
    const auto a = dense<encoding_of>();
    const auto joined = [&](int i, int j) { return a[static_cast<std::size_t>(13 * i + j)] > 0; };
    CHECK(joined(0, 1));
    CHECK(joined(1, 2));
    CHECK(joined(1, 3));
    CHECK_FALSE(joined(1, 4));
    CHECK(joined(2, 4));
    CHECK(joined(3, 5));
    CHECK(joined(4, 6));
    CHECK_FALSE(joined(2, 3));
    CHECK_FALSE(joined(2, 5));
    CHECK(joined(8, 0));
    CHECK(joined(9, 0));
    CHECK(joined(9, 1));
    CHECK(joined(10, 1));
    CHECK(joined(10, 2));
    CHECK(joined(11, 4));
    CHECK(joined(11, 5));
    CHECK(joined(12, 7));
    CHECK_FALSE(joined(12, 5));
    CHECK_FALSE(joined(11, 12));
}

TEST_CASE("the adjacency of a chain of three by hand") {
    // Degrees with self loops: 2, 3, 2.
    using three = encoding::chain<codes<2, 2, 2>, feature::operators>;
    static_assert(three::adjacency.size() == 7);
    const double side = 1 / std::sqrt(6.0);
    const std::vector<double> expected{0.5, side, 0, side, 1.0 / 3, side, 0, side, 0.5};
    CHECK(golden::relative_error(dense<three>(), expected) < 1e-6);
}

TEST_CASE("one cell is a graph of one node") {
    using one = encoding::chain<codes<4>, feature::operators>;
    static_assert(one::nodes == 1 && one::adjacency.size() == 1);
    CHECK(one::adjacency[0].weight == 1);
}

TEST_CASE("cell_operator names the cell, operators does not") {
    static_assert(feature::cell_operator::width<tiny> == 11);
    static_assert(feature::operators::width<tiny> == 4);
    std::vector<float> one(11);
    feature::cell_operator::write<tiny>(2, 3, one.data());
    CHECK(one == std::vector<float>{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0});
    std::vector<float> other(4);
    feature::operators::write<tiny>(2, 3, other.data());
    CHECK(other == std::vector<float>{0, 0, 0, 1});
}

TEST_CASE("with_costs adds macs and parameters as shares of the largest") {
    using space = spaces::nas_bench_macro;
    using costly = feature::with_costs<feature::operators>;
    static_assert(costly::width<space> == 5);
    // A block of expansion t, kernel k, from c to d channels, p pixels in and q out:
    // macs p c tc + q k k tc + q tc d, parameters the weights and twice the batch norm channels.
    const auto macs = [](double t, double k, double c, double d, double p, double q) {
        return p * c * t * c + q * k * k * t * c + q * t * c * d;
    };
    const auto parameters = [](double t, double k, double c, double d) {
        return c * t * c + k * k * t * c + t * c * d + 4 * t * c + 2 * d;
    };
    // The largest: MB6_K5 in cell 0 by macs (1024 pixels come in), in cells 6 and 7 by parameters.
    const double most_macs = (std::max)(macs(6, 5, 32, 64, 1024, 256), macs(6, 5, 256, 256, 16, 16));
    const double rival = (std::max)(macs(6, 5, 64, 64, 256, 256), macs(6, 5, 128, 128, 64, 64));
    const double most_parameters = parameters(6, 5, 256, 256);

    std::vector<float> got(5);
    costly::write<space>(3, 1, got.data()); // 128 to 128 channels on 8 x 8 pixels
    CHECK(got[1] == 1);
    CHECK(static_cast<double>(got[3]) ==
          doctest::Approx(macs(3, 3, 128, 128, 64, 64) / (std::max)(most_macs, rival)).epsilon(1e-6));
    CHECK(static_cast<double>(got[4]) ==
          doctest::Approx(parameters(3, 3, 128, 128) / most_parameters).epsilon(1e-6));
    std::fill(got.begin(), got.end(), 0.0F);
    costly::write<space>(3, 0, got.data()); // the identity costs nothing
    CHECK(got == std::vector<float>{1, 0, 0, 0, 0});
}
