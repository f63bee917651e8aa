/// @file
/// @brief What a candidate must be to stand in a file.

#ifndef FITNAS_IO_CANDIDATE_HPP
#define FITNAS_IO_CANDIDATE_HPP

#include <cmath>
#include <cstddef>
#include <string>

#include <fitnas/core/error.hpp>
#include <fitnas/search/candidate.hpp>

namespace fitnas::detail {

/// @throws architecture_error, numeric_error, option_error where a candidate cannot be written
template <code_space Space>
void require_writable(const search::candidate<Space>& c, std::size_t row, const char* what) {
    require_valid<Space>(c.architecture);
    const std::string who = std::string(what) + ": architecture " + to_string<Space>(c.architecture) +
                            " (row " + std::to_string(row) + "): ";
    if (!std::isfinite(c.predicted)) {
        throw numeric_error("[F0901] " + who + "the prediction is not finite");
    }
    if (std::isinf(c.score)) {
        throw numeric_error("[F0902] " + who + "the score is infinite");
    }
    for (const search::cost_value& cost : c.costs) {
        require_cost_name(cost.name, cost.unit);
        require_cost_value(cost.value, who + cost.name);
    }
    if (c.macs < 0 || c.parameters < 0) {
        throw option_error("[F0903] " + who + "expected costs of 0 or more, got " + std::to_string(c.macs) +
                           " macs and " + std::to_string(c.parameters) + " parameters");
    }
}

} // namespace fitnas::detail

#endif
