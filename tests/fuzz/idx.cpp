// IDX images and labels, plain and gzip.
#include <fitnas/data/idx.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz(data, size, [](const std::string& path) { fitnas::read_idx_images(path); });
    fuzz(data, size, [](const std::string& path) { fitnas::read_idx_labels(path); });
    return fuzz(data, size, [](const std::string& path) { fitnas::read_idx(path, path, 10); });
}
