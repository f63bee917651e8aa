// CIFAR-10's binary version, plain and gzip.
#include <fitnas/data/cifar.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(data, size, [](const std::string& path) {
        const std::string paths[] = {path, path};
        fitnas::read_cifar10(paths);
    });
}
