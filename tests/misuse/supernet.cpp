/// Networks: training, scoring, latency.
#include <limits>
#include <span>
#include <vector>

#include <fitnas/cpu/block.hpp>
#include <fitnas/data/synthetic.hpp>
#include <fitnas/nn/cross_entropy.hpp>
#include <fitnas/nn/sgd.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/supernet/classifier.hpp>
#include <fitnas/supernet/evaluate.hpp>
#include <fitnas/supernet/latency.hpp>
#include <fitnas/supernet/network.hpp>
#include <fitnas/supernet/retrain.hpp>
#include <fitnas/supernet/train.hpp>
#include <fitnas/supernet/training_method.hpp>

#include "refused.hpp"

using namespace fitnas;

namespace {
using operators = operator_set<op::identity, op::max_pool<3>>;
using space = search_space<image<8, 8, 1>, stem<4>, stage<operators, 2, 4>, head<4, 3>>;
} // namespace

TEST_CASE("misuse of networks") {
    const dataset data =
        datasets::synthetic({.image = {8, 8, 1}, .classes = 3, .train = 30, .validation = 6, .test = 6});
    const dataset five_classes = datasets::synthetic({.image = {8, 8, 1}, .classes = 5, .train = 30});
    const dataset channels_first = datasets::synthetic({.image = {1, 8, 8}, .classes = 3, .train = 30});
    const std::vector<architecture<space>> some = {parse<space>("01")};
    const training_method falling(
        "falling", [](std::size_t n) { return sgd(n); },
        [](long long step) { return 0.1 - 0.1 * static_cast<double>(step); });
    supernet<space> super(seed{1});
    network<space> used(parse<space>("01"));
    used.calibrate(data.train);

    // images with the channels first
    REFUSED(call, shape_error,
            "[F0514] train: the network takes images of 8 x 8 x 1 (height x width x channels), got 1 x 8 x 8",
            train(super, channels_first.train));
    // images of other classes
    REFUSED(call, shape_error, "[F0515] train: the network has 3 classes, the images 5",
            train(super, five_classes.train));
    // no images
    REFUSED(call, data_error, "[F0420] train: expected at least one image, got none",
            train(super, image_dataset{}));
    // a batch larger than the data
    REFUSED(call, option_error,
            "[F0510] train_options::batch: expected 1 to 30, the number of images, got 128",
            train(super, data.train, {.batch = 128}));
    // room for images that no thread reads ahead
    REFUSED(call, option_error,
            "[F0440] read_ahead::images: expected threads to read them, and 0 or at least a batch of 10, got "
            "512 with 0 threads",
            train(super, data.train, {.batch = 10, .ahead = {.images = 512}}));
    // parts of images in percent
    REFUSED(call, option_error,
            "[F0432] random_resized_crop: expected 0 < min_area <= max_area <= 1, got 8 and 100",
            train(super, data.train,
                  {.batch = 10,
                   .augment = {.resized_crop = random_resized_crop{.min_area = 8, .max_area = 100}}}));
    // no epochs
    REFUSED(call, option_error, "[F0508] train_options::epochs: expected at least 1, got 0",
            train(super, data.train, {.epochs = 0, .batch = 10}));
    // a negative learning rate
    REFUSED(call, option_error, "[F0511] train_options::learning_rate: expected a number above 0, got -1e-09",
            train(super, data.train, {.batch = 10, .learning_rate = -1e-9}));
    // a schedule of one's own that falls below 0
    REFUSED(call, numeric_error,
            "[F0581] train: expected a learning rate from 0, got -0.1 in epoch 1, step 3 of 3",
            train(super, data.train, {.batch = 10}, falling));
    // a momentum of 1
    REFUSED(call, option_error, "[F0523] train_options::momentum: expected a number in [0, 1), got 1",
            train(super, data.train, {.batch = 10, .momentum = 1}));
    // more epochs of the largest path alone than epochs
    REFUSED(call, option_error, "[F0570] train_options::largest_epochs: expected 0 to 1, got 5",
            train(super, data.train, {.epochs = 2, .batch = 10, .largest_epochs = 5}));
    // an average of steps in percent
    REFUSED(call, option_error, "[F0571] train_options::average: expected a number from 0 to 1, got 25",
            train(super, data.train, {.batch = 10, .average = 25}));
    // a weight decay below 0
    REFUSED(call, option_error, "[F0524] train_options::weight_decay: expected a number from 0, got -0.0001",
            train(super, data.train, {.batch = 10, .weight_decay = -1e-4}));
    // a warm-up as long as the training
    REFUSED(call, option_error, "[F0512] train_options::warmup: expected 0 to less than 3 epochs, got 3",
            train(super, data.train, {.epochs = 3, .batch = 10, .warmup = 3}));
    // label smoothing of 1
    REFUSED(call, option_error, "[F0513] train_options::label_smoothing: expected a number in [0, 1), got 1",
            train(super, data.train, {.batch = 10, .label_smoothing = 1}));
    // crops beyond the image
    REFUSED(call, option_error,
            "[F0404] augmentation::crop_padding: expected 0 to 8 for images of 8 x 8 x 1, got 9",
            train(super, data.train, {.batch = 10, .augment = {.crop_padding = 9}}));
    // a weight that is not a number
    REFUSED(call, numeric_error,
            "[F0516] train: before the first step: there are weights that are not finite, first in "
            "stem.step0_convolution.weight",
            supernet<space> bad(seed{1});
            bad.parameters()[0] = std::numeric_limits<float>::quiet_NaN();
            train(bad, data.train, {.batch = 10}));
    // an operator that the cell does not have
    REFUSED(call, architecture_error, "[F0507] supernet: there is no operator 2 in cell 0",
            super.parameters(0, 2));
    // an architecture in numbers that the space does not have
    REFUSED(call, architecture_error, "[F0303] architecture: cell 1 has the operators 0 to 1, got 5",
            network<space>(architecture<space>{0, 5}));
    // scoring with more images than there are
    REFUSED(call, option_error,
            "[F0502] evaluate_options::images: expected at most the 6 validation images, got 7",
            evaluate<space>(super, some, data, {.images = 7}));
    // scoring in batches of none
    REFUSED(call, option_error,
            "[F0501] evaluate_options: batch and calibration: expected at least 1, got 0 and 512",
            evaluate<space>(super, some, data, {.batch = 0}));
    // scoring without validation images
    REFUSED(call, data_error, "[F0420] evaluate: the validation split: expected at least one image, got none",
            dataset none = data;
            none.validation = {}; evaluate<space>(super, some, none));
    // using a network that was never trained
    REFUSED(call, option_error,
            "[F0505] network: there are no batch norm statistics yet: train it, or call calibrate",
            network<space> net(some[0]);
            accuracy(net, data.test));
    // retraining without a test split
    REFUSED(call, data_error, "[F0420] retrain: the test split: expected at least one image, got none",
            dataset none = data;
            none.test = {}; retrain<space>(some[0], none));
    // measuring no images
    REFUSED(call, option_error,
            "[F0503] latency_options: images and repeats: expected at least 1, got 0 and 21",
            measure_latency<space>({.images = 0}));
    // one image of another size
    REFUSED(call, shape_error,
            "[F0584] classifier: the network takes images of 8 x 8 x 1 (height x width x channels), got 192 "
            "values, not 64",
            classifier<space>(used).predict(std::vector<std::uint8_t>(192)));
    // one image with the channels first
    REFUSED(call, shape_error,
            "[F0583] classifier: the network takes images of 8 x 8 x 1 (height x width x channels), got a "
            "tensor of 3 dimensions, 1 x 8 x 8",
            classifier<space>(used).predict(xt::xtensor<float, 3>::from_shape({1, 8, 8})));
    // floats from 0 to 255 as one image
    REFUSED(
        call, data_error,
        "[F0585] classifier: an image of floats: expected values from 0 to 1, got 255 at 0; pixels from 0 "
        "to 255 are given as bytes, and normalised by the network",
        classifier<space>(used).predict(std::vector<float>(64, 255.0F)));
    // a network that was never trained
    REFUSED(construction, option_error,
            "[F0582] classifier: the network has no batch norm statistics yet: train it, or call calibrate",
            classifier<space>(network<space>(parse<space>("01"))));
    // names of other classes
    REFUSED(construction, option_error,
            "[F0586] classifier: expected a name for each of the 3 classes, or none, got 2",
            classifier<space>(used, {"cat", "dog"}));
    // a kernel that is even
    REFUSED(construction, shape_error,
            "[F0103] block: the recipe does not fit an input of 8 x 8 x 4: kernels must be odd, strides and "
            "widths positive, a residual must meet the input's shape",
            block({depthwise(2)}, shape{8, 8, 4}));
    // a residual around a change of shape
    REFUSED(construction, shape_error,
            "[F0103] block: the recipe does not fit an input of 8 x 8 x 4: kernels must be odd, strides and "
            "widths positive, a residual must meet the input's shape",
            block({pointwise(8), residual()}, shape{8, 8, 4}));
    // a tensor with the channels first
    REFUSED(call, shape_error,
            "[F0105] block: forward: expected at least one image of 8 x 8 x 3 (height x width x channels), "
            "got 2 of 3 x 8 x 8",
            block b({relu()}, shape{8, 8, 3});
            b.forward(tensor4::from_shape({2, 3, 8, 8})));
    // backward before forward
    REFUSED(call, shape_error, "[F0104] block: backward: forward saw 0 images, got gradients of 2",
            block b({relu()}, shape{8, 8, 3});
            b.backward(tensor4::from_shape({2, 8, 8, 3})));
    // a label past the classes
    REFUSED(call, shape_error, "[F0107] cross_entropy: expected labels from 0 to 2, got 3",
            cross_entropy(std::vector<float>{0, 1, 0}, std::vector<int>{3}, 0));
}
