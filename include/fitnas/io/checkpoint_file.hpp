/// @file
/// @brief What is in the file of a checkpoint: weights, the state of a training, statistics, golden outputs.

#ifndef FITNAS_IO_CHECKPOINT_FILE_HPP
#define FITNAS_IO_CHECKPOINT_FILE_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/error.hpp>
#include <fitnas/core/number_text.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/io/golden_run.hpp>
#include <fitnas/io/safetensors.hpp>
#include <fitnas/space/fingerprint.hpp>
#include <fitnas/supernet/checks.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/training_state.hpp>
#include <fitnas/supernet/weight_tensors.hpp>
#include <fitnas/version.hpp>

namespace fitnas {

/// @brief What a checkpoint file holds beside the weights.
struct checkpoint {
    training_state training{}; ///< where the training stands; without an optimiser's state where only weights
                               ///< were saved
    /// Golden outputs are computed anew on loading: the largest difference, relative to the largest output.
    /// 0: this program computes as the one that saved, and a training that goes on comes to the same bits.
    double golden_difference = 0;
    std::map<std::string, std::string> metadata{}; ///< all of it, with the caller's notes
};

namespace detail {

inline constexpr int checkpoint_schema = 1;
inline constexpr const char* statistics_suffix = ".statistics"; ///< behind a batch norm's name
inline constexpr const char* class_names_key = "class_names";   ///< in the metadata

FITNAS_LAZY std::uint64_t checkpoint_number(const safetensors& file, const std::string& key);

FITNAS_LAZY void require_metadata(const safetensors& file, const std::string& key,
                                  const std::string& expected, const std::string& what);

FITNAS_LAZY void require_finite(const safetensors& file, const std::string& name,
                                std::span<const float> values);
/// Reads a tensor whose values must be finite.
inline void copy_finite(const safetensors& file, const std::string& name, std::span<float> values) {
    file.copy(name, values);
    require_finite(file, name, values);
}

/// The statistics of a network, if it has any, as tensors.
struct statistics_tensors {
    std::vector<std::pair<std::string, std::vector<float>>> values;
    std::vector<std::vector<std::uint64_t>> shapes;

    statistics_tensors() = default;
    statistics_tensors(const selection& of, const kept_statistics& kept);

private:
    void add(std::string name, std::vector<float> numbers, std::vector<std::uint64_t> shape) {
        values.emplace_back(std::move(name), std::move(numbers));
        shapes.push_back(std::move(shape));
    }
};

/// The statistics in a file whose network fits; null where it has none.
FITNAS_LAZY std::shared_ptr<const kept_statistics> read_statistics(const safetensors& file, const weights& w);

FITNAS_LAZY void write_checkpoint(const std::string& path, const weights& w, const training_state& state,
                                  const std::map<std::string, std::string>& notes,
                                  const kept_statistics* kept = nullptr);

/// The state of the training, from a file whose weights fit.
FITNAS_LAZY training_state read_training(const safetensors& file, std::size_t count);

/// Changes the weights where everything is right, and nothing elsewhere.
/// @param statistics if not null, those of the file, or null where it has none
FITNAS_LAZY checkpoint read_checkpoint(const std::string& path, weights& w,
                                       std::shared_ptr<const kept_statistics>* statistics = nullptr);

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <nlohmann/json.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN std::uint64_t checkpoint_number(const safetensors& file, const std::string& key) {
    const auto found = file.metadata().find(key);
    if (found != file.metadata().end()) {
        const auto value = read_number<std::uint64_t>(found->second);
        if (value && *value < (1ULL << 62U)) {
            return *value;
        }
    }
    throw data_error("[F0904] " + file.path() + ": metadata \"" + key + "\": expected a number, got " +
                     (found == file.metadata().end() ? "nothing" : "\"" + found->second + "\""));
}

FITNAS_LAZY_AGAIN void require_metadata(const safetensors& file, const std::string& key,
                                        const std::string& expected, const std::string& what) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end() || found->second != expected) {
        throw data_error("[F0905] " + file.path() + ": " + what + ": expected " + key + " \"" + expected +
                         "\", got " +
                         (found == file.metadata().end() ? "none" : "\"" + found->second + "\""));
    }
}

FITNAS_LAZY_AGAIN void require_finite(const safetensors& file, const std::string& name,
                                      std::span<const float> values) {
    if (!all_finite(values)) {
        throw data_error("[F0911] " + file.path() + ": tensor \"" + name +
                         "\": there are values that are not finite");
    }
}

FITNAS_API statistics_tensors::statistics_tensors(const selection& of, const kept_statistics& kept) {
    add("normalisation.mean", kept.norm().mean, {kept.norm().mean.size()});
    add("normalisation.scale", kept.norm().scale, {kept.norm().scale.size()});
    for (const selected_norm& norm : selected_norms(of)) {
        add(norm.name + statistics_suffix,
            norm_values(kept.blocks().of(norm.block), norm.norm, norm.channels),
            {4, static_cast<std::uint64_t>(norm.channels)});
    }
}

/// A list of JSON.
FITNAS_LAZY std::vector<std::string> saved_class_names(const safetensors& file, int classes) {
    const auto found = file.metadata().find(class_names_key);
    if (found == file.metadata().end()) {
        return {};
    }
    const nlohmann::json list = nlohmann::json::parse(found->second, nullptr, false);
    std::vector<std::string> names;
    for (const nlohmann::json& name : list.is_array() ? list : nlohmann::json::array()) {
        if (name.is_string()) {
            names.push_back(name.get<std::string>());
        }
    }
    if (names.size() != static_cast<std::size_t>(classes) || list.size() != names.size()) {
        throw data_error("[F1201] " + file.path() + ": metadata \"" + class_names_key +
                         "\": expected a list of " + std::to_string(classes) + " names, got \"" +
                         found->second + "\"");
    }
    return names;
}

FITNAS_LAZY_AGAIN std::shared_ptr<const kept_statistics> read_statistics(const safetensors& file,
                                                                         const weights& w) {
    if (file.find("normalisation.mean") == nullptr) {
        return nullptr;
    }
    const auto read = [&](const std::string& name, std::size_t size) {
        std::vector<float> values(size);
        copy_finite(file, name, values);
        return values;
    };
    const auto channels = static_cast<std::size_t>(w.input().channels);
    normalisation norm{read("normalisation.mean", channels), read("normalisation.scale", channels)};
    block_statistics blocks(w.blocks().size());
    for (const selected_norm& one : selected_norms(w.part())) {
        blocks.set(one, read(one.name + statistics_suffix, 4 * static_cast<std::size_t>(one.channels)));
    }
    return std::make_shared<const kept_statistics>(std::move(norm), std::move(blocks),
                                                   saved_class_names(file, w.classes()));
}

FITNAS_LAZY_AGAIN training_state read_training(const safetensors& file, std::size_t count) {
    training_state state;
    state.step = static_cast<long long>(checkpoint_number(file, "step"));
    state.steps = static_cast<long long>(checkpoint_number(file, "steps"));
    const std::vector<double> reports = file.values<double>("training.reports");
    if (reports.size() < 2 || reports.size() % 2 != 0) {
        throw data_error("[F0908] " + file.path() + ": tensor \"training.reports\": expected pairs, got " +
                         std::to_string(reports.size()) + " values");
    }
    state.sums = {reports[0], reports[1]};
    for (std::size_t i = 2; i < reports.size(); i += 2) {
        state.epochs.push_back({reports[i], reports[i + 1]});
    }
    if (file.find("training.momentum") != nullptr) {
        state.optimiser.resize(count);
        copy_finite(file, "training.momentum", state.optimiser);
    } else if (file.find("training.optimiser") != nullptr) {
        state.optimiser = file.values<float>("training.optimiser");
        require_finite(file, "training.optimiser", state.optimiser);
    }
    if (file.find("training.average") != nullptr) {
        state.average.resize(count);
        copy_finite(file, "training.average", state.average);
    }
    constexpr std::string_view prefix = "train.";
    for (const auto& [name, text] : file.metadata()) {
        if (name.starts_with(prefix)) {
            state.setup.emplace_back(name.substr(prefix.size()), text);
        }
    }
    return state;
}

FITNAS_LAZY_AGAIN void write_checkpoint(const std::string& path, const weights& w,
                                        const training_state& state,
                                        const std::map<std::string, std::string>& notes,
                                        const kept_statistics* kept) {
    require_finite(w, "save_checkpoint: " + path);
    if (!state.average.empty() && state.average.size() != w.values().size()) {
        throw shape_error("[F0906] save_checkpoint: " + path + ": expected the average of " +
                          std::to_string(w.values().size()) + " weights, got " +
                          std::to_string(state.average.size()));
    }
    golden_run golden(w.part());
    random_stream random(seed{0}, purpose::user);
    for (float& v : golden.input) {
        v = static_cast<float>(random.normal());
    }
    golden.run(w);
    if (!all_finite(golden.output)) {
        throw numeric_error("[F0907] save_checkpoint: " + path +
                            ": the weights give logits that are not finite");
    }
    std::map<std::string, std::string> metadata{
        {"format", "fitnas checkpoint"},      {"schema", std::to_string(checkpoint_schema)},
        {"fitnas", FITNAS_VERSION_STRING},    {"space", fingerprint(w.part().space())},
        {"architecture", w.part().text()},    {"simd_width", std::to_string(FITNAS_SIMD_WIDTH)},
        {"step", std::to_string(state.step)}, {"steps", std::to_string(state.steps)}};
    for (const auto& [name, text] : state.setup) {
        metadata["train." + name] = text;
    }
    for (const auto& [name, text] : notes) {
        metadata["note." + name] = text;
    }
    if (kept != nullptr && !kept->class_names().empty()) {
        // Names of folders may have bytes that are no UTF-8.
        metadata[class_names_key] = nlohmann::json(kept->class_names())
                                        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    // Wide values come before narrow ones, so that all are aligned.
    std::vector<tensor_view> tensors;
    const auto n = [](auto value) { return static_cast<std::uint64_t>(value); };
    std::vector<double> reports{state.sums.loss, state.sums.accuracy};
    for (const epoch_report& r : state.epochs) {
        reports.push_back(r.loss);
        reports.push_back(r.accuracy);
    }
    tensors.push_back(tensor_view::of<double>("training.reports", {n(reports.size() / 2), 2}, reports));
    for (weight_tensor& t : weight_tensors(w.part())) {
        tensors.push_back(tensor_view::of<float>(std::move(t.name), std::move(t.shape),
                                                 w.values().subspan(t.offset, t.size)));
    }
    if (!state.optimiser.empty()) { // of SGD, one for each weight
        const bool momentum = state.optimiser.size() == w.values().size();
        tensors.push_back(tensor_view::of<float>(momentum ? "training.momentum" : "training.optimiser",
                                                 {n(state.optimiser.size())}, state.optimiser));
    }
    if (!state.average.empty()) {
        tensors.push_back(
            tensor_view::of<float>("training.average", {n(state.average.size())}, state.average));
    }
    const statistics_tensors statistics =
        kept != nullptr ? statistics_tensors(w.part(), *kept) : statistics_tensors();
    for (std::size_t i = 0; i < statistics.values.size(); ++i) {
        const auto& [name, values] = statistics.values[i];
        tensors.push_back(tensor_view::of<float>(name, statistics.shapes[i], values));
    }
    const shape in = w.input();
    tensors.push_back(tensor_view::of<float>(
        "golden.input", {golden_run::images, n(in.height), n(in.width), n(in.channels)}, golden.input));
    tensors.push_back(tensor_view::of<float>(
        "golden.output", {n(golden.count), golden_run::images, n(w.classes())}, golden.output));
    tensors.push_back(tensor_view::of<std::uint8_t>(
        "golden.paths", {n(golden.count), n(golden.paths.size() / golden.count)}, golden.paths));
    write_safetensors(path, tensors, metadata);
}

FITNAS_LAZY_AGAIN checkpoint read_checkpoint(const std::string& path, weights& w,
                                             std::shared_ptr<const kept_statistics>* statistics) {
    const safetensors file(path);
    require_metadata(file, "format", "fitnas checkpoint", "not a checkpoint");
    require_metadata(file, "schema", std::to_string(checkpoint_schema), "of another version");
    if (!file.has_checksum()) {
        throw data_error("[F0909] " + path + ": damaged: expected a checksum, there is none");
    }
    require_metadata(file, "space", fingerprint(w.part().space()), "of another space");
    require_metadata(file, "architecture", w.part().text(), "of another network");
    checkpoint result;
    std::vector<float> values(w.values().size());
    for (const weight_tensor& t : weight_tensors(w.part())) {
        const std::span<float> part = std::span<float>(values).subspan(t.offset, t.size);
        copy_finite(file, t.name, part);
        if (file.find(t.name)->shape != t.shape) {
            throw data_error("[F0910] " + path + ": tensor \"" + t.name + "\": expected the shape " +
                             shape_text(t.shape) + ", got " + shape_text(file.find(t.name)->shape));
        }
    }
    result.training = read_training(file, values.size());
    std::shared_ptr<const kept_statistics> kept;
    if (statistics != nullptr) {
        kept = read_statistics(file, w);
    }
    result.metadata = file.metadata();

    golden_run golden(w.part());
    file.copy("golden.input", std::span<float>(golden.input));
    std::vector<std::uint8_t> paths(golden.paths.size());
    file.copy("golden.paths", std::span<std::uint8_t>(paths));
    std::vector<float> expected(golden.output.size());
    file.copy("golden.output", std::span<float>(expected));
    if (paths != golden.paths) {
        throw data_error("[F0912] " + path +
                         ": tensor \"golden.paths\": expected each operator of a cell in its order");
    }
    or_as_before(w, [&] {
        std::copy(values.begin(), values.end(), w.values().begin());
        golden.run(w);
        double largest = 0;
        double difference = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            largest = (std::max)(largest, std::abs(static_cast<double>(expected[i])));
            const double d =
                std::abs(static_cast<double>(golden.output[i]) - static_cast<double>(expected[i]));
            difference = std::isnan(d) ? d : (std::max)(difference, d); // keeps what is not a number
        }
        result.golden_difference = difference / (largest > 0 ? largest : 1);
        constexpr double most = 1e-3;
        if (!(result.golden_difference <= most)) {
            throw data_error("[F0913] " + path +
                             ": the weights do not give the outputs that were saved with them: they differ "
                             "by " +
                             number_text(result.golden_difference) + " of the largest, at most " +
                             number_text(most) + " is rounding; saved by fitnas " +
                             result.metadata["fitnas"] + ", this is " FITNAS_VERSION_STRING);
        }
    });
    if (statistics != nullptr) {
        *statistics = std::move(kept);
    }
    return result;
}

} // namespace fitnas::detail

#endif

#endif
