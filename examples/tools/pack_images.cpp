// Packs a folder of images, FOLDER/CLASS/name.jpg or .png, into one file for read_image_pack, or into a
// folder of files of so many images each.
//
//   pack_images FOLDER FILE [--skip-damaged] [--images-a-file N]
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <fitnas/core/error.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/io/pack_images.hpp>

int main(int count, char** arguments) {
    fitnas::pack_options options;
    bool understood = count >= 3;
    for (int i = 3; i < count && understood; ++i) {
        const std::string_view option = arguments[i];
        if (option == "--skip-damaged") {
            options.skip_damaged = true;
        } else if (option == "--images-a-file" && i + 1 < count) {
            const auto images = fitnas::detail::read_number<std::size_t>(arguments[++i]);
            options.images_a_file = images.value_or(0);
            understood = options.images_a_file > 0;
        } else {
            understood = false;
        }
    }
    if (!understood) {
        std::fprintf(stderr, "usage: pack_images FOLDER FILE [--skip-damaged] [--images-a-file N]\n");
        return 2;
    }
    try {
        const fitnas::pack_report report = fitnas::pack_images(arguments[1], arguments[2], options);
        for (const std::string& why : report.skipped) {
            std::fprintf(stderr, "left out: %s\n", why.c_str());
        }
        std::printf("%s: %zu images, %zu left out", arguments[2], report.images, report.skipped.size());
        if (options.images_a_file > 0) {
            std::printf(", %zu files", report.files);
        }
        std::printf("\n");
    } catch (const fitnas::error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
