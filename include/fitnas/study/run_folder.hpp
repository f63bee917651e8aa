/// @file
/// @brief The folder of a run: its files, its manifest, and which stages are done.

#ifndef FITNAS_STUDY_RUN_FOLDER_HPP
#define FITNAS_STUDY_RUN_FOLDER_HPP

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/parallel.hpp>
#include <fitnas/core/peers.hpp>
#include <fitnas/core/progress.hpp>
#include <fitnas/core/simd.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/io/whole_file.hpp>
#include <fitnas/study/folder.hpp>
#include <fitnas/study/sha256.hpp>
#include <fitnas/version.hpp>

namespace fitnas::study {

/// @brief A piece of a study: what it depends on, and what it writes.
struct stage {
    std::string name;
    json settings; ///< the options that its results depend on; no paths, for what counts is what is there
    std::vector<std::string> inputs;  ///< paths; a change of what a file holds makes the stage out of date
    std::vector<std::string> outputs; ///< files of the folder
    std::vector<std::string> partial; ///< files of the folder by which a stopped stage goes on
};

/// @brief A folder with a `manifest.json`, in which stages are done once.
///
/// Several processes that work together (`peers`) may share one, on a disk that all see: the first decides
/// what is to do and writes.
///
/// A stage has a key: a hash of its settings and of the contents of its inputs. Where the manifest has the
/// same key as finished and all outputs are there, there is nothing to do; outputs may have been replaced by
/// hand, and the stages that read them then have another key. A stage that was stopped finds its partial
/// files, as long as its key is the same. Those of another key are kept beside them, as `name.` with the
/// first 8 digits of that key, and are taken up again where the stage has that key again.
class run_folder {
public:
    /// @param path made where it is missing
    /// @param all processes that share it, which outlive it; null: this process is alone
    /// @throws data_error where it cannot be made, or its manifest cannot be read
    explicit run_folder(std::string path, fitnas::peers* all = nullptr);

    fitnas::peers* peers() const { return m_peers; } ///< processes that share it; null: this process is alone
    /// Whether this process is the one that writes.
    bool first() const { return fitnas::detail::is_first(m_peers); }
    /// @brief Writes, where this process is the first; the others wait until what it wrote is there.
    /// Collective.
    /// @param write `void write()`
    /// @throws what it throws, on all processes
    template <class Write>
    void write(Write&& write) const {
        fitnas::detail::do_agreed(m_peers, [&] {
            if (first()) {
                write();
            }
        });
    }

    const std::string& path() const { return m_path; } ///< the folder's name
    /// @return the path of a file of the folder
    std::string file(const std::string& name) const { return m_path + "/" + name; }
    /// Whether the folder has this file.
    bool has(const std::string& name) const { return is_there(file(name)); }
    /// @brief Refuses a file that is not there.
    /// @param made_by the stage that writes it, for the message
    /// @throws data_error
    std::string need(const std::string& name, const std::string& made_by) const;

    const json& manifest() const { return m_manifest; } ///< what is known of each stage
    /// @brief Puts a value into the manifest.
    /// @throws data_error where it cannot be written; then it is as before
    void note(const std::string& key, const json& value) {
        json changed = m_manifest;
        changed[key] = value;
        replace(std::move(changed));
    }

    /// @brief Puts several values into the manifest, and takes out those that are null.
    /// @throws data_error where it cannot be written; then it is as before
    void note(const json& values);

    /// @brief Refuses, before the work, names that could not be written in the end.
    /// @throws data_error
    void require_writable(const std::vector<std::string>& names) const {
        for (const std::string& n : names) {
            if (first()) {
                fitnas::detail::require_writable(file(n));
            }
        }
    }

    /// @brief Does a stage, unless it is done.
    /// @param again do it also where it is done
    /// @param work `void work()`: writes the outputs
    /// @return whether there was anything to do
    /// @throws data_error before the work where an output could not be written; what the work throws
    template <class Work>
    bool perform(const stage& s, bool again, Work&& work) {
        begun now;
        write([&] { now = begin(s, again); });
        if (!fitnas::detail::any_of(m_peers, now.to_do)) {
            return false;
        }
        const stopwatch clock;
        try {
            work();
        } catch (...) {
            try {
                record(s, now.key, now.seconds + clock.seconds(), false);
            } catch (const error&) { // what the work said matters more
            }
            throw;
        }
        write([&] { record(s, now.key, now.seconds + clock.seconds(), true); });
        return true;
    }

private:
    static std::string compiler();

    static std::string key_of(const stage& s);

    /// A stage that is to be done, or not.
    struct begun {
        bool to_do = false;
        std::string key{};
        double seconds = 0; ///< that it took before it was stopped
    };
    begun begin(const stage& s, bool again) {
        const std::string key = key_of(s);
        const recorded before = record_of(s.name);
        const bool known = before.key == key;
        const bool finished = known && before.finished && all_there(s.outputs);
        if (finished && !again) {
            return {};
        }
        for (const auto* names : {&s.outputs, &s.partial}) {
            require_writable(*names);
        }
        require_writable({"manifest.json"});
        for (const std::string& name : s.partial) {
            if (finished) {
                remove_file(file(name));
            } else if (!known) {
                rename(name, kept(name, before.key));
                rename(kept(name, key), name);
            }
        }
        const double seconds = known && !finished ? before.seconds : 0;
        record(s, key, seconds, false);
        return {true, key, seconds};
    }

    /// What the manifest says of a stage.
    struct recorded {
        std::string key;
        bool finished = false;
        double seconds = 0;
    };
    /// What is missing there, or of another type, counts as nothing.
    recorded record_of(const std::string& name) const;

    bool all_there(const std::vector<std::string>& names) const {
        return std::all_of(names.begin(), names.end(), [&](const std::string& n) { return has(n); });
    }
    /// Where there is such a file.
    void rename(const std::string& from, const std::string& to) const;
    /// What a partial file of another key is called.
    static std::string kept(const std::string& name, const std::string& key) {
        return name + "." + (key.empty() ? "unknown" : key.substr(0, 8));
    }

    void record(const stage& s, const std::string& key, double seconds, bool finished);
    void replace(json changed) {
        if (first()) {
            write_json(file("manifest.json"), changed);
        }
        m_manifest = std::move(changed);
    }

    std::string m_path;
    fitnas::peers* m_peers;
    json m_manifest = json::object();
};

} // namespace fitnas::study

#if FITNAS_DEFINITIONS

namespace fitnas::study {

FITNAS_API run_folder::run_folder(std::string path, fitnas::peers* all)
    : m_path(std::move(path)), m_peers(all) {
    make_folder(m_path);
    if (has("manifest.json")) {
        m_manifest = read_json(file("manifest.json"));
        if (!m_manifest.is_object()) {
            throw data_error("[F1075] " + file("manifest.json") + ": expected an object, got a JSON " +
                             m_manifest.type_name());
        }
        if (m_manifest.contains("stages") && !m_manifest["stages"].is_object()) {
            throw data_error("[F1071] " + file("manifest.json") +
                             ": stages: expected an object, got a JSON " + m_manifest["stages"].type_name());
        }
    }
    m_manifest["fitnas"] = FITNAS_VERSION_STRING;
    m_manifest["compiler"] = compiler();
    m_manifest["floats_in_a_vector"] = simd::lanes;
    m_manifest["threads"] = thread_count();
    m_manifest["processors"] = std::thread::hardware_concurrency();
}

FITNAS_API std::string run_folder::need(const std::string& name, const std::string& made_by) const {
    if (!has(name)) {
        throw data_error("[F1011] " + file(name) + ": not there yet; the stage \"" + made_by +
                         "\" writes it");
    }
    return file(name);
}

FITNAS_API void run_folder::note(const json& values) {
    json changed = m_manifest;
    for (const auto& [key, value] : values.items()) {
        if (value.is_null()) {
            changed.erase(key);
        } else {
            changed[key] = value;
        }
    }
    replace(std::move(changed));
}

FITNAS_API std::string run_folder::compiler() {
#if defined(__clang__)
    return std::string("clang ") + __clang_version__;
#elif defined(__GNUC__)
    return std::string("g++ ") + __VERSION__;
#else
    return "unknown";
#endif
}

FITNAS_API std::string run_folder::key_of(const stage& s) {
    sha256 hash;
    hash.add(s.settings.dump(-1, ' ', false, json::error_handler_t::replace));
    for (const std::string& path : s.inputs) {
        hash.add(is_there(path) ? file_sha256(path) : "none");
    }
    return hash.hex();
}

FITNAS_API run_folder::recorded run_folder::record_of(const std::string& name) const {
    const auto stages = m_manifest.find("stages");
    if (stages == m_manifest.end() || !stages->contains(name)) {
        return {};
    }
    const json& entry = (*stages)[name];
    const auto key = entry.find("key");
    const auto finished = entry.find("finished");
    const auto seconds = entry.find("seconds");
    return {key != entry.end() && key->is_string() ? key->get<std::string>() : std::string(),
            finished != entry.end() && *finished == true,
            seconds != entry.end() && seconds->is_number() ? seconds->get<double>() : 0.0};
}

FITNAS_API void run_folder::rename(const std::string& from, const std::string& to) const {
    if (std::error_code failed; has(from)) {
        std::filesystem::rename(file(from), file(to), failed);
        if (failed) {
            throw data_error("[F1076] " + file(from) + ": cannot be kept as " + file(to) + ": " +
                             failed.message());
        }
    }
}

FITNAS_API void run_folder::record(const stage& s, const std::string& key, double seconds, bool finished) {
    json entry{{"key", key}, {"finished", finished}, {"seconds", seconds}, {"settings", s.settings}};
    if (finished) {
        char text[32];
        const std::time_t now = std::time(nullptr);
        std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
        entry["at"] = text;
    }
    json changed = m_manifest;
    changed["stages"][s.name] = entry;
    replace(std::move(changed));
}

} // namespace fitnas::study

#endif

#endif
