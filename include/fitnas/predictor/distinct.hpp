/// @file
/// @brief Equal networks in a table of scores.

#ifndef FITNAS_PREDICTOR_DISTINCT_HPP
#define FITNAS_PREDICTOR_DISTINCT_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/code_rows.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas {

namespace detail {

/// Equal codes have one number, given in the order in which codes first appear.
FITNAS_LAZY std::vector<std::size_t> numbers_by_appearance(const code_rows& codes);

/// The mean of the scores with each number, which is rounded once.
FITNAS_LAZY std::vector<double> means_by_number(const std::vector<std::size_t>& numbers,
                                                const std::vector<double>& scores, const std::string& what);

} // namespace detail

/// @brief For each row the number of its network: equal networks share one, numbers are given in the order in
/// which networks first appear.
template <code_space Space>
std::vector<std::size_t> network_numbers(const score_table<Space>& table) {
    const auto codes = detail::canonical_codes<Space>(table.architectures);
    return detail::numbers_by_appearance(detail::rows_of<Space>(codes));
}

/// @brief One row for each different network: its canonical code and the mean of its scores, which is rounded
/// once: networks with the same scores, however often and in whatever order, have the same mean.
/// @param what who asks, for the message
/// @throws as `require_usable`; shape_error where there are fewer than 2 different networks
template <code_space Space>
score_table<Space> merge_equal_networks(const score_table<Space>& table, const std::string& what) {
    require_usable(table, what);
    const auto codes = detail::canonical_codes<Space>(table.architectures);
    const std::vector<std::size_t> numbers = detail::numbers_by_appearance(detail::rows_of<Space>(codes));
    score_table<Space> merged;
    merged.kind = table.kind;
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (numbers[i] == merged.size()) {
            merged.architectures.push_back(codes[i]);
        }
    }
    merged.scores = detail::means_by_number(numbers, table.scores, what);
    require_usable(merged, what);
    return merged;
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::vector<std::size_t> numbers_by_appearance(const code_rows& codes) {
    const code_numbers sorted = numbers_of(codes);
    std::vector<std::size_t> seen(sorted.first_row.size());
    std::vector<std::size_t> numbers;
    std::size_t next = 0;
    for (std::size_t row = 0; row < codes.size; ++row) {
        const std::size_t number = sorted.of_row[row];
        if (sorted.first_row[number] == row) {
            seen[number] = next++;
        }
        numbers.push_back(seen[number]);
    }
    return numbers;
}

FITNAS_LAZY_AGAIN std::vector<double> means_by_number(const std::vector<std::size_t>& numbers,
                                                      const std::vector<double>& scores,
                                                      const std::string& what) {
    std::vector<std::vector<double>> grouped;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] == grouped.size()) {
            grouped.emplace_back();
        }
        grouped[numbers[i]].push_back(scores[i]);
    }
    if (grouped.size() < 2) {
        throw shape_error("[F0604] " + what + ": the table has 1 different network, at least 2 are needed");
    }
    std::vector<double> means;
    for (const std::vector<double>& some : grouped) {
        means.push_back(exact_mean(some));
    }
    return means;
}

} // namespace fitnas::detail

#endif

#endif
