/// @file
/// @brief Many encoded images in one file, or in a few, with a table in front: for file systems on which
/// opening a file takes long.
///
/// All numbers are little-endian, a text is its length in 4 bytes and its bytes:
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | `FITNASIP` |
/// | 4 | the version, 1 |
/// | 4 | how many classes there are |
/// | 8 | how many images there are |
/// | 8 | how long the table is |
/// | 8 | FNV-1a of the table, in words (`detail::hash64`) |
/// | table | the name of each class, as a text; for each image the place of its first byte in the file (8), |
/// |       | how many bytes it has (8), its label (4) and its name below the folder of all, as a text |
/// | rest | the images, as their files have them |

#ifndef FITNAS_DATA_IMAGE_PACK_HPP
#define FITNAS_DATA_IMAGE_PACK_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/lazy_images.hpp>

namespace fitnas {

/// @brief The images of a file that `pack_images` (fitnas/io/pack_images.hpp) wrote, with the classes, names,
/// labels, pixels and fingerprint of `read_image_folder_lazily` on the folder that was packed. They are
/// decoded when they are read.
/// @param path of the file, which stays open as long as the images are there; or of the folder that
/// `pack_images` wrote several files to, which are one set of images: all files in it that end with `.pack`,
/// in the order of their names
/// @param options as those of `read_image_folder`; `classes` must be none or those of the pack, and what
/// `skip_damaged` leaves out was left out when it was packed
/// @throws data_error where the file is missing, no pack, of another version, truncated or damaged, or has
/// other classes, or one of several is missing; option_error where an option is outside its range
FITNAS_API lazy_images read_image_pack(const std::string& path, const image_folder_options& options = {});

/// @brief The images of several packs, one behind the other: those of one pack with all of them. All have the
/// same classes.
/// @param paths of files, at least one
/// @throws as `read_image_pack`
FITNAS_API lazy_images read_image_packs(const std::vector<std::string>& paths,
                                        const image_folder_options& options = {});

namespace detail {

/// What stands in front of the images of a pack.
struct image_pack_table {
    struct image {
        std::uint64_t first = 0; ///< byte of the file
        std::uint64_t bytes = 0;
        std::uint32_t label = 0;
        std::string name;
    };
    static constexpr std::string_view magic = "FITNASIP";
    static constexpr std::size_t head_bytes = 40;

    std::vector<std::string> classes;
    std::vector<image> images;

    /// @return the head and the table; the places of the images count from behind them
    std::string text() const;
};

/// @return what one of several packs is called, so that one that is missing shows: `0000-of-0012.pack`
FITNAS_LAZY std::string pack_name(std::size_t file, std::size_t files);

/// @return the packs of a folder, in the order of their numbers, or of their names where they have none
/// @throws data_error where there are none, or one that others tell of is missing
FITNAS_LAZY std::vector<std::string> packs_in(const std::string& folder);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fitnas/core/error.hpp>
#include <fitnas/core/hash.hpp>
#include <fitnas/data/class_folders.hpp>

namespace fitnas::detail {

FITNAS_LAZY void add_number(std::string& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
        to += static_cast<char>(value >> 8 * i & 0xFFU);
    }
}
FITNAS_LAZY void add_text(std::string& to, const std::string& text) {
    add_number(to, text.size(), 4);
    to += text;
}

FITNAS_API std::string image_pack_table::text() const {
    std::uint64_t length = 0; // which does not depend on the places
    for (const std::string& name : classes) {
        length += 4 + name.size();
    }
    for (const image& i : images) {
        length += 24 + i.name.size();
    }
    std::string table;
    table.reserve(length);
    for (const std::string& name : classes) {
        add_text(table, name);
    }
    for (const image& i : images) {
        add_number(table, head_bytes + length + i.first, 8);
        add_number(table, i.bytes, 8);
        add_number(table, i.label, 4);
        add_text(table, i.name);
    }
    hash64 hash;
    hash.add_words(table.data(), table.size());
    std::string head(magic);
    add_number(head, 1, 4);
    add_number(head, classes.size(), 4);
    add_number(head, images.size(), 8);
    add_number(head, table.size(), 8);
    add_number(head, hash.value(), 8);
    return head + table;
}

/// A file of which several threads read parts.
class shared_file {
public:
    explicit shared_file(std::string path)
        : m_path(std::move(path)), m_descriptor(open(m_path.c_str(), O_RDONLY | O_CLOEXEC)) {
        struct stat state = {};
        if (m_descriptor < 0 || fstat(m_descriptor, &state) != 0) {
            const std::string reason = std::strerror(errno);
            shut();
            throw data_error("[F0441] " + m_path + ": cannot be opened: " + reason);
        }
        if (!S_ISREG(state.st_mode)) {
            shut();
            throw data_error("[F0442] " + m_path + ": expected a file, got a folder or a device");
        }
        m_size = static_cast<std::uint64_t>(state.st_size);
    }
    ~shared_file() { shut(); }
    shared_file(const shared_file&) = delete;
    shared_file& operator=(const shared_file&) = delete;

    const std::string& path() const { return m_path; }
    std::uint64_t size() const { return m_size; }

    /// @param first,count inside of the file
    std::vector<std::uint8_t> read(std::uint64_t first, std::uint64_t count) const {
        std::vector<std::uint8_t> bytes(count);
        for (std::size_t had = 0; had < bytes.size();) {
            const ssize_t got =
                pread(m_descriptor, bytes.data() + had, bytes.size() - had, static_cast<off_t>(first + had));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                throw data_error("[F0443] " + m_path + ": cannot be read: " +
                                 (got < 0 ? std::strerror(errno) : "it has become shorter"));
            }
            had += static_cast<std::size_t>(got);
        }
        return bytes;
    }

private:
    void shut() const {
        if (m_descriptor >= 0) {
            close(m_descriptor);
        }
    }
    std::string m_path;
    int m_descriptor;
    std::uint64_t m_size = 0;
};

/// What is read of the head and the table of a pack.
class pack_reader {
public:
    explicit pack_reader(const shared_file& file) : m_file(file) {}

    image_pack_table read() {
        constexpr std::uint64_t head = image_pack_table::head_bytes;
        m_bytes = m_file.read(0, (std::min)(m_file.size(), head));
        const std::string_view magic = image_pack_table::magic;
        if (m_bytes.size() < magic.size() || !std::equal(magic.begin(), magic.end(), m_bytes.begin())) {
            throw data_error("[F0444] " + m_file.path() +
                             ": expected a file that pack_images wrote, which begins with \"FITNASIP\"");
        }
        m_at = magic.size();
        if (const std::uint64_t version = number(4); version != 1) {
            throw data_error("[F0445] " + m_file.path() + ": expected an image pack of version 1, got " +
                             std::to_string(version));
        }
        const std::uint64_t classes = number(4);
        const std::uint64_t images = number(8);
        const std::uint64_t length = number(8);
        const std::uint64_t expected = number(8);
        refuse_unless(length <= m_file.size() - head, "the table has " + std::to_string(length) +
                                                          " bytes and the file " +
                                                          std::to_string(m_file.size()));
        m_bytes = m_file.read(head, length);
        m_at = 0;
        hash64 hash;
        hash.add_words(m_bytes.data(), m_bytes.size());
        refuse_unless(hash.value() == expected, "the table has another checksum than the head says");
        // Before there is room for them: each has some bytes of the table.
        refuse_unless(classes <= length / 4 && images <= length / 24,
                      "a table of " + std::to_string(length) + " bytes is too short for " +
                          std::to_string(classes) + " classes and " + std::to_string(images) + " images");
        image_pack_table table;
        for (std::uint64_t c = 0; c < classes; ++c) {
            table.classes.push_back(text());
        }
        table.images.reserve(static_cast<std::size_t>(images));
        for (std::uint64_t i = 0; i < images; ++i) {
            image_pack_table::image one;
            one.first = number(8);
            one.bytes = number(8);
            one.label = static_cast<std::uint32_t>(number(4));
            one.name = text();
            refuse_unless(one.first >= head + length && one.first <= m_file.size() &&
                              one.bytes <= m_file.size() - one.first,
                          "image " + std::to_string(i) + " has " + std::to_string(one.bytes) +
                              " bytes from " + std::to_string(one.first) + " on, and the file has " +
                              std::to_string(m_file.size()));
            refuse_unless(one.label < classes, "image " + std::to_string(i) + " has the label " +
                                                   std::to_string(one.label) + " of " +
                                                   std::to_string(classes) + " classes");
            table.images.push_back(std::move(one));
        }
        refuse_unless(m_at == m_bytes.size(), "the table goes on behind its last image");
        return table;
    }

private:
    void refuse_unless(bool good, const std::string& what) const {
        if (!good) {
            throw data_error("[F0446] " + m_file.path() + ": truncated or damaged image pack: " + what);
        }
    }
    std::uint64_t number(std::size_t bytes) {
        refuse_unless(bytes <= m_bytes.size() - m_at, "it ends inside of its table");
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            value |= std::uint64_t{m_bytes[m_at++]} << 8 * i;
        }
        return value;
    }
    std::string text() {
        const std::uint64_t length = number(4);
        refuse_unless(length <= m_bytes.size() - m_at, "it ends inside of its table");
        const auto* const first = reinterpret_cast<const char*>(m_bytes.data() + m_at);
        m_at += static_cast<std::size_t>(length);
        return {first, static_cast<std::size_t>(length)};
    }

    const shared_file& m_file;
    std::vector<std::uint8_t> m_bytes;
    std::size_t m_at = 0;
};

/// In some files.
struct encoded_packs final : encoded_images {
    std::vector<std::unique_ptr<const shared_file>> files;
    std::vector<image_pack_table::image> images;
    std::vector<std::size_t> first; ///< image of each file

    explicit encoded_packs(const std::vector<std::string>& paths) {
        for (const std::string& path : paths) {
            files.push_back(std::make_unique<const shared_file>(path));
            image_pack_table table = pack_reader(*files.back()).read();
            if (files.size() == 1) {
                class_names = std::move(table.classes);
            } else if (table.classes != class_names) {
                throw data_error("[F0450] " + path + ": expected the classes of " + paths.front() +
                                 " and their order, got others");
            }
            first.push_back(images.size());
            for (image_pack_table::image& i : table.images) {
                labels.push_back(static_cast<int>(i.label));
                images.push_back(std::move(i));
            }
        }
    }
    const shared_file& file_of(std::size_t image) const {
        return *files[static_cast<std::size_t>(std::upper_bound(first.begin(), first.end(), image) -
                                               first.begin()) -
                      1];
    }
    std::vector<std::uint8_t> bytes(std::size_t image) const override {
        return file_of(image).read(images[image].first, images[image].bytes);
    }
    std::uint64_t byte_count(std::size_t image) const override { return images[image].bytes; }
    std::string place(std::size_t image) const override {
        return file_of(image).path() + ": " + images[image].name;
    }
    std::string name(std::size_t image) const override { return images[image].name; }
};

FITNAS_LAZY_AGAIN std::string pack_name(std::size_t file, std::size_t files) {
    const auto padded = [](std::size_t n) {
        const std::string digits = std::to_string(n);
        return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
    };
    return padded(file) + "-of-" + padded(files) + ".pack";
}

FITNAS_LAZY_AGAIN std::vector<std::string> packs_in(const std::string& folder) {
    std::set<std::string> names;
    std::error_code failed;
    for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
        if (it->path().extension() == ".pack") {
            names.insert(it->path().filename().string());
        }
    }
    if (failed || names.empty()) {
        throw data_error("[F0451] " + folder + ": expected a folder of files that end with .pack" +
                         (failed ? ": " + failed.message() : ", got none"));
    }
    std::vector<std::string> paths;
    const auto add = [&](const std::string& name) { paths.push_back(without_slashes(folder) + "/" + name); };
    const std::size_t of = names.begin()->find("-of-");
    if (of != std::string::npos) { // written together: all must be there
        const std::size_t files = std::strtoul(names.begin()->c_str() + of + 4, nullptr, 10);
        for (std::size_t i = 0; i < (std::max)(files, names.size()); ++i) {
            if (i >= files || !names.contains(pack_name(i, files))) {
                throw data_error("[F0452] " + folder + ": expected the " + std::to_string(files) +
                                 " packs from " + pack_name(0, files) + " on, " +
                                 (i >= files ? "got " + std::to_string(names.size())
                                             : pack_name(i, files) + " is missing"));
            }
            add(pack_name(i, files)); // from 10,000 on, numbers sort otherwise as text
        }
        return paths;
    }
    std::for_each(names.begin(), names.end(), add);
    return paths;
}

} // namespace fitnas::detail

namespace fitnas {

FITNAS_API lazy_images read_image_pack(const std::string& path, const image_folder_options& options) {
    std::error_code none;
    return read_image_packs(std::filesystem::is_directory(path, none) ? detail::packs_in(path)
                                                                      : std::vector<std::string>{path},
                            options);
}

FITNAS_API lazy_images read_image_packs(const std::vector<std::string>& paths,
                                        const image_folder_options& options) {
    detail::check_folder_options(options);
    if (paths.empty()) {
        throw option_error("[F0453] read_image_packs: expected at least one path, got none");
    }
    const auto images = std::make_shared<const detail::encoded_packs>(paths);
    if (!options.classes.empty() && options.classes != images->class_names) {
        throw data_error("[F0447] " + paths.front() + ": expected a pack of the " +
                         std::to_string(options.classes.size()) + " classes from \"" +
                         options.classes.front() + "\" to \"" + options.classes.back() +
                         "\", got other names, or another order");
    }
    lazy_images result(images, options, {});
    require_consistent(result, paths.front());
    return result;
}

} // namespace fitnas

#endif

#endif
