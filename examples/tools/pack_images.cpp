// Packs a folder of images, FOLDER/CLASS/name.jpg or .png, into one file for read_image_pack.
//
//   pack_images FOLDER FILE [--skip-damaged]
#include <cstdio>
#include <string>
#include <string_view>

#include <fitnas/core/error.hpp>
#include <fitnas/io/pack_images.hpp>

int main(int count, char** arguments) {
    const bool skip = count == 4 && std::string_view(arguments[3]) == "--skip-damaged";
    if (count != 3 && !skip) {
        std::fprintf(stderr, "usage: pack_images FOLDER FILE [--skip-damaged]\n");
        return 2;
    }
    try {
        const fitnas::pack_report report =
            fitnas::pack_images(arguments[1], arguments[2], {.skip_damaged = skip});
        for (const std::string& why : report.skipped) {
            std::fprintf(stderr, "left out: %s\n", why.c_str());
        }
        std::printf("%s: %zu images, %zu left out\n", arguments[2], report.images, report.skipped.size());
    } catch (const fitnas::error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
