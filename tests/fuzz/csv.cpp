// CSV: rows of text, tables of scores, costs, candidates.
#include <fitnas/io/csv.hpp>
#include <fitnas/io/csv_rows.hpp>
#include <fitnas/space/codes.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using space = fitnas::codes<3, 3, 12>;
    fuzz(data, size, [](const std::string& path) { fitnas::read_rows(path); });
    fuzz(data, size, [](const std::string& path) { fitnas::read_csv<space>(path, {}); });
    fuzz(data, size, [](const std::string& path) { fitnas::read_csv_cost<space>(path); });
    return fuzz(data, size, [](const std::string& path) { fitnas::read_csv_candidates<space>(path); });
}
