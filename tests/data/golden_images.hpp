/// The images of tests/data/golden and what Pillow reads of them.
#ifndef FITNAS_TESTS_DATA_GOLDEN_IMAGES_HPP
#define FITNAS_TESTS_DATA_GOLDEN_IMAGES_HPP

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <fitnas/data/raster.hpp>

#include "../support/temporary_folder.hpp"

inline std::string golden_image(const std::string& name) { return FITNAS_TEST_DIR "/data/golden/" + name; }

inline std::vector<std::uint8_t> golden_bytes(const std::string& name) {
    std::ifstream file(golden_image(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::uint8_t> bytes_of_hex(const std::string& hex) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/// @param table `pixels.txt` or `grey.txt`
inline std::map<std::string, fitnas::raster> golden_pixels(const std::string& table) {
    std::ifstream file(golden_image(table));
    std::map<std::string, fitnas::raster> all;
    std::string name;
    std::string hex;
    for (fitnas::raster image; file >> name >> image.height >> image.width >> image.channels >> hex;) {
        image.pixels = bytes_of_hex(hex);
        all[name] = image;
    }
    return all;
}

/// A folder of golden images under other names.
class golden_folder : public temporary_folder {
public:
    void add(const std::string& name, const std::string& golden) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::filesystem::copy_file(golden_image(golden), path(name));
    }
};

#endif
