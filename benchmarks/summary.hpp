// A mean and its standard error, for programs that repeat draws.
#ifndef FITNAS_BENCHMARKS_SUMMARY_HPP
#define FITNAS_BENCHMARKS_SUMMARY_HPP

#include <algorithm>
#include <cmath>

struct summary {
    int count = 0;
    double sum = 0;
    double squares = 0;
    void add(double x) {
        ++count;
        sum += x;
        squares += x * x;
    }
    double mean() const { return sum / count; }
    double error() const {
        return count < 2 ? 0 : std::sqrt((std::max)(0.0, squares / count - mean() * mean()) / (count - 1));
    }
};

#endif
