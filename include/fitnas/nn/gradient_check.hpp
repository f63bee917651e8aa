/// @file
/// @brief The gradient checker: analytic gradients against central differences.

#ifndef FITNAS_NN_GRADIENT_CHECK_HPP
#define FITNAS_NN_GRADIENT_CHECK_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fitnas/core/error.hpp>
#include <fitnas/core/rng.hpp>

namespace fitnas {

/// @brief How to compare.
struct gradient_check_options {
    double step = 2e-3;        ///< of the central difference
    double tolerance = 2e-2;   ///< allowed |analytic - numeric|, relative to the largest |numeric|
    std::size_t samples = 200; ///< coordinates that are tried (all, where there are fewer)
    fitnas::seed seed{1};      ///< chooses them
};

/// @brief What came out. Converts to whether it was good.
struct gradient_report {
    bool ok = true;           ///< no difference is too large
    std::size_t compared = 0; ///< coordinates that were compared
    std::size_t skipped = 0;  ///< coordinates near a kink, where the one-sided differences disagree
    double worst = 0;         ///< largest difference, relative as in the options
    std::string log;          ///< the coordinates that differ, a line each

    explicit operator bool() const { return ok; } ///< `ok`
};

/// @brief Compares an analytic gradient with central differences, coordinate by coordinate.
///
/// @param values where the gradient was taken; changed during the check and put back
/// @param analytic the gradient there, as many values
/// @param loss `double loss()`: the scalar function, evaluated at the present `values`
/// @param options step, tolerance, how many coordinates
/// @return a report that fails where a coordinate differs, where the gradient has a value that is not finite,
/// or where more coordinates were skipped than compared
/// @throws shape_error where the two spans differ in length
template <class Loss>
gradient_report check_gradient(std::span<float> values, std::span<const float> analytic, Loss&& loss,
                               const gradient_check_options& options = {}) {
    if (values.size() != analytic.size()) {
        throw shape_error("[F0108] check_gradient: " + std::to_string(values.size()) +
                          " values but a gradient of " + std::to_string(analytic.size()));
    }
    std::vector<std::size_t> chosen(values.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        chosen[i] = i;
    }
    random_stream random(options.seed, purpose::user);
    random.shuffle(std::span<std::size_t>(chosen));
    chosen.resize((std::min)(chosen.size(), options.samples));

    struct difference {
        std::size_t at;
        double numeric;
        double bend; // how far the one-sided differences are apart
    };
    std::vector<difference> differences;
    const double here = loss();
    double largest = 1e-8;
    for (const std::size_t i : chosen) {
        const float kept = values[i];
        const float upper = kept + static_cast<float>(options.step);
        const float lower = kept - static_cast<float>(options.step);
        values[i] = upper;
        const double right = (loss() - here) / (static_cast<double>(upper) - static_cast<double>(kept));
        values[i] = lower;
        const double left = (here - loss()) / (static_cast<double>(kept) - static_cast<double>(lower));
        values[i] = kept;
        differences.push_back({i, 0.5 * (left + right), std::abs(right - left)});
        largest = (std::max)(largest, std::abs(differences.back().numeric));
    }
    gradient_report report;
    for (const float g : analytic) {
        report.ok = report.ok && std::isfinite(g);
    }
    if (!report.ok) {
        report.log += "the analytic gradient has a value that is not finite\n";
    }
    for (const difference& d : differences) {
        // A kink puts the central difference off by at most half the bend.
        if (d.bend > options.tolerance * largest) {
            ++report.skipped;
            continue;
        }
        const double off = std::abs(static_cast<double>(analytic[d.at]) - d.numeric) / largest;
        report.worst = std::isnan(off) ? off : (std::max)(report.worst, off); // keeps what is not a number
        ++report.compared;
        if (!(off <= options.tolerance)) {
            report.ok = false;
            report.log += "coordinate " + std::to_string(d.at) + ": analytic " +
                          detail::number_text(analytic[d.at]) + ", numeric " +
                          detail::number_text(d.numeric) + "\n";
        }
    }
    if (report.skipped > report.compared) {
        report.ok = false;
        report.log += "more coordinates were skipped than compared: take a smaller step\n";
    }
    return report;
}

} // namespace fitnas

#endif
