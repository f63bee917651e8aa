/// @file
/// @brief The error of a score, split into its parts by analysis of variance.

#ifndef FITNAS_STUDY_ERROR_PARTS_HPP
#define FITNAS_STUDY_ERROR_PARTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/mean.hpp>

namespace fitnas::study {

/// @brief Variances of one score of one network (from one supernet, on one fold of images), in squared units
/// of the score. What all networks share does not change a ranking and is left out.
struct error_parts {
    double images = 0;   ///< which images it was taken on
    double training = 0; ///< which seed the supernet was trained from
    double quality = 0;  ///< between networks, of what remains over all seeds and images
    /// Systematic: the expected score less the truth, as far as a line from truth to score explains it. It
    /// keeps the order. Not a number where no truth is known, as those that follow.
    double scale = std::numeric_limits<double>::quiet_NaN();
    double bias = std::numeric_limits<double>::quiet_NaN();  ///< systematic, the rest: it changes the order
    double slope = std::numeric_limits<double>::quiet_NaN(); ///< of that line; 1 where there is no `scale`

    /// @return what separates the order by this score from the true order
    double total() const { return images + training + bias; }
};

namespace detail {

using table_of_scores = std::vector<std::vector<std::vector<double>>>; ///< [r][f][a]

/// Variances times the square of two to `exponent`.
FITNAS_LAZY error_parts in_unit(error_parts parts, int exponent);

/// @return the exponent of a power of two in whose unit no score and no truth is above 1: squares neither
/// over- nor underflow
FITNAS_LAZY int unit_of(const table_of_scores& scores, std::span<const double> truth);

/// @return scores in the unit, less the mean over the networks of each (r, f)
FITNAS_LAZY table_of_scores centred(table_of_scores s, int unit);

/// Means of the centred scores of networks.
struct score_means {
    std::vector<std::vector<double>> by_seed; ///< [r][a]
    std::vector<std::vector<double>> by_fold; ///< [f][a]
    std::vector<double> of_all;               ///< [a]
};
FITNAS_LAZY score_means means_of(const table_of_scores& s);

/// The parts that need no truth, of centred scores.
FITNAS_LAZY error_parts split_scores(const table_of_scores& s, const score_means& means);

/// Sets the systematic parts, by mean scores and truths in one unit.
FITNAS_LAZY void split_quality(error_parts& parts, const std::vector<double>& means,
                               const std::vector<double>& truths, double truth_variance);

} // namespace detail

/// @brief Splits the variance of scores s(a, r, f) of networks a, seeds r and folds f.
///
/// After the mean over the networks is taken from each (r, f): a random effects model with crossed factors,
/// s = quality(a) + training(a, r) + images(a, f) + rest(a, r, f), by the method of moments (Searle, Casella
/// and McCulloch, "Variance Components", 1992, chapter 4); `images` has the rest too. Estimates below 0
/// become 0. Of the systematic part, what mean scores and truths vary by chance is subtracted.
///
/// @param scores [r][f][a], at least 2 seeds, 2 folds and 3 networks
/// @param truth one a network; empty where it is not known
/// @param truth_variance of each truth about its expectation, at least 0
/// @throws shape_error where there are fewer, or lengths differ
/// @throws numeric_error where a double does not hold the variances, which have the square of the scores'
/// unit
FITNAS_API error_parts split_error(const std::vector<std::vector<std::vector<double>>>& scores,
                                   std::span<const double> truth = {}, double truth_variance = 0);

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN error_parts in_unit(error_parts parts, int exponent) {
    double largest = 0;
    for (double* v : {&parts.images, &parts.training, &parts.quality, &parts.scale, &parts.bias}) {
        largest = *v > largest ? *v : largest;
        *v = std::ldexp(*v, 2 * exponent);
    }
    if (largest > 0 && !std::isnormal(std::ldexp(largest, 2 * exponent))) {
        throw numeric_error("[F1060] split_error: the variances of scores near " +
                            fitnas::detail::number_text(std::ldexp(1.0, exponent)) +
                            " are no numbers that a double holds; give scores and truths in another unit");
    }
    return parts;
}

FITNAS_LAZY_AGAIN int unit_of(const table_of_scores& scores, std::span<const double> truth) {
    double largest = fitnas::detail::largest_magnitude(truth);
    for (const auto& seed_scores : scores) {
        for (const std::vector<double>& column : seed_scores) {
            largest = (std::max)(largest, fitnas::detail::largest_magnitude(column));
        }
    }
    return fitnas::detail::common_exponent({&largest, 1});
}

FITNAS_LAZY_AGAIN table_of_scores centred(table_of_scores s, int unit) {
    const std::size_t folds = s.front().size();
    const std::size_t networks = s.front().front().size();
    for (auto& seed_scores : s) {
        for (std::size_t f = 0; f < folds; ++f) {
            std::vector<double>& column = seed_scores.at(f);
            if (column.size() != networks || seed_scores.size() != folds) {
                throw shape_error("[F1007] split_error: expected as many folds and networks for each seed");
            }
            for (double& v : column) {
                v = std::ldexp(v, -unit);
            }
            const double mean = fitnas::detail::exact_mean(column);
            for (double& v : column) {
                v -= mean;
            }
        }
    }
    return s;
}

FITNAS_LAZY_AGAIN score_means means_of(const table_of_scores& s) {
    const std::size_t seeds = s.size();
    const std::size_t folds = s.front().size();
    const std::size_t networks = s.front().front().size();
    score_means means{std::vector<std::vector<double>>(seeds, std::vector<double>(networks)),
                      std::vector<std::vector<double>>(folds, std::vector<double>(networks)),
                      std::vector<double>(networks)};
    for (std::size_t a = 0; a < networks; ++a) {
        fitnas::detail::exact_sum all;
        std::vector<fitnas::detail::exact_sum> of_fold(folds);
        for (std::size_t r = 0; r < seeds; ++r) {
            fitnas::detail::exact_sum of_seed;
            for (std::size_t f = 0; f < folds; ++f) {
                all.add(s[r][f][a]);
                of_seed.add(s[r][f][a]);
                of_fold[f].add(s[r][f][a]);
            }
            means.by_seed[r][a] = of_seed.mean();
        }
        for (std::size_t f = 0; f < folds; ++f) {
            means.by_fold[f][a] = of_fold[f].mean();
        }
        means.of_all[a] = all.mean();
    }
    return means;
}

FITNAS_LAZY_AGAIN error_parts split_scores(const table_of_scores& s, const score_means& means) {
    const auto count = [](std::size_t n) { return static_cast<double>(n); };
    const std::size_t seeds = means.by_seed.size();
    const std::size_t folds = means.by_fold.size();
    const std::size_t networks = means.of_all.size();
    double of_seeds = 0;
    double of_folds = 0;
    double of_rest = 0;
    double of_means = 0;
    for (std::size_t a = 0; a < networks; ++a) {
        const double mean = means.of_all[a];
        of_means += mean * mean;
        for (std::size_t r = 0; r < seeds; ++r) {
            of_seeds += std::pow(means.by_seed[r][a] - mean, 2);
            for (std::size_t f = 0; f < folds; ++f) {
                of_rest += std::pow(s[r][f][a] - means.by_seed[r][a] - means.by_fold[f][a] + mean, 2);
            }
        }
        for (std::size_t f = 0; f < folds; ++f) {
            of_folds += std::pow(means.by_fold[f][a] - mean, 2);
        }
    }
    const double free = count(networks - 1);
    const double rest = of_rest / (free * count(seeds - 1) * count(folds - 1));
    const double seed_square = count(folds) * of_seeds / (free * count(seeds - 1));
    const double fold_square = count(seeds) * of_folds / (free * count(folds - 1));
    const double own_images = (std::max)(0.0, (fold_square - rest) / count(seeds));
    error_parts parts;
    parts.images = own_images + rest;
    parts.training = (std::max)(0.0, (seed_square - rest) / count(folds));
    const double of_chance =
        parts.training / count(seeds) + own_images / count(folds) + rest / count(seeds * folds);
    parts.quality = (std::max)(0.0, of_means / free - of_chance);
    return parts;
}

FITNAS_LAZY_AGAIN void split_quality(error_parts& parts, const std::vector<double>& means,
                                     const std::vector<double>& truths, double truth_variance) {
    const double free = static_cast<double>(means.size() - 1);
    const double mean = fitnas::detail::exact_mean(truths);
    double of_truth = 0;
    double product = 0;
    for (std::size_t a = 0; a < means.size(); ++a) {
        of_truth += std::pow(truths[a] - mean, 2) / free;
        product += means[a] * (truths[a] - mean) / free;
    }
    const double variance = (std::max)(0.0, of_truth - truth_variance);
    if (variance > 0) {
        parts.slope = product / variance;
        parts.scale = (parts.slope - 1) * (parts.slope - 1) * variance;
        parts.bias = (std::max)(0.0, parts.quality - parts.slope * parts.slope * variance);
    }
}

} // namespace fitnas::study::detail

namespace fitnas::study {

FITNAS_API error_parts split_error(const std::vector<std::vector<std::vector<double>>>& scores,
                                   std::span<const double> truth, double truth_variance) {
    const std::size_t seeds = scores.size();
    const std::size_t folds = seeds == 0 ? 0 : scores.front().size();
    const std::size_t networks = folds == 0 ? 0 : scores.front().front().size();
    if (seeds < 2 || folds < 2 || networks < 3 || (!truth.empty() && truth.size() != networks)) {
        throw shape_error("[F1006] split_error: expected at least 2 seeds, 2 folds and 3 networks, and as "
                          "many truths, got " +
                          std::to_string(seeds) + ", " + std::to_string(folds) + ", " +
                          std::to_string(networks) + " and " + std::to_string(truth.size()));
    }
    const int unit = detail::unit_of(scores, truth);
    const detail::table_of_scores s = detail::centred(scores, unit);
    const detail::score_means means = detail::means_of(s);
    error_parts parts = detail::split_scores(s, means);
    if (!truth.empty()) {
        std::vector<double> truths;
        for (const double t : truth) {
            truths.push_back(std::ldexp(t, -unit));
        }
        detail::split_quality(parts, means.of_all, truths, std::ldexp(truth_variance, -2 * unit));
    }
    return detail::in_unit(parts, unit);
}

} // namespace fitnas::study

#endif

#endif
