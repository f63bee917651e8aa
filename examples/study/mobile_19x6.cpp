// The paper's space in the sizes that it is compiled for.
#include "mobile_19x6.hpp"

#include "runner.hpp"

namespace {

// Calls `f.template operator()<Space>()` for each of a tuple.
template <class... Spaces, class F>
void for_each_space(std::tuple<Spaces...>*, F&& f) {
    (f.template operator()<Spaces>(), ...);
}

std::string list_of_sizes() {
    std::string list;
    for_each_space(static_cast<mobile_spaces*>(nullptr), [&]<class Space>() {
        list += (list.empty() ? "" : ", ") + std::to_string(Space::input.height) + " x " +
                std::to_string(Space::input.width) + " with " + std::to_string(Space::classes) + " classes";
    });
    return list;
}

} // namespace

void choose_mobile_19x6(settings& s) {
    if (s.space != "mobile_19x6") {
        if (s.image_size != 0 || s.classes != 0) {
            throw option_error("[F1110] --image-size and --classes: only mobile_19x6 has a choice; " +
                               s.space + " has images of one size and one number of classes");
        }
        return;
    }
    if (s.data.empty()) {
        return;
    }
    if (s.classes == 0) {
        s.classes = study::data_source::parse(s.data).class_count().value_or(0);
    }
    int side = 0;
    int classes = 0;
    for_each_space(static_cast<mobile_spaces*>(nullptr), [&]<class Space>() {
        if (side == 0 && (s.image_size == 0 || s.image_size == Space::input.height) &&
            (s.classes == 0 || s.classes == Space::classes)) {
            side = Space::input.height;
            classes = Space::classes;
        }
    });
    if (side == 0) {
        const std::string wanted = s.image_size == 0 ? "SIDE" : std::to_string(s.image_size);
        const std::string number = s.classes == 0 ? "CLASSES" : std::to_string(s.classes);
        throw option_error("[F1111] --image-size: mobile_19x6 is compiled for images of " + list_of_sizes() +
                           ", not for " + wanted + " x " + wanted + " with " + number +
                           ": put spaces::mobile_19x6_of<" + wanted + ", " + number +
                           "> into the list of examples/study/mobile_19x6.hpp, and build study again");
    }
    s.image_size = side;
    s.classes = classes;
}

void runner::run_mobile_19x6(const std::string& stage) {
    if (m.data.empty()) {
        run<spaces::mobile_19x6>(stage);
        return;
    }
    // What would be refused after hours of training.
    const bool scores = stage == "run" || stage == "segments";
    if (scores && m.score_images > m.validation_images) {
        throw option_error("[F1114] --score-images: expected at most the " +
                           std::to_string(m.validation_images) + " of --validation-images, got " +
                           std::to_string(m.score_images));
    }
    if (scores && m.segment_samples / static_cast<std::size_t>(m.folds) < 2) {
        throw option_error("[F1115] --segment-samples: expected at least 2 for each of the " +
                           std::to_string(m.folds) + " of --folds, got " + std::to_string(m.segment_samples));
    }
    for_each_space(static_cast<mobile_spaces*>(nullptr), [&]<class Space>() {
        if (m.image_size == Space::input.height && m.classes == Space::classes) {
            run<Space>(stage);
        }
    });
}
