// The table of packed images, and what it says of their places.
#include <vector>

#include <fitnas/core/hash.hpp>
#include <fitnas/data/image_pack.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = [](const std::string& path) {
        // With a shape no image is decoded: `images` tries that.
        const fitnas::lazy_images all = fitnas::read_image_pack(path, {.height = 1, .width = 1});
        all.fingerprint();
    };
    fuzz(data, size, read);
    // The same with the checksum that it would have.
    constexpr std::size_t head = fitnas::detail::image_pack_table::head_bytes;
    if (size < head) {
        return 0;
    }
    std::vector<std::uint8_t> right(data, data + size);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        length |= std::uint64_t{right[24 + i]} << 8 * i;
    }
    if (length > size - head) {
        return 0;
    }
    fitnas::detail::hash64 hash;
    hash.add_words(right.data() + head, static_cast<std::size_t>(length));
    for (std::size_t i = 0; i < 8; ++i) {
        right[32 + i] = static_cast<std::uint8_t>(hash.value() >> 8 * i);
    }
    return fuzz(right.data(), right.size(), read);
}
