/// @file
/// @brief One architecture by itself: weights of its own, and statistics that are kept.

#ifndef FITNAS_SUPERNET_NETWORK_HPP
#define FITNAS_SUPERNET_NETWORK_HPP

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/loaded_images.hpp>
#include <fitnas/supernet/one_image.hpp>
#include <fitnas/supernet/primitives.hpp>
#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/supernet.hpp>
#include <fitnas/supernet/train.hpp>

namespace fitnas {

namespace detail {

/// What a trained network keeps of its images: batch norm statistics of every block of one path, gathered
/// once, what pixels are normalised with, and what the classes are called.
class kept_statistics {
public:
    FITNAS_LAZY kept_statistics(const weights& w, const image_source& data, std::size_t count, seed s);

    /// The statistics that another object had.
    kept_statistics(normalisation norm, block_statistics blocks, std::vector<std::string> names = {})
        : m_norm(std::move(norm)), m_blocks(std::move(blocks)), m_names(std::move(names)) {}

    const normalisation& norm() const { return m_norm; }
    const block_statistics& blocks() const { return m_blocks; }
    const std::vector<std::string>& class_names() const { return m_names; } ///< empty: there are none

private:
    normalisation m_norm;
    block_statistics m_blocks;
    std::vector<std::string> m_names;
};

inline constexpr std::size_t logits_slice = 256; ///< images that are classified together

FITNAS_LAZY inline void require_logits_fit(const weights& w, std::size_t images) {
    require_scoring_fits(w, (std::min)(logits_slice, images), 0, 0, "network", "smaller images need less");
}
FITNAS_LAZY inline void require_calibration_fits(const weights& w, std::size_t images) {
    require_scoring_fits(w, 0, images, 0, "calibrate", "fewer images need less");
}

/// Logits of images, in slices. @return images x classes
FITNAS_LAZY std::vector<float> logits_of(const weights& w, const kept_statistics& kept,
                                         const image_source& data);
/// Logits of one image.
FITNAS_LAZY std::vector<float> logits_of(const weights& w, const std::shared_ptr<const kept_statistics>& kept,
                                         const one_image& image);

} // namespace detail

/// @brief One architecture with weights of its own. Where a supernet scores it with weights that it shares,
/// this is what is trained in the end and used.
///
/// @code
/// network<space> net(parse<space>("0212"), seed{3});
/// train(net, data.train, {.epochs = 20});
/// double quality = accuracy(net, data.validation);
/// @endcode
template <search_space_type Space>
class network {
public:
    using space = Space;

    /// @param a taken in its canonical form
    /// @param s of the first values
    /// @throws architecture_error where the space has no such architecture
    explicit network(const fitnas::architecture<Space>& a, seed s = seed{0})
        : m_architecture(canonical<Space>(a)), m_weights({Space::layout(), m_architecture}, s) {}

    /// @brief The path of a supernet as a network of its own: the weights are copied. There are no batch norm
    /// statistics yet; with those of `calibrate` it answers as the supernet does when it is scored.
    /// @param a taken in its canonical form
    /// @param net whose weights are copied
    /// @throws architecture_error where the space has no such architecture
    network(const fitnas::architecture<Space>& a, const supernet<Space>& net) : network(a) {
        const detail::weights& from = net.weights();
        const detail::network_path path = from.path(m_architecture);
        for (std::size_t i = 0; i < path.size(); ++i) {
            const detail::weight_block& block = from.block(path[i]);
            std::copy_n(from.of(block), block.size, m_weights.values().data() + m_weights.blocks()[i].offset);
        }
    }

    /// In its canonical form.
    const fitnas::architecture<Space>& architecture() const { return m_architecture; }
    /// @return all trainable values, layer after layer
    std::span<float> parameters() { return m_weights.values(); }
    std::span<const float> parameters() const { return m_weights.values(); } ///< the same, read only

    /// @brief Takes batch norm statistics, what pixels are normalised with, and the names of the classes from
    /// training images. `train` ends with it; after a change of weights by hand call it again.
    /// @param data the training split
    /// @param images how many, random ones, each class in proportion; all where there are fewer
    /// @throws shape_error, data_error where the images are not of this network; option_error for no images;
    /// the statistics are then those of before
    void calibrate(const image_source& data, std::size_t images = 2000, seed s = seed{0}) {
        detail::require_images(m_weights, data, "calibrate");
        if (images < 1) {
            throw option_error("[F0504] calibrate: images: expected at least 1, got 0");
        }
        images = (std::min)(images, data.size());
        detail::require_calibration_fits(m_weights, images);
        m_statistics = std::make_shared<const detail::kept_statistics>(m_weights, data, images, s);
    }

    /// @return N x classes, before softmax
    /// @throws option_error where the network was neither trained nor calibrated
    /// @throws shape_error, data_error where the images are not of this network
    tensor2 logits(const image_source& data) const {
        detail::require_images(m_weights, data, "network");
        if (!m_statistics) {
            throw option_error(
                "[F0505] network: there are no batch norm statistics yet: train it, or call calibrate");
        }
        const std::vector<float> values = detail::logits_of(m_weights, *m_statistics, data);
        tensor2 result = tensor2::from_shape({data.size(), static_cast<std::size_t>(Space::classes)});
        std::copy(values.begin(), values.end(), result.data());
        return result;
    }

    /// @brief Of one image without a label; a `classifier` computes them faster.
    /// @param image bytes or floats: a vector, an array, a span, a tensor
    /// @return one a class, before softmax: the same bits as among others
    /// @throws option_error where the network was neither trained nor calibrated; shape_error, data_error
    /// where the image is not one of this network
    std::vector<float> logits(const one_image& image) const {
        return detail::logits_of(m_weights, m_statistics, image);
    }
    /// @return its class
    /// @param class_names of each class, which outlive the prediction; empty: those of the training images,
    /// valid until the network is trained or calibrated again
    /// @throws as `logits`; option_error where there is not one name a class; numeric_error where a logit is
    /// not finite
    prediction predict(const one_image& image, std::span<const std::string> class_names = {}) const {
        detail::require_class_names(class_names, Space::classes, "predict");
        const std::vector<float> found = logits(image);
        return detail::prediction_of(found, class_names.empty() ? this->class_names() : class_names,
                                     "predict");
    }
    /// @return what the classes are called, by their labels: as in the training images; empty where they have
    /// no names, or the network was neither trained nor calibrated
    std::span<const std::string> class_names() const {
        return m_statistics ? std::span<const std::string>(m_statistics->class_names())
                            : std::span<const std::string>();
    }

    /// Plans and values, for the library's own rooms.
    detail::weights& weights() { return m_weights; }
    /// The same, read only.
    const detail::weights& weights() const { return m_weights; }
    /// What `calibrate` gathered; null before.
    const std::shared_ptr<const detail::kept_statistics>& statistics() const { return m_statistics; }
    /// The same, to be changed.
    std::shared_ptr<const detail::kept_statistics>& statistics() { return m_statistics; }

private:
    fitnas::architecture<Space> m_architecture;
    detail::weights m_weights;
    std::shared_ptr<const detail::kept_statistics> m_statistics;
};

namespace detail {

/// As for a supernet, and so with the statistics. Where the work was interrupted there are none: those of
/// before do not fit the weights.
template <search_space_type Space, class Work>
auto or_as_before(network<Space>& net, Work&& work) {
    const std::shared_ptr<const kept_statistics> before = net.statistics();
    try {
        return or_as_before(net.weights(), work);
    } catch (const interrupted&) {
        net.statistics() = nullptr;
        throw;
    } catch (...) {
        net.statistics() = before;
        throw;
    }
}

template <search_space_type Space, class By>
train_report train_and_calibrate(network<Space>& net, const image_source& data, const train_options& options,
                                 By&& by) {
    constexpr std::size_t calibration = 2000;
    return or_as_before(net, [&] {
        require_calibration_fits(net.weights(), (std::min)(calibration, data.size()));
        train_report report = by();
        net.calibrate(data, calibration, options.seed);
        return report;
    });
}

} // namespace detail

/// @brief Trains one network by itself; the options' `sampling` plays no part. Ends with `net.calibrate`.
/// @throws as for a supernet; the statistics, too, are then as they were before. After `interrupted` there
/// are none: `calibrate` makes those of the weights where the training stopped
template <search_space_type Space>
train_report train(network<Space>& net, const image_source& data, const train_options& options = {}) {
    return detail::train_and_calibrate(net, data, options,
                                       [&] { return detail::train(net.weights(), data, options); });
}
/// @brief The same by a method of your own.
/// @param method a `training_method`
template <search_space_type Space, training_method_type Method>
train_report train(network<Space>& net, const image_source& data, const train_options& options,
                   const Method& method) {
    return detail::train_and_calibrate(
        net, data, options, [&] { return detail::train_by(net.weights(), data, options, method); });
}

/// @return the predicted class of each image
/// @throws as `network::logits`; numeric_error where a logit is not finite, and so none the largest
template <search_space_type Space>
std::vector<int> classify(const network<Space>& net, const image_source& data) {
    const tensor2 logits = net.logits(data);
    std::vector<int> classes(data.size());
    const std::size_t width = logits.shape(1);
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const std::span<const float> row(logits.data() + i * width, width);
        if (!detail::all_finite(row)) {
            throw numeric_error("[F0560] classify: the logits of image " + std::to_string(i) +
                                " are not finite");
        }
        classes[i] = static_cast<int>(argmax(row));
    }
    return classes;
}

/// @return the share of images whose predicted class is their label, in [0, 1]
/// @throws as `network::logits`
template <search_space_type Space>
double accuracy(const network<Space>& net, const image_source& data) {
    const std::vector<int> classes = classify(net, data);
    std::size_t correct = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        correct += classes[i] == data.label(i);
    }
    return static_cast<double>(correct) / static_cast<double>(classes.size());
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN kept_statistics::kept_statistics(const weights& w, const image_source& data,
                                                   std::size_t count, seed s)
    : m_norm(normalisation_of(data)), m_names(data.class_names()) {
    const loaded_images images(data, stratified_indices(data, count, s), m_norm);
    m_blocks = block_statistics(w.blocks().size());
    const std::vector<selected_norm> norms = selected_norms(w.part());
    runner().along(w, w.path({}), images.values.data(), images.count(),
                   [&](const weight_block& block, const block_run& run, const float*) {
                       for (const selected_norm& one : norms) {
                           if (one.block == block.index) {
                               m_blocks.set(one, norm_values(run, one.norm, one.channels));
                           }
                       }
                   });
    for (const selected_norm& one : norms) { // of blocks that are left out
        if (m_blocks.of(one.block).norms[static_cast<std::size_t>(one.norm)].mean == nullptr) {
            const auto channels = static_cast<std::size_t>(one.channels);
            std::vector<float> values(4 * channels, 0.0F); // mean, 1 / deviation, scale, shift
            std::fill_n(values.begin() + one.channels, 2 * channels, 1.0F);
            m_blocks.set(one, values);
        }
    }
}

FITNAS_LAZY_AGAIN std::vector<float> logits_of(const weights& w, const kept_statistics& kept,
                                               const image_source& data) {
    constexpr std::size_t slice = logits_slice;
    require_logits_fit(w, data.size());
    const auto classes = static_cast<std::size_t>(w.classes());
    std::vector<float> logits(data.size() * classes);
    runner run;
    const network_path path = w.path({});
    for (std::size_t first = 0; first < data.size(); first += slice) {
        std::vector<std::size_t> indices((std::min)(slice, data.size() - first));
        std::iota(indices.begin(), indices.end(), first);
        const loaded_images images(data, indices, kept.norm());
        run.memory().reset();
        const float* x = run.along_given(w, path, images.values.data(), images.count(), kept.blocks());
        std::copy_n(x, indices.size() * classes, logits.data() + first * classes);
    }
    return logits;
}

FITNAS_LAZY_AGAIN std::vector<float>
logits_of(const weights& w, const std::shared_ptr<const kept_statistics>& kept, const one_image& image) {
    if (!kept) {
        throw option_error("[F0588] network: there are no batch norm statistics yet, which the logits of an "
                           "image need: train it, or call calibrate");
    }
    require_logits_fit(w, 1);
    std::vector<float> x;
    const auto load = [&](const auto* pixels, auto&& value) {
        const auto channels = static_cast<std::size_t>(w.input().channels);
        x.resize(static_cast<std::size_t>(w.input().size()));
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = value(i % channels, pixels[i]);
        }
    };
    image.visit(
        w.input(), "network",
        [&](const std::uint8_t* bytes) {
            const std::vector<float> values = byte_values(kept->norm());
            load(bytes, [&](std::size_t c, std::uint8_t v) { return values[c * 256 + v]; });
        },
        [&](const float* floats) {
            load(floats,
                 [&](std::size_t c, float v) { return normalised(kept->norm(), static_cast<int>(c), v); });
        });
    runner run;
    const float* y = run.along_given(w, w.path({}), x.data(), 1, kept->blocks());
    return {y, y + w.classes()};
}

} // namespace fitnas::detail

#endif

#endif
