// JSON: values, tables of scores, candidates, predictors.
#include <fitnas/io/json.hpp>
#include <fitnas/io/predictor.hpp>
#include <fitnas/space/codes.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using space = fitnas::codes<3, 3, 12>;
    fuzz(data, size, [](const std::string& path) {
        fitnas::score_table_from_json<space>(fitnas::read_json(path), path);
    });
    fuzz(data, size, [](const std::string& path) {
        fitnas::load_predictor<fitnas::ensemble<fitnas::windows<space>>>(path);
    });
    fuzz(data, size,
         [](const std::string& path) { fitnas::load_predictor<fitnas::cost_baseline<space>>(path); });
    return fuzz(data, size, [](const std::string& path) {
        fitnas::candidates_from_json<space>(fitnas::read_json(path), path);
    });
}
