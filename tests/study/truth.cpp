// Random networks of one cost, also in a space that nobody can enumerate.

#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include <fitnas/space/spaces.hpp>
#include <fitnas/study/truth.hpp>

using namespace fitnas;

TEST_CASE("random networks of a cost are different ones within 5 %, in small and in large spaces") {
    const auto near_enough = []<class Space>(const architecture<Space>& a, const auto& found, double most) {
        std::set<architecture<Space>> different(found.begin(), found.end());
        CHECK(different.size() == found.size());
        CHECK(!different.contains(a));
        for (const auto& other : found) {
            const double ratio =
                static_cast<double>(cost::macs<Space>(other)) / static_cast<double>(cost::macs<Space>(a));
            CHECK(std::abs(ratio - 1) <= most);
        }
    };
    using large = spaces::mobile_19x6_of<64, 10>;
    const architecture<large> middle{2, 3, 1, 4, 0, 5, 2, 3, 1, 4, 0, 5, 2, 3, 1, 4, 0, 5, 2};
    const auto found = study::of_same_cost<large>(middle, 4, seed{1});
    CHECK(found.size() == 4);
    near_enough.operator()<large>(middle, found, 0.05);
    CHECK(study::of_same_cost<large>(middle, 4, seed{1}) == found);
    CHECK(study::of_same_cost<large>(middle, 4, seed{2}) != found);
    architecture<large> heaviest{};
    heaviest.fill(5); // no random network is within 5 %: the bounds grow
    const auto heavy = study::of_same_cost<large>(heaviest, 3, seed{1});
    CHECK(heavy.size() == 3);
    near_enough.operator()<large>(heaviest, heavy, 0.2);

    using small_space = spaces::fashion_tiny;
    near_enough.operator()<small_space>({1, 2, 3, 1},
                                        study::of_same_cost<small_space>({1, 2, 3, 1}, 3, seed{1}), 0.05);
}
