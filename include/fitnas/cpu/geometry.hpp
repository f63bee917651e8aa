/// @file
/// @brief The sizes of a convolution or pool, and the tiles of rows that passes are cut into.

#ifndef FITNAS_CPU_GEOMETRY_HPP
#define FITNAS_CPU_GEOMETRY_HPP

#include <algorithm>
#include <cstddef>

#include <fitnas/nn/shape.hpp>

namespace fitnas::detail {

/// `images` images of shape `in` become as many of shape `out`: each pixel sees a window of kernel x kernel
/// pixels, every stride-th.
struct geometry {
    shape in;
    shape out;
    int kernel = 1;
    int stride = 1;
    int images = 1;

    int padding() const { return (kernel - 1) / 2; } ///< before the first pixel
    int taps() const { return kernel * kernel; }
    /// Rows of the output and of the input: the pixels of all images.
    std::ptrdiff_t rows() const { return out.pixels() * images; }
    std::ptrdiff_t rows_in() const { return in.pixels() * images; }
};

/// The row of the input that a strided 1x1 convolution reads for row r of its output, as an offset.
struct strided_rows {
    shape in;
    int stride = 1;

    std::ptrdiff_t operator()(std::ptrdiff_t r) const {
        if (stride == 1) {
            return r * in.channels;
        }
        const shape out = cell{in, in.channels, stride}.output();
        const std::ptrdiff_t x = r % out.width;
        const std::ptrdiff_t y = r / out.width % out.height;
        const std::ptrdiff_t n = r / out.width / out.height;
        return (n * in.pixels() + y * stride * in.width + x * stride) * in.channels;
    }
};

/// Rows of a tile whose operands are about 64 KiB: a function of the shape alone.
constexpr int tile_rows(int in, int out) {
    const int rows = 16384 / (in > out ? in : out) / 8 * 8;
    return rows < 32 ? 32 : rows > 256 ? 256 : rows;
}

/// Rows that are worked on together.
struct row_tile {
    std::ptrdiff_t first;
    int count;
};

/// The tiles of a tensor's rows.
struct row_tiles {
    std::ptrdiff_t rows;
    int most; ///< rows of a tile

    /// @param in,out channels of the operands
    row_tiles(std::ptrdiff_t rows_, int in, int out) : rows(rows_), most(tile_rows(in, out)) {}

    std::ptrdiff_t count() const { return (rows + most - 1) / most; }
    row_tile operator[](std::ptrdiff_t t) const {
        return {t * most, static_cast<int>((std::min)(std::ptrdiff_t{most}, rows - t * most))};
    }
};

} // namespace fitnas::detail

#endif
