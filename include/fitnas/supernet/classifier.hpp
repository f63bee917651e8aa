/// @file
/// @brief A trained network for use: one image at a time, as fast as one thread can.

#ifndef FITNAS_SUPERNET_CLASSIFIER_HPP
#define FITNAS_SUPERNET_CLASSIFIER_HPP

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/one_image.hpp>

namespace fitnas {

namespace detail {

class image_engine;

/// A classifier of any space.
class any_classifier {
public:
    FITNAS_LAZY any_classifier(const weights& w, const std::shared_ptr<const kept_statistics>& kept,
                               std::vector<std::string> names);
    any_classifier(const any_classifier& other)
        : m_engine(other.m_engine), m_values(other.m_values), m_norm(other.m_norm), m_names(other.m_names) {}
    any_classifier(any_classifier&&) noexcept = default;
    any_classifier& operator=(any_classifier other) noexcept {
        std::swap(m_engine, other.m_engine);
        std::swap(m_values, other.m_values);
        std::swap(m_norm, other.m_norm);
        std::swap(m_names, other.m_names);
        std::swap(m_memory, other.m_memory);
        return *this;
    }

    FITNAS_LAZY std::span<const float> logits(const one_image& image);
    FITNAS_LAZY prediction predict(const one_image& image);
    FITNAS_LAZY std::size_t memory() const;

private:
    std::shared_ptr<const image_engine> m_engine;
    std::shared_ptr<const std::vector<float>> m_values; ///< of each byte, channels x 256
    std::shared_ptr<const normalisation> m_norm;
    std::shared_ptr<const std::vector<std::string>> m_names;
    aligned_buffer<float> m_memory;
};

} // namespace detail

/// @brief A trained network for use on one image at a time: batch norm is folded into weights that are packed
/// once, activations lie in one planned piece of memory, and nothing is allocated after the first image. It
/// runs on the calling thread alone, to the same bits each time; its logits are those of `network::logits`
/// but for rounding.
///
/// One object is for one thread at a time. A thread of its own takes a copy: copies share the weights, and
/// have memory for activations each.
///
/// @code
/// classifier<space> classify(net);
/// const prediction p = classify.predict(pixels); // height x width x channels bytes, as from a file
/// std::printf("class %d, %.0f %%\n", p.label, 100 * p.probability);
/// @endcode
template <search_space_type Space>
class classifier {
public:
    using space = Space;

    /// @param net trained or calibrated; it may change or end afterwards
    /// @param class_names of each class, for `prediction::name`; empty: those of `net.class_names()`
    /// @throws option_error where the network was neither trained nor calibrated, or there is not one name a
    /// class
    explicit classifier(const network<Space>& net, std::vector<std::string> class_names = {})
        : m_any(net.weights(), net.statistics(), std::move(class_names)) {}

    /// @param image of the space's shape
    /// @return one a class, before softmax; valid until the next call
    /// @throws shape_error, data_error where the image is not one of this network
    std::span<const float> logits(const one_image& image) { return m_any.logits(image); }

    /// @return the class of the largest logit; its name is valid as long as this object, or a copy, is there
    /// @throws as `logits`; numeric_error where a logit is not finite
    prediction predict(const one_image& image) { return m_any.predict(image); }

    /// @return bytes of memory that a thread's object has for activations
    std::size_t memory() const { return m_any.memory(); }

private:
    detail::any_classifier m_any;
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <fitnas/cpu/image_engine.hpp>
#include <fitnas/supernet/folded.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN any_classifier::any_classifier(const weights& w,
                                                 const std::shared_ptr<const kept_statistics>& kept,
                                                 std::vector<std::string> names) {
    require_class_names(names, w.classes(), "classifier");
    if (!kept) {
        throw option_error(
            "[F0582] classifier: the network has no batch norm statistics yet: train it, or call calibrate");
    }
    require_finite(w, "classifier");
    if (names.empty()) {
        names = kept->class_names();
    }
    m_engine = std::make_shared<const image_engine>(folded_blocks(w, kept->blocks()));
    m_norm = std::make_shared<const normalisation>(kept->norm());
    m_values = std::make_shared<const std::vector<float>>(byte_values(kept->norm()));
    m_names = std::make_shared<const std::vector<std::string>>(std::move(names));
}

FITNAS_LAZY_AGAIN std::size_t any_classifier::memory() const { return m_engine->memory() * sizeof(float); }

FITNAS_LAZY_AGAIN std::span<const float> any_classifier::logits(const one_image& image) {
    float* memory = m_memory.reserve(m_engine->memory());
    const float* result = nullptr;
    image.visit(
        m_engine->input(), "classifier",
        [&](const std::uint8_t* bytes) {
            result = m_engine->run(bytes, memory, [values = m_values->data()](int c, std::uint8_t v) {
                return values[c * 256 + v];
            });
        },
        [&](const float* floats) {
            result = m_engine->run(floats, memory, [&](int c, float v) { return normalised(*m_norm, c, v); });
        });
    return {result, static_cast<std::size_t>(m_engine->output().channels)};
}

FITNAS_LAZY_AGAIN prediction any_classifier::predict(const one_image& image) {
    return prediction_of(logits(image), *m_names, "classifier");
}

} // namespace fitnas::detail

#endif

#endif
