// JSON: values, tables of scores, candidates.
#include <fitnas/io/json.hpp>
#include <fitnas/space/codes.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using space = fitnas::codes<3, 3, 12>;
    fuzz(data, size, [](const std::string& path) {
        fitnas::score_table_from_json<space>(fitnas::read_json(path), path);
    });
    return fuzz(data, size, [](const std::string& path) {
        fitnas::candidates_from_json<space>(fitnas::read_json(path), path);
    });
}
