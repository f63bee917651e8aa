/// Spaces, codes, costs and limits.
#include <cmath>
#include <cstddef>
#include <vector>

#include <fitnas/space/codes.hpp>
#include <fitnas/space/latency_table.hpp>
#include <fitnas/space/limit.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/space/spaces.hpp>

#include "refused.hpp"

using namespace fitnas;
using spaces::fashion_tiny; // 4 cells of 4 operators, 10 classes
using other_space =
    search_space<image<32, 32, 3>, stem<8, 2>, stage<spaces::fashion_tiny_operators, 2, 16, 2>,
                 stage<spaces::fashion_tiny_operators, 2, 32, 2>, head<64, 10>>;

TEST_CASE("misuse of spaces, codes and limits") {
    const std::vector<double> ones(fashion_tiny::layout().blocks.size(), 1.0);
    const latency_table slow(fashion_tiny::layout(), ones);
    const latency_table foreign(other_space::layout(), ones);

    // a code that is too short
    REFUSED(call, architecture_error,
            "[F0301] architecture code \"012\": expected 4 characters, one a cell, got 3",
            parse<fashion_tiny>("012"));
    // a code for another space
    REFUSED(call, architecture_error,
            "[F0301] architecture code \"00121200\": expected 4 characters, one a cell, got 8",
            parse<fashion_tiny>("00121200"));
    // an operator that the cell does not have
    REFUSED(call, architecture_error,
            "[F0302] architecture code \"0140\": cell 2 has the operators 0 to 3, got '4'",
            parse<fashion_tiny>("0140"));
    // a separator in a code
    REFUSED(call, architecture_error,
            "[F0302] architecture code \"0-12\": cell 1 has the operators 0 to 3, got '-'",
            parse<fashion_tiny>("0-12"));
    // an operator that the cell does not have, in numbers
    REFUSED(call, architecture_error, "[F0303] architecture: cell 2 has the operators 0 to 3, got 9",
            architecture<fashion_tiny> a{0, 1, 9, 0};
            cost::macs<fashion_tiny>(a));
    // a number past the last architecture
    REFUSED(call, architecture_error,
            "[F0304] architecture_at: the space has 256 architectures, asked for number 256",
            architecture_at<fashion_tiny>(fashion_tiny::size));
    // more networks than the space has
    REFUSED(call, option_error, "[F0320] sample: asked for 5 different networks, the space has 4 codes",
            sample<codes<2, 2>>(5, seed{1}));
    // minus one network
    REFUSED(call, option_error,
            "[F0320] sample: asked for 18446744073709551615 different networks, the space has 256 codes",
            sample<fashion_tiny>(std::size_t(-1), seed{1}));
    // a negative limit
    REFUSED(call, option_error, "[F0309] limit: macs: expected at most 0 or more, got -1",
            cost::macs_at_most(-1));
    // milliseconds that are no number
    REFUSED(call, option_error, "[F0309] limit: latency: expected at most 0 ms or more, got nan",
            cost::latency_at_most(slow, std::nan("")));
    // a latency table without one operator
    REFUSED(construction, shape_error,
            "[F0308] latency_table: expected one value for each of the 18 blocks of the space, got 17",
            latency_table(fashion_tiny::layout(), std::vector<double>(17, 0.1)));
    // a latency below 0
    REFUSED(construction, numeric_error,
            "[F0307] latency_table: block 3 (mb2_k5): expected milliseconds from 0 to 1e300, got -1",
            std::vector<double> ms(18, 0.1);
            ms[3] = -1; latency_table(fashion_tiny::layout(), ms));
    // the latency table of another space, as many blocks
    REFUSED(call, shape_error,
            "[F0336] cost latency: of another space: expected the fingerprint fd717d5a4f1c2c7c, got "
            "d9c4bb65cdc08b15",
            cost::latency<fashion_tiny>(foreign, parse<fashion_tiny>("0000")));
    // a latency table that was never filled
    REFUSED(
        call, shape_error,
        "[F0336] cost latency: of another space: expected the fingerprint fd717d5a4f1c2c7c, got none, its "
        "table is empty",
        check_of<fashion_tiny>(cost::latency_at_most(latency_table(), 5)));
    // a limit on macs for a space of bare codes
    REFUSED(call, option_error,
            "[F0315] cost: the space has no layout, so its codes have no macs; a cost of your own is made by "
            "cost::table<space>(name, unit, values)",
            check_of<codes<3, 3>>(cost::macs_at_most(1000)));
    // a cost of one's own that forgets an operator
    REFUSED(call, shape_error,
            "[F0394] cost energy: cell 1: expected a value for each of its 3 operators, got 2",
            cost::table<codes<3, 3>>("energy", "mJ", {{1, 2, 3}, {1, 2}}));
    // an energy that was never measured
    REFUSED(
        call, numeric_error,
        "[F0391] cost energy: cell 0, operator 2 (mb2_k5): expected a value from 0 to 1e300, got nan",
        cost::table<fashion_tiny>("energy", "mJ", [](int, int o) { return o == 2 ? std::nan("") : 0.5; }));
    // latencies of two devices under one name
    REFUSED(call, option_error,
            "[F0395] limit: expected names that say which cost is meant, got two costs named latency; a "
            "latency_table is named by cost::latency(table, name)",
            std::vector<double> twos(18, 2.0);
            const latency_table slower(fashion_tiny::layout(), twos);
            cost::latency_at_most(slow, 5) && cost::latency_at_most(slower, 9));
    // a limit that nothing keeps
    REFUSED(call, limit_error, "[F0313] exhaustive: no architecture meets macs <= 1000; the least is 61984",
            check_of<fashion_tiny>(cost::macs_at_most(1000)).require_possible("exhaustive"));
}
