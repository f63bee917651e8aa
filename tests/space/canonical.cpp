#include <map>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/space/canonical.hpp>
#include <fitnas/space/cost.hpp>
#include <fitnas/space/spaces.hpp>

#include "nas_bench_macro.hpp"
#include "spaces_for_tests.hpp"

using namespace fitnas;

TEST_CASE("canonical form of NAS-Bench-Macro as its authors define it") {
    using space = spaces::nas_bench_macro;
    // In stages of 2, 3 and 3: the first character, the non-zero others in their order, then the zeros.
    const auto expected = [](const std::string& code) {
        std::string result;
        for (const auto& [first, length] : {std::pair(0, 2), std::pair(2, 3), std::pair(5, 3)}) {
            const auto from = static_cast<std::size_t>(first);
            std::string others;
            for (const char c : code.substr(from + 1, static_cast<std::size_t>(length) - 1)) {
                others += c == '0' ? "" : std::string(1, c);
            }
            others.resize(static_cast<std::size_t>(length) - 1, '0');
            result += code[from] + others;
        }
        return result;
    };
    std::set<architecture<space>> different;
    std::size_t wrong = 0;
    for_each_architecture<space>([&](const architecture<space>& a) {
        const architecture<space> c = canonical<space>(a);
        wrong += to_string<space>(c) != expected(to_string<space>(a));
        wrong += canonical<space>(c) != c;
        different.insert(c);
    });
    CHECK(wrong == 0);
    CHECK(different.size() == 3969);
    CHECK(different_networks<space>() == std::vector(different.begin(), different.end()));
}

TEST_CASE("equal networks of NAS-Bench-Macro share their results, different ones do not") {
    using space = spaces::nas_bench_macro;
    const std::vector<macro_row> rows = nas_bench_macro_rows();
    if (rows.empty()) {
        MESSAGE("skipped: FITNAS_DATA_DIR has no nas_bench_macro_cifar10.csv");
        return;
    }
    std::map<std::vector<double>, architecture<space>> network_of;
    std::size_t wrong = 0;
    for (const macro_row& row : rows) {
        const auto network = canonical<space>(parse<space>(row.code));
        wrong += network_of.try_emplace(row.accuracies, network).first->second != network;
    }
    CHECK(rows.size() == 6561);
    CHECK(network_of.size() == 3969);
    CHECK(wrong == 0);
}

TEST_CASE("canonical form where cells have different operators") {
    // The first stage: cell 0 changes the shape, cell 1 keeps it by itself, a fixed layer stands behind.
    CHECK(canonical<mixed_space>({0, 0, 0, 0}) == architecture<mixed_space>{0, 0, 0, 0});
    CHECK(canonical<mixed_space>({0, 2, 0, 0}) == architecture<mixed_space>{0, 2, 0, 0});
    CHECK(same_network<mixed_space>({1, 1, 1, 1}, {1, 1, 1, 2})); // two names of one operator
    CHECK(canonical<mixed_space>({1, 1, 1, 2}) == architecture<mixed_space>{1, 1, 1, 1});
    CHECK_FALSE(same_network<mixed_space>({1, 1, 1, 1}, {1, 1, 1, 3}));
    CHECK_FALSE(same_network<mixed_space>({1, 0, 1, 1}, {0, 1, 1, 1}));
    CHECK(different_networks<mixed_space>().size() == 3 * 3 * 2 * 3);
    CHECK_THROWS_AS(canonical<mixed_space>({0, 0, 2, 0}), architecture_error);
}

TEST_CASE("a fixed layer between two runs keeps them apart") {
    using ops = operator_set<op::identity, op::conv<3>>;
    using joined = search_space<image<8, 8, 4>, stem<4>, stage<ops, 1, 4>, stage<ops, 1, 4>, head<4, 2>>;
    using apart = search_space<image<8, 8, 4>, stem<4>, stage<ops, 1, 4>, fixed<op::conv<1>, 4>,
                               stage<ops, 1, 4>, head<4, 2>>;
    CHECK(same_network<joined>({0, 1}, {1, 0})); // two stages of one shape are one run
    CHECK(canonical<joined>({0, 1}) == architecture<joined>{1, 0});
    CHECK_FALSE(same_network<apart>({0, 1}, {1, 0}));
}

TEST_CASE("operators move only into cells that have them") {
    using all = operator_set<op::identity, op::conv<3>, op::conv<5>>;
    using some = operator_set<op::conv<5>, op::identity>;
    using space = search_space<image<8, 8, 4>, stem<4>, stage<some, 1, 4>, stage<all, 2, 4>, head<4, 2>>;
    CHECK(canonical<space>({1, 0, 1}) == architecture<space>{1, 1, 0}); // conv 3 cannot stand in cell 0
    CHECK(canonical<space>({1, 0, 2}) == architecture<space>{0, 0, 0}); // conv 5 can
    CHECK(canonical<space>({1, 2, 1}) == architecture<space>{0, 1, 0});
    CHECK(canonical<space>({1, 1, 2}) == architecture<space>{1, 1, 2});
    // Without operators that do nothing in every cell, a move can be impossible.
    using full = operator_set<op::conv<3>, op::conv<5>>;
    using stuck = search_space<image<8, 8, 4>, stem<4>, stage<all, 1, 4>, stage<full, 1, 4>, head<4, 2>>;
    CHECK(canonical<stuck>({0, 1}) == architecture<stuck>{0, 1});
}
