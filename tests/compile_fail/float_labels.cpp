// expect: [F0484] make_image_dataset: expected pixels of bytes, integers or floats, labels of integers
#include <vector>

#include <fitnas/data/arrays.hpp>

fitnas::image_dataset images(const std::vector<float>& pixels, const std::vector<float>& labels) {
    return fitnas::make_image_dataset(pixels, {8, 8, 1}, labels);
}
