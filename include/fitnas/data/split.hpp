/// @file
/// @brief Seeded parts and splits of a set of images.

#ifndef FITNAS_DATA_SPLIT_HPP
#define FITNAS_DATA_SPLIT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/data/image_view.hpp>

namespace fitnas {

/// @brief How a training set is split.
struct split_options {
    std::size_t validation = 10000; ///< images taken out of the training set; fewer than it has
    fitnas::seed seed{0};
    std::size_t train_limit = 0; ///< keep only so many training images; 0: all that are left
};

namespace detail {

/// Shares `total` among the classes in proportion to `counts` (largest remainder; the lower class first in a
/// tie).
FITNAS_LAZY std::vector<std::size_t> class_quotas(const std::vector<std::size_t>& counts, std::size_t total);

/// The images of each class, in a random order.
FITNAS_LAZY FITNAS_COLD std::vector<std::vector<std::size_t>> shuffled_classes(const image_source& data,
                                                                               seed s, purpose p);

} // namespace detail

/// @brief A stratified sample, a part that stands for the whole however that is sorted: random images in an
/// order of which every beginning has each class in proportion, to within one image. So where classes are
/// equally frequent their counts differ by at most one, a smaller part is the beginning of a larger one, and
/// pieces cut out of the order are alike.
///
/// Which class comes next is chosen by the quota method (Balinski and Young, American Mathematical Monthly
/// 82, 1975), with the image of the class in place of the seat of the state.
/// @param data with a label for each image
/// @param count how many, at most all
/// @param s chooses the images; the same gives the same
/// @return different image numbers
/// @throws data_error where the set contradicts itself; option_error where it has fewer images
FITNAS_COLD FITNAS_API std::vector<std::size_t> stratified_indices(const image_source& data,
                                                                   std::size_t count, seed s);

/// @brief Splits a training set in two at random, each class in the same proportion as far as counts allow.
/// @param all the published training set
/// @param test the published test set, passed through
/// @return images keep the order they have in `all`
/// @throws data_error where a set contradicts itself or the two do not match
/// @throws option_error where validation takes every image, or train_limit asks for more than are left
FITNAS_API dataset split(const image_view& all, image_view test, const split_options& options = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<std::size_t> class_quotas(const std::vector<std::size_t>& counts,
                                                        std::size_t total) {
    std::size_t sum = 0;
    for (const std::size_t c : counts) {
        sum += c;
    }
    std::vector<std::size_t> quotas(counts.size());
    std::vector<std::pair<std::size_t, std::size_t>> remainders; // (what is missing to a whole image, class)
    std::size_t given = 0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
        quotas[c] = total * counts[c] / sum;
        given += quotas[c];
        remainders.emplace_back(sum - total * counts[c] % sum, c);
    }
    std::sort(remainders.begin(), remainders.end());
    for (std::size_t i = 0; given < total; ++i, ++given) {
        ++quotas[remainders[i].second];
    }
    return quotas;
}

FITNAS_LAZY_AGAIN std::vector<std::vector<std::size_t>> shuffled_classes(const image_source& data, seed s,
                                                                         purpose p) {
    std::vector<std::vector<std::size_t>> members(static_cast<std::size_t>(data.class_count()));
    for (std::size_t i = 0; i < data.size(); ++i) {
        members[static_cast<std::size_t>(data.label(i))].push_back(i);
    }
    for (std::size_t c = 0; c < members.size(); ++c) {
        random_stream random(s, p, c);
        random.shuffle(std::span<std::size_t>(members[c]));
    }
    return members;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API std::vector<std::size_t> stratified_indices(const image_source& data, std::size_t count, seed s) {
    require_consistent(data, "stratified_indices");
    if (count > data.size()) {
        throw option_error("[F0468] stratified_indices: expected at most the " + std::to_string(data.size()) +
                           " images, got " + std::to_string(count));
    }
    std::vector<std::vector<std::size_t>> members = detail::shuffled_classes(data, s, purpose::calibrate);
    random_stream random(s, purpose::calibrate, members.size());
    random.shuffle(std::span<std::vector<std::size_t>>(members)); // who is first among equals
    std::vector<std::uint64_t> taken(members.size());
    std::vector<std::size_t> indices;
    indices.reserve(count);
    while (indices.size() < count) {
        std::size_t next = members.size();
        for (std::size_t c = 0; c < members.size(); ++c) {
            const std::uint64_t mine = members[c].size();
            // Not above the share of what is taken with this one, rounded up; then the most images for each
            // that would be taken.
            if (taken[c] * data.size() < (indices.size() + 1) * mine &&
                (next == members.size() ||
                 mine * (taken[next] + 1) > members[next].size() * (taken[c] + 1))) {
                next = c;
            }
        }
        indices.push_back(members[next][taken[next]++]);
    }
    return indices;
}

FITNAS_API dataset split(const image_view& all, image_view test, const split_options& options) {
    require_consistent(all, "split: the training set");
    require_consistent(test, "split: the test set");
    if (all.image_shape() != test.image_shape() || all.class_count() != test.class_count()) {
        throw data_error("[F0425] split: the training set has images of " + to_string(all.image_shape()) +
                         " in " + std::to_string(all.class_count()) + " classes, the test set " +
                         to_string(test.image_shape()) + " in " + std::to_string(test.class_count()));
    }
    // Labels would mean one class in training and another in the test.
    const std::vector<std::string> names = all.class_names();
    const std::vector<std::string> test_names = test.class_names();
    for (std::size_t i = 0; i < (std::min)(names.size(), test_names.size()); ++i) {
        if (names[i] != test_names[i]) {
            throw data_error("[F0455] split: class " + std::to_string(i) + " is \"" + names[i] +
                             "\" in the training set, \"" + test_names[i] + "\" in the test set");
        }
    }
    if (options.validation >= all.size()) {
        throw option_error("[F0426] split_options::validation: expected fewer than the " +
                           std::to_string(all.size()) + " training images, got " +
                           std::to_string(options.validation));
    }
    const std::size_t left = all.size() - options.validation;
    if (options.train_limit > left) {
        throw option_error("[F0427] split_options::train_limit: expected at most the " +
                           std::to_string(left) + " images that validation leaves, got " +
                           std::to_string(options.train_limit));
    }
    const std::vector<std::vector<std::size_t>> members =
        detail::shuffled_classes(all, options.seed, purpose::split);
    std::vector<std::size_t> counts;
    for (const std::vector<std::size_t>& some : members) {
        counts.push_back(some.size());
    }
    const std::vector<std::size_t> held_out = detail::class_quotas(counts, options.validation);
    for (std::size_t c = 0; c < counts.size(); ++c) {
        counts[c] -= held_out[c];
    }
    const std::vector<std::size_t> kept =
        detail::class_quotas(counts, options.train_limit == 0 ? left : options.train_limit);
    std::vector<std::size_t> train;
    std::vector<std::size_t> validation;
    for (std::size_t c = 0; c < members.size(); ++c) {
        const auto middle = members[c].begin() + static_cast<std::ptrdiff_t>(held_out[c]);
        validation.insert(validation.end(), members[c].begin(), middle);
        train.insert(train.end(), middle, middle + static_cast<std::ptrdiff_t>(kept[c]));
    }
    std::sort(train.begin(), train.end());
    std::sort(validation.begin(), validation.end());
    return {subset(all, train), subset(all, validation), std::move(test)};
}

} // namespace fitnas

#endif

#endif
