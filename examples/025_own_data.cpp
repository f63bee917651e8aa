// Images of your own: a folder for each class, or pixels that are in memory already.
//
//   example_025_own_data            draws discs, squares and crosses
//   example_025_own_data FOLDER     FOLDER/CLASS/name.jpg or .png, three classes, of any size
//
// Prints, without a folder:
//   1200 images of 16 x 16 x 1 in 3 classes: disc square cross
//   the best of 20 sub-networks: nearly 100 % of the images that were held out

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fitnas/fitnas.hpp>

using namespace fitnas;

using ops = operator_set<op::conv<3>, op::mbconv<3, 3>, op::mbconv<5, 3>>;
struct space
    : search_space<image<16, 16, 1>, stem<8, 1>, stage<ops, 2, 16, 2>, stage<ops, 2, 24, 2>, head<32, 3>> {};

// Grey floats from 0 to 1, as other libraries have them: a shape somewhere, and noise.
image_dataset drawn(std::size_t count) {
    constexpr int side = 16;
    std::vector<float> pixels;
    std::vector<int> labels;
    random_stream random(seed{1}, purpose::synthetic);
    for (std::size_t i = 0; i < count; ++i) {
        const int label = static_cast<int>(i % 3);
        const int y0 = 5 + static_cast<int>(random.below(6));
        const int x0 = 5 + static_cast<int>(random.below(6));
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                const int dy = std::abs(y - y0);
                const int dx = std::abs(x - x0);
                const bool inside = label == 0   ? dy * dy + dx * dx <= 18
                                    : label == 1 ? (std::max)(dy, dx) <= 3
                                                 : (std::min)(dy, dx) <= 1 && (std::max)(dy, dx) <= 5;
                const double value = (inside ? 0.7 : 0.3) + 0.1 * random.normal();
                pixels.push_back(static_cast<float>(std::clamp(value, 0.0, 1.0)));
            }
        }
        labels.push_back(label);
    }
    image_dataset data = make_image_dataset(pixels, {side, side, 1}, labels);
    data.names = {"disc", "square", "cross"};
    return data;
}

int main(int count, char** arguments) {
    try {
        image_view all;
        if (count > 1) {
            image_folder folder = read_image_folder(arguments[1], {.height = 16,
                                                                   .width = 16,
                                                                   .channels = 1,
                                                                   .resize = resizing::centre_crop,
                                                                   .skip_damaged = true});
            for (const std::string& why : folder.skipped) {
                std::printf("left out: %s\n", why.c_str());
            }
            all = std::move(folder);
        } else {
            all = drawn(1200);
        }
        std::printf("%zu images of %s in %d classes:", all.size(), to_string(all.image_shape()).c_str(),
                    all.class_count());
        for (const std::string& name : all.class_names()) {
            std::printf(" %s", name.c_str());
        }
        std::printf("\n");

        // A third is held out: half to compare networks on, half for a last test.
        const dataset outer = split(all, all, {.validation = all.size() / 6});
        const dataset data = split(outer.train, outer.validation, {.validation = all.size() / 6});
        supernet<space> super(seed{7});
        train(super, data.train, {.epochs = 10, .batch = 32, .sampling = sampling::strict_fair});
        const auto scores = evaluate_both<space>(super, sample<space>(20, seed{1}), data, {.images = 0});
        const auto& losses = scores.negative_loss; // less noisy than accuracies
        const auto best = std::max_element(losses.begin(), losses.end()) - losses.begin();
        std::printf("the best of %zu sub-networks: %.0f %% of the images that were held out\n", losses.size(),
                    100 * scores.accuracy.scores[static_cast<std::size_t>(best)]);
    } catch (const error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
