/// @file
/// @brief The first stages of a study: a supernet is trained, networks are sampled, and scored.

#ifndef FITNAS_STUDY_SUPERNET_HPP
#define FITNAS_STUDY_SUPERNET_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/mean.hpp>
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

namespace detail {

/// The mean of columns, row by row.
/// @param images that each value is a share of, to be counted and divided once; 0 where values are no shares
FITNAS_LAZY std::vector<double> mean_of(const std::vector<std::vector<double>>& columns, std::size_t images);

} // namespace detail

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

/// @brief The file of the first supernet of a run is `supernet.safetensors`, of the next
/// `supernet_2.safetensors`.
/// @param which from 0
FITNAS_API std::string supernet_file(int which);

/// @brief What the epochs of these trainings came to: `training.csv`, `training_2.csv` ...
/// @param which from 0
FITNAS_API std::string training_file(int which);

/// @brief Trains a supernet; writes its `supernet_file`, from which a stopped training goes on, and its
/// `training_file` (epoch, loss, accuracy).
/// @param steps from one checkpoint to the next
/// @param initial how the supernet begins
/// @param which of a run's supernets, from 0; its seed is so far behind that of the options
/// @throws as `fitnas::train`; interrupted
template <search_space_type Space>
void train_stage(const run_folder& folder, const dataset& data, train_options options, const watcher& w = {},
                 long long steps = 100, const initial_weights& initial = {}, int which = 0) {
    folder.require_writable({training_file(which)});
    options.seed.value += static_cast<std::uint64_t>(which);
    options.observer =
        watch(w, which == 0 ? "training the supernet" : "training supernet " + std::to_string(which + 1));
    supernet<Space> net(options.seed);
    initial.set(net);
    const train_report report =
        train(net, data.train, options,
              checkpoint_options{.file = folder.file(supernet_file(which)), .every = steps});
    folder.write([&] { write_training(folder.file(training_file(which)), report); });
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
/// @param supernets the scores are means over so many, of `train_stage`, each with images of its own drawing
/// @throws as `evaluate_both`
template <search_space_type Space>
void evaluate_stage(const run_folder& folder, const dataset& data, score_measure kind,
                    const evaluate_options& options, const watcher& w = {}, int supernets = 1) {
    folder.require_writable({"scores.csv"});
    const auto networks = read_architectures<Space>(folder.need("architectures.csv", "sample"));
    for (int which = 0; which < supernets; ++which) {
        folder.need(supernet_file(which), "train");
    }
    evaluation<Space> found;
    std::vector<std::vector<double>> accuracies;
    std::vector<std::vector<double>> losses;
    for (int which = 0; which < supernets; ++which) {
        evaluate_options own = options;
        own.seed.value += static_cast<std::uint64_t>(which);
        own.observer = watch(w, supernets == 1 ? "scoring sub-networks"
                                               : "scoring by supernet " + std::to_string(which + 1));
        supernet<Space> net(seed{0});
        load_checkpoint(folder.file(supernet_file(which)), net);
        found = evaluate_both<Space>(net, networks, data, own);
        accuracies.push_back(found.accuracy.scores);
        losses.push_back(found.negative_loss);
    }
    found.accuracy.scores =
        detail::mean_of(accuracies, options.images == 0 ? data.validation.size() : options.images);
    found.negative_loss = detail::mean_of(losses, 0);
    const std::vector<csv_column> columns{{"accuracy", found.accuracy.scores},
                                          {"negative_loss", found.negative_loss}};
    folder.write([&] { write_csv(folder.file("scores.csv"), found.by(kind), columns); });
}

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study::detail {

FITNAS_LAZY_AGAIN std::vector<double> mean_of(const std::vector<std::vector<double>>& columns,
                                              std::size_t images) {
    const auto of = static_cast<double>(images);
    std::vector<double> mean;
    std::vector<double> row(columns.size());
    for (std::size_t i = 0; i < columns.front().size(); ++i) {
        for (std::size_t c = 0; c < columns.size(); ++c) {
            row[c] = images == 0 ? columns[c][i] : std::round(columns[c][i] * of);
        }
        mean.push_back(images == 0 ? fitnas::detail::exact_mean(row)
                                   : std::accumulate(row.begin(), row.end(), 0.0) /
                                         (static_cast<double>(row.size()) * of));
    }
    return mean;
}

} // namespace fitnas::study::detail

namespace fitnas::study {

FITNAS_API std::string supernet_file(int which) {
    return (which == 0 ? "supernet" : "supernet_" + std::to_string(which + 1)) + ".safetensors";
}

FITNAS_API std::string training_file(int which) {
    return (which == 0 ? "training" : "training_" + std::to_string(which + 1)) + ".csv";
}

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
