// A space and images that train in a moment.

#ifndef FITNAS_TESTS_SUPERNET_SMALL_SPACES_HPP
#define FITNAS_TESTS_SUPERNET_SMALL_SPACES_HPP

#include <cstdint>
#include <cstring>
#include <span>

#include <fitnas/data/synthetic.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/space/search_space.hpp>

namespace small {

using namespace fitnas;

using two = operator_set<op::mbconv<3, 1>, op::identity>;
using three = operator_set<op::mbconv<3, 2>, op::max_pool<3>, op::mbconv<3, 2, 4>>;

// Cells with two and with three operators.
struct space : search_space<image<8, 8, 1>, stem<8>, stage<two, 2, 8>, stage<three, 1, 12, 2>, head<16, 4>> {
};

inline dataset images() {
    return datasets::synthetic({.image = {8, 8, 1},
                                .classes = 4,
                                .train = 512,
                                .validation = 200,
                                .test = 200,
                                .seed = seed{5},
                                .shift = 1});
}

// FNV-1a over the bits.
inline std::uint64_t hash(std::span<const float> values) {
    std::uint64_t h = 14695981039346656037ULL;
    for (const float v : values) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &v, sizeof bits);
        h = (h ^ bits) * 1099511628211ULL;
    }
    return h;
}

} // namespace small

#endif
