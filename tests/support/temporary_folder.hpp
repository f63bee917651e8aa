/// A folder for one test, removed with all that is in it.
#ifndef FITNAS_TESTS_SUPPORT_TEMPORARY_FOLDER_HPP
#define FITNAS_TESTS_SUPPORT_TEMPORARY_FOLDER_HPP

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>
#include <vector>

class temporary_folder {
public:
    temporary_folder()
        : m_path(std::filesystem::temp_directory_path() /
                 ("fitnas_test_" + std::to_string(std::random_device{}()) +
                  std::to_string(std::random_device{}()))) {
        std::filesystem::create_directories(m_path);
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::string path(const std::string& name) const { return (m_path / name).string(); }
    std::string path() const { return m_path.string(); }

    /// Writes the bytes and returns the path.
    std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream(path(name), std::ios::binary) << bytes;
        return path(name);
    }
    std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Names of everything in the folder, sorted.
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(m_path)) {
            all.push_back(entry.path().filename().string());
        }
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    std::filesystem::path m_path;
};

#endif
