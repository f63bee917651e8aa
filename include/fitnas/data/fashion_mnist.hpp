/// @file
/// @brief Fashion-MNIST.

#ifndef FITNAS_DATA_FASHION_MNIST_HPP
#define FITNAS_DATA_FASHION_MNIST_HPP

#include <string>
#include <utility>

#include <fitnas/config.hpp>
#include <fitnas/data/idx.hpp>
#include <fitnas/data/split.hpp>

namespace fitnas::datasets {

/// @brief Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv 1708.07747): 28 x 28 x 1, 10 classes with their
/// names; of its 60,000 training images 10,000 are held out for validation unless `options` say otherwise;
/// 10,000 test images.
/// @param directory with the four files under their published names, plain or `.gz`
/// @throws data_error where a file is missing or wrong
FITNAS_API dataset fashion_mnist(const std::string& directory = "/usr/share/datasets/fashion-mnist",
                                 const split_options& options = {});

/// @brief The same from where Debian's package dataset-fashion-mnist puts it.
inline dataset fashion_mnist(const split_options& options) {
    return fashion_mnist("/usr/share/datasets/fashion-mnist", options);
}

} // namespace fitnas::datasets

#if FITNAS_DEFINITIONS

namespace fitnas::datasets {

FITNAS_API dataset fashion_mnist(const std::string& directory, const split_options& options) {
    const auto read = [&](const std::string& part) {
        const std::string images = detail::find_file(directory, part + "-images-idx3-ubyte");
        image_dataset data = read_idx(images, detail::find_file(directory, part + "-labels-idx1-ubyte"), 10);
        data.names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                      "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
        return data;
    };
    const image_view all = read("train");
    return split(all, read("t10k"), options);
}

} // namespace fitnas::datasets

#endif

#endif
