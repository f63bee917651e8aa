/// @file
/// @brief Every network of a space that keeps the limits, with its prediction, in batches.

#ifndef FITNAS_SEARCH_ENUMERATE_HPP
#define FITNAS_SEARCH_ENUMERATE_HPP

#include <fitnas/core/parallel.hpp>
#include <fitnas/search/candidate.hpp>

namespace fitnas::search {

/// @brief The largest space that is enumerated.
inline constexpr std::uint64_t enumerable_size = std::uint64_t{1} << 26U;

/// @brief Calls `visit(architectures, predictions)` for batches that together hold each network that keeps
/// the limits once, as its canonical code, in the order of the codes.
/// @param batch how many codes are looked at together, at least 1
/// @param what who asks, for messages
/// @param watch called after each batch
/// @return how many architectures were predicted
/// @throws option_error where the space has more than 2^26 codes
/// @throws limit_error where no architecture keeps the limits
/// @throws numeric_error where a prediction is not finite
template <model Model, class Visit>
std::uint64_t for_each_prediction(const Model& predictor, const cost::limit& limit, std::size_t batch,
                                  const char* what, Visit&& visit, const observer& watch = {}) {
    using space = typename Model::space;
    using code = architecture<space>;
    if (space::size > enumerable_size) {
        throw option_error("[F0704] " + std::string(what) + ": the space has " +
                           (space::size == UINT64_MAX ? "2^64 or more" : std::to_string(space::size)) +
                           " codes, at most " + std::to_string(enumerable_size) +
                           " are enumerated; use search::segment, search::evolution or search::random");
    }
    if (batch < 1) {
        throw option_error("[F0705] " + std::string(what) + ": batch: expected at least 1, got 0");
    }
    const limit_check limits = check_of<space>(limit);
    limits.require_possible(what);

    std::vector<code> codes(static_cast<std::size_t>((std::min)(std::uint64_t{batch}, space::size)));
    std::vector<std::uint8_t> wanted(codes.size());
    std::vector<code> kept;
    std::uint64_t predicted = 0;
    const fitnas::detail::teller tell(watch, what, space::size);
    for (std::uint64_t first = 0; first < space::size; first += codes.size()) {
        const auto n = static_cast<std::size_t>((std::min)(std::uint64_t{codes.size()}, space::size - first));
        parallel_for(static_cast<std::ptrdiff_t>(n), [&](std::ptrdiff_t i) {
            const auto at = static_cast<std::size_t>(i);
            codes[at] = architecture_at<space>(first + at);
            wanted[at] = limits.meets(codes[at]) && canonical<space>(codes[at]) == codes[at];
        });
        kept.clear();
        for (std::size_t i = 0; i < n; ++i) {
            if (wanted[i] != 0) {
                kept.push_back(codes[i]);
            }
        }
        if (kept.empty()) {
            tell(first + n);
            continue;
        }
        const std::vector<double> values = predictor.predict(std::span<const code>(kept));
        detail::require_values(values, kept.size(), what, "model");
        predicted += kept.size();
        visit(std::span<const code>(kept), std::span<const double>(values));
        tell(first + n);
    }
    if (predicted == 0) {
        throw limits.nothing_found(what, "no architecture of the space");
    }
    return predicted;
}

} // namespace fitnas::search

#endif
