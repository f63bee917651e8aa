/// @file
/// @brief Names of types, for files: the same from every compiler.

#ifndef FITNAS_IO_TYPE_NAME_HPP
#define FITNAS_IO_TYPE_NAME_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <fitnas/config.hpp>
#include <fitnas/space/search_space.hpp>

namespace fitnas::detail {

/// The last name of a type in a signature of the compiler's, "... [with T = a::b<1>::c<2>]" or "... [T =
/// ...]": without its scopes, which compilers write in ways of their own, and without its arguments: "c".
FITNAS_LAZY std::string last_name(std::string_view signature);

template <class T>
constexpr const char* signature_of() {
    return __PRETTY_FUNCTION__;
}

template <class T>
concept has_name = requires {
    { T::name } -> std::convertible_to<std::string_view>;
};

/// What a type calls itself (`static constexpr std::string_view name`), otherwise its last name.
template <class T>
std::string own_name() {
    if constexpr (has_name<T>) {
        return std::string(std::string_view(T::name));
    } else {
        return last_name(signature_of<T>());
    }
}

/// The same, with the names of the types that it is made of: "chain<beside<cell_operator, stage_operator>>".
/// A space has no part in it.
template <class T>
struct type_name {
    static std::string text() { return own_name<T>(); }
};

/// `code_space`, without the concept: g++ 12 takes a part for a space in some programs, where it asks the
/// concept of the arguments of a template template parameter as well.
template <class T, class = void>
inline constexpr bool is_space = false;
template <class T>
inline constexpr bool is_space<T, std::void_t<decltype(T::operator_counts)>> = true;

template <class Part>
void add_name(std::string& parts) {
    if constexpr (!is_space<Part>) {
        parts += (parts.empty() ? "" : ", ") + type_name<Part>::text();
    }
}

template <class T, class... Parts>
std::string name_with_parts() {
    std::string parts;
    (add_name<Parts>(parts), ...);
    return own_name<T>() + (has_name<T> || parts.empty() ? "" : "<" + parts + ">");
}

template <template <class...> class Of, class... Parts>
struct type_name<Of<Parts...>> {
    static std::string text() { return name_with_parts<Of<Parts...>, Parts...>(); }
};
template <template <code_space, class> class Of, code_space Space, class Part>
struct type_name<Of<Space, Part>> {
    static std::string text() { return name_with_parts<Of<Space, Part>, Part>(); }
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::string last_name(std::string_view signature) {
    const std::size_t begin = signature.find("T = ") + 4;
    std::size_t first = begin;
    std::size_t last = std::string_view::npos; // where its arguments begin
    int depth = 0;
    std::size_t i = begin;
    for (; i < signature.size(); ++i) {
        const char c = signature[i];
        if (depth == 0 && (c == ';' || c == ']' || c == ',')) {
            break;
        }
        if (c == '<' || c == '(' || c == '{' || c == '[') {
            last = depth++ == 0 ? i : last;
        } else if (c == '>' || c == ')' || c == '}' || c == ']') {
            --depth;
        } else if (depth == 0 && c == ':') {
            first = i + 1;
            last = std::string_view::npos;
        }
    }
    return std::string(signature.substr(first, (last < i ? last : i) - first));
}

} // namespace fitnas::detail

#endif

#endif
