#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/core/rng.hpp>
#include <fitnas/io/csv_rows.hpp>

#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

using row = std::vector<std::string>;

std::string refusal(const temporary_folder& folder, const std::string& bytes) {
    return thrown<data_error>([&] { read_rows(folder.write("bad.csv", bytes)); });
}

} // namespace

TEST_CASE("rows of any text come back as they were") {
    const temporary_folder folder;
    const csv_rows table{.header = {"plain", "with, comma", "with \"quotes\""},
                         .rows = {{"a", "b,c", "say \"yes\""},
                                  {"", "two\nlines", "\r\n"},
                                  {" spaces ", "\"", ",\",\"\"\n"},
                                  {"\xC3\xA4", "-0.5", ""}}};
    write_rows(folder.path("t.csv"), table);
    const csv_rows back = read_rows(folder.path("t.csv"));
    CHECK(back.header == table.header);
    CHECK(back.rows == table.rows);
    CHECK(folder.names() == row{"t.csv"});
}

TEST_CASE("only fields that need quotes get them") {
    const temporary_folder folder;
    write_rows(folder.path("t.csv"), {.header = {"a", "b"}, .rows = {{"1", "x y"}, {"p,q", "r\"s"}}});
    CHECK(folder.read("t.csv") == "a,b\n1,x y\n\"p,q\",\"r\"\"s\"\n");
}

TEST_CASE("what others write is read: line ends of Windows, a byte order mark, quotes, no last line end") {
    const temporary_folder folder;
    const csv_rows expected{.header = {"a", "b"}, .rows = {{"1", "x"}, {"", "2"}}};
    for (const std::string& bytes : {std::string("a,b\n1,x\n,2\n"), std::string("a,b\n1,x\n,2"),
                                     std::string("a,b\r\n1,x\r\n,2\r\n"), std::string("a,b\r\n1,x\r\n,2\r"),
                                     std::string("\xEF\xBB\xBF"
                                                 "a,b\n1,x\n,2\n"),
                                     std::string("\"a\",\"b\"\n\"1\",\"x\"\n\"\",\"2\""),
                                     std::string("\"a\",b\r\n1,\"x\"\r\n,\"2\"\r\n")}) {
        CAPTURE(bytes);
        const csv_rows back = read_rows(folder.write("t.csv", bytes));
        CHECK(back.header == expected.header);
        CHECK(back.rows == expected.rows);
    }
    CHECK(read_rows(folder.write("t.csv", "a,b")).rows.empty());
    CHECK(read_rows(folder.write("t.csv", "a,b\n")).rows.empty());
    CHECK(read_rows(folder.write("t.csv", "a,b\n,\n")).rows == std::vector<row>{{"", ""}});
    CHECK(read_rows(folder.write("t.csv", "a\n\"\"\n")).rows == std::vector<row>{{""}});
}

TEST_CASE("blank lines behind the last row are none") {
    const temporary_folder folder;
    for (const char* end : {"", "\n", "\n\n", "\n\n\n\n", "\r\n\r\n", "\n \t\n  ", "\n\r\n \r"}) {
        CAPTURE(std::string(end));
        const csv_rows two = read_rows(folder.write("t.csv", std::string("a,b\n1,x\n,2") + end));
        CHECK(two.rows == std::vector<row>{{"1", "x"}, {"", "2"}});
        CHECK(read_rows(folder.write("t.csv", std::string("a\n1") + end)).rows == std::vector<row>{{"1"}});
        CHECK(read_rows(folder.write("t.csv", std::string("a,b") + end)).rows.empty());
    }
    CHECK(read_rows(folder.write("t.csv", "a\n\n1\n\n")).rows == std::vector<row>{{""}, {"1"}});
    // A row that would seem blank is written so that it is read.
    const csv_rows blanks{.header = {"a"}, .rows = {{"x"}, {""}, {" "}, {"\n"}, {""}}};
    write_rows(folder.path("t.csv"), blanks);
    CHECK(read_rows(folder.path("t.csv")).rows == blanks.rows);
}

TEST_CASE("lines of comment are left out where they are asked for, and count as lines") {
    const temporary_folder folder;
    const std::string text = "# made by hand\n#\na,b\n1,#2\n# 5,6\r\n\"#3\",\"4\n# 4\"\n#end\n\n# end";
    const csv_rows read = read_rows(folder.write("t.csv", text), '#');
    CHECK(read.header == row{"a", "b"});
    CHECK(read.rows == std::vector<row>{{"1", "#2"}, {"#3", "4\n# 4"}});
    CHECK(contains(thrown<data_error>([&] { read_rows(folder.write("t.csv", text + "\n1\n"), '#'); }),
                   ":9: expected 2 fields, got 1"));
    CHECK(contains(thrown<data_error>([&] { read_rows(folder.write("t.csv", "# only\n# this"), '#'); }),
                   "the file is empty"));
    CHECK(contains(thrown<data_error>([&] { read_rows(folder.write("t.csv", "a,b\n# 1\n")); }),
                   "expected 2 fields, got 1"));
    for (const char wrong : {',', '"', '\n', ' ', '0', 'a', '-', '.', '+'}) {
        CHECK(contains(thrown<option_error>([&] { read_rows(folder.path("t.csv"), wrong); }),
                       "comment: expected one of"));
    }
}

TEST_CASE("a file that is no text is refused in one sentence") {
    const temporary_folder folder;
    const std::string bad = folder.path("bad.csv");
    const std::string ascii = "arch,score\n0,1\n";
    const auto wide = [&](std::size_t bytes, std::size_t place) {
        std::string text;
        for (const char c : ascii) {
            std::string unit(bytes, '\0');
            unit[place] = c;
            text += unit;
        }
        return text;
    };
    const std::string utf16 = "[F0976] " + bad + ": expected text in UTF-8, the file is in UTF-16";
    CHECK(refusal(folder, wide(2, 0)) == utf16);
    CHECK(refusal(folder, wide(2, 1)) == utf16);
    CHECK(refusal(folder, "\xFF\xFE" + wide(2, 0)) == utf16);
    CHECK(refusal(folder, "\xFE\xFF" + wide(2, 1)) == utf16);
    CHECK(refusal(folder, "\xFF\xFE") == utf16);
    const std::string utf32 = "[F0976] " + bad + ": expected text in UTF-8, the file is in UTF-32";
    CHECK(refusal(folder, wide(4, 0)) == utf32);
    CHECK(refusal(folder, wide(4, 3)) == utf32);
    CHECK(refusal(folder, std::string("\xFF\xFE\0\0", 4) + wide(4, 0)) == utf32);
    CHECK(refusal(folder, std::string("\0\0\xFE\xFF", 4) + wide(4, 3)) == utf32);
    CHECK(refusal(folder, std::string("a,b\n1,2\0\n", 9)) ==
          "[F0975] " + bad + ": expected text, got a byte of zeros (NUL) at byte 7, line 2");
    CHECK(refusal(folder, std::string("a,b\n1,2\n\0", 9)) ==
          "[F0975] " + bad + ": expected text, got a byte of zeros (NUL) at byte 8, line 3");
    CHECK(refusal(folder, std::string("\0", 1)) ==
          "[F0975] " + bad + ": expected text, got a byte of zeros (NUL) at byte 0, line 1");
}

TEST_CASE("malformed files are refused with path and line") {
    const temporary_folder folder;
    const std::string bad = folder.path("bad.csv");
    CHECK(refusal(folder, "") == "[F0921] " + bad + ": expected a header, the file is empty");
    CHECK(refusal(folder, "a,b\n1,2\n3\n") == "[F0924] " + bad + ":3: expected 2 fields, got 1");
    CHECK(refusal(folder, "a,b\n1,2,3\n") == "[F0924] " + bad + ":2: expected 2 fields, got 3");
    CHECK(refusal(folder, "a,b\n1,2\n\n3,4\n") == "[F0924] " + bad + ":3: expected 2 fields, got 1");
    CHECK(refusal(folder, "\r\n \n") == "[F0921] " + bad + ": expected a header, the file is empty");
    CHECK(refusal(folder, "a,b,a\n") == "[F0922] " + bad + ":1: the header names the column \"a\" twice");
    CHECK(refusal(folder, "a,b\n1,\"2\n3,4\n") == "[F0926] " + bad + ":2: a quoted field does not end");
    CHECK(refusal(folder, "a,b\n1,\"2\"3\n") ==
          "[F0927] " + bad + ":2: expected a comma or the end of the line after a quoted field");
    CHECK(refusal(folder, "a,b\n1,2\"\n") ==
          "[F0925] " + bad + ":2: a quote inside of a field that does not begin with one: 2\"");
    // A field over several lines counts all of them.
    CHECK(refusal(folder, "a,b\n1,\"x\ny\nz\"\n5\n") == "[F0924] " + bad + ":5: expected 2 fields, got 1");
    CHECK(contains(thrown<data_error>([&] { read_rows(folder.path("absent.csv")); }), "absent.csv"));
}

TEST_CASE("rows that do not fit their header are not written") {
    const temporary_folder folder;
    const std::string path = folder.path("t.csv");
    CHECK(contains(thrown<shape_error>([&] {
                       write_rows(path, {.header = {"a"}, .rows = {{"1"}, {"1", "2"}}});
                   }),
                   "row 1: expected 1 fields, got 2"));
    CHECK(contains(thrown<option_error>([&] { write_rows(path, {}); }), "got none"));
    CHECK(contains(thrown<option_error>([&] { write_rows(path, {.header = {"a", ""}}); }), "an empty name"));
    CHECK(contains(thrown<option_error>([&] {
                       write_rows(path, {.header = {"b", "a", "b"}});
                   }),
                   "\"b\" twice"));
    CHECK(folder.names().empty());
}

TEST_CASE("exact_text reads back as the same bits, and is short") {
    CHECK(exact_text(0.1) == "0.1");
    CHECK(exact_text(-2) == "-2");
    CHECK(exact_text(std::numeric_limits<double>::infinity()) == "inf");
    random_stream random(seed{8}, purpose::user);
    for (int i = 0; i < 10000; ++i) {
        const std::uint64_t bits = std::uint64_t{random.bits()} << 32U | random.bits();
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        if (std::isfinite(value)) {
            std::istringstream text(exact_text(value));
            text.imbue(std::locale::classic());
            double back = 0;
            text >> back;
            CHECK(back == value);
        }
    }
}
