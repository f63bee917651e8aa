#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/simd.hpp>

using namespace fitnas;

namespace {

template <int Width>
void check_loads_and_stores() {
    CAPTURE(Width);
    for (int count = -1; count <= Width + 1; ++count) {
        CAPTURE(count);
        std::vector<float> from(static_cast<std::size_t>(Width));
        for (int i = 0; i < Width; ++i) {
            from[static_cast<std::size_t>(i)] = static_cast<float>(i + 1);
        }
        const simd::vec<Width> v = simd::load<Width>(from.data(), count);
        for (int i = 0; i < Width; ++i) {
            CHECK(v[i] == (i < count ? static_cast<float>(i + 1) : 0.0F));
        }
        std::vector<float> to(static_cast<std::size_t>(Width) + 2, -1.0F);
        simd::store<Width>(to.data() + 1, simd::load<Width>(from.data()), count);
        for (int i = -1; i <= Width; ++i) {
            const bool written = i >= 0 && i < count && i < Width;
            CHECK(to[static_cast<std::size_t>(i + 1)] == (written ? static_cast<float>(i + 1) : -1.0F));
        }
    }
}

template <int Width>
void check_arithmetic() {
    CAPTURE(Width);
    const simd::vec<Width> two = simd::broadcast<Width>(2);
    simd::vec<Width> ramp{};
    for (int i = 0; i < Width; ++i) {
        ramp[i] = static_cast<float>(i);
    }
    const simd::vec<Width> fused = simd::fma<Width>(ramp, two, ramp);
    const simd::vec<Width> high = (simd::max<Width>)(ramp, two);
    const simd::vec<Width> low = (simd::min<Width>)(ramp, two);
    for (int i = 0; i < Width; ++i) {
        const auto x = static_cast<float>(i);
        CHECK(two[i] == 2);
        CHECK(fused[i] == 3 * x);
        CHECK(high[i] == std::fmax(x, 2.0F));
        CHECK(low[i] == std::fmin(x, 2.0F));
    }
    const simd::vec<Width> nan = simd::broadcast<Width>(std::numeric_limits<float>::quiet_NaN());
    CHECK((simd::max<Width>)(nan, two)[0] == 2);
    CHECK((simd::min<Width>)(nan, two)[0] == 2);
    CHECK(std::isnan((simd::max<Width>)(two, nan)[0]));
    CHECK(std::isnan((simd::min<Width>)(two, nan)[0]));
}

} // namespace

TEST_CASE("loads and stores touch the first `count` floats and no others") {
    check_loads_and_stores<4>();
#if defined(__AVX__)
    check_loads_and_stores<8>();
#endif
#if defined(__AVX512F__)
    check_loads_and_stores<16>();
#endif
    check_loads_and_stores<simd::lanes>();
}

TEST_CASE("arithmetic is elementwise") {
    check_arithmetic<4>();
#if defined(__AVX__)
    check_arithmetic<8>();
#endif
    check_arithmetic<simd::lanes>();
}

TEST_CASE("padded rounds up to the width") {
    constexpr int w = simd::lanes;
    static_assert(simd::padded(0) == 0);
    static_assert(simd::padded(1) == w);
    static_assert(simd::padded(w) == w);
    static_assert(simd::padded(w + 1) == 2 * w);
}
