/// The locale that a whole run of the tests has: results must be the same in each.
#ifndef FITNAS_TESTS_SUPPORT_TEST_LOCALE_HPP
#define FITNAS_TESTS_SUPPORT_TEST_LOCALE_HPP

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <locale>
#include <stdexcept>
#include <string>

/// Takes up the locale that FITNAS_TEST_LOCALE names, such as de_DE.UTF-8, for C's functions and for streams,
/// as programs with a user interface do; nothing where it names none. Ends the program where it is not there.
inline void take_up_test_locale() {
    const char* name = std::getenv("FITNAS_TEST_LOCALE");
    if (name == nullptr || *name == '\0') {
        return;
    }
    try {
        std::locale::global(std::locale(name)); // which is setlocale(LC_ALL, name) too
        std::setlocale(LC_MESSAGES, "C");       // the system's reasons stay English: tests compare them
    } catch (const std::runtime_error&) {
        std::fprintf(
            stderr,
            "FITNAS_TEST_LOCALE: there is no locale %s here; scripts/setup.sh --ci makes de_DE.UTF-8\n",
            name);
        std::exit(1);
    }
}

/// Numbers like 1.234,5: a locale of our own, so that the system need not have one.
struct german_numbers : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

/// While it lives, a program that writes such numbers: streams, and C's functions where the system has the
/// locale.
class german_program {
public:
    german_program()
        : m_streams(std::locale::global(std::locale(std::locale(), new german_numbers))),
          m_c(std::setlocale(LC_ALL, nullptr)) {
        std::setlocale(LC_ALL, "de_DE.UTF-8");
    }
    ~german_program() {
        std::locale::global(m_streams);
        std::setlocale(LC_ALL, m_c.c_str());
    }
    german_program(const german_program&) = delete;
    german_program& operator=(const german_program&) = delete;

private:
    std::locale m_streams;
    std::string m_c;
};

#endif
