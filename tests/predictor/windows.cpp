#include <limits>

#include <doctest/doctest.h>

#include <fitnas/op/identity.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/feature/with_costs.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/predictor/windows.hpp>
#include <fitnas/space/spaces.hpp>

#include "../space/spaces_for_tests.hpp"
#include "fixtures.hpp"

using namespace fitnas;

namespace {

/// The range of what a model predicts, and how far its windows are from that.
struct difference {
    double range = 0;
    double largest = 0;
};

template <class Model>
difference compare(const Model& model) {
    using space = typename Model::space;
    const windows tables(model);
    static_assert(predictor<windows<space>> && decomposable<windows<space>>);
    std::vector<architecture<space>> all;
    for_each_architecture<space>([&](const architecture<space>& a) { all.push_back(a); });
    const std::vector<double> expected = model.predict(std::span<const architecture<space>>(all));
    const std::vector<double> found = tables.predict(std::span<const architecture<space>>(all));
    difference d;
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(tables.predict(all[i]) == found[i]);
        d.largest = (std::max)(d.largest, std::abs(expected[i] - found[i]));
    }
    const dense_table table(model);
    CHECK(std::equal(found.begin(), found.end(), table.values().begin(), table.values().end()));
    d.range = *std::max_element(expected.begin(), expected.end()) -
              *std::min_element(expected.begin(), expected.end());
    return d;
}

/// Where no two biases or weights are alike: initial parameters have biases of 0.
template <class Net>
fitted<Net> some_model(std::uint64_t number, line unit = {}) {
    std::vector<float> parameters = Net::initial_parameters(seed{number});
    random_stream random(seed{number}, purpose::user);
    for (float& p : parameters) {
        p += static_cast<float>(0.1 * random.normal());
    }
    return fitted<Net>(parameters, unit);
}

template <class Net>
void check_model() {
    for (std::uint64_t number : {1U, 2U, 3U}) {
        const difference d = compare(some_model<Net>(number, line{70, 3}));
        CHECK(d.range > 0.01);
        CHECK(d.largest < 1e-5 * d.range);
    }
}

template <class Space>
using chain_of = encoding::chain<Space, feature::cell_operator>;
template <class Space>
using lattice_of = encoding::operator_lattice<Space, feature::cell_operator>;

/// A chain with a node before it and one behind, as for stem and head.
template <class Space>
struct ended_chain {
    using space = Space;
    static constexpr int nodes = Space::cells + 2;
    static constexpr int features = feature::cell_operator::width<Space> + 2;
    static constexpr auto adjacency =
        encoding::detail::normalised_edges<static_cast<std::size_t>(3 * nodes - 2)>(
            nodes, encoding::detail::neighbours{});
    static constexpr int cell_of(int node) { return node == 0 || node == nodes - 1 ? -1 : node - 1; }
    static void encode(const architecture<Space>& a, float* out) {
        std::fill(out, out + nodes * features, 0.0F);
        out[features - 2] = 1;
        out[(nodes - 1) * features + features - 1] = 1;
        for (int i = 0; i < Space::cells; ++i) {
            feature::cell_operator::write<Space>(i, a[static_cast<std::size_t>(i)], out + (i + 1) * features);
        }
    }
};

using seven = codes<2, 3, 1, 2, 4, 2, 3>;

} // namespace

TEST_CASE("windows give what the model predicts") {
    check_model<gcn::model<chain_of<seven>, gcn::conv<16>, gcn::relu, gcn::conv<16>, gcn::relu,
                           gcn::mean_pool, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<seven>, gcn::conv<20>, gcn::relu, gcn::conv<7>, gcn::relu, gcn::conv<5>,
                           gcn::relu, gcn::mean_pool, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<seven>, gcn::conv<8>, gcn::relu, gcn::flatten, gcn::linear<1>>>();
    check_model<
        gcn::model<chain_of<seven>, gcn::conv<8>, gcn::relu, gcn::dropout<20>, gcn::conv<33>, gcn::dropout<5>,
                   gcn::flatten, gcn::linear<3>, gcn::dropout<10>, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<seven>, gcn::conv<8>, gcn::conv<1>, gcn::mean_pool>>();
    check_model<gcn::model<chain_of<seven>, gcn::flatten, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<seven>, gcn::mean_pool, gcn::linear<4>, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<seven>, gcn::dropout<10>, gcn::conv<4>, gcn::relu, gcn::mean_pool,
                           gcn::linear<1>>>();
    check_model<gcn::model<encoding::chain<seven, feature::operators>, gcn::conv<8>, gcn::relu, gcn::conv<8>,
                           gcn::relu, gcn::flatten, gcn::linear<1>>>();
    check_model<default_model<seven>>();
}

TEST_CASE("windows of other encodings that join neighbouring cells only") {
    check_model<gcn::model<lattice_of<seven>, gcn::conv<8>, gcn::relu, gcn::conv<6>, gcn::relu,
                           gcn::mean_pool, gcn::linear<1>>>();
    check_model<gcn::model<lattice_of<seven>, gcn::conv<8>, gcn::relu, gcn::flatten, gcn::linear<1>>>();
    check_model<gcn::model<ended_chain<seven>, gcn::conv<8>, gcn::relu, gcn::conv<6>, gcn::relu, gcn::conv<6>,
                           gcn::relu, gcn::flatten, gcn::linear<1>>>();
    check_model<gcn::model<encoding::complete<codes<3, 2, 4>, feature::cell_operator>, gcn::conv<5>,
                           gcn::relu, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<codes<5>>, gcn::conv<5>, gcn::relu, gcn::conv<4>, gcn::relu,
                           gcn::mean_pool, gcn::linear<1>>>();
}

TEST_CASE("equal networks get equal predictions from windows") {
    check_model<gcn::model<chain_of<spaces::nas_bench_macro>, gcn::conv<16>, gcn::relu, gcn::conv<16>,
                           gcn::relu, gcn::mean_pool, gcn::linear<1>>>();
    check_model<gcn::model<chain_of<mixed_space>, gcn::conv<16>, gcn::relu, gcn::conv<16>, gcn::relu,
                           gcn::mean_pool, gcn::linear<1>>>();
    check_model<gcn::model<encoding::chain<spaces::fashion_mini, feature::with_costs<feature::cell_operator>>,
                           gcn::conv<8>, gcn::relu, gcn::conv<8>, gcn::relu, gcn::flatten, gcn::linear<1>>>();
    check_model<default_model<spaces::nas_bench_macro>>();
}

TEST_CASE("tables do not depend on the number of threads") {
    using net = gcn::model<chain_of<codes<4, 4, 4, 4, 4, 4>>, gcn::conv<16>, gcn::relu, gcn::conv<16>,
                           gcn::relu, gcn::mean_pool, gcn::linear<1>>;
    const auto model = some_model<net>(5);
    const auto run = [&] {
        const dense_table table(model);
        return std::vector<double>(table.values().begin(), table.values().end());
    };
    const auto one = fixtures::on_threads(1, run);
    CHECK(one == fixtures::on_threads(2, run));
    CHECK(one == fixtures::on_threads(3, run));
}

TEST_CASE("ensembles and baselines are windows too") {
    using space = spaces::nas_bench_macro;
    using net = gcn::model<chain_of<space>, gcn::conv<16>, gcn::relu, gcn::conv<16>, gcn::relu,
                           gcn::mean_pool, gcn::linear<1>>;
    const ensemble<fitted<net>> three(
        {some_model<net>(1, {1, 2}), some_model<net>(2, {0.5, -1}), some_model<net>(3, {7, 0.1})});
    const difference d = compare(three);
    CHECK(d.largest < 1e-5 * d.range);

    score_table<space> table;
    for (std::uint64_t i = 0; i < space::size; i += 37) {
        const auto a = architecture_at<space>(i);
        table.push_back(a, 1e-7 * static_cast<double>(cost::macs<space>(a)) + 0.1 * a[2] * a[3]);
    }
    const difference r = compare(ridge(table));
    CHECK(r.largest < 1e-12 * r.range);
    for (const named_cost& what : {cost::macs(), cost::parameters()}) {
        const difference c = compare(cost_baseline<space>(what)); // integers stay what they are
        CHECK(c.range > 0);
        CHECK(c.largest == 0);
    }
    CHECK(windows(cost_baseline<space>()).terms().size() == 8);
    CHECK(windows(three).terms().size() == 4); // windows of 5 of 8 cells
}

TEST_CASE("sums of windows are exact, in any order") {
    using net = gcn::model<chain_of<seven>, gcn::conv<16>, gcn::relu, gcn::mean_pool, gcn::linear<1>>;
    const windows tables(some_model<net>(4, {70, 0.3}));
    for_each_architecture<seven>([&](const architecture<seven>& a) {
        double backward = 0;
        for (std::size_t t = tables.terms().size(); t-- > 0;) {
            const window_term& term = tables.terms()[t];
            std::size_t place = 0;
            for (int i = term.first; i < term.last; ++i) {
                place =
                    place * static_cast<std::size_t>(seven::operator_counts[static_cast<std::size_t>(i)]) +
                    a[static_cast<std::size_t>(i)];
            }
            backward += term.values[place];
        }
        CHECK(backward + tables.offset() == tables.predict(a));
    });
    const windows again(tables.contributions());
    CHECK(again.predict(architecture<seven>{1, 2, 0, 1, 3, 1, 2}) ==
          tables.predict(architecture<seven>{1, 2, 0, 1, 3, 1, 2}));
}

TEST_CASE("a predictor of one's own joins by contributions") {
    struct mine {
        using space = codes<2, 2, 3>;
        double predict(const architecture<space>& a) const { return 5 + 2.0 * a[0] * a[1] - 0.5 * a[2]; }
        std::vector<double> predict(std::span<const architecture<space>> many) const {
            std::vector<double> all;
            for (const auto& a : many) {
                all.push_back(predict(a));
            }
            return all;
        }
        window_sum<space> contributions() const {
            window_sum<space> sum(4);
            sum.add({0, 0, {1}});
            sum.add({0, 2, {0, 0, 0, 1}});
            sum.add({0, 2, {0, 0, 0, 1}});
            sum.add({2, 3, {0, -0.5, -1}});
            return sum;
        }
    };
    CHECK(compare(mine{}).largest == 0);
    static_assert(decomposable<mine>);
}

TEST_CASE("what does not decompose, and why") {
    static_assert(window_traits<int>::fault == window_fault::unknown);
    using full = encoding::complete<seven, feature::cell_operator>;
    static_assert(
        gcn::windows_fault<gcn::model<full, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>> ==
        window_fault::graph);
    static_assert(gcn::windows_fault<gcn::model<full, gcn::mean_pool, gcn::linear<1>>> == window_fault::none);
    static_assert(gcn::windows_fault<gcn::model<chain_of<seven>, gcn::conv<4>, gcn::mean_pool, gcn::linear<4>,
                                                gcn::relu, gcn::linear<1>>> == window_fault::tail);
    using wide = codes<9, 9, 9, 9, 9, 9, 9, 9>;
    static_assert(
        gcn::windows_fault<
            gcn::model<chain_of<wide>, gcn::conv<4>, gcn::conv<4>, gcn::mean_pool, gcn::linear<1>>> ==
        window_fault::none);
    static_assert(gcn::windows_fault<gcn::model<chain_of<wide>, gcn::conv<4>, gcn::conv<4>, gcn::conv<4>,
                                                gcn::mean_pool, gcn::linear<1>>> == window_fault::size);
    static_assert(
        !decomposable<
            ensemble<fitted<gcn::model<full, gcn::conv<4>, gcn::relu, gcn::mean_pool, gcn::linear<1>>>>>);
}

TEST_CASE("windows refuse what is no number, and terms that fit no window") {
    window_sum<seven> sum(std::numeric_limits<double>::infinity());
    CHECK_THROWS_WITH_AS(windows<seven>{sum}, "[F0640] windows: the model has a value that is not finite",
                         numeric_error);
    window_sum<seven> other;
    other.add({0, 1, {0, std::numeric_limits<double>::quiet_NaN()}});
    CHECK_THROWS_AS(windows<seven>{other}, numeric_error);
    window_sum<seven> third;
    CHECK_THROWS_WITH_AS(third.add({0, 1, {1, 2, 3}}),
                         "[F0633] window_sum: 3 values do not fit the codes of the cells from 0 to before 1",
                         shape_error);
    CHECK_THROWS_AS(third.add({6, 8, {1, 2, 3}}), shape_error);
    CHECK(windows<seven>(third).predict(architecture<seven>{}) == 0);
}

TEST_CASE("windows of the smallest doubles keep their digits") {
    // Sums of whole multiples of 2^-1070 and of 1e-300.
    window_sum<seven> small(std::ldexp(3.0, -1070));
    small.add({0, 1, {std::ldexp(1.0, -1070), std::ldexp(5.0, -1070)}});
    CHECK(windows<seven>(small).predict(architecture<seven>{1}) == std::ldexp(8.0, -1070));
    window_sum<seven> sum(1e-300);
    sum.add({0, 1, {1e-300, 1.000001e-300}});
    const windows<seven> model(sum);
    CHECK(model.predict(architecture<seven>{}) / 1e-300 == doctest::Approx(2).epsilon(1e-14));
    CHECK(model.predict(architecture<seven>{1}) / 1e-300 == doctest::Approx(2.000001).epsilon(1e-14));
}
