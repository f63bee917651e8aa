/// Misuses and the messages they get. `docs/misuse.md` is made from the cases by `tools/misuse.py`: the
/// comment above a case says what is wrong, its code is shown as it stands.
#ifndef FITNAS_TESTS_MISUSE_REFUSED_HPP
#define FITNAS_TESTS_MISUSE_REFUSED_HPP

#include <exception>
#include <filesystem>
#include <string>
#include <typeinfo>

#include <doctest/doctest.h>

#include <fitnas/core/error.hpp>

#include "../support/temporary_folder.hpp"

/// The text of the error of the class Error itself that `call` throws.
template <class Error, class Call>
std::string refusal(Call&& call) {
    try {
        call();
    } catch (const Error& e) {
        return (typeid(e) == typeid(Error) ? "" : "a class derived from the expected one: ") +
               std::string(e.what());
    } catch (const std::exception& e) {
        return std::string("another class of error: ") + e.what();
    }
    return "nothing was thrown";
}

/// @param when `construction` of an object, or `call` of a function
/// @param kind the class of the error
/// @param message its whole text
/// @param ... the code that gets it
#define REFUSED(when, kind, message, ...) CHECK(refusal<fitnas::kind>([&] { __VA_ARGS__; }) == message)

/// A folder of its own as the working directory, so that messages name files as the code does.
class working_folder {
public:
    working_folder() { std::filesystem::current_path(m_folder.path()); }
    ~working_folder() { std::filesystem::current_path(m_before); }
    working_folder(const working_folder&) = delete;
    working_folder& operator=(const working_folder&) = delete;

    void write(const std::string& name, const std::string& bytes) const { m_folder.write(name, bytes); }

private:
    std::filesystem::path m_before = std::filesystem::current_path();
    temporary_folder m_folder;
};

#endif
