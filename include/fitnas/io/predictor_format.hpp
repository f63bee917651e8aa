/// @file
/// @brief What a file of a predictor says of its type, and how its numbers are written and read.

#ifndef FITNAS_IO_PREDICTOR_FORMAT_HPP
#define FITNAS_IO_PREDICTOR_FORMAT_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/io/predictor_file.hpp>
#include <fitnas/io/type_name.hpp>
#include <fitnas/predictor/baseline.hpp>
#include <fitnas/predictor/ensemble.hpp>
#include <fitnas/predictor/fitted.hpp>
#include <fitnas/predictor/table.hpp>
#include <fitnas/predictor/two_fidelities.hpp>
#include <fitnas/predictor/windows.hpp>

namespace fitnas {

namespace detail {
/// Terms that windows had: as they are where sums of them are exact, otherwise rounded as `windows` says.
FITNAS_LAZY exact_terms saved_terms(const sum_of_terms& sum);
} // namespace detail

/// @brief How a predictor stands in a file; specialise it for a predictor of yours:
///
/// - `static json model()`: what its type is, an object with a `"kind"`; a file is loaded where this is
/// equal;
/// - `static json values(const Predictor&)`: its numbers, an object; every number is finite;
/// - `static Predictor read(const json& values, const std::string& where)`: the way back, which checks what
/// it
///   reads. `where` is for messages. What `json` or a constructor of yours throws becomes a `data_error` with
///   the name of the file, if it is a `json::exception` or an `error`.
///
/// The space, golden predictions and a checksum of the values are written and checked for you.
template <class Predictor>
struct predictor_format;

/// @brief A predictor that can be saved: those of the library, and yours with a `predictor_format`.
template <class P>
concept savable = predictor<P> && requires(const P& p, const json& values, const std::string& where) {
    { predictor_format<P>::model() } -> std::same_as<json>;
    { predictor_format<P>::values(p) } -> std::same_as<json>;
    { predictor_format<P>::read(values, where) } -> std::same_as<P>;
};

/// @brief A fitted model: its encoding and its layers by name and size; parameters in the order of the
/// layers. An encoding, a node feature or a layer of yours has its own name, without scopes and numbers in
/// brackets; `static constexpr std::string_view name` gives it another.
template <gcn::model_type Model>
struct predictor_format<fitted<Model>> {
    static json model() {
        using graph = typename Model::graph;
        json layers = json::array();
        [&]<std::size_t... At>(std::index_sequence<At...>) {
            (layers.push_back({{"name", detail::own_name<typename Model::template layer<At>>()},
                               {"nodes", Model::flow[At + 1].nodes},
                               {"width", Model::flow[At + 1].width},
                               {"parameters", Model::offsets[At + 1] - Model::offsets[At]}}),
             ...);
        }
        (std::make_index_sequence<Model::layers>{});
        return {{"kind", "fitted"},
                {"encoding",
                 {{"name", detail::type_name<graph>::text()},
                  {"nodes", static_cast<int>(graph::nodes)},
                  {"features", static_cast<int>(graph::features)},
                  {"edges", std::size(graph::adjacency)}}},
                {"layers", std::move(layers)}};
    }
    static json values(const fitted<Model>& p) {
        return {{"offset", p.unit().offset},
                {"slope", p.unit().slope},
                {"parameters", detail::floats_to_json(p.parameters())}};
    }
    static fitted<Model> read(const json& values, const std::string& where) {
        detail::require_members(values, {"offset", "slope", "parameters"}, where);
        const line unit{detail::json_number(values, "offset", where),
                        detail::json_number(values, "slope", where)};
        return fitted<Model>(detail::json_floats(values, "parameters", Model::parameters, where), unit);
    }
};

/// @brief An ensemble: its members, all of one type.
template <savable Member>
struct predictor_format<ensemble<Member>> {
    static json model() { return {{"kind", "ensemble"}, {"members", predictor_format<Member>::model()}}; }
    static json values(const ensemble<Member>& p) {
        json members = json::array();
        for (const Member& m : p.members()) {
            members.push_back(predictor_format<Member>::values(m));
        }
        return {{"members", std::move(members)}};
    }
    static ensemble<Member> read(const json& values, const std::string& where) {
        detail::require_members(values, {"members"}, where);
        const json& list = detail::json_list(values, "members", where);
        std::vector<Member> members;
        for (std::size_t i = 0; i < list.size(); ++i) {
            members.push_back(
                predictor_format<Member>::read(list[i], where + ".members[" + std::to_string(i) + "]"));
        }
        return ensemble<Member>(std::move(members));
    }
};

/// @brief A ridge regression: its numbers as `ridge::weights` gives them. An error that is infinite is null.
template <code_space Space, ridge_terms Terms>
struct predictor_format<ridge<Space, Terms>> {
    static json model() {
        return {{"kind", "ridge"}, {"terms", Terms == ridge_terms::pairs ? "pairs" : "cells"}};
    }
    static json values(const ridge<Space, Terms>& p) {
        const double error = p.leave_one_out_error();
        return {{"offset", p.offset()},
                {"weights", std::vector<double>(p.weights().begin(), p.weights().end())},
                {"lambda", p.lambda()},
                {"leave_one_out_error", std::isinf(error) ? json() : json(error)}};
    }
    static ridge<Space, Terms> read(const json& values, const std::string& where) {
        detail::require_members(values, {"offset", "weights", "lambda", "leave_one_out_error"}, where);
        const json& error =
            detail::json_member(values, "leave_one_out_error", "a finite number or null", where,
                                [](const json& v) { return detail::json_finite(v) || v.is_null(); });
        return {detail::json_number(values, "offset", where),
                detail::json_numbers(values, "weights", ridge<Space, Terms>::width(), where),
                detail::json_number(values, "lambda", where),
                error.is_null() ? std::numeric_limits<double>::infinity() : error.template get<double>()};
    }
};

/// @brief A cost: its name, its unit, and the terms in the order in which they are added. `macs` and
/// `parameters` are those of the space.
template <code_space Space>
struct predictor_format<cost_baseline<Space>> {
    static json model() { return {{"kind", "cost_baseline"}}; }
    static json values(const cost_baseline<Space>& p) {
        const cost_terms counted = p.cost().template in<Space>();
        json terms = json::array();
        for (const cost_terms::term& t : counted.order()) {
            const auto of = counted.values(t);
            terms.push_back({{"cell", t.cell}, {"values", std::vector<double>(of.begin(), of.end())}});
        }
        return {{"name", p.cost().name()}, {"unit", p.cost().unit()}, {"terms", std::move(terms)}};
    }
    static cost_baseline<Space> read(const json& values, const std::string& where) {
        detail::require_members(values, {"name", "unit", "terms"}, where);
        const std::string name = detail::json_text(values, "name", where);
        const json& list = detail::json_list(values, "terms", where);
        cost_terms terms;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string place = where + ".terms[" + std::to_string(i) + "]";
            detail::require_members(list[i], {"cell", "values"}, place);
            const int cell = detail::json_integer(list[i], "cell", -1, Space::cells - 1, place);
            const int count = cell < 0 ? 1 : Space::operator_counts[static_cast<std::size_t>(cell)];
            const std::vector<double> of =
                detail::json_numbers(list[i], "values", static_cast<std::size_t>(count), place);
            for (const double v : of) {
                detail::require_cost_value(v, place);
            }
            terms.add(cell, of);
        }
        if constexpr (search_space_type<Space>) {
            for (const named_cost& known : {cost::macs(), cost::parameters()}) {
                if (name == known.name() && terms == known.in<Space>()) {
                    return cost_baseline<Space>(known);
                }
            }
        }
        return cost_baseline<Space>(named_cost(name, detail::json_text(values, "unit", where),
                                               space_fingerprint<Space>(), std::move(terms)));
    }
};

/// @brief Windows: their tables, as `windows::terms` gives them.
template <code_space Space>
struct predictor_format<windows<Space>> {
    static json model() { return {{"kind", "windows"}}; }
    static json values(const windows<Space>& p) {
        json terms = json::array();
        for (const window_term& t : p.terms()) {
            terms.push_back({{"first", t.first}, {"last", t.last}, {"values", t.values}});
        }
        return {{"offset", p.offset()}, {"terms", std::move(terms)}};
    }
    static windows<Space> read(const json& values, const std::string& where) {
        detail::require_members(values, {"offset", "terms"}, where);
        window_sum<Space> sum(detail::json_number(values, "offset", where));
        const json& list = detail::json_list(values, "terms", where);
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string place = where + ".terms[" + std::to_string(i) + "]";
            detail::require_members(list[i], {"first", "last", "values"}, place);
            const int first = detail::json_integer(list[i], "first", 0, Space::cells, place);
            const int last = detail::json_integer(list[i], "last", first, Space::cells, place);
            const std::uint64_t count = window_codes<Space>(first, last);
            sum.add({first, last,
                     detail::json_numbers(list[i], "values", static_cast<std::size_t>(count), place)});
        }
        return windows<Space>(detail::saved_terms(sum.plain()));
    }
};

/// @brief A table of all predictions.
template <code_space Space>
struct predictor_format<dense_table<Space>> {
    static json model() { return {{"kind", "dense_table"}}; }
    static json values(const dense_table<Space>& p) {
        return {{"predictions", std::vector<double>(p.values().begin(), p.values().end())}};
    }
    static dense_table<Space> read(const json& values, const std::string& where) {
        detail::require_members(values, {"predictions"}, where);
        return dense_table<Space>(
            detail::json_numbers(values, "predictions", static_cast<std::size_t>(Space::size), where));
    }
};

/// @brief A model of two fidelities: its parts, by which factors they count, and what operators add.
template <code_space Space, class Encoding>
struct predictor_format<two_fidelity_predictor<Space, Encoding>> {
    using whole = two_fidelity_predictor<Space, Encoding>; ///< the predictor
    using part = predictor_format<typename whole::part>;   ///< of each of its two models

    static json model() { return {{"kind", "two_fidelity_predictor"}, {"parts", part::model()}}; }
    static json values(const whole& p) {
        return {{"of_scores", part::values(p.of_scores())},
                {"score_factor", p.score_factor()},
                {"of_truths", p.of_truths() ? part::values(*p.of_truths()) : json()},
                {"truth_factor", p.truth_factor()},
                {"effects", predictor_format<windows<Space>>::values(p.effects())}};
    }
    static whole read(const json& values, const std::string& where) {
        detail::require_members(values, {"of_scores", "score_factor", "of_truths", "truth_factor", "effects"},
                                where);
        const auto object_or_null = [](const json& v) { return v.is_object() || v.is_null(); };
        const json& truths =
            detail::json_member(values, "of_truths", "an object or null", where, object_or_null);
        std::optional<typename whole::part> of_truths;
        if (!truths.is_null()) {
            of_truths.emplace(part::read(truths, where + ".of_truths"));
        }
        return {part::read(detail::json_object(values, "of_scores", where), where + ".of_scores"),
                detail::json_number(values, "score_factor", where), std::move(of_truths),
                detail::json_number(values, "truth_factor", where),
                predictor_format<windows<Space>>::read(detail::json_object(values, "effects", where),
                                                       where + ".effects")};
    }
};

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN exact_terms saved_terms(const sum_of_terms& sum) {
    exact_terms terms(sum);
    // Rounding is no second time the same where the first made the largest sum a power of two.
    double largest = std::abs(sum.offset());
    for (const window_term& t : sum.terms()) {
        double most = 0;
        for (const double v : t.values) {
            most = (std::max)(most, std::abs(v));
        }
        largest += most;
    }
    int exponent = 0;
    std::frexp(largest, &exponent);
    const double unit = std::ldexp(1.0, (std::max)(exponent - 52, -1074));
    const auto is_exact = [&](double v) { return std::fmod(v, unit) == 0; };
    bool same = is_exact(sum.offset()) && terms.terms.size() == sum.terms().size();
    for (std::size_t i = 0; same && i < terms.terms.size(); ++i) {
        const window_term& was = sum.terms()[i];
        same = was.first == terms.terms[i].first && was.last == terms.terms[i].last &&
               std::all_of(was.values.begin(), was.values.end(), is_exact);
    }
    if (same) {
        terms.offset = sum.offset();
        terms.terms = sum.terms();
    }
    return terms;
}

} // namespace fitnas::detail

#endif

#endif
