/// @file
/// @brief Where a study's images come from, as a text: `fashion-mnist:DIR`, `cifar10:DIR`,
/// `idx:IMAGES,LABELS`, `images:TRAIN,TEST`, `images-lazy:TRAIN,TEST`, `pack:TRAIN,TEST`, `synthetic`.

#ifndef FITNAS_STUDY_DATA_SOURCE_HPP
#define FITNAS_STUDY_DATA_SOURCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/cifar.hpp>
#include <fitnas/data/fashion_mnist.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_pack.hpp>
#include <fitnas/data/lazy_images.hpp>
#include <fitnas/data/synthetic.hpp>
#include <fitnas/study/sha256.hpp>

namespace fitnas::study {

/// @brief A kind of data and its files.
struct data_source {
    std::string kind; ///< `fashion-mnist`, `cifar10`, `idx`, `images`, `images-lazy`, `pack` or `synthetic`
    std::vector<std::string> places; ///< folders, or files
    /// Reads what `fashion-mnist:DIR` and the like say. Commas stand between files, or between the folders of
    /// `images:TRAIN,TEST`; where a name has commas of its own, the text is cut where that gives such as are
    /// there.
    /// @throws option_error where the text is none of them, or can be read in several ways
    static data_source parse(const std::string& text);

    /// @return the files that are read for a hash of their own; none of folders of images and of packs, which
    /// are many, or large
    /// @throws data_error where one is missing
    std::vector<std::string> files() const;

    /// Whether images stay where they are, and are decoded each time they are read: `images-lazy` and `pack`.
    bool lazy() const { return kind == "images-lazy" || kind == "pack"; }

    /// @return how many classes there are; nothing where that is known only behind all labels (`idx`), or is
    /// as it is asked for (`synthetic`)
    /// @throws data_error where a folder or a pack is missing or wrong
    std::optional<int> class_count() const;

    /// @return a hash of what was loaded: of all pixels and labels; of images that are decoded when they are
    /// read of their names, labels and sizes, which are the same in folders and packs
    std::string hash(const dataset& loaded) const;

    /// @param image,classes what the space takes, grey or in colour; `synthetic` makes such images,
    /// those of `images` are scaled to it and cropped
    /// @param options how the training images are split; where there are none to test with, a sixth of each
    /// class is taken
    /// @throws data_error where a file is missing or wrong; option_error as `split`
    dataset load(shape image, int classes, const split_options& options) const;

private:
    /// What stands between commas: 2 or 4 files, 1 or 2 folders, 1 or 2 of either.
    enum class named : std::uint8_t { files, folders, either };

    /// Goes through all ways to cut a text at commas into names.
    /// @param names those before `from`
    /// @param ways what is found, of which each is there
    static void cut(const std::string& text, std::size_t from, named what, std::vector<std::string>& names,
                    std::vector<std::vector<std::string>>& ways);

    /// @return the names; none where the text has not so many
    static std::vector<std::string> cut_at_commas(const std::string& kind, const std::string& text,
                                                  named what);

    static bool possible(std::size_t count, named what) {
        return what == named::files ? count == 2 || count == 4 : count == 1 || count == 2;
    }

    /// Takes a sixth for the test.
    static dataset split_in_three(const image_view& all, const split_options& options);
    dataset load_folders(shape image, int classes, const split_options& options) const;
    /// The images of folders, in memory or not, or of a pack.
    image_view read_images(const std::string& place, image_folder_options& options) const;
};

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

#include <fitnas/data/class_folders.hpp>

namespace fitnas::study {

FITNAS_API data_source data_source::parse(const std::string& text) {
    const std::size_t colon = text.find(':');
    data_source source{text.substr(0, colon), {}};
    const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
    if ((source.kind == "fashion-mnist" || source.kind == "cifar10") && !rest.empty()) {
        source.places = {rest};
    } else if (source.kind == "idx" || source.kind == "images" || source.lazy()) {
        source.places = cut_at_commas(source.kind, rest,
                                      source.kind == "idx"    ? named::files
                                      : source.kind == "pack" ? named::either
                                                              : named::folders);
    }
    if (source.places.empty() != (text == "synthetic")) {
        throw option_error("[F1001] data: expected fashion-mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, "
                           "idx:IMAGES,LABELS,TEST_IMAGES,TEST_LABELS, images:TRAIN, images:TRAIN,TEST, "
                           "images-lazy:TRAIN[,TEST], pack:TRAIN[,TEST] or synthetic, got \"" +
                           text + "\"" +
                           (rest.find(',') == std::string::npos
                                ? ""
                                : "; a comma may be a part of a name only where all are there"));
    }
    return source;
}

FITNAS_API std::vector<std::string> data_source::files() const {
    std::vector<std::string> names;
    if (kind == "fashion-mnist") {
        names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                 "t10k-labels-idx1-ubyte"};
    } else if (kind == "cifar10") {
        names = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                 "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
    } else if (kind == "idx") {
        return places;
    }
    for (std::string& name : names) {
        name = fitnas::detail::find_file(places.front(), name);
    }
    return names;
}

FITNAS_API dataset data_source::load(shape image, int classes, const split_options& options) const {
    if (kind == "fashion-mnist") {
        return datasets::fashion_mnist(places.front(), options);
    }
    if (kind == "cifar10") {
        return datasets::cifar10(places.front(), options);
    }
    if (kind == "synthetic") {
        const std::size_t train = options.train_limit == 0 ? 10000 : options.train_limit;
        return datasets::synthetic({.image = image,
                                    .classes = classes,
                                    .train = train,
                                    .validation = options.validation,
                                    .test = 1000,
                                    .seed = options.seed,
                                    .noise = 90});
    }
    if (kind == "images" || lazy()) {
        return load_folders(image, classes, options);
    }
    const image_view all = read_idx(places[0], places[1], classes);
    if (all.image_shape() != image) {
        throw data_error("[F1065] data: the space takes images of " + to_string(image) +
                         " (height x width x channels), " + places[0] + " has images of " +
                         to_string(all.image_shape()));
    }
    if (places.size() == 4) {
        return split(all, read_idx(places[2], places[3], classes), options);
    }
    return split_in_three(all, options);
}

FITNAS_API dataset data_source::load_folders(shape image, int classes, const split_options& options) const {
    image_folder_options o{.height = image.height,
                           .width = image.width,
                           .channels = image.channels,
                           .resize = resizing::centre_crop};
    const image_view all = read_images(places[0], o);
    if (all.class_count() != classes) {
        throw data_error("[F1090] data: the space has " + std::to_string(classes) + " classes, " + places[0] +
                         " has folders of " + std::to_string(all.class_count()));
    }
    return places.size() == 2 ? split(all, read_images(places[1], o), options) : split_in_three(all, options);
}

// The test images must have the classes of the training images, which are those that it leaves in the
// options.
FITNAS_API image_view data_source::read_images(const std::string& place,
                                               image_folder_options& options) const {
    if (lazy()) {
        lazy_images found =
            kind == "pack" ? read_image_pack(place, options) : read_image_folder_lazily(place, options);
        options.classes = found.class_names();
        return found;
    }
    try {
        image_folder found = read_image_folder(place, options);
        options.classes = found.names;
        return found;
    } catch (const option_error& e) { // no memory for so many
        throw option_error(std::string(e.what()) + "; images-lazy:" + place + " leaves them on the disk");
    }
}

FITNAS_API std::optional<int> data_source::class_count() const {
    if (kind == "pack") {
        return read_image_pack(places.front(), {.height = 1, .width = 1}).class_count();
    }
    if (kind == "images" || kind == "images-lazy") {
        return static_cast<int>(fitnas::detail::find_class_folders(places.front(), {}).names.size());
    }
    return kind == "cifar10" || kind == "fashion-mnist" ? std::optional<int>(10) : std::nullopt;
}

FITNAS_API std::string data_source::hash(const dataset& loaded) const {
    if (!lazy()) {
        return dataset_sha256(loaded);
    }
    sha256 names;
    for (const image_view* part : {&loaded.train, &loaded.validation, &loaded.test}) {
        names.add(part->fingerprint() + "\n");
    }
    return names.hex();
}

FITNAS_API dataset data_source::split_in_three(const image_view& all, const split_options& options) {
    dataset halves = split(all, all, {.validation = all.size() / 6, .seed = options.seed});
    return split(halves.train, std::move(halves.validation), options);
}

FITNAS_API void data_source::cut(const std::string& text, std::size_t from, named what,
                                 std::vector<std::string>& names,
                                 std::vector<std::vector<std::string>>& ways) {
    for (std::size_t end = from; names.size() < 4 && end < text.size();) {
        end = (std::min)(text.find(',', end + 1), text.size());
        names.push_back(text.substr(from, end - from));
        std::error_code none;
        const auto kind = std::filesystem::status(names.back(), none).type();
        if (kind != std::filesystem::file_type::not_found && kind != std::filesystem::file_type::none &&
            (what == named::either ||
             (kind == std::filesystem::file_type::directory) == (what == named::folders))) {
            if (end < text.size()) {
                cut(text, end + 1, what, names, ways);
            } else if (possible(names.size(), what)) {
                ways.push_back(names);
            }
        }
        names.pop_back();
    }
}

FITNAS_API std::vector<std::string> data_source::cut_at_commas(const std::string& kind,
                                                               const std::string& text, named what) {
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> ways;
    cut(text, 0, what, names, ways);
    std::size_t from = 0;
    for (std::size_t comma = 0; comma != std::string::npos; from = comma + 1) {
        comma = text.find(',', from);
        names.push_back(text.substr(from, comma == std::string::npos ? comma : comma - from));
    }
    if (std::find(ways.begin(), ways.end(), names) != ways.end()) {
        return names; // cut at every comma
    }
    if (ways.size() > 1) {
        throw option_error("[F1066] data: \"" + kind + ":" + text + "\" can be cut into " +
                           (what == named::folders ? "folders" : "files") + " that are there in " +
                           std::to_string(ways.size()) +
                           " ways: give links to them whose names have no commas");
    }
    if (ways.size() == 1) {
        return ways.front();
    }
    const bool empty = std::any_of(names.begin(), names.end(), [](const auto& n) { return n.empty(); });
    return empty || !possible(names.size(), what) ? std::vector<std::string>() : names;
}

} // namespace fitnas::study

#endif

#endif
