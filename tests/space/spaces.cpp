#include <doctest/doctest.h>

#include <fitnas/space/canonical.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>

using namespace fitnas;

namespace {

struct costs {
    long long macs = 0;
    long long parameters = 0;
};

/// MobileNet-like costs from the numbers in the papers, without any of the library's tables.
costs mobile_by_hand(const architecture<spaces::mobile_19x6>& a) {
    costs sum;
    const auto convolution = [&](int side, int in, int out, int kernel, bool depthwise) {
        const long long weights = (depthwise ? 1LL : in) * out * kernel * kernel;
        sum.macs += weights * side * side;
        sum.parameters += weights + 2LL * out; // and its batch norm
    };
    convolution(112, 3, 32, 3, false);
    convolution(112, 32, 32, 3, true);
    convolution(112, 32, 16, 1, false);
    int side = 112;
    int width = 16;
    std::size_t cell = 0;
    const int stages[6][3] = {{32, 2, 2}, {40, 4, 2}, {80, 4, 2}, {96, 4, 1}, {192, 4, 2}, {320, 1, 1}};
    const int operators[6][2] = {{3, 3}, {5, 3}, {7, 3}, {3, 6}, {5, 6}, {7, 6}};
    for (const auto& stage : stages) {
        for (int i = 0; i < stage[1]; ++i) {
            const int kernel = operators[a[cell]][0];
            const int hidden = operators[a[cell]][1] * width;
            ++cell;
            convolution(side, width, hidden, 1, false);
            side /= i == 0 ? stage[2] : 1;
            convolution(side, hidden, hidden, kernel, true);
            convolution(side, hidden, stage[0], 1, false);
            width = stage[0];
        }
    }
    convolution(side, width, 1280, 1, false);
    sum.macs += 1280 * 1000;
    sum.parameters += 1281 * 1000;
    return sum;
}

} // namespace

TEST_CASE("mobile_19x6 has the paper's size") {
    using space = spaces::mobile_19x6;
    static_assert(space::cells == 19);
    static_assert(space::size == 609'359'740'010'496);
    static_assert(space::classes == 1000);
    static_assert(space::input == shape{224, 224, 3});
    static_assert(space::layers == 22);
    static_assert(space::layout().layers.back().place.input == shape{7, 7, 320});
    for (const int count : space::operator_counts) {
        CHECK(count == 6);
    }
}

TEST_CASE("mobile_19x6 costs what a calculation by hand says") {
    using space = spaces::mobile_19x6;
    architecture<space> a{};
    CHECK(cost::macs<space>(a) == 247'129'856);
    CHECK(cost::parameters<space>(a) == 3'189'080);
    a.fill(5);
    CHECK(cost::macs<space>(a) == 557'405'696);
    CHECK(cost::parameters<space>(a) == 5'090'024);
    for (std::uint64_t i = 0; i < 200; ++i) {
        a = architecture_at<space>((i * 2'654'435'761'117) % space::size);
        const costs expected = mobile_by_hand(a);
        REQUIRE(cost::macs<space>(a) == expected.macs);
        REQUIRE(cost::parameters<space>(a) == expected.parameters);
        REQUIRE(canonical<space>(a) == a); // there is nothing that does nothing
    }
}

TEST_CASE("the smaller spaces") {
    static_assert(spaces::nas_bench_macro::cells == 8);
    static_assert(spaces::nas_bench_macro::size == 6561);
    static_assert(spaces::fashion_mini::cells == 6);
    static_assert(spaces::fashion_mini::size == 4096);
    static_assert(spaces::fashion_mini::input == shape{28, 28, 1});
}
