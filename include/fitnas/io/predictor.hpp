/// @file
/// @brief Fitted predictors as JSON, for other programs.

#ifndef FITNAS_IO_PREDICTOR_HPP
#define FITNAS_IO_PREDICTOR_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fitnas/core/rng.hpp>
#include <fitnas/io/predictor_format.hpp>
#include <fitnas/space/fingerprint.hpp>
#include <fitnas/space/sample.hpp>

namespace fitnas {

namespace detail {

template <savable Predictor>
predictor_head head_of() {
    using space = typename Predictor::space;
    return {space_fingerprint<space>(),
            {space::operator_counts.begin(), space::operator_counts.end()},
            predictor_format<Predictor>::model()};
}

/// Architectures whose predictions are golden: every operator of each cell, and a few at random.
template <code_space Space>
std::vector<architecture<Space>> golden_codes() {
    constexpr int drawn = 8;
    const int most = *std::max_element(Space::operator_counts.begin(), Space::operator_counts.end());
    std::vector<architecture<Space>> codes(static_cast<std::size_t>(most));
    for (int i = 0; i < most; ++i) {
        for (std::size_t cell = 0; cell < codes[0].size(); ++cell) {
            codes[static_cast<std::size_t>(i)][cell] =
                static_cast<std::uint8_t>(i % Space::operator_counts[cell]);
        }
    }
    random_stream random(seed{0}, purpose::sample);
    for (int i = 0; i < drawn; ++i) {
        codes.push_back(sample_one<Space>(random));
    }
    return codes;
}

/// @throws data_error
template <savable Predictor>
Predictor read_predictor(const json& file, const std::string& what) {
    using code = architecture<typename Predictor::space>;
    require_predictor(file, head_of<Predictor>(), what);
    const json& golden = json_member(file, "golden", "a list that is not empty", what,
                                     [](const json& v) { return v.is_array() && !v.empty(); });
    require_rows(golden, what + ": golden");
    std::vector<code> codes;
    std::vector<double> expected;
    for (std::size_t i = 0; i < golden.size(); ++i) {
        const std::string where = what + ": golden[" + std::to_string(i) + "]";
        require_members(golden[i], {"arch", "predicted"}, where);
        codes.push_back(json_code<typename Predictor::space>(golden[i], where));
        expected.push_back(json_number(golden[i], "predicted", where));
    }
    Predictor model = predictor_format<Predictor>::read(file.at("values"), what + ": values");
    require_golden(file, expected, model.predict(std::span<const code>(codes)), what);
    return model;
}

[[noreturn]] inline void refuse_values(const std::string& what, const std::exception& by) {
    throw data_error("[F0978] " + what + ": " + by.what());
}

template <class Predictor>
constexpr void require_savable() {
    static_assert(
        savable<Predictor>,
        "[F0969] save_predictor(path, model), load_predictor<Model>(path): the model's type has no "
        "predictor_format<Model>, which says how it stands in a file: specialise it for a predictor "
        "of yours (fitnas/io/predictor_format.hpp)");
}

} // namespace detail

/// @brief The predictor of a file, if it is of this type.
/// @tparam Predictor `savable`
/// @param file what `to_json` made
/// @param what the file, for messages
/// @throws data_error as `load_predictor`
template <predictor Predictor>
Predictor predictor_from_json(const json& file, const std::string& what) {
    detail::require_savable<Predictor>();
    if constexpr (savable<Predictor>) {
        try {
            return detail::read_predictor<Predictor>(file, what);
        } catch (const data_error&) {
            throw;
        } catch (const error& e) {
            detail::refuse_values(what, e);
        } catch (const json::exception& e) {
            detail::refuse_values(what, e);
        }
    }
}

/// @brief A predictor with all that it takes to have it again: its space, what its type is, its numbers, and
/// golden predictions. docs/predictor.md has the schema.
/// @tparam Predictor `savable`: what `fit`, `fit_ensemble`, `fit_default` and `fit_two_fidelities` return,
/// `ridge`, `cost_baseline`, `windows`, `dense_table`, ensembles of these, and yours with a
/// `predictor_format`
/// @throws numeric_error where a number or a prediction is not finite
template <predictor Predictor>
json to_json(const Predictor& model) {
    detail::require_savable<Predictor>();
    if constexpr (savable<Predictor>) {
        using space = typename Predictor::space;
        const std::vector<architecture<space>> codes = detail::golden_codes<space>();
        const std::vector<double> predicted = model.predict(std::span<const architecture<space>>(codes));
        json golden = json::array();
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const std::string code = to_string<space>(codes[i]);
            detail::require_finite_number(predicted[i], "the prediction of " + code);
            golden.push_back({{"arch", code}, {"predicted", predicted[i]}});
        }
        return detail::predictor_json(detail::head_of<Predictor>(),
                                      predictor_format<Predictor>::values(model), std::move(golden));
    }
}

/// @brief Saves a fitted predictor for other programs.
///
/// @code
/// save_predictor("model.json", fit_default(scores));
/// const auto model = load_predictor<default_predictor<space>>("model.json"); // in another program
/// const auto best = search::exact(model, {.top = 10});
/// @endcode
/// @param path where to; there whole or not at all
/// @param model as in `to_json`
/// @throws data_error where the file cannot be written, or could not be loaded (a `predictor_format` of yours
/// that does not read what it writes); what stood there stays
/// @throws numeric_error where a number or a prediction is not finite
template <predictor Predictor>
void save_predictor(const std::string& path, const Predictor& model) {
    const json file = to_json(model);
    predictor_from_json<Predictor>(file, path);
    detail::write_text(path, detail::json_lines(file) + "\n");
}

/// @brief Loads a predictor, whose predictions are those of the saved one. All is checked before anything is
/// returned. They are equal to the bit where programs compute alike: with vectors of one width, with or
/// without fused multiply-add, and compiled with `-ffp-contract=off`; then golden predictions must be equal,
/// otherwise within 1e-4 of their spread. `ridge` of cells or pairs, costs, windows and tables are equal to
/// the bit everywhere.
/// @tparam Predictor the type that was saved
/// @param path a file of `save_predictor`
/// @throws data_error which says what is wrong: the file is missing or damaged, of another version, of
/// another space, of another type (and which layer is another), or gives other golden predictions
template <predictor Predictor>
Predictor load_predictor(const std::string& path) {
    return predictor_from_json<Predictor>(read_json(path), path);
}

} // namespace fitnas

#endif
