// What stands at a path that is written, and what becomes of it: as if the file had been opened and written
// to, though it is replaced.
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fitnas/io/json.hpp>

#include "../support/file_size_limit.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using name_list = std::vector<std::string>;

std::string refusal(const std::string& path) {
    return thrown<data_error>([&] { write_json(path, json("new")); });
}

struct stat state_of(const std::string& path) {
    struct stat state = {};
    REQUIRE(lstat(path.c_str(), &state) == 0);
    return state;
}

/// A socket of this name, which stays when it is closed.
void make_socket(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    close(descriptor);
}

} // namespace

TEST_CASE("links stay links: what they name is written, also where it is not there yet") {
    const temporary_folder folder;
    std::filesystem::create_directories(folder.path("disk/deep"));
    folder.write("disk/file", "old");
    std::filesystem::create_symlink("disk/file", folder.path("relative"));
    std::filesystem::create_symlink(folder.path("disk/file"), folder.path("absolute"));
    std::filesystem::create_symlink("../file", folder.path("disk/deep/up"));
    std::filesystem::create_symlink("disk/deep/up", folder.path("chain"));
    std::filesystem::create_directory_symlink("disk", folder.path("folder"));
    int number = 0;
    for (const char* name : {"relative", "absolute", "disk/deep/up", "chain", "folder/file"}) {
        CAPTURE(name);
        write_json(folder.path(name), json(++number));
        CHECK(folder.read("disk/file") == std::to_string(number) + "\n");
        CHECK(std::filesystem::is_symlink(folder.path(name)) == (std::string(name) != "folder/file"));
    }
    std::filesystem::create_symlink("disk/absent", folder.path("dangling"));
    std::filesystem::create_symlink("dangling", folder.path("twice"));
    write_json(folder.path("twice"), json(7));
    CHECK(folder.read("disk/absent") == "7\n");
    CHECK(std::filesystem::is_symlink(folder.path("dangling")));
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(folder.path("disk/absent"))));
    std::filesystem::create_symlink("gone/absent", folder.path("nowhere"));
    CHECK(contains(refusal(folder.path("nowhere")), "No such file or directory"));
    for (const char* where : {"", "disk", "disk/deep"}) {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path(where))) {
            CHECK(entry.path().extension() != ".tmp");
        }
    }
}

TEST_CASE("mode and owner stay; a new file has those that the system gives") {
    const temporary_folder folder;
    const std::string path = folder.path("a");
    const mode_t mask = umask(022);
    write_json(path, json(1));
    CHECK((state_of(path).st_mode & 07777U) == 0644);
    for (const mode_t mode : {0600U, 0640U, 0666U, 0755U, 0604U}) {
        CAPTURE(mode);
        REQUIRE(chmod(path.c_str(), mode) == 0);
        write_json(path, json(2));
        CHECK((state_of(path).st_mode & 07777U) == mode);
    }
    if (geteuid() == 0) {
        REQUIRE(chown(path.c_str(), 65534, 65533) == 0);
        write_json(path, json(3));
        CHECK(state_of(path).st_uid == 65534);
        CHECK(state_of(path).st_gid == 65533);
    } else {
        MESSAGE("owners: skipped, for they need root");
    }
    umask(mask);
    // The other names of a file keep what it held.
    std::filesystem::create_hard_link(path, folder.path("other"));
    const std::string before = folder.read("a");
    write_json(path, json(4));
    CHECK(folder.read("a") == "4\n");
    CHECK(folder.read("other") == before);
}

TEST_CASE("a FIFO, a socket, a device or a folder is refused and stays, behind a link too") {
    const temporary_folder folder;
    REQUIRE(mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    make_socket(folder.path("socket"));
    std::filesystem::create_directory(folder.path("folder"));
    std::filesystem::create_symlink("/dev/null", folder.path("device"));
    for (const auto& [name, kind] : {std::pair("fifo", "a FIFO"), std::pair("socket", "a socket"),
                                     std::pair("folder", "a folder"), std::pair("device", "a device")}) {
        std::filesystem::create_symlink(name, folder.path(std::string("link_") + name));
        for (const std::string& path : {folder.path(name), folder.path(std::string("link_") + name)}) {
            CAPTURE(path);
            const mode_t before = state_of(path).st_mode;
            CHECK(contains(refusal(path), path +
                                              ": cannot be put in place: expected a file or nothing "
                                              "there, got " +
                                              kind));
            CHECK(state_of(path).st_mode == before);
        }
    }
    CHECK(contains(refusal(folder.path("folder/")), "got a folder"));
    CHECK(contains(refusal(folder.path("folder/.")), "got a folder"));
    const name_list expected{"device",    "fifo",        "folder",      "link_device",
                             "link_fifo", "link_folder", "link_socket", "socket"};
    CHECK(folder.names() == expected);
    CHECK(std::filesystem::is_empty(folder.path("folder")));
}

TEST_CASE("names that cannot be written are errors of the library, with the system's reason") {
    const temporary_folder folder;
    folder.write("file", "old");
    std::filesystem::create_symlink("second", folder.path("first"));
    std::filesystem::create_symlink("first", folder.path("second"));
    std::filesystem::create_symlink("self", folder.path("self"));
    CHECK(contains(refusal(folder.path("first")), "Too many levels of symbolic links"));
    CHECK(contains(refusal(folder.path("self")), "Too many levels of symbolic links"));
    CHECK(contains(refusal(folder.path("self/a")), "Too many levels of symbolic links"));
    CHECK(contains(refusal(folder.path(std::string(300, 'a'))), "File name too long"));
    CHECK(contains(refusal(folder.path(std::string(254, 'a'))), "File name too long")); // its temporary
    CHECK(contains(refusal(std::string(5000, '/') + "a"), "File name too long"));
    CHECK(contains(refusal(folder.path("file/a")), "Not a directory"));
    CHECK(contains(refusal(folder.path("file/")), "Not a directory"));
    CHECK(contains(refusal(folder.path("absent/")), "absent/.tmp: No such file or directory"));
    CHECK(contains(refusal(""), "expected the path of a file, got an empty one"));
    CHECK(contains(refusal(folder.path(std::string("file\0x", 6))), "one with a zero byte"));
    CHECK(folder.read("file") == "old");
    CHECK(folder.names() == name_list{"file", "first", "second", "self"});
}

TEST_CASE("a temporary that is none of ours is left alone") {
    const temporary_folder folder;
    folder.write("a", "old");
    folder.write("precious", "kept");
    std::filesystem::create_symlink("precious", folder.path("a.tmp"));
    CHECK(contains(refusal(folder.path("a")), "a.tmp: File exists"));
    std::filesystem::remove(folder.path("a.tmp"));
    REQUIRE(mkfifo(folder.path("a.tmp").c_str(), 0600) == 0);
    CHECK(contains(refusal(folder.path("a")), "a.tmp: File exists"));
    CHECK(folder.read("a") == "old");
    CHECK(folder.read("precious") == "kept");
    CHECK(folder.names() == name_list{"a", "a.tmp", "precious"});
    // One that a program which was killed has left is taken over.
    std::filesystem::remove(folder.path("a.tmp"));
    folder.write("a.tmp", "half of someth");
    write_json(folder.path("a"), json(1));
    CHECK(folder.read("a") == "1\n");
    CHECK(folder.names() == name_list{"a", "precious"});
}

TEST_CASE("asking whether a path can be written changes nothing") {
    const temporary_folder folder;
    folder.write("a", "old");
    const struct stat before = state_of(folder.path("a"));
    detail::require_writable(folder.path("a"));
    detail::require_writable(folder.path("b"));
    CHECK(folder.names() == name_list{"a"});
    CHECK(folder.read("a") == "old");
    CHECK(state_of(folder.path("a")).st_ino == before.st_ino);
    CHECK(contains(thrown<data_error>([&] { detail::require_writable(folder.path("no/b")); }),
                   "No such file or directory"));
}

TEST_CASE("files and folders that must not be written are refused, for whoever is not root") {
    const temporary_folder folder;
    std::filesystem::create_directories(folder.path("open"));
    std::filesystem::create_directories(folder.path("closed"));
    folder.write("open/read_only", "old");
    folder.write("closed/writable", "old");
    const auto mode = [&](const char* name, mode_t m) { REQUIRE(chmod(folder.path(name).c_str(), m) == 0); };
    mode("", 0755);
    mode("open", 0777);
    mode("open/read_only", 0444);
    mode("closed/writable", 0666);
    mode("closed", 0555);
    const pid_t child = fork();
    if (child == 0) { // a thread of its own of one process cannot become somebody else alone
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(2);
        }
        bool refused = true;
        for (const char* name : {"open/read_only", "closed/writable", "closed/new"}) {
            refused = refused && contains(refusal(folder.path(name)), "Permission denied");
        }
        _exit(refused && refusal(folder.path("open/new")) == "nothing was thrown" ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    mode("closed", 0755);
    CHECK(folder.read("open/read_only") == "old");
    CHECK(folder.read("closed/writable") == "old");
    CHECK(folder.read("open/new") == "\"new\"\n");
    CHECK(!std::filesystem::exists(folder.path("closed/new")));
}

TEST_CASE("a full disk is an error, and leaves what stood there") {
    const temporary_folder folder;
    folder.write("a.json", "old");
    const file_size_limit full(1000);
    const std::string text =
        thrown<data_error>([&] { write_json(folder.path("a.json"), json(std::string(100000, 'x'))); });
    CHECK(contains(text, "a.json: cannot be written: File too large"));
    CHECK(folder.names() == name_list{"a.json"});
    CHECK(folder.read("a.json") == "old");
}

TEST_CASE("who writes by a link and who writes by the name take turns") {
    const temporary_folder folder;
    std::filesystem::create_symlink("a", folder.path("link"));
    std::vector<std::string> failed(4);
    std::vector<std::thread> writers;
    for (std::size_t w = 0; w < 4; ++w) {
        writers.emplace_back([&, w] {
            failed[w] = thrown<data_error>([&] {
                for (int i = 0; i < 30; ++i) {
                    write_json(folder.path(w % 2 == 0 ? "a" : "link"), json(std::string(50000, 'x')));
                }
            });
        });
    }
    for (std::thread& w : writers) {
        w.join();
    }
    CHECK(failed == name_list(4, "nothing was thrown"));
    CHECK(folder.read("a").size() == 50003);
    CHECK(folder.names() == name_list{"a", "link"});
}
