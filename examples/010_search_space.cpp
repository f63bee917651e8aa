// A search space is a type: its size, its costs and the equality of its networks are known when it compiles.
//
// Prints:
//   4 cells, 256 codes, 256 different networks; the supernet has 164682 parameters
//   code 0123: 4565728 multiply-accumulates, 52434 parameters
//   a code with one digit too many: [F0301] architecture code "01230": expected 4 characters, one a cell, got
//   5

#include <cstdio>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

// Candidates are mbconv<kernel, expansion>.
using ops = operator_set<op::mbconv<3, 3>, op::mbconv<5, 3>, op::mbconv<3, 6>, op::mbconv<5, 6>>;

// A struct of its own keeps error messages short; `using space = search_space<...>` works too.
struct space : search_space<image<28, 28, 1>,     // height, width, channels
                            stem<16, 1>,          // 3x3 convolution: width, stride
                            stage<ops, 2, 24, 2>, // candidates, cells, width, stride of the first cell
                            stage<ops, 2, 40, 2>, head<128, 10>> {}; // 1x1 convolution, pool, classes

static_assert(space::cells == 4 && space::size == 256);
static_assert(cost::macs<space>({0, 0, 0, 0}) < cost::macs<space>({3, 3, 3, 3}));
static_assert(same_network<space>({0, 1, 2, 3}, {0, 1, 2, 3}));

int main() {
    std::printf("%d cells, %llu codes, %zu different networks; the supernet has %lld parameters\n",
                space::cells, static_cast<unsigned long long>(space::size),
                different_networks<space>().size(), space::supernet_parameters);
    const auto a = parse<space>("0123");
    std::printf("code %s: %lld multiply-accumulates, %lld parameters\n", to_string<space>(a).c_str(),
                cost::macs<space>(a), cost::parameters<space>(a));
    try {
        parse<space>("01230");
    } catch (const architecture_error& e) {
        std::printf("a code with one digit too many: %s\n", e.what());
    }
}
