/// @file
/// @brief Forward runs whose batch norm statistics come from one set of images and are used on another.

#ifndef FITNAS_SUPERNET_FORWARD_HPP
#define FITNAS_SUPERNET_FORWARD_HPP

#include <algorithm>
#include <span>
#include <vector>

#include <fitnas/data/batch.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// Images as a network takes them.
struct loaded_images {
    std::vector<float> values; ///< count x input shape
    std::vector<int> labels;
    shape one{};

    int count() const { return static_cast<int>(labels.size()); }

    /// @param indices which images
    loaded_images(const image_dataset& data, std::span<const std::size_t> indices, const normalisation& norm)
        : values(indices.size() * static_cast<std::size_t>(data.image_shape().size())),
          labels(indices.size()),
          one(data.image_shape()) {
        load_batch(data, indices, norm, values.data(), labels.data());
    }
};

/// Runs one block with given statistics, in slices of images that stay in cache.
inline void forward_given(const weight_block& b, const float* parameters, const float* x, int images,
                          float* y, const block_run& given, arena& memory, workspace& shared) {
    constexpr int slice = given_slice;
    const std::ptrdiff_t in = b.plan.buffers.front().size();
    const arena::mark before = memory.position();
    for (int n = 0; n < images; n += slice) {
        forward(b.plan, parameters, x + n * in, (std::min)(slice, images - n), y + n * b.output.size(),
                &given, memory, shared);
        memory.reset(before);
    }
}

} // namespace fitnas::detail

#endif
