/// @file
/// @brief Where a study's images come from, as a text: `fashion-mnist:DIR`, `cifar10:DIR`,
/// `idx:IMAGES,LABELS`, `synthetic`.

#ifndef FITNAS_STUDY_DATA_SOURCE_HPP
#define FITNAS_STUDY_DATA_SOURCE_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/data/cifar.hpp>
#include <fitnas/data/fashion_mnist.hpp>
#include <fitnas/data/synthetic.hpp>

namespace fitnas::study {

/// @brief A kind of data and its files.
struct data_source {
    std::string kind;                ///< `fashion-mnist`, `cifar10`, `idx` or `synthetic`
    std::vector<std::string> places; ///< a folder, or files
    /// Reads what `fashion-mnist:DIR` and the like say.
    /// @throws option_error where the text is none of them
    static data_source parse(const std::string& text) {
        const std::size_t colon = text.find(':');
        data_source source{text.substr(0, colon), {}};
        for (std::size_t from = colon; from != std::string::npos;) {
            const std::size_t comma = text.find(',', from + 1);
            source.places.push_back(
                text.substr(from + 1, comma == std::string::npos ? std::string::npos : comma - from - 1));
            from = comma;
        }
        const std::size_t n = source.places.size();
        const bool named = std::none_of(source.places.begin(), source.places.end(),
                                        [](const std::string& place) { return place.empty(); });
        if (!named ||
            !(((source.kind == "fashion-mnist" || source.kind == "cifar10") && n == 1) ||
              (source.kind == "idx" && (n == 2 || n == 4)) || (source.kind == "synthetic" && n == 0))) {
            throw option_error("[F1001] data: expected fashion-mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, "
                               "idx:IMAGES,LABELS,TEST_IMAGES,TEST_LABELS or synthetic, got \"" +
                               text + "\"");
        }
        return source;
    }

    /// @return the files that are read
    /// @throws data_error where one is missing
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        if (kind == "fashion-mnist") {
            names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                     "t10k-labels-idx1-ubyte"};
        } else if (kind == "cifar10") {
            names = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                     "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
        } else {
            return places;
        }
        for (std::string& name : names) {
            name = fitnas::detail::find_file(places.front(), name);
        }
        return names;
    }

    /// @param image,classes what the space takes; `synthetic` makes such images
    /// @param options how the training images are split; a pair of IDX files without test files gives a sixth
    /// of its images to the test
    /// @throws data_error where a file is missing or wrong; option_error as `split`
    dataset load(shape image, int classes, const split_options& options) const {
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
        const image_dataset all = read_idx(places[0], places[1], classes);
        if (places.size() == 4) {
            return split(all, read_idx(places[2], places[3], classes), options);
        }
        dataset halves = split(all, all, {.validation = all.size() / 6, .seed = options.seed});
        return split(halves.train, std::move(halves.validation), options);
    }
};

} // namespace fitnas::study

#endif
