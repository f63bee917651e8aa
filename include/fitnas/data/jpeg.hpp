/// @file
/// @brief JPEG images, decoded by libjpeg (best libjpeg-turbo).
///
/// Define `FITNAS_HAS_JPEG=1` for the whole program and link with `-ljpeg`; without it images are refused.

#ifndef FITNAS_DATA_JPEG_HPP
#define FITNAS_DATA_JPEG_HPP

#include <cstdint>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/data/raster.hpp>

namespace fitnas {

/// @brief Decodes a JPEG image, baseline or progressive, to the bytes that Pillow gives with the same
/// libjpeg.
/// @param bytes the whole file
/// @param name of the file, for messages
/// @param most_pixels what a header may promise
/// @param eighths of its height and width are decoded, 1 to 8, rounded up: of 4 a quarter of the pixels, in
/// less than half the time. libjpeg-turbo knows all of these, the first libjpeg 1, 2, 4 and 8, and takes the
/// next above
/// @return upright, as EXIF says it is; grey, or RGB of colour and of CMYK, whose inks are taken as Adobe
/// stores them (255: none): R = C K / 255, and so on
/// @throws data_error where it is truncated, damaged, too large, of 2 or more than 4 components, or this
/// program is built without libjpeg
FITNAS_API raster decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name,
                              std::uint64_t most_pixels = largest_image, int eighths = 8);

namespace detail {
/// @return the size that `decode_jpeg` gives at 8 eighths, from the header alone; throws as that
FITNAS_LAZY image_size jpeg_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                 std::uint64_t most_pixels);
} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <fitnas/data/exif.hpp>

#if FITNAS_HAS_JPEG

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jerror.h>
#include <jpeglib.h>

namespace fitnas::detail {

/// libjpeg on bytes in memory. Its errors come back to the last `setjmp`, so that functions which call one
/// have nothing to destroy. Whatever it would print is kept in `reason`.
struct jpeg_decoder {
    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    jpeg_source_mgr source{};
    jpeg_progress_mgr scans{};
    std::jmp_buf back{};
    char reason[JMSG_LENGTH_MAX] = {};

    explicit jpeg_decoder(std::span<const std::uint8_t> bytes) {
        info.err = jpeg_std_error(&errors);
        info.client_data = this;
        errors.error_exit = [](j_common_ptr c) {
            (*c->err->format_message)(c, of(c).reason);
            std::longjmp(of(c).back, 1);
        };
        errors.emit_message = [](j_common_ptr c, int level) {
            const int code = c->err->msg_code;
            const bool harmless = level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
                                  code == JWRN_BOGUS_PROGRESSION;
            if (!harmless) {
                (*c->err->error_exit)(c);
            }
        };
        errors.output_message = [](j_common_ptr) {};
        source.next_input_byte = bytes.data();
        source.bytes_in_buffer = bytes.size();
        source.init_source = [](j_decompress_ptr) {};
        source.term_source = [](j_decompress_ptr) {};
        source.resync_to_restart = jpeg_resync_to_restart;
        source.fill_input_buffer = [](j_decompress_ptr d) -> boolean { end(d); };
        source.skip_input_data = [](j_decompress_ptr d, long n) {
            if (n <= 0) {
                return;
            }
            const auto bytes_there = static_cast<std::size_t>(n);
            if (bytes_there > d->src->bytes_in_buffer) {
                end(d);
            }
            d->src->next_input_byte += n;
            d->src->bytes_in_buffer -= bytes_there;
        };
        // Each scan of a progressive image passes over all of it, and costs its author a few bytes.
        scans.progress_monitor = [](j_common_ptr c) {
            if (of(c).info.input_scan_number > 500) {
                stop(c, "more than 500 scans");
            }
        };
    }
    ~jpeg_decoder() { jpeg_destroy_decompress(&info); }
    jpeg_decoder(const jpeg_decoder&) = delete;
    jpeg_decoder& operator=(const jpeg_decoder&) = delete;

    static jpeg_decoder& of(j_common_ptr c) { return *static_cast<jpeg_decoder*>(c->client_data); }
    [[noreturn]] static void stop(j_common_ptr c, const char* why) {
        std::strncpy(of(c).reason, why, JMSG_LENGTH_MAX - 1);
        std::longjmp(of(c).back, 1);
    }
    [[noreturn]] static void end(j_decompress_ptr d) {
        stop(reinterpret_cast<j_common_ptr>(d), "it is truncated");
    }

    /// @return whether it went well
    bool read_header() {
        if (setjmp(back) != 0) {
            return false;
        }
        jpeg_CreateDecompress(&info, JPEG_LIB_VERSION, sizeof info);
        info.src = &source;
        info.progress = &scans;
        jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF); // EXIF
        jpeg_read_header(&info, TRUE);
        switch (info.num_components) {
        case 1:
            info.out_color_space = JCS_GRAYSCALE;
            break;
        case 3:
            info.out_color_space = JCS_RGB;
            break;
        case 4:
            info.out_color_space = JCS_CMYK;
            break;
        default:
            std::snprintf(reason, sizeof reason, "expected 1, 3 or 4 components, got %d",
                          info.num_components);
            return false;
        }
        return true;
    }

    /// Sets the scale of what comes out.
    bool set_scale(int eighths) {
        if (setjmp(back) != 0) {
            return false;
        }
        info.scale_num = static_cast<unsigned>(eighths);
        info.scale_denom = 8;
        jpeg_calc_output_dimensions(&info);
        return true;
    }

    /// @param to height x width x components
    /// @return whether it went well
    bool read_pixels(std::uint8_t* to) {
        if (setjmp(back) != 0) {
            return false;
        }
        jpeg_start_decompress(&info);
        while (info.output_scanline < info.output_height) {
            JSAMPROW row = to + std::size_t{info.output_scanline} * info.output_width *
                                    static_cast<std::size_t>(info.output_components);
            jpeg_read_scanlines(&info, &row, 1);
        }
        jpeg_finish_decompress(&info);
        return true;
    }

    int orientation() const {
        constexpr std::size_t head = 6; // "Exif", 0, 0
        for (auto* m = info.marker_list; m != nullptr; m = m->next) {
            if (m->data_length > head && std::memcmp(m->data, "Exif\0", head) == 0) {
                return exif_orientation({m->data + head, m->data_length - head});
            }
        }
        return 1;
    }
};

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API raster decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name,
                              std::uint64_t most_pixels, int eighths) {
    detail::jpeg_decoder decoder(bytes);
    const auto refuse_unless = [&](bool well) {
        if (!well) {
            detail::refuse_damaged(name, "JPEG", decoder.reason);
        }
    };
    refuse_unless(decoder.read_header());
    detail::require_size(name, decoder.info.image_height, decoder.info.image_width, most_pixels);
    if (eighths < 1 || eighths > 8) {
        throw option_error("[F0434] decode_jpeg: expected 1 to 8 eighths, got " + std::to_string(eighths));
    }
    refuse_unless(decoder.set_scale(eighths));
    const std::size_t height = decoder.info.output_height;
    const std::size_t width = decoder.info.output_width;
    const int components = decoder.info.num_components;
    const int orientation = decoder.orientation(); // it is gone with the pixels
    raster image{static_cast<int>(height), static_cast<int>(width), components,
                 std::vector<std::uint8_t>(height * width * static_cast<std::size_t>(components))};
    refuse_unless(decoder.read_pixels(image.pixels.data()));
    if (components == 4) {
        // In place: three bytes never overtake four.
        for (std::size_t i = 0; i < height * width; ++i) {
            const unsigned black = image.pixels[4 * i + 3];
            for (std::size_t c = 0; c < 3; ++c) {
                image.pixels[3 * i + c] =
                    static_cast<std::uint8_t>((image.pixels[4 * i + c] * black + 127) / 255);
            }
        }
        image.channels = 3;
        image.pixels.resize(3 * height * width);
    }
    return detail::upright(std::move(image), orientation);
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN image_size jpeg_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                       std::uint64_t most_pixels) {
    jpeg_decoder decoder(bytes);
    if (!decoder.read_header()) {
        refuse_damaged(name, "JPEG", decoder.reason);
    }
    return upright_size(name, decoder.info.image_height, decoder.info.image_width, most_pixels,
                        decoder.orientation());
}

} // namespace fitnas::detail

#else

namespace fitnas {

FITNAS_API raster decode_jpeg(std::span<const std::uint8_t> /*bytes*/, const std::string& name,
                              std::uint64_t /*most_pixels*/, int /*eighths*/) {
    detail::refuse_undecoded(name, "JPEG", "libjpeg",
                             "(Debian: libjpeg62-turbo-dev), and build with FITNAS_HAS_JPEG=1 and -ljpeg");
}

} // namespace fitnas

namespace fitnas::detail {

FITNAS_LAZY_AGAIN image_size jpeg_size(std::span<const std::uint8_t> bytes, const std::string& name,
                                       std::uint64_t most_pixels) {
    const raster none = decode_jpeg(bytes, name, most_pixels); // which throws
    return {none.height, none.width};
}

} // namespace fitnas::detail

#endif

#endif

#endif
