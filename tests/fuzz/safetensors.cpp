// safetensors: header, places, values.
#include <fitnas/io/safetensors.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(data, size, [](const std::string& path) {
        const fitnas::safetensors file(path);
        for (const fitnas::tensor_info& t : file.tensors()) {
            switch (t.type) {
            case fitnas::tensor_type::f32:
                file.values<float>(t.name);
                break;
            case fitnas::tensor_type::f64:
                file.values<double>(t.name);
                break;
            default:
                file.values<std::uint8_t>(t.name); // refused where the type is another
            }
        }
    });
}
