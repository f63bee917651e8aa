/// Reading tests/metrics/golden, which tools/make_metric_golden.py wrote.
#ifndef FITNAS_TESTS_METRICS_GOLDEN_HPP
#define FITNAS_TESTS_METRICS_GOLDEN_HPP

#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/number_text.hpp>

/// One case: its columns, and the lines that follow them as (metric, numbers).
struct golden_case {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
    std::vector<std::pair<std::string, std::vector<double>>> lines;

    /// Calls `check(numbers)` for each line of a metric, of which there must be one at least.
    template <class Check>
    void each(const std::string& metric, Check&& check) const {
        int found = 0;
        for (const auto& line : lines) {
            if (line.first == metric) {
                check(line.second);
                ++found;
            }
        }
        if (found == 0) {
            throw std::runtime_error("golden case " + name + " has no line " + metric);
        }
    }
};

inline std::vector<golden_case> read_golden(const std::string& name) {
    const std::string path = std::string(FITNAS_TEST_DIR) + "/metrics/golden/" + name;
    std::ifstream file(path);
    std::vector<golden_case> cases;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string first;
        if (!(words >> first) || first == "#") {
            continue;
        }
        if (first == "case") {
            words >> cases.emplace_back().name;
            continue;
        }
        std::vector<double> numbers;
        for (std::string word; words >> word;) {
            numbers.push_back(fitnas::detail::read_number<double>(word).value());
        }
        if (first == "x") {
            cases.back().x = numbers;
        } else if (first == "y") {
            cases.back().y = numbers;
        } else {
            cases.back().lines.emplace_back(first, numbers);
        }
    }
    if (cases.empty()) {
        throw std::runtime_error(path + " is missing or empty");
    }
    return cases;
}

/// Equal to a few roundings of numbers near 1, or both not a number.
inline bool same(double a, double b) {
    return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-12 * std::fmax(1.0, std::abs(b));
}

#endif
