/// @file
/// @brief The first stages of a study: a supernet is trained, networks are sampled, and scored.

#ifndef FITNAS_STUDY_SUPERNET_HPP
#define FITNAS_STUDY_SUPERNET_HPP

#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/space/sample.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/watch.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/initial_weights.hpp>

namespace fitnas::study {

/// @brief Writes what each epoch of a training came to: epoch, loss, accuracy.
/// @throws data_error where the file cannot be written
FITNAS_API void write_training(const std::string& path, const train_report& report);

/// @brief How the weights of a supernet begin.
struct initial_weights {
    bool zero_residual = false; ///< by `zero_init_residual`
    bool alike = false;         ///< by `init_candidates_alike`

    /// Sets those of a supernet that was just made.
    template <search_space_type Space>
    void set(supernet<Space>& net) const {
        if (zero_residual) {
            zero_init_residual(net);
        }
        if (alike) {
            init_candidates_alike(net);
        }
    }
};

/// @brief Trains a supernet; writes `supernet.safetensors`, from which a stopped training goes on, and
/// `training.csv` (epoch, loss, accuracy).
/// @param steps from one checkpoint to the next
/// @param initial how the supernet begins
/// @throws as `fitnas::train`; interrupted
template <search_space_type Space>
void train_stage(const run_folder& folder, const dataset& data, train_options options, const watcher& w = {},
                 long long steps = 100, const initial_weights& initial = {}) {
    folder.require_writable({"training.csv"});
    options.observer = watch(w, "training the supernet");
    supernet<Space> net(options.seed);
    initial.set(net);
    const train_report report =
        train(net, data.train, options,
              checkpoint_options{.file = folder.file("supernet.safetensors"), .every = steps});
    folder.write([&] { write_training(folder.file("training.csv"), report); });
}

/// @brief Draws different networks; writes `architectures.csv` (arch).
/// @param count how many; 0: all of a space that can be enumerated
/// @throws option_error where there are not so many
template <code_space Space>
void sample_stage(const run_folder& folder, std::size_t count, seed s) {
    csv_rows table{.header = {"arch"}};
    const auto networks = count == 0 ? different_networks<Space>() : sample<Space>(count, s);
    for (const architecture<Space>& a : networks) {
        table.rows.push_back({to_string<Space>(a)});
    }
    folder.write([&] { write_rows(folder.file("architectures.csv"), table); });
}

/// @brief Reads the column `arch` of a table.
/// @throws data_error where a row is no architecture
template <code_space Space>
std::vector<architecture<Space>> read_architectures(const std::string& path) {
    fitnas::detail::csv_reader reader(path);
    const std::size_t place = reader.place("arch");
    std::vector<architecture<Space>> networks;
    for (std::vector<std::string> fields; reader.next(fields);) {
        networks.push_back(fitnas::detail::csv_code<Space>(fields[place], reader, place));
    }
    return networks;
}

/// @brief Scores the networks of `architectures.csv`; writes `scores.csv` (arch, score, accuracy,
/// negative_loss).
/// @throws as `evaluate_both`
template <search_space_type Space>
void evaluate_stage(const run_folder& folder, const dataset& data, score_measure kind,
                    evaluate_options options, const watcher& w = {}) {
    folder.require_writable({"scores.csv"});
    options.observer = watch(w, "scoring sub-networks");
    supernet<Space> net(seed{0});
    load_checkpoint(folder.need("supernet.safetensors", "train"), net);
    const auto networks = read_architectures<Space>(folder.need("architectures.csv", "sample"));
    const evaluation<Space> found = evaluate_both<Space>(net, networks, data, options);
    const std::vector<csv_column> columns{{"accuracy", found.accuracy.scores},
                                          {"negative_loss", found.negative_loss}};
    folder.write([&] { write_csv(folder.file("scores.csv"), found.by(kind), columns); });
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API void write_training(const std::string& path, const train_report& report) {
    csv_rows table{.header = {"epoch", "loss", "accuracy"}};
    for (std::size_t i = 0; i < report.epochs.size(); ++i) {
        table.rows.push_back({std::to_string(i + 1), exact_text(report.epochs[i].loss),
                              exact_text(report.epochs[i].accuracy)});
    }
    write_rows(path, table);
}

} // namespace fitnas::study

#endif

#endif
