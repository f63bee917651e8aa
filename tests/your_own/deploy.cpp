// deploy winner.safetensors IMAGE: prints the image's class, and how likely it is.

#include <cstdio>
#include <string>

#include <fitnas/data/read_image.hpp>
#include <fitnas/data/resize.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/supernet/classifier.hpp>

#include "space.hpp"

using namespace fitnas;

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: deploy winner.safetensors IMAGE\n");
        return 2;
    }
    try {
        classifier<space> classify(load_network<space>(argv[1]));
        const raster image = resize(with_channels(read_image(argv[2]), 3), 16, 16, resizing::stretch);
        const prediction p = classify.predict(image.pixels);
        std::printf("%s, %.0f %%\n", std::string(p.name).c_str(), 100 * p.probability);
    } catch (const error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
