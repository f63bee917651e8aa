/// @file
/// @brief Labelled images in memory.

#ifndef FITNAS_DATA_IMAGE_DATASET_HPP
#define FITNAS_DATA_IMAGE_DATASET_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/xtensor.hpp>
#include <fitnas/nn/shape.hpp>

namespace fitnas {

/// @brief Images of one shape and their labels.
struct image_dataset {
    pixel_tensor images{{0, 0, 0, 0}}; ///< N x H x W x C, pixels 0 to 255
    std::vector<int> labels;           ///< N, each in [0, classes)
    int classes = 0;

    /// @return how many images there are
    std::size_t size() const { return images.shape(0); }
    bool empty() const { return size() == 0; }
    /// @return the shape of one image
    shape image_shape() const {
        return {static_cast<int>(images.shape(1)), static_cast<int>(images.shape(2)),
                static_cast<int>(images.shape(3))};
    }
};

/// @brief Three splits: weights are trained on `train`, architectures are compared on `validation`, and
/// `test` is for the last step only.
struct dataset {
    image_dataset train;
    image_dataset validation;
    image_dataset test;
};

namespace detail {
/// @throws shape_error where there is not one label an image
inline void require_labels(const image_dataset& data, const char* what) {
    if (data.labels.size() != data.size()) {
        throw shape_error("[F0419] " + std::string(what) + ": expected one label an image, got " +
                          std::to_string(data.size()) + " images and " + std::to_string(data.labels.size()) +
                          " labels");
    }
}
} // namespace detail

/// @brief Refuses a set of images that contradicts itself.
/// @param what the file or set, for the message
/// @throws data_error where there are no images, images and labels differ in number, or a label is outside
/// [0, classes)
FITNAS_COLD inline void require_consistent(const image_dataset& data, const std::string& what) {
    if (data.empty() || data.image_shape().size() == 0) {
        throw data_error("[F0420] " + what + ": expected at least one image, got none");
    }
    if (data.labels.size() != data.size()) {
        throw data_error("[F0421] " + what + ": expected one label an image, got " +
                         std::to_string(data.size()) + " images and " + std::to_string(data.labels.size()) +
                         " labels");
    }
    if (data.classes < 1) {
        throw data_error("[F0422] " + what + ": expected at least one class, got " +
                         std::to_string(data.classes));
    }
    for (std::size_t i = 0; i < data.labels.size(); ++i) {
        if (data.labels[i] < 0 || data.labels[i] >= data.classes) {
            throw data_error("[F0423] " + what + ": expected labels from 0 to " +
                             std::to_string(data.classes - 1) + ", got " + std::to_string(data.labels[i]) +
                             " for image " + std::to_string(i));
        }
    }
}

} // namespace fitnas

#endif
