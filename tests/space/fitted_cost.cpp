// Costs of a space from what some of its architectures cost.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/space/codes.hpp>
#include <fitnas/space/fitted_cost.hpp>
#include <fitnas/space/limit.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using small_space = codes<2, 3, 4>;

// Written down, not asked of the library: 5, what a cell adds, and no two sums alike.
double price(const architecture<small_space>& a) {
    const double first[] = {0, 100};
    const double second[] = {20, 0, 10};
    const double third[] = {0, 1, 2, 7};
    return 5 + first[a[0]] + second[a[1]] + third[a[2]];
}

std::vector<architecture<small_space>> all() {
    std::vector<architecture<small_space>> list;
    for (std::uint8_t i = 0; i < 2; ++i) {
        for (std::uint8_t j = 0; j < 3; ++j) {
            for (std::uint8_t k = 0; k < 4; ++k) {
                list.push_back({i, j, k});
            }
        }
    }
    return list;
}

fitted_cost fitted_to(const std::vector<architecture<small_space>>& some, double scale) {
    std::vector<double> costs;
    for (const architecture<small_space>& a : some) {
        costs.push_back(price(a) * scale);
    }
    return cost::fitted<small_space>("power", "mW", some, costs);
}

} // namespace

TEST_CASE("sums of integers come back exactly from a third of the networks") {
    // Each operator is there, and no two of the seven values always together.
    const std::vector<architecture<small_space>> some{{0, 0, 0}, {1, 0, 1}, {0, 1, 2}, {1, 2, 3},
                                                      {0, 2, 0}, {1, 1, 0}, {0, 0, 3}, {1, 0, 2}};
    const fitted_cost found = fitted_to(some, 1);
    CHECK(found.largest_error == 0);
    CHECK(found.cost.name() == "power");
    CHECK(found.cost.unit() == "mW");
    for (const architecture<small_space>& a : all()) {
        CHECK(found.cost.of<small_space>(a) == price(a));
    }
}

TEST_CASE("sums of decimals come back to their rounding") {
    const fitted_cost found = fitted_to(all(), 0.25);
    CHECK(found.largest_error == 0); // quarters have no rounding
    const fitted_cost tenths = fitted_to(all(), 0.1);
    CHECK(tenths.largest_error < 1e-13);
    for (const architecture<small_space>& a : all()) {
        CHECK(tenths.cost.of<small_space>(a) == doctest::Approx(price(a) / 10).epsilon(1e-15));
    }
}

TEST_CASE("multiply-accumulates of a real space are found again from a sample") {
    using space = spaces::fashion_mini;
    const auto some = sample<space>(200, seed{3});
    std::vector<double> macs;
    for (const architecture<space>& a : some) {
        macs.push_back(static_cast<double>(cost::macs<space>(a)));
    }
    const fitted_cost found = cost::fitted<space>("counted", "", some, macs);
    CHECK(found.largest_error == 0);
    for (const architecture<space>& a : sample<space>(300, seed{4})) {
        CHECK(found.cost.of<space>(a) == static_cast<double>(cost::macs<space>(a)));
    }
}

TEST_CASE("what is no sum is approximated, and the largest error says how well") {
    std::vector<double> costs;
    for (const architecture<small_space>& a : all()) {
        costs.push_back(price(a) + (a[0] == 1 && a[1] == 1 && a[2] == 3 ? 12 : 0));
    }
    const fitted_cost found = cost::fitted<small_space>("power", "mW", all(), costs);
    double most = 0;
    for (std::size_t i = 0; i < costs.size(); ++i) {
        most = (std::max)(most, std::abs(found.cost.of<small_space>(all()[i]) - costs[i]));
    }
    CHECK(found.largest_error == doctest::Approx(most));
    // By hand: where all are there, of what one alone has more the fit takes 1/24, and 1/12 - 1/24, 1/8 -
    // 1/24 and 1/6 - 1/24 for its cells.
    CHECK(most == doctest::Approx(12 * (1 - (1.0 / 12 + 1.0 / 8 + 1.0 / 6 - 2.0 / 24))));
}

TEST_CASE("an empty field is left out") {
    std::vector<double> costs;
    for (const architecture<small_space>& a : all()) {
        costs.push_back(price(a));
    }
    costs[5] = std::numeric_limits<double>::quiet_NaN();
    CHECK(cost::fitted<small_space>("power", "mW", all(), costs).cost.of<small_space>(all()[5]) ==
          price(all()[5]));
}

TEST_CASE("what rows do not tell is refused") {
    const std::vector<architecture<small_space>> few{{0, 0, 0}, {1, 0, 1}, {0, 1, 2}};
    CHECK(contains(thrown<shape_error>([&] { fitted_to(few, 1); }),
                   "cost power: 3 architectures do not tell apart"));
    std::vector<architecture<small_space>> without; // the last operator of the last cell is nowhere
    for (const architecture<small_space>& a : all()) {
        if (a[2] < 3) {
            without.push_back(a);
        }
    }
    CHECK(contains(thrown<shape_error>([&] { fitted_to(without, 1); }), "with each operator of each cell"));
    std::vector<architecture<small_space>> tied; // two choices that always go together
    for (const architecture<small_space>& a : all()) {
        if ((a[0] == 1) == (a[1] == 2)) {
            tied.push_back(a);
        }
    }
    CHECK(contains(thrown<shape_error>([&] { fitted_to(tied, 1); }), "do not tell apart"));
    CHECK(contains(thrown<shape_error>([&] {
                       cost::fitted<small_space>("power", "mW", few, std::vector<double>{1.0, 2.0});
                   }),
                   "expected costs of 3 architectures, got 2"));
    CHECK(contains(thrown<numeric_error>([&] { fitted_to(all(), -1); }), "cost power: architecture 0"));
}
