/// @file
/// @brief Images of a data set as a network takes them.

#ifndef FITNAS_SUPERNET_LOADED_IMAGES_HPP
#define FITNAS_SUPERNET_LOADED_IMAGES_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_source.hpp>

namespace fitnas::detail {

/// Images as a network takes them.
struct loaded_images {
    std::vector<float> values; ///< count x input shape
    std::vector<int> labels;
    shape one{};

    int count() const { return static_cast<int>(labels.size()); }

    /// @param indices which images
    FITNAS_LAZY loaded_images(const image_source& data, std::span<const std::size_t> indices,
                              const normalisation& norm)
        : values(indices.size() * static_cast<std::size_t>(data.image_shape().size())),
          labels(indices.size()),
          one(data.image_shape()) {
        load_batch(data, indices, norm, values.data(), labels.data());
    }
};

} // namespace fitnas::detail

#endif
