// The winner in use: batch norm is folded into its weights, one image is classified at a time, nothing
// trains.
//
//   example_090_deploy [winner.safetensors [image]]   the image: 28 x 28 bytes, as they lie in an IDX file
//
// Prints, for a made-up image and a network that knows such images:
//   class 3 "trousers", 99 %

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/space/spaces.hpp>
#include <fitnas/supernet/classifier.hpp>

using namespace fitnas;
using space = spaces::fashion_tiny;

int main(int argc, char** argv) try {
    classifier<space> classify(load_network<space>(argc > 1 ? argv[1] : "examples/data/winner.safetensors"));
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(space::input.size()));
    if (argc > 2) {
        std::ifstream file(argv[2], std::ios::binary);
        pixels.assign(std::istreambuf_iterator<char>(file), {});
    } else {
        const dataset made = datasets::synthetic({.image = space::input, .classes = space::classes});
        std::memmove(pixels.data(), made.test.read(3, pixels.data()), pixels.size());
    }
    const prediction p = classify.predict(pixels);
    std::printf("class %d \"%s\", %.0f %%\n", p.label, std::string(p.name).c_str(), 100 * p.probability);
} catch (const error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
