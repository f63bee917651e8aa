#include <doctest/doctest.h>

#include <fitnas/predictor/fitted.hpp>
#include <fitnas/predictor/table.hpp>

#include "fixtures.hpp"

using namespace fitnas;
using namespace fixtures;

TEST_CASE("a dense table holds what the model predicts, in the order of the codes") {
    const fitted<chain_net> model(chain_net::initial_parameters(seed{1}), line{3, 2});
    const dense_table table(model);
    static_assert(std::is_same_v<decltype(table), const dense_table<tiny>>);
    static_assert(predictor<dense_table<tiny>>);
    REQUIRE(table.values().size() == 48);
    std::size_t i = 0;
    for_each_architecture<tiny>([&](const architecture<tiny>& a) {
        CHECK(table.values()[i] == doctest::Approx(model.predict(a)).epsilon(1e-6));
        CHECK(table.predict(a) == table.values()[i++]);
    });
    const std::vector<architecture<tiny>> two{{2, 1, 3, 1}, {0, 1, 0, 1}};
    CHECK(table.predict(std::span<const architecture<tiny>>(two)) ==
          std::vector<double>{table.predict(two[0]), table.predict(two[1])});
    CHECK_THROWS_AS(table.predict(architecture<tiny>{0, 0, 4, 0}), architecture_error);
}

TEST_CASE("what does not decompose is asked code by code") {
    const fitted<complete_net> model(complete_net::initial_parameters(seed{1}), line{3, 2});
    static_assert(!decomposable<fitted<complete_net>>);
    const dense_table table(model);
    for_each_architecture<tiny>(
        [&](const architecture<tiny>& a) { CHECK(table.predict(a) == model.predict(a)); });
}

TEST_CASE("a space larger than a block is looked up right to the end") {
    using large = codes<30, 30, 30>;
    using net = gcn::model<encoding::chain<large, feature::cell_operator>, gcn::conv<2>, gcn::mean_pool,
                           gcn::linear<1>>;
    const fitted<net> model(net::initial_parameters(seed{1}));
    const dense_table table(model);
    CHECK(table.values().size() == 27000);
    for (const architecture<large>& a : {architecture<large>{18, 6, 3}, {18, 6, 4}, {29, 29, 29}}) {
        CHECK(table.predict(a) == doctest::Approx(model.predict(a)).epsilon(1e-6));
    }
}

TEST_CASE("cells where nothing is to choose add no table and change no value") {
    const auto compare = [](auto codes_of) {
        using segment = decltype(codes_of);
        using net = gcn::model<encoding::chain<segment, feature::cell_operator>, gcn::conv<4>, gcn::relu,
                               gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
        const fitted<net> model(net::initial_parameters(seed{1}));
        CHECK(windows(model).terms().size() <= 1);
        const dense_table table(model);
        for_each_architecture<segment>([&](const architecture<segment>& a) {
            CHECK(table.predict(a) == doctest::Approx(model.predict(a)).epsilon(1e-6));
        });
    };
    compare(codes<1, 1, 1, 3, 2, 4, 1, 1, 1>());
    compare(codes<1, 1, 5>());
    compare(codes<5, 1, 1>());
    compare(codes<1, 1, 1>());
}

TEST_CASE("spaces that are too large are refused") {
    const fitted<chain_net> model(chain_net::initial_parameters(seed{1}));
    CHECK_THROWS_WITH_AS(dense_table(model, 47),
                         "[F0632] dense_table: the space has 48 codes, the limit is 47", option_error);
    CHECK(dense_table(model, 48).values().size() == 48);
    using huge = codes<36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36>;
    using net = gcn::model<encoding::chain<huge, feature::operators>, gcn::mean_pool, gcn::linear<1>>;
    const fitted<net> other(net::initial_parameters(seed{1}));
    CHECK_THROWS_AS(dense_table{other}, option_error);
    CHECK_THROWS_AS(dense_table(other, UINT64_MAX), option_error);
}
