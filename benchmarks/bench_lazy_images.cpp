// How fast images come out of their files, and how long a training waits for them.
//
//   bench_lazy_images FOLDER SIDE           start, images a second and core, resident memory
//   bench_lazy_images FOLDER SIDE SCALED    the same with image_folder_options::scaled_jpeg
//   bench_lazy_images train FOLDER THREADS  100 steps of nas_bench_macro on CIFAR-10's images as files
//   bench_lazy_images train_224 FOLDER THREADS  20 steps of mobile_19x6 on random parts of images in 1000
//   classes
//
// scripts/many_images.sh makes a folder of 200,000 images to start from.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include <fitnas/core/progress.hpp>
#include <fitnas/data/lazy_images.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/train.hpp>

using namespace fitnas;

namespace {

/// @return MiB
long resident() {
    std::ifstream file("/proc/self/status");
    std::string word;
    while (file >> word && word != "VmRSS:") {
    }
    long kib = 0;
    file >> kib;
    return kib / 1024;
}

void speed(const std::string& folder, int side, bool scaled) {
    const stopwatch start;
    const lazy_images data = read_image_folder_lazily(
        folder, {.height = side, .width = side, .resize = resizing::centre_crop, .scaled_jpeg = scaled});
    std::printf("start: %zu images in %.2f s, %ld MiB resident\n", data.size(), start.seconds(), resident());
    std::vector<std::uint8_t> room(static_cast<std::size_t>(data.image_shape().size()));
    for (const bool crop : {false, true}) {
        const std::clock_t begin = std::clock(); // processor time: others may use the machine
        const auto seconds = [&] { return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC; };
        std::size_t count = 0;
        while (seconds() < 5) {
            const std::size_t image = count * 7919 % data.size();
            if (crop) {
                data.read_crop(image, {{}, {seed{1}, purpose::crop, 0, image}}, room.data());
            } else {
                data.read(image, room.data());
            }
            ++count;
        }
        std::printf("%s: %.0f images/s on one core, %ld MiB resident\n", crop ? "read_crop" : "read",
                    static_cast<double>(count) / seconds(), resident());
    }
}

template <class Space>
void train_on(const std::string& folder, std::size_t images, train_options options) {
    const int side = Space::input.height;
    const image_view all =
        read_image_folder_lazily(folder, {.height = side, .width = side, .resize = resizing::centre_crop});
    std::vector<std::size_t> some;
    for (std::size_t i = 0; i < images; ++i) {
        some.push_back(i * 3);
    }
    supernet<Space> net(seed{1});
    options.epochs = 1;
    const train_report report = train(net, subset(all, some), options);
    const int threads = options.ahead.threads;
    std::printf("%d threads ahead: %.1f s, of which %.1f s waited for images (%.1f %%), loss %.6f\n", threads,
                report.seconds, report.waited, 100 * report.waited / report.seconds,
                report.epochs.front().loss);
}

} // namespace

int main(int count, char** arguments) {
    try {
        const std::vector<std::string> a(arguments + 1, arguments + count);
        if (a.size() == 3 && a[0] == "train") {
            train_on<spaces::nas_bench_macro>(
                a[1], 12'800,
                {.augment = {.crop_padding = 4, .flip = true}, .ahead = {.threads = std::stoi(a[2])}});
        } else if (a.size() == 3 && a[0] == "train_224") {
            train_on<spaces::mobile_19x6>(
                a[1], 640,
                {.batch = 32,
                 .augment = {.flip = true, .resized_crop = random_resized_crop{.min_area = 0.08}},
                 .ahead = {.threads = std::stoi(a[2])}});
        } else if (a.size() == 2 || a.size() == 3) {
            speed(a[0], std::stoi(a[1]), a.size() == 3);
        } else {
            std::fprintf(
                stderr,
                "usage: bench_lazy_images FOLDER SIDE [scaled] | bench_lazy_images train|train_224 FOLDER "
                "THREADS\n");
            return 2;
        }
    } catch (const error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
