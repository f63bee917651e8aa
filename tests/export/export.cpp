// export FOLDER IMAGES: writes networks with random weights, batch norm statistics of images, and what comes
// out of them, for the scripts beside this file. IMAGES is a folder of Fashion-MNIST, whose photographs fill
// images of every size; where it is not there, random ones do.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <fitnas/data/fashion_mnist.hpp>
#include <fitnas/data/synthetic.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/io/onnx.hpp>
#include <fitnas/io/recipe_json.hpp>
#include <fitnas/space/spaces.hpp>

#include "../supernet/graph_spaces.hpp"
#include "every_operator.hpp"

using namespace fitnas;

namespace {

constexpr std::size_t images = 100;

struct output {
    std::string folder;
    dataset source;
    json cases = json::array();
    json supernets = json::array();

    std::string path(const std::string& name) const { return folder + "/" + name; }
    template <class T>
    std::string write(const std::string& name, std::span<const T> values) const {
        std::ofstream file(path(name), std::ios::binary);
        const auto bytes = std::as_bytes(values);
        file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return name;
    }
};

// Photographs scaled to a size by the nearest pixel, another one in each channel.
image_dataset images_of(const dataset& source, shape s, int classes) {
    const auto size = [](int n) { return static_cast<std::size_t>(n); };
    image_dataset set;
    set.classes = classes;
    set.images = pixel_tensor::from_shape({images, size(s.height), size(s.width), size(s.channels)});
    const shape from = source.train.image_shape();
    std::vector<std::uint8_t> room(size(from.height * from.width));
    for (std::size_t n = 0; n < images; ++n) {
        set.labels.push_back(source.train.label(n) % classes);
        for (std::size_t c = 0; c < size(s.channels); ++c) {
            const std::uint8_t* pixels = source.train.read(n + c, room.data());
            for (int y = 0; y < s.height; ++y) {
                for (int x = 0; x < s.width; ++x) {
                    set.images(n, size(y), size(x), c) =
                        pixels[y * from.height / s.height * from.width + x * from.width / s.width];
                }
            }
        }
    }
    return set;
}

// N x C x H x W.
std::vector<std::uint8_t> planes(const image_dataset& set) {
    std::vector<std::uint8_t> result;
    for (std::size_t n = 0; n < set.size(); ++n) {
        for (std::size_t c = 0; c < set.images.shape(3); ++c) {
            for (std::size_t y = 0; y < set.images.shape(1); ++y) {
                for (std::size_t x = 0; x < set.images.shape(2); ++x) {
                    result.push_back(set.images(n, y, x, c));
                }
            }
        }
    }
    return result;
}

// As after a training: no weight is where it began.
template <class Net>
void shake(Net& net) {
    random_stream random(seed{9}, purpose::user);
    for (float& v : net.parameters()) {
        v += 0.1F * static_cast<float>(random.normal());
    }
}

// One step of SGD on all images.
const train_options one_step{.epochs = 1,
                             .batch = images,
                             .learning_rate = 0.05,
                             .weight_decay = 1e-3,
                             .label_smoothing = 0.1,
                             .seed = seed{3}};

// A channel of the stem may be dead: its variance is nothing. Its weights' gradients are then so large that a
// step of training compares rounding alone, and none is made.
template <class Space>
void write_network(output& to, const std::string& name, const char* code, bool dead_channel = false) {
    const image_dataset set = images_of(to.source, Space::input, Space::classes);
    network<Space> net(parse<Space>(code), seed{4});
    shake(net);
    if (dead_channel) {
        std::fill_n(net.parameters().begin(), 9 * Space::input.channels, 0.0F);
    }
    net.calibrate(set);
    const tensor2 logits = net.logits(set);
    json files = json::array();
    for (const bool fold : {true, false}) {
        files.push_back(name + (fold ? ".onnx" : ".kept.onnx"));
        save_onnx(to.path(files.back()), net, {.fold_batch_norm = fold});
    }
    to.cases.push_back({{"name", name},
                        {"architecture", to_string<Space>(net.architecture())},
                        {"images", to.write<std::uint8_t>(name + ".images", planes(set))},
                        {"sizes", {images, Space::input.channels, Space::input.height, Space::input.width}},
                        {"classes", Space::classes},
                        {"labels", dead_channel ? json() : json(set.labels)},
                        {"logits", to.write<float>(name + ".logits", {logits.data(), logits.size()})},
                        {"onnx", files}});
    save_recipe(to.path(name + ".json"), net);
    save_checkpoint(to.path(name + ".safetensors"), net);
    if (!dead_channel) {
        train(net, set, one_step);
        save_checkpoint(to.path(name + ".trained.safetensors"), net);
    }
}

template <class Space>
void write_supernet(output& to, const std::string& name) {
    const image_dataset set = images_of(to.source, Space::input, Space::classes);
    supernet<Space> net(seed{5});
    shake(net);
    save_recipe(to.path(name + ".json"), net);
    save_checkpoint(to.path(name + ".safetensors"), net);
    train(net, set, one_step);
    save_checkpoint(to.path(name + ".trained.safetensors"), net);
    detail::path_sampler paths(net.weights().part().counts(), one_step.sampling, one_step.seed);
    const normalisation norm = normalisation_of(set);
    to.supernets.push_back(
        {{"name", name},
         {"architecture", paths.paths(0).front()},
         {"images", to.write<std::uint8_t>(name + ".images", planes(set))},
         {"mean", norm.mean},
         {"scale", norm.scale},
         {"labels", set.labels},
         {"sizes", {images, Space::input.channels, Space::input.height, Space::input.width}}});
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: export FOLDER IMAGES\n", stderr);
        return 2;
    }
    try {
        const bool photographs = FITNAS_HAS_ZLIB && std::filesystem::exists(argv[2]);
        output to{argv[1], photographs ? datasets::fashion_mnist(argv[2], {.train_limit = images + 2})
                                       : datasets::synthetic({.image = {28, 28, 1}, .train = images + 2})};
        std::filesystem::create_directories(to.folder);
        for (const char* code : every::codes) {
            write_network<every::space>(to, std::string("every_") + code, code);
        }
        write_network<every::thin_onnx_space>(to, "custom", "1");
        for (const char* code : {"00", "12", "21"}) {
            write_network<every::squash_space>(to, std::string("squash_") + code, code);
        }
        write_network<spaces::fashion_tiny>(to, "fashion_tiny", "0123");
        write_network<spaces::fashion_tiny>(to, "dead_channel", "3210", true);
        write_network<spaces::nas_bench_macro>(to, "nas_bench_macro", "12021102");
        for (const char* code : {"213401", "330030", "141104"}) {
            write_network<small::graph_space>(to, std::string("graph_") + code, code);
        }
        write_network<small::graph_space>(to, "graph_of_nothing", "000000", true);
        for (const char* code : {"2324234", "3240112"}) {
            write_network<small::concat_space>(to, std::string("concat_") + code, code);
        }
        write_network<spaces::nas_bench_201<1>>(to, "nas_bench_201", "323411");
        write_supernet<small::graph_space>(to, "graph_supernet");
        write_supernet<every::space>(to, "every_supernet");
        write_supernet<spaces::fashion_mini>(to, "fashion_mini_supernet");
        write_json(to.path("cases.json"), to.cases);
        write_json(to.path("supernets.json"), to.supernets);
        std::printf("%zu networks, %zu supernets\n", to.cases.size(), to.supernets.size());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "export: %s\n", e.what());
        return 1;
    }
}
