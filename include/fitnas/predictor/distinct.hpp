/// @file
/// @brief Equal networks in a table of scores.

#ifndef FITNAS_PREDICTOR_DISTINCT_HPP
#define FITNAS_PREDICTOR_DISTINCT_HPP

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <fitnas/core/mean.hpp>
#include <fitnas/space/canonical.hpp>
#include <fitnas/space/score_table.hpp>

namespace fitnas {

/// @brief For each row the number of its network: equal networks share one, numbers are given in the order in
/// which networks first appear.
template <code_space Space>
std::vector<std::size_t> network_numbers(const score_table<Space>& table) {
    std::map<architecture<Space>, std::size_t> known;
    std::vector<std::size_t> numbers;
    numbers.reserve(table.size());
    for (const architecture<Space>& a : table.architectures) {
        numbers.push_back(known.try_emplace(canonical<Space>(a), known.size()).first->second);
    }
    return numbers;
}

/// @brief One row for each different network: its canonical code and the mean of its scores, which is rounded
/// once: networks with the same scores, however often and in whatever order, have the same mean.
/// @param what who asks, for the message
/// @throws as `require_usable`; shape_error where there are fewer than 2 different networks
template <code_space Space>
score_table<Space> merge_equal_networks(const score_table<Space>& table, const std::string& what) {
    require_usable(table, what);
    const std::vector<std::size_t> numbers = network_numbers(table);
    score_table<Space> merged;
    merged.kind = table.kind;
    std::vector<std::vector<double>> scores;
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (numbers[i] == merged.size()) {
            merged.push_back(canonical<Space>(table.architectures[i]), 0);
            scores.emplace_back();
        }
        scores[numbers[i]].push_back(table.scores[i]);
    }
    for (std::size_t i = 0; i < merged.size(); ++i) {
        merged.scores[i] = detail::exact_mean(scores[i]);
    }
    if (merged.size() < 2) {
        throw shape_error("[F0604] " + what + ": the table has 1 different network, at least 2 are needed");
    }
    require_usable(merged, what);
    return merged;
}

} // namespace fitnas

#endif
