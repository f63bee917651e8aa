/// @file
/// @brief Cells of NAS-Bench-201 as that benchmark writes them.

#ifndef FITNAS_SPACE_NAS_BENCH_201_HPP
#define FITNAS_SPACE_NAS_BENCH_201_HPP

#include <array>
#include <string>
#include <string_view>

#include <fitnas/config.hpp>
#include <fitnas/space/architecture.hpp>
#include <fitnas/space/spaces.hpp>

namespace fitnas {

/// @brief A code of `spaces::nas_bench_201`, whatever its N and C.
using nas_bench_201_code = architecture<spaces::nas_bench_201<>>;

/// @return for example `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|`: for
/// each node but the first its edges, as the benchmark's files name them (Dong and Yang, arXiv 2001.00326)
/// @throws architecture_error where the code is not one of the space
FITNAS_API std::string nas_bench_201_text(const nas_bench_201_code& a);

/// @return the code of such a text
/// @throws architecture_error where it is none
FITNAS_API nas_bench_201_code parse_nas_bench_201(std::string_view text);

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {
inline constexpr std::array<std::string_view, 5> nas_bench_201_names{"none", "skip_connect", "nor_conv_1x1",
                                                                     "nor_conv_3x3", "avg_pool_3x3"};
} // namespace fitnas::detail

namespace fitnas {

FITNAS_API std::string nas_bench_201_text(const nas_bench_201_code& a) {
    require_valid<spaces::nas_bench_201<>>(a);
    std::string text;
    std::size_t at = 0;
    for (int to = 1; to < spaces::nas_bench_201_cell::nodes; ++to) {
        text += to == 1 ? "|" : "+|";
        for (int from = 0; from < to; ++from) {
            text += std::string(detail::nas_bench_201_names[a[at++]]) + "~" + std::to_string(from) + "|";
        }
    }
    return text;
}

FITNAS_API nas_bench_201_code parse_nas_bench_201(std::string_view text) {
    const auto refuse = [&](const std::string& expected, std::string_view rest) {
        throw architecture_error("[F0353] parse_nas_bench_201: \"" + std::string(text) + "\": expected " +
                                 expected + " at \"" + std::string(rest) + "\"");
    };
    std::string_view rest = text;
    const auto take = [&](std::string_view expected) {
        if (rest.substr(0, expected.size()) != expected) {
            refuse("\"" + std::string(expected) + "\"", rest);
        }
        rest.remove_prefix(expected.size());
    };
    nas_bench_201_code code{};
    std::size_t at = 0;
    for (int to = 1; to < spaces::nas_bench_201_cell::nodes; ++to) {
        take(to == 1 ? "|" : "+|");
        for (int from = 0; from < to; ++from) {
            const std::string_view name = rest.substr(0, rest.find('~'));
            std::uint8_t o = 0;
            while (o < detail::nas_bench_201_names.size() && detail::nas_bench_201_names[o] != name) {
                ++o;
            }
            if (o == detail::nas_bench_201_names.size()) {
                refuse("none, skip_connect, nor_conv_1x1, nor_conv_3x3 or avg_pool_3x3", rest);
            }
            code[at++] = o;
            rest.remove_prefix(name.size());
            take("~" + std::to_string(from) + "|");
        }
    }
    if (!rest.empty()) {
        refuse("the end", rest);
    }
    return code;
}

} // namespace fitnas

#endif

#endif
