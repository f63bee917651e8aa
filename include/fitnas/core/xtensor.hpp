/// @file
/// @brief The one header that includes xtensor, whichever layout its headers have, and repairs it where it
/// must.

#ifndef FITNAS_CORE_XTENSOR_HPP
#define FITNAS_CORE_XTENSOR_HPP

#include <cstddef>
#include <cstdint>

#include <fitnas/config.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>

// xtensor before 0.26 gives expressions of xarray a wrong temporary type under g++ above C++17: a
// small_vector shape matches the specialisation for std::array, and memory is corrupted. Its own cure stands
// under
// `#if __cplusplus == 201703L`; this is the same cure for later standards.
#if defined(__GNUC__) && !defined(__clang__) && __cplusplus > 201703L
namespace xt::detail {
template <template <class, std::size_t, class, bool> class S, class X, std::size_t N, class A, bool Init>
struct xtype_for_shape<S<X, N, A, Init>> {
    template <class T, layout_type L>
    using type = xarray<T, L>;
};
} // namespace xt::detail
#endif
#endif

namespace fitnas {

// All row-major, whatever XTENSOR_DEFAULT_LAYOUT is; a tensor of another layout is converted where it is
// passed.

/// @brief Images, N x H x W x C, row-major: the tensor type of the public surface.
using tensor4 = xt::xtensor<float, 4, xt::layout_type::row_major>;
/// @brief Rows of values, N x C, row-major.
using tensor2 = xt::xtensor<float, 2, xt::layout_type::row_major>;
/// @brief Images as files have them, N x H x W x C, row-major, pixels 0 to 255.
using pixel_tensor = xt::xtensor<std::uint8_t, 4, xt::layout_type::row_major>;

} // namespace fitnas

#endif
