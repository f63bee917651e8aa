#include <cstddef>
#include <type_traits>

#include <doctest/doctest.h>

#include <fitnas/core/xtensor.hpp>

using namespace fitnas;

// xtensor before 0.26 takes the shape of an xarray for a std::array under g++ above C++17, and then makes an
// xtensor of the wrong rank out of every temporary: memory is corrupted.
using sum_of_arrays = decltype(std::declval<xt::xarray<double>&>() + std::declval<xt::xarray<double>&>());
static_assert(std::is_same_v<typename sum_of_arrays::shape_type, xt::xarray<double>::shape_type>);
static_assert(std::is_same_v<xt::temporary_type_t<sum_of_arrays>, xt::xarray<double>>);

using sum_of_tensors =
    decltype(std::declval<xt::xtensor<double, 2>&>() + std::declval<xt::xtensor<double, 2>&>());
static_assert(std::is_same_v<xt::temporary_type_t<sum_of_tensors>, xt::xtensor<double, 2>>);

TEST_CASE("expressions of xarray are evaluated into an xarray of their own shape") {
    for (std::size_t rank = 1; rank <= 6; ++rank) {
        CAPTURE(rank);
        xt::xarray<double>::shape_type shape(rank, 2);
        shape[0] = 3;
        xt::xarray<double> a(shape, 1.5);
        const xt::xarray<double> b(shape, 2.0);
        a = a * b + a; // aliases: goes through a temporary
        REQUIRE(a.dimension() == rank);
        CHECK(a.size() == std::size_t{3} << (rank - 1));
        for (const double v : a) {
            CHECK(v == 4.5);
        }
        const auto evaluated = xt::eval(a + b);
        CHECK(evaluated.dimension() == rank);
        for (const double v : evaluated) {
            CHECK(v == 6.5);
        }
    }
}

TEST_CASE("the tensor types of the public surface are row-major floats") {
    tensor4 images = tensor4::from_shape({2, 3, 4, 5});
    images.fill(0);
    images(1, 2, 3, 4) = 7;
    CHECK(images.data()[((1 * 3 + 2) * 4 + 3) * 5 + 4] == 7);
    tensor2 rows = tensor2::from_shape({2, 3});
    rows.fill(0);
    rows(1, 2) = 9;
    CHECK(rows.data()[5] == 9);
}
