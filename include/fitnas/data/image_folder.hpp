/// @file
/// @brief Images of one's own: a folder of JPEG and PNG files for each class.

#ifndef FITNAS_DATA_IMAGE_FOLDER_HPP
#define FITNAS_DATA_IMAGE_FOLDER_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/data/image_dataset.hpp>
#include <fitnas/data/raster.hpp>
#include <fitnas/data/resize.hpp>
#include <fitnas/data/split.hpp>

namespace fitnas {

/// @brief How a folder of images is read.
struct image_folder_options {
    int height = 0;                     ///< of all images, at most 65535; 0: of the first one
    int width = 0;                      ///< the same
    int channels = 3;                   ///< 1: grey; 3: colour; 0: of the first one, and others are refused
    resizing resize = resizing::none;   ///< what is done with images of another size
    bool skip_damaged = false;          ///< leave files out that cannot be read, and list them
    std::vector<std::string> classes{}; ///< each once, by their labels; none: the folders there are
    std::uint64_t most_pixels = largest_image; ///< what the header of a file may promise
    /// Decode JPEG images at a half, a quarter or an eighth of their sides where that is not below the wanted
    /// size: faster, and not quite the same pixels.
    bool scaled_jpeg = false;
    fitnas::observer observer{}; ///< called after each file; what it throws ends the reading
};

/// @brief The images of a folder, and where they come from. The classes are called as their folders.
struct image_folder final : image_dataset {
    std::vector<std::string> files;   ///< of each image
    std::vector<std::string> skipped; ///< why, for each file that was left out; the text names it
};

/// @brief Reads images that lie in a folder for each class, `path/CLASS/name.jpg`, as ImageNet and
/// torchvision's `ImageFolder` have them: .jpg, .jpeg and .png, in upper or lower case, also in folders
/// below; other files, and names that begin with a dot, are left out.
///
/// Classes are numbered in the order of the bytes of their names. Images are turned as EXIF says, made grey
/// or coloured, and then resized; they come class by class, in each by folder and by name. All are in memory.
/// Files are decoded on several threads, with the same result for any number of them.
/// @param path of the folder
/// @return N x H x W x C
/// @throws data_error where the folder is missing or has no classes, a class has no images, or a file is
/// truncated, damaged, too large, no image, of another size while nothing is resized, or needs a library that
/// this program is built without: the first one is named
/// @throws option_error where an option is outside its range, or there is no memory for the images
FITNAS_API image_folder read_image_folder(const std::string& path, const image_folder_options& options = {});

namespace detail {

struct class_folders;

/// @throws option_error where an option is outside its range
FITNAS_LAZY void check_folder_options(const image_folder_options& o);

/// Attempts something with each file that is an image by its name, on several threads.
/// @return why each file is left out; empty where it is not
/// @throws data_error of the first file that is refused, unless such are skipped; what the observer throws
FITNAS_LAZY std::vector<std::string> try_files(const class_folders& found, const image_folder_options& o,
                                               const std::function<void(std::size_t)>& attempt);

/// Makes images what the options ask for.
struct image_shaper {
    const image_folder_options& options;
    shape wanted{}; ///< of all; what is 0 is as each image has it

    /// @param bytes of the file
    /// @param name of the file, for messages
    /// @throws data_error where it cannot be
    raster whole(std::span<const std::uint8_t> bytes, const std::string& name) const;
    /// A part of it, which is scaled.
    raster part(std::span<const std::uint8_t> bytes, const std::string& name, const drawn_crop& crop) const;

private:
    /// Enough of an image for a part of it that will fill what is wanted.
    int eighths(image_size part) const;
    raster in_channels(raster image, const std::string& name) const;
};

} // namespace detail

namespace datasets {

/// @brief Folders of images to train and to test with, of the same classes and of one shape.
/// @param train,test as `read_image_folder` takes them
/// @param options of both; the test images take what is 0 there, and the classes, from the training images
/// @param parts how the training images are split
/// @throws as `read_image_folder` and `split`
FITNAS_API dataset image_folder(const std::string& train, const std::string& test,
                                const image_folder_options& options = {}, const split_options& parts = {});

} // namespace datasets

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/shared_observer.hpp>
#include <fitnas/data/class_folders.hpp>
#include <fitnas/data/read_image.hpp>

namespace fitnas::detail {

/// Reads the files of a folder, each to its place.
class folder_reader {
public:
    folder_reader(const std::string& path, const image_folder_options& options)
        : m_path(path), m_options(options), m_found(find_class_folders(path, options.classes)) {}

    image_folder read();

private:
    /// Takes from the first image that can be read what the options leave open.
    void complete_shape();

    /// @return the image as it is asked for
    /// @throws data_error where it cannot be
    raster load(std::size_t file) const;

    /// @param images of all files
    /// @return why each file was left out; empty where it was read
    std::vector<std::string> decode(pixel_tensor& images) const;

    pixel_tensor room_for(std::size_t count) const;

    std::string m_path;
    const image_folder_options& m_options;
    class_folders m_found;
    shape m_shape;
};

FITNAS_LAZY_AGAIN void check_folder_options(const image_folder_options& o) {
    constexpr int largest_side = 65535;
    if (o.height < 0 || o.height > largest_side || o.width < 0 || o.width > largest_side ||
        (o.channels != 0 && o.channels != 1 && o.channels != 3)) {
        throw option_error("[F0482] image_folder_options: expected height and width from 0 to " +
                           std::to_string(largest_side) + " and channels 0, 1 or 3, got " +
                           to_string(shape{o.height, o.width, o.channels}));
    }
    for (auto name = o.classes.begin(); name != o.classes.end(); ++name) {
        if (std::find(o.classes.begin(), name, *name) != name) {
            throw option_error("[F0476] image_folder_options::classes: expected different names, got \"" +
                               *name + "\" twice");
        }
    }
}

FITNAS_LAZY_AGAIN std::vector<std::string> try_files(const class_folders& found,
                                                     const image_folder_options& o,
                                                     const std::function<void(std::size_t)>& attempt) {
    const auto count = static_cast<std::ptrdiff_t>(found.files.size());
    std::vector<std::string> faults(found.files.size());
    shared_observer watch(o.observer);
    const stopwatch clock;
    std::mutex counting; // so that each number is told
    long long done = 0;
    std::atomic<std::ptrdiff_t> refused{count}; // what comes behind it need not be tried
    parallel_for(count, [&](std::ptrdiff_t i) {
        if (watch.stopped() || i > refused.load()) {
            return;
        }
        const auto file = static_cast<std::size_t>(i);
        try {
            if (!found.faults[file].empty()) {
                refuse_no_image(found.files[file], found.faults[file]);
            }
            attempt(file);
        } catch (const data_error& e) {
            if (!o.skip_damaged) {
                refused.store(i);
                throw;
            }
            faults[file] = e.what();
        }
        if (watch.watches()) {
            const std::lock_guard<std::mutex> lock(counting);
            watch({.stage = "read", .done = ++done, .total = count, .seconds = clock.seconds()});
        }
    });
    watch.rethrow();
    return faults;
}

FITNAS_API int image_shaper::eighths(image_size part) const {
    int n = 1;
    while (n < 8 && (std::int64_t{part.height} * n < std::int64_t{8} * wanted.height ||
                     std::int64_t{part.width} * n < std::int64_t{8} * wanted.width)) {
        n *= 2; // three eighths take as long as four
    }
    return n;
}

FITNAS_API raster image_shaper::in_channels(raster image, const std::string& name) const {
    if (options.channels != 0) {
        return with_channels(std::move(image), options.channels);
    }
    if (wanted.channels != 0 && image.channels != wanted.channels) {
        throw data_error("[F0490] " + name + ": expected " + std::to_string(wanted.channels) +
                         (wanted.channels == 1 ? " channel" : " channels") + " as of the first image, got " +
                         std::to_string(image.channels) +
                         ": image_folder_options::channels = 1 or 3 makes all grey or coloured");
    }
    return image;
}

FITNAS_API raster image_shaper::whole(std::span<const std::uint8_t> bytes, const std::string& name) const {
    std::function<int(image_size)> scale;
    if (options.scaled_jpeg && options.resize != resizing::none && wanted.height != 0 && wanted.width != 0) {
        scale = [&](image_size size) { return eighths(size); };
    }
    raster image = in_channels(decode_scaled(bytes, name, options.most_pixels, scale).image, name);
    const int height = wanted.height != 0 ? wanted.height : image.height;
    const int width = wanted.width != 0 ? wanted.width : image.width;
    if (image.height == height && image.width == width) {
        return image;
    }
    if (options.resize == resizing::none) {
        throw data_error("[F0489] " + name + ": expected an image of " + std::to_string(height) + " x " +
                         std::to_string(width) + " pixels (height x width), got " +
                         std::to_string(image.height) + " x " + std::to_string(image.width) +
                         ": image_folder_options::resize makes all of one size");
    }
    return resize(image, height, width, options.resize);
}

FITNAS_API raster image_shaper::part(std::span<const std::uint8_t> bytes, const std::string& name,
                                     const drawn_crop& crop) const {
    std::function<int(image_size)> scale;
    if (options.scaled_jpeg) {
        scale = [&](image_size size) {
            const image_part p = crop.of(size.height, size.width);
            return eighths({p.height, p.width});
        };
    }
    const scaled_raster from = decode_scaled(bytes, name, options.most_pixels, scale);
    const image_part p = crop.of(from.whole.height, from.whole.width);
    // The nearest pixels of the scaled image.
    const auto scaled = [](int begin, int length, int whole, int now) {
        const auto nearest = [&](std::int64_t at) {
            return static_cast<int>((2 * at * now + whole) / (2 * std::int64_t{whole}));
        };
        const int first = (std::min)(nearest(begin), now - 1);
        return std::pair(first, (std::max)(nearest(std::int64_t{begin} + length) - first, 1));
    };
    const auto rows = scaled(p.top, p.height, from.whole.height, from.image.height);
    const auto columns = scaled(p.left, p.width, from.whole.width, from.image.width);
    const raster piece = cut(from.image, {rows.first, columns.first, rows.second, columns.second});
    return resize(in_channels(piece, name), wanted.height, wanted.width);
}

FITNAS_API void folder_reader::complete_shape() {
    m_shape = {m_options.height, m_options.width, m_options.channels};
    for (std::size_t i = 0; m_shape.size() == 0 && i < m_found.files.size(); ++i) {
        try {
            const raster first = load(i);
            m_shape = {first.height, first.width, first.channels};
        } catch (const data_error&) {
            if (!m_options.skip_damaged) {
                throw;
            }
        }
    }
}

FITNAS_API raster folder_reader::load(std::size_t file) const {
    const std::string& path = m_found.files[file];
    if (!m_found.faults[file].empty()) {
        refuse_no_image(path, m_found.faults[file]);
    }
    return image_shaper{m_options, m_shape}.whole(image_bytes(path), path);
}

FITNAS_API std::vector<std::string> folder_reader::decode(pixel_tensor& images) const {
    const auto pixels = static_cast<std::size_t>(m_shape.size());
    return try_files(m_found, m_options, [&](std::size_t file) {
        const raster image = load(file);
        std::memcpy(images.data() + file * pixels, image.pixels.data(), pixels);
    });
}

FITNAS_API pixel_tensor folder_reader::room_for(std::size_t count) const {
    return pixel_tensor::from_shape({count, static_cast<std::size_t>(m_shape.height),
                                     static_cast<std::size_t>(m_shape.width),
                                     static_cast<std::size_t>(m_shape.channels)});
}

FITNAS_API image_folder folder_reader::read() {
    complete_shape();
    const std::size_t count = m_found.files.size();
    const auto pixels = static_cast<std::size_t>(m_shape.size());
    require_memory("read_image_folder: " + std::to_string(count) + " images of " + to_string(m_shape),
                   memory_size(count) * pixels, 0, "smaller or fewer images need less");
    image_folder result;
    result.images = room_for(count);
    const std::vector<std::string> faults = decode(result.images);
    for (std::size_t i = 0; i < count; ++i) {
        if (!faults[i].empty()) {
            result.skipped.push_back(faults[i]);
            continue;
        }
        std::memmove(result.images.data() + result.files.size() * pixels, result.images.data() + i * pixels,
                     pixels);
        result.files.push_back(std::move(m_found.files[i]));
        result.labels.push_back(m_found.labels[i]);
    }
    if (const std::size_t left = result.files.size(); left < count) {
        pixel_tensor fewer = room_for(left);
        std::copy_n(result.images.data(), left * pixels, fewer.data());
        result.images = std::move(fewer);
    }
    result.names = std::move(m_found.names);
    result.classes = static_cast<int>(result.names.size());
    require_consistent(result, m_path);
    return result;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API image_folder read_image_folder(const std::string& path, const image_folder_options& options) {
    detail::check_folder_options(options);
    return detail::folder_reader(path, options).read();
}

} // namespace fitnas

namespace fitnas::datasets {

FITNAS_API dataset image_folder(const std::string& train, const std::string& test,
                                const image_folder_options& options, const split_options& parts) {
    auto all = read_image_folder(train, options);
    image_folder_options same = options;
    same.height = all.image_shape().height;
    same.width = all.image_shape().width;
    same.classes = all.names;
    return split(std::move(all), read_image_folder(test, same), parts);
}

} // namespace fitnas::datasets

#endif

#endif
