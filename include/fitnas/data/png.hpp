/// @file
/// @brief PNG images, decoded by libpng.
///
/// Define `FITNAS_HAS_PNG=1` for the whole program and link with `-lpng`; without it images are refused.

#ifndef FITNAS_DATA_PNG_HPP
#define FITNAS_DATA_PNG_HPP

#include <cstdint>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/data/raster.hpp>

namespace fitnas {

/// @brief Decodes a PNG image.
/// @param bytes the whole file
/// @param name of the file, for messages
/// @param most_pixels what a header may promise
/// @return upright, as EXIF says it is; grey, or RGB of colour and of palettes. Fewer than 8 bits are spread
/// over 0 to 255, of 16 bits the upper 8 are taken; transparency and gamma are left out.
/// @throws data_error where it is truncated, damaged, too large, or this program is built without libpng
FITNAS_API raster decode_png(std::span<const std::uint8_t> bytes, const std::string& name,
                             std::uint64_t most_pixels = largest_image);

namespace detail {
/// @return the size that `decode_png` gives, from the header alone; throws as that
FITNAS_LAZY image_size png_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                std::uint64_t most_pixels);
} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <fitnas/data/exif.hpp>

#if FITNAS_HAS_PNG

#include <csetjmp>
#include <cstring>

#include <png.h>

namespace fitnas::detail {

/// libpng on bytes in memory. Its errors come back to the last `setjmp`, so that functions which call one
/// have nothing to destroy.
struct png_decoder {
    std::span<const std::uint8_t> rest;
    char reason[128] = "there is no memory, or another libpng than that of the header";
    png_structp png;
    png_infop info = nullptr;
    int passes = 1; // over the rows, of interlaced images

    explicit png_decoder(std::span<const std::uint8_t> bytes)
        : rest(bytes),
          png(png_create_read_struct(
              PNG_LIBPNG_VER_STRING, this,
              [](png_structp p, png_const_charp text) {
                  auto& self = *static_cast<png_decoder*>(png_get_error_ptr(p));
                  std::strncpy(self.reason, text, sizeof self.reason - 1);
                  png_longjmp(p, 1);
              },
              [](png_structp, png_const_charp) {})) {
        if (png != nullptr) {
            info = png_create_info_struct(png);
        }
    }
    ~png_decoder() { png_destroy_read_struct(&png, &info, nullptr); }
    png_decoder(const png_decoder&) = delete;
    png_decoder& operator=(const png_decoder&) = delete;

    static void read(png_structp p, png_bytep to, std::size_t n) {
        auto& self = *static_cast<png_decoder*>(png_get_io_ptr(p));
        if (n > self.rest.size()) {
            png_error(p, "it is truncated");
        }
        std::memcpy(to, self.rest.data(), n);
        self.rest = self.rest.subspan(n);
    }

    /// Whether each part, a length of four bytes, a name, data and a checksum, is there down to the last:
    /// libpng asks for memory before it reads one.
    bool has_whole_chunks() const {
        for (std::size_t at = 8; at + 12 <= rest.size();) {
            std::size_t length = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                length = length << 8U | rest[at + i];
            }
            if (length > rest.size() - at - 12) {
                return false;
            }
            if (std::memcmp(rest.data() + at + 4, "IEND", 4) == 0) {
                return true;
            }
            at += 12 + length;
        }
        return false;
    }

    /// @return whether it went well
    bool read_header() {
        if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
            return false;
        }
        if (!has_whole_chunks()) {
            png_error(png, "it is truncated");
        }
        png_set_read_fn(png, this, &png_decoder::read);
        png_read_info(png, info);
        png_set_expand(png); // palettes, few bits
        png_set_strip_16(png);
        png_set_strip_alpha(png);
        passes = png_set_interlace_handling(png);
        png_read_update_info(png, info);
        return true;
    }

    /// @param to height x width x channels
    /// @return whether it went well
    bool read_pixels(std::uint8_t* to) {
        if (setjmp(png_jmpbuf(png)) != 0) {
            return false;
        }
        const std::size_t stride = png_get_rowbytes(png, info);
        for (int pass = 0; pass < passes; ++pass) {
            for (std::size_t y = 0; y < png_get_image_height(png, info); ++y) {
                png_read_row(png, to + y * stride, nullptr);
            }
        }
        png_read_end(png, info);
        return true;
    }

    int orientation() const {
#ifdef PNG_eXIf_SUPPORTED
        png_bytep bytes = nullptr;
        png_uint_32 size = 0;
        if (png_get_eXIf_1(png, info, &size, &bytes) != 0) {
            return exif_orientation({bytes, size});
        }
#endif
        return 1;
    }
};

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API raster decode_png(std::span<const std::uint8_t> bytes, const std::string& name,
                             std::uint64_t most_pixels) {
    detail::png_decoder decoder(bytes);
    const auto refuse_unless = [&](bool well) {
        if (!well) {
            detail::refuse_damaged(name, "PNG", decoder.reason);
        }
    };
    refuse_unless(decoder.read_header());
    const std::size_t height = png_get_image_height(decoder.png, decoder.info);
    const std::size_t width = png_get_image_width(decoder.png, decoder.info);
    detail::require_size(name, height, width, most_pixels);
    const int channels = png_get_channels(decoder.png, decoder.info);
    raster image{static_cast<int>(height), static_cast<int>(width), channels,
                 std::vector<std::uint8_t>(height * width * static_cast<std::size_t>(channels))};
    refuse_unless(decoder.read_pixels(image.pixels.data()));
    return detail::upright(std::move(image), decoder.orientation());
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN image_size png_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                      std::uint64_t most_pixels) {
    png_decoder decoder(bytes);
    if (!decoder.read_header()) {
        refuse_damaged(name, "PNG", decoder.reason);
    }
    // What stands behind the pixels is not read: an orientation there would come too late.
    return upright_size(name, png_get_image_height(decoder.png, decoder.info),
                        png_get_image_width(decoder.png, decoder.info), most_pixels, decoder.orientation());
}

} // namespace fitnas::detail

#else

namespace fitnas {

FITNAS_API raster decode_png(std::span<const std::uint8_t> /*bytes*/, const std::string& name,
                             std::uint64_t /*most_pixels*/) {
    detail::refuse_undecoded(name, "PNG", "libpng",
                             "(Debian: libpng-dev), and build with FITNAS_HAS_PNG=1 and -lpng");
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN image_size png_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                      std::uint64_t most_pixels) {
    const raster none = decode_png(bytes, name, most_pixels); // which throws
    return {none.height, none.width};
}

} // namespace fitnas::detail

#endif

#endif

#endif
