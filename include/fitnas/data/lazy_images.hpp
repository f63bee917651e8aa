/// @file
/// @brief Images that stay encoded where they are, and are decoded when they are asked for.

#ifndef FITNAS_DATA_LAZY_IMAGES_HPP
#define FITNAS_DATA_LAZY_IMAGES_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_source.hpp>

namespace fitnas {

namespace detail {

/// Encoded images and what is known of them without decoding one. Functions are called by several threads at
/// a time.
struct encoded_images {
    std::vector<std::string> class_names; ///< of each label
    std::vector<int> labels;              ///< of each image

    encoded_images() = default;
    encoded_images(const encoded_images&) = delete;
    encoded_images& operator=(const encoded_images&) = delete;
    virtual ~encoded_images() = default;
    /// @return JPEG or PNG
    virtual std::vector<std::uint8_t> bytes(std::size_t image) const = 0;
    /// @return how many bytes that are
    virtual std::uint64_t byte_count(std::size_t image) const = 0;
    /// @return where the image is, for messages
    virtual std::string place(std::size_t image) const = 0;
    /// @return its name below the folder of all, with that of its class
    virtual std::string name(std::size_t image) const = 0;
};

} // namespace detail

/// @brief Images that are decoded when they are read, each time anew: memory holds their names and labels
/// alone. Copies share them.
class lazy_images final : public image_source {
public:
    /// @return why files were left out, which the texts name
    const std::vector<std::string>& skipped() const { return m_skipped; }
    /// @param image below `size()`
    /// @return `CLASS/name.jpg`, below the folder of all
    std::string name(std::size_t image) const { return m_images->name(image); }

    std::size_t size() const override { return m_images->labels.size(); }
    shape image_shape() const override { return m_shape; }
    int class_count() const override { return static_cast<int>(m_images->class_names.size()); }
    std::vector<std::string> class_names() const override { return m_images->class_names; }
    int label(std::size_t image) const override { return m_images->labels[image]; }
    /// @throws data_error which names the file where it cannot be read
    FITNAS_API const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override;
    /// The part is cut out of the image as its file has it, upright.
    FITNAS_API const std::uint8_t* read_crop(std::size_t image, const drawn_crop& crop,
                                             std::uint8_t* room) const override;
    /// A hash of names, labels and sizes of the encoded images, and of what is made of them; they are not
    /// read.
    FITNAS_API std::string fingerprint_of(std::span<const std::size_t> images) const override;
    /// 1024.
    std::size_t statistics_limit() const override { return 1024; }

    /// @param skipped what was left out of the images
    /// @throws data_error where there are none, or the first gives no shape
    lazy_images(std::shared_ptr<const detail::encoded_images> images, image_folder_options options,
                std::vector<std::string> skipped);

private:
    detail::image_shaper shaper() const { return {m_options, m_shape}; }

    std::shared_ptr<const detail::encoded_images> m_images;
    image_folder_options m_options;
    std::vector<std::string> m_skipped;
    shape m_shape;
};

/// @brief The images of a folder as `read_image_folder` finds them, with the same names, labels and pixels,
/// but decoded when they are read: for more of them than memory holds. Any number of files is there at once,
/// but for their names.
/// @param path of the folder
/// @param options as those of `read_image_folder`. With `skip_damaged` the head of every file is read at the
/// start, and what is no image is left out; a file that turns out to be damaged behind its head is an error
/// that names it. Without, no file is opened but the first, and that only where the shape is not given
/// @throws as `read_image_folder`, of files where they are read
FITNAS_API lazy_images read_image_folder_lazily(const std::string& path,
                                                const image_folder_options& options = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <cstring>
#include <filesystem>
#include <system_error>

#include <fitnas/core/hash.hpp>
#include <fitnas/data/byte_file.hpp>
#include <fitnas/data/class_folders.hpp>
#include <fitnas/data/read_image.hpp>

namespace fitnas {

FITNAS_API lazy_images::lazy_images(std::shared_ptr<const detail::encoded_images> images,
                                    image_folder_options options, std::vector<std::string> skipped)
    : m_images(std::move(images)),
      m_options(std::move(options)),
      m_skipped(std::move(skipped)),
      m_shape{m_options.height, m_options.width, m_options.channels} {
    for (std::size_t i = 0; m_shape.size() == 0 && i < size(); ++i) {
        try {
            const raster first = shaper().whole(m_images->bytes(i), m_images->place(i));
            m_shape = {first.height, first.width, first.channels};
        } catch (const data_error&) {
            if (!m_options.skip_damaged) {
                throw;
            }
        }
    }
}

FITNAS_API const std::uint8_t* lazy_images::read(std::size_t image, std::uint8_t* room) const {
    const raster whole = shaper().whole(m_images->bytes(image), m_images->place(image));
    std::memcpy(room, whole.pixels.data(), whole.pixels.size());
    return room;
}

FITNAS_API const std::uint8_t* lazy_images::read_crop(std::size_t image, const drawn_crop& crop,
                                                      std::uint8_t* room) const {
    const raster part = shaper().part(m_images->bytes(image), m_images->place(image), crop);
    std::memcpy(room, part.pixels.data(), part.pixels.size());
    return room;
}

FITNAS_API std::string lazy_images::fingerprint_of(std::span<const std::size_t> images) const {
    detail::hash64 hash;
    for (const int number : {m_shape.height, m_shape.width, m_shape.channels,
                             static_cast<int>(m_options.resize), m_options.scaled_jpeg ? 1 : 0}) {
        hash.add(static_cast<std::uint64_t>(number));
    }
    for (const std::size_t i : images) {
        hash.add(m_images->name(i));
        hash.add(m_images->byte_count(i));
        hash.add(static_cast<std::uint64_t>(m_images->labels[i]));
    }
    return hash.text();
}

} // namespace fitnas

namespace fitnas::detail {

/// Each in a file of its own.
struct encoded_folder final : encoded_images {
    std::vector<std::string> files;
    std::size_t root = 0; ///< characters of the path of the folder of all

    std::vector<std::uint8_t> bytes(std::size_t image) const override { return image_bytes(files[image]); }
    std::uint64_t byte_count(std::size_t image) const override {
        std::error_code failure;
        const auto count = std::filesystem::file_size(files[image], failure);
        if (failure) {
            throw data_error("[F0435] " + files[image] + ": expected a file: " + failure.message());
        }
        return count;
    }
    std::string place(std::size_t image) const override { return files[image]; }
    std::string name(std::size_t image) const override { return files[image].substr(root); }
};

/// @throws data_error where a file is no image, as far as its head says
FITNAS_LAZY void check_head(const std::string& path, std::uint64_t most_pixels) {
    constexpr std::uint64_t head = std::uint64_t{1} << 14U;
    const std::vector<std::uint8_t> bytes = byte_file(path, byte_file::content::any).read(head);
    try {
        encoded_size(bytes, path, most_pixels);
    } catch (const data_error&) {
        if (bytes.size() < head) {
            throw;
        }
        encoded_size(image_bytes(path), path, most_pixels); // of what has more before its sizes
    }
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API lazy_images read_image_folder_lazily(const std::string& path,
                                                const image_folder_options& options) {
    detail::check_folder_options(options);
    detail::class_folders found = detail::find_class_folders(path, options.classes);
    const std::vector<std::string> faults = detail::try_files(found, options, [&](std::size_t i) {
        if (options.skip_damaged) {
            detail::check_head(found.files[i], options.most_pixels);
        }
    });
    const auto images = std::make_shared<detail::encoded_folder>();
    images->class_names = found.names;
    images->root = detail::without_slashes(path).size() + 1;
    std::vector<std::string> skipped;
    for (std::size_t i = 0; i < found.files.size(); ++i) {
        if (!faults[i].empty()) {
            skipped.push_back(faults[i]);
            continue;
        }
        images->files.push_back(std::move(found.files[i]));
        images->labels.push_back(found.labels[i]);
    }
    lazy_images result(images, options, std::move(skipped));
    require_consistent(result, path);
    return result;
}

} // namespace fitnas

#endif

#endif
