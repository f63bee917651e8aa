// train FOLDER: draws photographs to FOLDER/photos/CLASS, and one of each class that no training sees to
// FOLDER; then everything from these files to a winner that deploy takes.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <jpeglib.h>

#include <fitnas/fitnas.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/onnx.hpp>
#include <fitnas/io/predictor.hpp>

#include "space.hpp"

using namespace fitnas;

// A photograph of 24 x 20 pixels: a pattern, shifted, in two colours of which one is darker.
void draw(const std::string& path, std::size_t label, std::mt19937& random) {
    constexpr int height = 20;
    constexpr int width = 24;
    const int shift = static_cast<int>(random() % 4);
    std::array<std::array<std::mt19937::result_type, 3>, 2> colours{};
    for (auto& value : colours[0]) {
        value = random() % 110;
    }
    for (auto& value : colours[1]) {
        value = 146 + random() % 110;
    }
    const bool swapped = random() % 2 == 0;
    std::vector<JSAMPLE> pixels;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const std::array<bool, 4> patterns = {
                (y + shift) / 3 % 2 == 0, (x + shift) / 3 % 2 == 0, (x / 4 + y / 4 + shift) % 2 == 0,
                (x - 10 - shift) * (x - 10 - shift) + (y - 10) * (y - 10) < 40};
            for (const auto value : colours[patterns[label] == swapped ? 1 : 0]) {
                pixels.push_back(static_cast<JSAMPLE>(value));
            }
        }
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file.get());
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (JSAMPROW row = pixels.data(); row != pixels.data() + pixels.size(); row += 3 * width) {
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

void draw_all(const std::string& folder) {
    std::mt19937 random(1);
    for (std::size_t label = 0; label < class_names.size(); ++label) {
        const std::string photos = folder + "/photos/" + class_names[label];
        std::filesystem::create_directories(photos);
        for (int i = 0; i < 30; ++i) {
            draw(photos + "/" + std::to_string(i) + ".jpg", label, random);
        }
        draw(folder + "/" + class_names[label] + ".jpg", label, random);
    }
}

double millijoules(int cell, int op) { return 1 + cell + 2 * op; }

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: train FOLDER\n");
        return 2;
    }
    const std::string folder = argv[1];
    try {
        draw_all(folder);
        if (!check_operator<dw5>({{6, 6, 4}, 8, 2})) {
            std::fprintf(stderr, "the gradients of dw5 are wrong\n");
            return 1;
        }
        const image_view all = read_image_folder(
            folder + "/photos",
            {.height = 16, .width = 16, .resize = resizing::stretch, .classes = class_names});
        const dataset outer = split(all, all, {.validation = 20});
        const dataset data = split(outer.train, outer.validation, {.validation = 20});

        supernet<space> super(seed{7});
        train(super, data.train, {.epochs = 2, .batch = 16, .sampling = sampling::strict_fair});
        const auto scores = evaluate_both<space>(super, sample<space>(10, seed{1}), data);
        const auto fitted = fit_default(scores.by_loss());
        save_predictor(folder + "/model.json", fitted);
        const auto model = load_predictor<default_predictor<space>>(folder + "/model.json");

        const auto energy = cost::table<space>("energy", "mJ", millijoules);
        const auto best = search::exact(model, {.top = 3, .limit = energy.at_most(10)});
        const auto same = search::exhaustive(windows(fitted), {.top = 3, .limit = energy.at_most(10)});
        const auto& code = best.front().architecture;
        double by_hand = 0;
        for (int cell = 0; cell < space::cells; ++cell) {
            by_hand += millijoules(cell, code[static_cast<std::size_t>(cell)]);
        }
        if (code != same.front().architecture || by_hand > 10 || best.front().cost("energy") != by_hand) {
            std::fprintf(stderr, "%s costs %g mJ, the search says %g; looking at all networks finds %s\n",
                         to_string<space>(code).c_str(), by_hand, best.front().cost("energy"),
                         to_string<space>(same.front().architecture).c_str());
            return 1;
        }

        const auto winner = retrain<space>(code, data, {.epochs = 12, .batch = 16});
        save_weights(folder + "/winner.safetensors", winner.network);
        save_onnx(folder + "/winner.onnx", winner.network);
        std::printf("%s: %g mJ, %.0f %% of the test images\n", to_string<space>(code).c_str(), by_hand,
                    100 * winner.test_accuracy);
    } catch (const error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
