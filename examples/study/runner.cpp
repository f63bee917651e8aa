// What stages of all spaces share.
#include "runner.hpp"

#include <algorithm>
#include <filesystem>

// The key of a stage has what files hold, never how their paths are spelt.
void runner::perform(const std::string& name, unsigned bit, std::vector<std::string> inputs,
                     const std::vector<std::string>& outputs, std::vector<std::string> partial, bool again,
                     const std::function<void()>& work) {
    json options = options_of(m, bit);
    for (const char* path : {"data", "scores", "table", "truth-table", "chart-js"}) {
        options.erase(path);
    }
    for (const char* how : {"read-ahead", "checkpoint-steps", "recompute"}) { // and not what comes out
        options.erase(how);
    }
    const bool alone = bit == in::retrain && !m.retrain_together;
    if (alone) {
        options.erase("retrain-together");
    }
    if (m.parts == 0 || alone) { // of processes that happen to train together
        options.erase("parts");
        if (m.share == "images" || alone) {
            options.erase("share");
        }
    }
    if (m.supernet_cells == 0) { // runs from before there were these options go on
        options.erase("supernet-cells");
    }
    if (m.supernets == 1 || bit == in::train) { // of one supernet
        options.erase("supernets");
    }
    if (!m.zero_init_residual) {
        options.erase("zero-init-residual");
    }
    if (!m.init_alike) {
        options.erase("init-alike");
    }
    if ((bit & in::images) != 0 && (bit != in::truth || m.truth_table.empty()) &&
        (bit != in::segments || !m.data.empty())) {
        options["images"] = images_hash();
    }
    m_folder.note({{"space", m.space}, {"quick", m.quick}, {"options", options_of(m, in::every)}});
    const stopwatch clock;
    const bool did =
        m_folder.perform({name, options, std::move(inputs), outputs, std::move(partial)}, again, work);
    std::string text;
    for (const std::string& file : outputs) {
        text += " " + file;
    }
    say("stage " + name + ":" + text +
        (did ? ", in " + console::duration(clock.seconds()) : ", done before"));
}

// Says, here and in the page, why there is no published truth, and reads none.
void runner::without_truth(const std::string& stage, const std::string& note) {
    if (stage == "truth" && !m.truth_table.empty()) {
        throw option_error("[F1191] --truth-table: " + note);
    }
    m.truth_table.clear();
    m_folder.note("note", "Without published truth: " + note + ".");
    say("Without published truth: " + note + ".");
}

// Says, here and in the page, whose scores these are; of given ones that is not known.
void runner::tell_supernet() {
    const bool own = m.scores.empty();
    const bool shallow = own && m.supernet_cells == 1;
    std::string note;
    if (own && m.supernets > 1) {
        note = "Scores are means over " + std::to_string(m.supernets) + " supernets";
    } else if (shallow) {
        note = "Scores are of a supernet";
    }
    if (shallow) {
        note += " with one cell a stage, truths of networks with five";
    }
    if (!note.empty()) {
        note += ".";
        say(note);
    }
    m_folder.note("note", note);
}

// A file that the user names: refused where it is not there, before anything changes.
std::string runner::given(const std::string& path) {
    if (const fitnas::detail::byte_file opens(path); !std::filesystem::is_regular_file(path)) {
        throw data_error("[F1175] " + path + ": expected a file, which can be read more than once");
    }
    return path;
}

study::data_source runner::source() const {
    if (m.data.empty()) {
        throw option_error(
            "[F1103] --data is needed: fashion-mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, images:DIR, "
            "images-lazy:DIR, pack:FILE or synthetic");
    }
    return study::data_source::parse(m.data);
}

// Of the images as they are read, so that it is the same for the same images in other files.
const std::string& runner::images_hash() {
    if (m_images_hash.empty()) {
        json files = json::object();
        for (const std::string& file : source().files()) {
            files[file] = study::file_sha256(file);
        }
        m_folder.note("data_source", m.data);
        m_folder.note("data_files", files);
        m_images_hash = source().hash(data());
    }
    return m_images_hash;
}

const dataset& runner::data() {
    if (!m_data) {
        m_data = source().load(
            m_input, m_classes,
            {.validation = m.validation_images, .seed = seed{m.seed}, .train_limit = m.train_images});
        if (m_data->train.image_shape() != m_input) {
            const shape has = m_data->train.image_shape();
            m_data.reset();
            throw option_error("[F1112] --data: the space takes images of " + to_string(m_input) +
                               " (height x width x channels), " + m.data + " has images of " +
                               to_string(has) + "; images:, images-lazy: and pack: scale theirs");
        }
    }
    return *m_data;
}

// Of how many networks to train the truth; 0: of all.
std::size_t runner::truth_networks() const {
    const auto networks =
        m.truth == "all" ? std::size_t{0} : fitnas::detail::read_number<std::size_t>(m.truth).value_or(0);
    if (networks == 0 && m.truth != "all") {
        throw option_error("[F1104] --truth: expected a number of networks or all, got \"" + m.truth + "\"");
    }
    return networks;
}

train_options runner::training(int epochs) const {
    train_options o{.epochs = epochs,
                    .batch = m.batch,
                    .learning_rate = m.learning_rate,
                    .warmup = m.warmup,
                    .label_smoothing = m.label_smoothing,
                    .seed = seed{m.seed}};
    o.sampling = static_cast<sampling>(std::find(sampling_names.begin(), sampling_names.end(), m.sampling) -
                                       sampling_names.begin());
    o.augment.flip = m.augment;
    o.augment.crop_padding = m.augment && m.resized_crop == 0 ? 4 : 0;
    if (m.resized_crop > 0) {
        o.augment.resized_crop = random_resized_crop{.min_area = m.resized_crop};
    }
    o.augment.jitter = {m.jitter, m.jitter, m.jitter};
    o.ahead.threads = m.read_ahead;
    o.recompute_activations = m.recompute;
    return o;
}

// Of a supernet, which processes train together; networks by themselves are trained by one each.
train_options runner::shared_training(int epochs) const {
    train_options o = training(epochs);
    o.parts = m.parts;
    o.peers = m_folder.peers();
    o.share = m.share == "paths"    ? step_share::paths
              : m.share == "images" ? step_share::images
                                    : step_share::images_synchronised;
    return o;
}

// Of networks by themselves: each by one process, or by all, which have but one path to share.
train_options runner::retraining() const {
    train_options o = m.retrain_together ? shared_training(m.retrain_epochs) : training(m.retrain_epochs);
    if (o.share == step_share::paths) {
        o.share = step_share::images_synchronised;
    }
    return o;
}

evaluate_options runner::evaluation() const {
    return {.statistics = m.statistics == "batch" ? statistics::batch : statistics::calibrated,
            .calibration = m.calibration,
            .images = m.score_images,
            .batch = m.score_batch,
            .seed = seed{m.seed},
            .peers = m_folder.peers()};
}

score_measure runner::score() const {
    return m.score == "accuracy" ? score_measure::accuracy : score_measure::negative_loss;
}

study::fit_settings runner::fitting() const {
    study::fit_settings settings{
        .plan = {}, .folds = m.folds, .seed = seed{m.seed}, .peers = m_folder.peers()};
    for (int p = 0; p < fit_plans; ++p) {
        if (m.plan == fit_plan_names[static_cast<std::size_t>(p)]) {
            settings.plan = static_cast<fit_plan>(p);
        }
    }
    return settings;
}

cost::limit runner::given_limit() const {
    cost::limit limit;
    if (m.max_macs > 0) {
        limit = limit && cost::macs_at_most(m.max_macs);
    }
    return m.max_parameters > 0 ? limit && cost::parameters_at_most(m.max_parameters) : limit;
}
