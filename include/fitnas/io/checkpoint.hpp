/// @file
/// @brief Checkpoints: weights and the state of their training in one file, saved as training goes on and
/// gone on with to the same bits.

#ifndef FITNAS_IO_CHECKPOINT_HPP
#define FITNAS_IO_CHECKPOINT_HPP

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <fitnas/core/error.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/io/checkpoint_file.hpp>
#include <fitnas/io/signal_guard.hpp>
#include <fitnas/io/whole_file.hpp>
#include <fitnas/supernet/retrain.hpp>

namespace fitnas {

/// @brief Where a training is saved, and when.
struct checkpoint_options {
    /// Gone on with where it is there; `file.tmp` is used on the way. Links are followed, mode and owner
    /// stay.
    std::string file{};
    long long every = 100; ///< steps from one save to the next; 0: only when stopped and at the end
    /// The first SIGINT, SIGTERM or SIGHUP saves after the present step, then throws `interrupted`; one that
    /// the program ignores stays ignored. Of several trainings at a time it stops all.
    bool on_signals = true;
    std::map<std::string, std::string> notes{}; ///< for the metadata; their names get the prefix `note.`
};

namespace detail {

/// The statistics of what is trained; null for a supernet, which keeps none.
template <search_space_type Space>
std::shared_ptr<const kept_statistics>* statistics_of(supernet<Space>&) {
    return nullptr;
}
template <search_space_type Space>
std::shared_ptr<const kept_statistics>* statistics_of(network<Space>& net) {
    return &net.statistics();
}

template <class Net>
checkpoint load_into(const std::string& path, Net& net) {
    return read_checkpoint(path, net.weights(), statistics_of(net));
}

/// Refuses a file of `save_weights` where a training would go on from it.
FITNAS_LAZY FITNAS_COLD void require_training(const checkpoint& found, const std::string& path);

/// The code in a file of a network of this space.
FITNAS_LAZY FITNAS_COLD std::string saved_architecture(const std::string& path, const space_layout& of);

/// A training that is kept in a file.
template <class Net>
class kept_training {
public:
    kept_training(Net& net, const train_options& options, const checkpoint_options& where)
        : m_net(net), m_options(options), m_where(where) {
        if (where.file.empty()) {
            throw option_error("[F0914] checkpoint_options::file: expected a path, got none");
        }
    }

    /// @param by trains with the options that it is given
    template <class By>
    train_report run(By&& by) {
        return or_as_before(m_net, [&] {
            do_agreed(m_options.peers, [&] { load(); });
            try {
                return go_on(by);
            } catch (const option_error& e) {
                throw option_error(std::string(e.what()) +
                                   (m_found ? " (saved in " + m_where.file + ")" : ""));
            }
        });
    }

private:
    /// Where there is a file, its weights come into place.
    void load() {
        if (find_place(m_where.file).there) {
            m_found = load_into(m_where.file, m_net);
            require_training(*m_found, m_where.file);
            if (m_found->training.step == m_found->training.steps) {
                m_last = m_found->training;
            }
        }
    }

    template <class By>
    train_report go_on(By&& by) {
        const bool whole = m_last && (!keeps_statistics() || statistics() != nullptr);
        if (!whole) {
            do_agreed(m_options.peers, [&] {
                if (writes()) {
                    require_writable(m_where.file);
                    header_text(m_where.notes, m_where.file); // for what it throws
                }
            });
        }
        train_options o = m_options;
        o.keep = {.every = m_where.every,
                  .save = [this](const training_state& state) { save(state); },
                  .stop = m_options.keep.stop,
                  .from = m_found ? &m_found->training : nullptr};
        std::optional<signal_guard> guard;
        if (m_where.on_signals) {
            guard.emplace();
            o.keep.stop = [&] {
                return guard->seen() != 0 || (m_options.keep.stop && m_options.keep.stop());
            };
        }
        train_report report = by(o);
        do_agreed(m_options.peers, [&] {
            if (m_last && !whole && writes() && statistics() != nullptr) {
                write_checkpoint(m_where.file, m_net.weights(), *m_last, m_where.notes, statistics());
            }
        });
        return report;
    }

    void save(const training_state& state) {
        write_checkpoint(m_where.file, m_net.weights(), state, m_where.notes);
        if (state.step == state.steps) {
            m_last = state;
        }
    }

    /// The first of the processes that train together writes; all read.
    bool writes() const { return m_options.peers == nullptr || m_options.peers->rank() == 0; }
    /// Only with statistics is a network whole, and these are there when its training is over.
    bool keeps_statistics() const { return statistics_of(m_net) != nullptr; }
    const kept_statistics* statistics() const {
        return keeps_statistics() ? statistics_of(m_net)->get() : nullptr;
    }

    Net& m_net;
    const train_options& m_options;
    const checkpoint_options& m_where;
    std::optional<checkpoint> m_found;    ///< what the file had
    std::optional<training_state> m_last; ///< of a training that is over
};

template <class Net, class... Method>
train_report train_kept(Net& net, const image_source& data, const train_options& options,
                        const checkpoint_options& where, const Method&... method) {
    return kept_training<Net>(net, options, where).run([&](const train_options& o) {
        return train(net, data, o, method...);
    });
}

} // namespace detail

/// @brief Saves the weights of a supernet, or of a network, and the state of their training.
/// @param path where to; there whole or not at all, on the disk too
/// @param net whose weights must be finite
/// @param state of the training; without it only the weights are saved
/// @param notes for the metadata; their names get the prefix `note.`
/// @throws data_error where the file cannot be written; what stood there stays
/// @throws numeric_error where weights, or the outputs they give, are not finite
template <search_space_type Space>
void save_checkpoint(const std::string& path, const supernet<Space>& net, const training_state& state = {},
                     const std::map<std::string, std::string>& notes = {}) {
    detail::write_checkpoint(path, net.weights(), state, notes);
}
/// @brief The same for a network, with its batch norm statistics where it was trained or calibrated: once
/// loaded it predicts the same bits.
template <search_space_type Space>
void save_checkpoint(const std::string& path, const network<Space>& net, const training_state& state = {},
                     const std::map<std::string, std::string>& notes = {}) {
    detail::write_checkpoint(path, net.weights(), state, notes, net.statistics().get());
}

/// @brief Saves weights alone, without the state of their training: about half the size, for use, for scoring
/// and as first weights. `load_checkpoint` takes the file as any other; a training that was kept in it would
/// not go on, and says so.
/// @throws as `save_checkpoint`
template <search_space_type Space>
void save_weights(const std::string& path, const supernet<Space>& net,
                  const std::map<std::string, std::string>& notes = {}) {
    save_checkpoint(path, net, {}, notes);
}
/// @brief The same for a network, with its batch norm statistics.
template <search_space_type Space>
void save_weights(const std::string& path, const network<Space>& net,
                  const std::map<std::string, std::string>& notes = {}) {
    save_checkpoint(path, net, {}, notes);
}

/// @brief Loads the weights of a supernet, and says where their training stands.
/// @param path a file of `save_checkpoint`
/// @param net changed only where everything is right
/// @throws data_error where the file is missing, damaged, or of another space, architecture or version, or
/// its weights do not give the outputs that were saved with them
template <search_space_type Space>
checkpoint load_checkpoint(const std::string& path, supernet<Space>& net) {
    return detail::load_into(path, net);
}
/// @brief The same for a network of the same architecture, with its statistics; where the file has none,
/// `calibrate` it before it is used.
template <search_space_type Space>
checkpoint load_checkpoint(const std::string& path, network<Space>& net) {
    return detail::load_into(path, net);
}

/// @brief Loads a network of whichever architecture the file is of.
/// @code
/// classifier<space> classify(load_network<space>("winner.safetensors"));
/// @endcode
/// @throws as `load_checkpoint`; data_error where the file is of a supernet
template <search_space_type Space>
network<Space> load_network(const std::string& path) {
    network<Space> net(parse<Space>(detail::saved_architecture(path, Space::layout())));
    load_checkpoint(path, net);
    return net;
}

/// @brief Trains a supernet, saves on the way, and goes on where the file says that it stood: a training that
/// was killed and started again comes to the same bits as one that was not. Where the file's training is
/// over, nothing is trained.
///
/// @code
/// supernet<space> super(seed{7});
/// train(super, data.train, {.epochs = 8}, checkpoint_options{.file = "super.safetensors"});
/// @endcode
/// @param options the same as before; `keep.stop` is asked, the rest of `keep` is set here
/// @throws as `train` and `load_checkpoint`; option_error which names an option that differs from the saved
/// training's; data_error before the first step where the file could not be written. Weights are then as they
/// were before the call, and what was saved on the way stays; interrupted after a signal, with the weights of
/// the step that is saved
template <search_space_type Space>
train_report train(supernet<Space>& net, const image_source& data, const train_options& options,
                   const checkpoint_options& where) {
    return detail::train_kept(net, data, options, where);
}
/// @brief The same for one network.
template <search_space_type Space>
train_report train(network<Space>& net, const image_source& data, const train_options& options,
                   const checkpoint_options& where) {
    return detail::train_kept(net, data, options, where);
}
/// @brief The same by a method of your own, whose optimisers' states are saved too.
template <search_space_type Space, training_method_type Method>
train_report train(supernet<Space>& net, const image_source& data, const train_options& options,
                   const checkpoint_options& where, const Method& method) {
    return detail::train_kept(net, data, options, where, method);
}
/// @brief The same for one network.
template <search_space_type Space, training_method_type Method>
train_report train(network<Space>& net, const image_source& data, const train_options& options,
                   const checkpoint_options& where, const Method& method) {
    return detail::train_kept(net, data, options, where, method);
}

/// @brief `retrain`, saved on the way and gone on with.
/// @throws as `retrain` and `train`
template <search_space_type Space>
retrained<Space> retrain(const architecture<Space>& a, const dataset& data, const train_options& options,
                         const checkpoint_options& where) {
    return detail::retrain_by<Space>(
        a, data, options.seed, [&](network<Space>& one) { return train(one, data.train, options, where); });
}

} // namespace fitnas

#if FITNAS_DEFINITIONS

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_training(const checkpoint& found, const std::string& path) {
    if (found.training.steps == 0 && found.training.setup.empty()) {
        throw option_error("[F0998] train: cannot go on from " + path +
                           ": it holds weights alone, without the state of their training; as first weights "
                           "load_checkpoint takes them, and the training is kept in a file of its own");
    }
}

FITNAS_LAZY_AGAIN std::string saved_architecture(const std::string& path, const space_layout& of) {
    const safetensors file(path);
    require_metadata(file, "format", "fitnas checkpoint", "not a checkpoint");
    require_metadata(file, "space", fingerprint(of), "of another space");
    const auto found = file.metadata().find("architecture");
    if (found == file.metadata().end() || found->second == "supernet") {
        throw data_error("[F0999] " + path + ": expected the weights of one network, got those of " +
                         (found == file.metadata().end()
                              ? "no architecture"
                              : "a supernet: make a network of it by network(architecture, supernet)"));
    }
    return found->second;
}

} // namespace fitnas::detail

#endif

#endif
