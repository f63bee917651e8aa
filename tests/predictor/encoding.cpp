#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/predictor/feature/with_costs.hpp>
#include <fitnas/space/spaces.hpp>

#include "../nn/golden_file.hpp"
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
