/// @file
/// @brief Images and labels in NumPy's .npy files.

#ifndef FITNAS_DATA_NPY_HPP
#define FITNAS_DATA_NPY_HPP

#include <string>

#include <fitnas/config.hpp>
#include <fitnas/data/arrays.hpp>

namespace fitnas {

/// @brief Reads images and labels that `numpy.save` wrote.
/// @param images_path N x H x W, N x H x W x C or, as `array_options::layout` says, N x C x H x W, of
/// integers from 0 to 255, or of float32 or float64 from 0 to `array_options::white`; plain or gzip
/// @param labels_path N or N x 1, of integers
/// @throws data_error where a file is missing, of another kind, truncated or too long, its type or order of
/// values is none that is read, a value is outside its range, or images and labels differ in number;
/// shape_error where it has other dimensions
FITNAS_API image_dataset read_npy(const std::string& images_path, const std::string& labels_path,
                                  const array_options& options = {});

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fitnas/core/memory_limit.hpp>
#include <fitnas/data/byte_file.hpp>

namespace fitnas::detail {

/// A .npy file, its values as they are stored.
struct npy_array {
    std::string type; ///< NumPy's name of it: "|u1", "<f4"
    std::vector<std::size_t> sizes;
    std::vector<std::uint8_t> bytes;
};

/// Goes through stored values, which need not be aligned.
template <class T>
struct stored_values {
    const std::uint8_t* at;
    T operator*() const {
        T value;
        std::memcpy(&value, at, sizeof value);
        return value;
    }
    stored_values& operator++() {
        at += sizeof(T);
        return *this;
    }
};

[[noreturn]] FITNAS_COLD inline void refuse_npy(const std::string& path, const std::string& what) {
    throw data_error("[F0495] " + path + ": expected a NumPy array (.npy), got " + what);
}

/// @param header a Python dictionary without spaces
/// @return what stands behind the key; empty where it is not there
FITNAS_LAZY inline std::string npy_value(const std::string& header, const std::string& key) {
    const std::size_t at = header.find("'" + key + "':");
    return at == std::string::npos ? "" : header.substr(at + key.size() + 3);
}

/// @param text "(2,3)", then anything
/// @return whether it is such a text
FITNAS_LAZY inline bool read_npy_sizes(const std::string& text, std::vector<std::size_t>& sizes) {
    if (text.empty() || text.front() != '(') {
        return false;
    }
    std::size_t at = 1;
    while (at < text.size() && text[at] != ')') {
        const std::size_t end = text.find_first_not_of("0123456789", at);
        if (end == at || end == std::string::npos || end - at > 18 ||
            (text[end] != ',' && text[end] != ')')) {
            return false;
        }
        sizes.push_back(std::stoull(text.substr(at, end - at)));
        at = text[end] == ',' ? end + 1 : end;
    }
    return at < text.size();
}

/// Calls `use(first)` with a reader of the values, whatever their type.
/// @throws data_error where it is none of those that are read
template <class Use>
auto with_npy_values(const npy_array& array, Use&& use) {
    const std::uint8_t* const first = array.bytes.data();
    const std::string& type = array.type;
    if (type == "|u1") {
        return use(stored_values<std::uint8_t>{first});
    }
    if (type == "|i1") {
        return use(stored_values<std::int8_t>{first});
    }
    if (type == "<u2") {
        return use(stored_values<std::uint16_t>{first});
    }
    if (type == "<i2") {
        return use(stored_values<std::int16_t>{first});
    }
    if (type == "<u4") {
        return use(stored_values<std::uint32_t>{first});
    }
    if (type == "<i4") {
        return use(stored_values<std::int32_t>{first});
    }
    if (type == "<u8") {
        return use(stored_values<std::uint64_t>{first});
    }
    if (type == "<i8") {
        return use(stored_values<std::int64_t>{first});
    }
    if (type == "<f4") {
        return use(stored_values<float>{first});
    }
    return use(stored_values<double>{first});
}

/// @param floats whether float32 and float64 are taken
/// @return bytes of a value
/// @throws data_error where the type is none of these
FITNAS_LAZY std::size_t npy_value_bytes(const std::string& path, const std::string& type, bool floats) {
    constexpr std::string_view integers = "|u1 |i1 <u2 <i2 <u4 <i4 <u8 <i8";
    const bool known =
        type.size() == 3 && type.find(' ') == std::string::npos &&
        (integers.find(type) != std::string_view::npos || (floats && (type == "<f4" || type == "<f8")));
    if (!known) {
        throw data_error("[F0496] " + path + ": expected " +
                         (floats ? "integers, float32 or float64" : "labels of integers") +
                         ", little-endian, got NumPy's type \"" + type + "\": save a.astype(...)");
    }
    return static_cast<std::size_t>(type.back() - '0');
}

/// @return a whole number in the order of the smallest byte first
FITNAS_LAZY inline std::size_t little_endian(const std::vector<std::uint8_t>& bytes) {
    std::size_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        value = value << 8U | bytes[i - 1];
    }
    return value;
}

/// The signature, the version, the length of the header and the header: a Python dictionary with `descr`,
/// `fortran_order` and `shape` (numpy.lib.format). xtensor's `load_npy` takes a file that is truncated.
/// @param floats whether these are taken
FITNAS_LAZY npy_array read_npy_array(const std::string& path, bool floats) {
    byte_file file(path, byte_file::content::any);
    std::vector<std::uint8_t> start = file.read(8);
    if (start.size() < 8 || std::memcmp(start.data(), "\x93NUMPY", 6) != 0) {
        const std::vector<std::uint8_t> more = file.read(longest_signature);
        start.insert(start.end(), more.begin(), more.end());
        const std::string_view format = foreign_format(start);
        refuse_npy(path, start.empty()    ? "an empty file"
                         : format.empty() ? "a file that does not begin like one"
                                          : std::string(format));
    }
    const std::size_t length = little_endian(file.read_exactly(start[6] == 1 ? 2 : 4, "a header's length"));
    std::string header;
    for (const std::uint8_t c : file.read_exactly(length, "a header")) {
        if (c != ' ' && c != '\n') {
            header += static_cast<char>(c);
        }
    }
    npy_array array{npy_value(header, "descr"), {}, {}};
    const std::string order = npy_value(header, "fortran_order");
    if (start[6] < 1 || start[6] > 3 || array.type.empty() || order.empty() ||
        !read_npy_sizes(npy_value(header, "shape"), array.sizes)) {
        refuse_npy(path, "one of another version, or with a damaged header");
    }
    if (order.rfind("True", 0) == 0 && array.sizes.size() > 1) {
        refuse_npy(path, "one in the order of Fortran: save numpy.ascontiguousarray(a)");
    }
    array.type = array.type.substr(1, array.type.find('\'', 1) - 1);
    memory_size size = npy_value_bytes(path, array.type, floats);
    std::string said;
    for (const std::size_t n : array.sizes) {
        size = size * n;
        said += (said.empty() ? "" : " x ") + std::to_string(n);
    }
    said += " values of the type " + array.type;
    array.bytes = file.read_exactly(size.value(), said);
    file.require_end(said);
    return array;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API image_dataset read_npy(const std::string& images_path, const std::string& labels_path,
                                  const array_options& options) {
    const detail::npy_array images = detail::read_npy_array(images_path, true);
    const shape image = detail::image_shape_of(images.sizes, options.layout, images_path);
    const detail::npy_array labels = detail::read_npy_array(labels_path, false);
    const std::vector<std::size_t>& n = labels.sizes;
    if (n.empty() || n.size() > 2 || (n.size() == 2 && n[1] != 1)) {
        detail::refuse_npy(labels_path, "one of other dimensions than labels have, N or N x 1");
    }
    std::vector<int> numbers = detail::with_npy_values(labels, [&](auto first) {
        if constexpr (std::is_integral_v<decltype(*first)>) {
            return detail::labels_from(first, n[0], labels_path);
        } else {
            return std::vector<int>(); // refused before
        }
    });
    return detail::with_npy_values(images, [&](auto first) {
        return detail::images_from(first, images.sizes[0], image, std::move(numbers), options, images_path);
    });
}

} // namespace fitnas

#endif

#endif
