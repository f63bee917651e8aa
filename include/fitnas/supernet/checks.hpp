/// @file
/// @brief What is refused at the doors of training and scoring: foreign images, spoilt weights, too little
/// memory.

#ifndef FITNAS_SUPERNET_CHECKS_HPP
#define FITNAS_SUPERNET_CHECKS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/memory_limit.hpp>
#include <fitnas/data/image_source.hpp>
#include <fitnas/supernet/memory_use.hpp>
#include <fitnas/supernet/weight_tensors.hpp>
#include <fitnas/supernet/weights.hpp>

namespace fitnas::detail {

/// One pass without branches: exponents of ones alone are infinities and what is not a number.
FITNAS_LAZY bool all_finite(std::span<const float> values);

/// @param values as long as the buffer of weights: weights, gradients
/// @return the first tensor that has a value which is not finite; empty where none has
FITNAS_LAZY FITNAS_COLD std::string tensor_not_finite(const weights& w, std::span<const float> values);

/// Refuses weights that an earlier training, or a change by hand, has spoilt.
FITNAS_LAZY void require_finite(const weights& w, const std::string& what);

/// Refuses images that the network does not take.
FITNAS_LAZY FITNAS_COLD void require_images(const weights& w, const image_source& data,
                                            const std::string& what);

/// Refuses images that go forward together, and those that statistics are taken of, where they do not fit.
FITNAS_LAZY FITNAS_COLD void require_scoring_fits(const weights& w, std::size_t images,
                                                  std::size_t calibration, std::uint64_t limit,
                                                  const std::string& what, const std::string& advice);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN bool all_finite(std::span<const float> values) {
    constexpr std::uint32_t exponent = 0x7F800000U;
    std::uint32_t found = 0;
    for (const float v : values) {
        found |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(v) & exponent) == exponent);
    }
    return found == 0;
}

FITNAS_LAZY_AGAIN std::string tensor_not_finite(const weights& w, std::span<const float> values) {
    for (const weight_tensor& t : weight_tensors(w.part())) {
        if (!all_finite(values.subspan(t.offset, t.size))) {
            return t.name;
        }
    }
    return {};
}

FITNAS_LAZY_AGAIN void require_finite(const weights& w, const std::string& what) {
    if (!all_finite(w.values())) {
        throw numeric_error("[F0516] " + what + ": there are weights that are not finite, first in " +
                            tensor_not_finite(w, w.values()));
    }
}

FITNAS_LAZY_AGAIN void require_images(const weights& w, const image_source& data, const std::string& what) {
    require_consistent(data, what);
    if (data.image_shape() != w.input()) {
        throw shape_error("[F0514] " + what + ": the network takes images of " + to_string(w.input()) +
                          " (height x width x channels), got " + to_string(data.image_shape()));
    }
    if (data.class_count() != w.classes()) {
        throw shape_error("[F0515] " + what + ": the network has " + std::to_string(w.classes()) +
                          " classes, the images " + std::to_string(data.class_count()));
    }
}

FITNAS_LAZY_AGAIN void require_scoring_fits(const weights& w, std::size_t images, std::size_t calibration,
                                            std::uint64_t limit, const std::string& what,
                                            const std::string& advice) {
    constexpr auto most = static_cast<std::size_t>((std::numeric_limits<int>::max)());
    const std::string asked =
        what + ": " +
        (calibration == 0
             ? ""
             : std::to_string(calibration) + " images for the statistics" + (images == 0 ? "" : ", and ")) +
        (images == 0 ? "" : std::to_string(images) + " images together") + ", of " + to_string(w.input());
    if (images > most || calibration > most) {
        throw option_error("[F0527] " + asked + ": expected at most " + std::to_string(most));
    }
    require_memory(asked, evaluation_bytes(w.part(), images, calibration), limit, advice);
}

} // namespace fitnas::detail

#endif

#endif
