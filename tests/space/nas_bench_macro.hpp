#ifndef FITNAS_TESTS_SPACE_NAS_BENCH_MACRO_HPP
#define FITNAS_TESTS_SPACE_NAS_BENCH_MACRO_HPP

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fitnas/core/number_text.hpp>

struct macro_row {
    std::string code;
    std::vector<double> accuracies;
    long long parameters = 0;
    long long macs = 0;
};

/// The rows of nas_bench_macro_cifar10.csv; none where FITNAS_DATA_DIR does not have it.
inline std::vector<macro_row> nas_bench_macro_rows() {
    const char* directory = std::getenv("FITNAS_DATA_DIR");
    std::vector<macro_row> rows;
    if (directory == nullptr) {
        return rows;
    }
    std::ifstream file(std::string(directory) + "/nas_bench_macro_cifar10.csv");
    std::string line;
    std::getline(file, line); // arch,acc0,acc1,acc2,mean_acc,params,flops
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        macro_row row;
        std::getline(fields, row.code, ',');
        std::string field;
        for (int i = 0; i < 4; ++i) {
            std::getline(fields, field, ',');
            row.accuracies.push_back(fitnas::detail::read_number<double>(field).value());
        }
        std::getline(fields, field, ',');
        row.parameters = std::stoll(field);
        std::getline(fields, field, ',');
        row.macs = std::stoll(field);
        rows.push_back(row);
    }
    return rows;
}

#endif
