/// @file
/// @brief What every metric asks of its two columns.

#ifndef FITNAS_METRICS_PAIRED_HPP
#define FITNAS_METRICS_PAIRED_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>

namespace fitnas::detail {

/// @throws shape_error where lengths differ or are below 2; numeric_error where a value is not finite
FITNAS_LAZY void require_paired(std::span<const double> x, std::span<const double> y,
                                const std::string& what);

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_paired(std::span<const double> x, std::span<const double> y,
                                      const std::string& what) {
    if (x.size() != y.size()) {
        throw shape_error("[F0804] " + what + ": expected two columns of one length, got " +
                          std::to_string(x.size()) + " and " + std::to_string(y.size()) + " values");
    }
    if (x.size() < 2) {
        throw shape_error("[F0805] " + what + ": expected at least 2 pairs of values, got " +
                          std::to_string(x.size()));
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
            throw numeric_error("[F0806] " + what + ": expected finite values, got " +
                                detail::number_text(x[i]) + " and " + detail::number_text(y[i]) + " in row " +
                                std::to_string(i));
        }
    }
}

} // namespace fitnas::detail

#endif

#endif
