/// What an error says, to look for the parts of it that matter.
#ifndef FITNAS_TESTS_SUPPORT_THROWN_HPP
#define FITNAS_TESTS_SUPPORT_THROWN_HPP

#include <string>

/// The text of the Error that `call` throws; "nothing was thrown" where it throws none.
template <class Error, class Call>
std::string thrown(Call&& call) {
    try {
        call();
    } catch (const Error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

#endif
