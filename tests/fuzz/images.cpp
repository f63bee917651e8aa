// JPEG and PNG images, .npy arrays.
#include <fitnas/data/npy.hpp>
#include <fitnas/data/read_image.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A header may promise any number of pixels: of those that are left, all may be asked for.
    fuzz(data, size, [](const std::string& path) { fitnas::read_image(path, 1 << 20U); });
    return fuzz(data, size, [](const std::string& path) {
        try {
            fitnas::read_npy(path, path);
        } catch (const fitnas::shape_error&) {
        }
    });
}
