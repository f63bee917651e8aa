/// Images, labels and their files.
#include <string>
#include <vector>

#include <fitnas/data/arrays.hpp>
#include <fitnas/data/cifar.hpp>
#include <fitnas/data/fashion_mnist.hpp>
#include <fitnas/data/idx.hpp>
#include <fitnas/data/image_folder.hpp>
#include <fitnas/data/image_pack.hpp>
#include <fitnas/data/npy.hpp>
#include <fitnas/data/split.hpp>
#include <fitnas/data/synthetic.hpp>

#include "refused.hpp"

using namespace fitnas;

TEST_CASE("misuse of images and their files") {
    const dataset data =
        datasets::synthetic({.image = {8, 8, 1}, .classes = 3, .train = 30, .validation = 6, .test = 6});
    const working_folder folder;
    folder.write("labels", std::string("\0\0\x08\x01\0\0\0\2\1\0", 10));
    folder.write("images", std::string("\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\2", 16) + "1234567");
    folder.write("batch.bin", std::string(3000, '\1'));
    folder.write("empty", "");
    folder.write("floats", std::string("\0\0\x0D\x03", 4) + std::string(16, '\0'));
    folder.write("huge", std::string("\0\0\x08\x04\0\0\0\1\0\0\x80\0\0\0\x80\0\0\0\0\3", 20));
    folder.write("train.bin", std::string(2 * 3074, '\1'));
    folder.write("data_batch_1", "\x80\x02}q\x01(U\x0b"
                                 "batch_label");
    folder.write("images.zip", "PK\x03\x04\x14" + std::string(30, '\0'));

    std::filesystem::create_directories("flat/");
    folder.write("flat/a.png", "");
    std::filesystem::create_directories("photos/cats");
    folder.write("photos/cats/a.jpg", "<html>404");
    std::filesystem::create_directories("photos/dogs");

    // a folder in place of packed images
    REFUSED(call, data_error, "[F0451] photos: expected a folder of files that end with .pack, got none",
            read_image_pack("photos"));
    // an archive in place of packed images
    REFUSED(call, data_error,
            "[F0444] images.zip: expected a file that pack_images wrote, which begins with \"FITNASIP\"",
            read_image_pack("images.zip"));
    // a file that is not there
    REFUSED(call, data_error, "[F0405] train-images: cannot be opened: No such file or directory",
            read_idx("train-images", "train-labels", 3));
    // a folder that is not there
    REFUSED(
        call, data_error,
        "[F0412] fashion/train-images-idx3-ubyte: no such file, and no train-images-idx3-ubyte.gz beside it",
        datasets::fashion_mnist("fashion"));
    // labels and images the wrong way round
    REFUSED(
        call, data_error,
        "[F0416] labels: not an IDX file of images: expected the magic number 2051 (N x H x W) or 2052 (N x "
        "H x W x C), got 2049, an IDX file of unsigned bytes in 1 dimension",
        read_idx("labels", "images", 3));
    // a file that ends too early
    REFUSED(call, data_error,
            "[F0408] images: truncated: expected 8 bytes of 2 images of 2 x 2 pixels, got 7",
            read_idx("images", "labels", 3));
    // an empty file
    REFUSED(call, data_error, "[F0408] empty: truncated: expected 4 bytes of an IDX header, got 0",
            read_idx("empty", "labels", 3));
    // a file of another kind
    REFUSED(call, data_error, "[F0413] batch.bin: expected whole records of 3073 bytes, got 3000 bytes",
            read_cifar10(std::vector<std::string>{"batch.bin"}));
    // CIFAR-100 for CIFAR-10
    REFUSED(call, data_error,
            "[F0413] train.bin: expected whole records of 3073 bytes, got 6148 bytes: seems to be CIFAR-100, "
            "which read_cifar100 takes",
            read_cifar10(std::vector<std::string>{"train.bin"}));
    // CIFAR-10 in its version for Python
    REFUSED(
        call, data_error,
        "[F0466] data_batch_1: seems to be a Python pickle, as of CIFAR-10's version for Python: of CIFAR-10 "
        "the binary version is read, of other data IDX files",
        read_cifar10(std::vector<std::string>{"data_batch_1"}));
    // IDX images for CIFAR-10
    REFUSED(
        call, data_error,
        "[F0413] images: expected whole records of 3073 bytes, got 23 bytes: seems to be an IDX file, which "
        "read_idx takes",
        read_cifar10(std::vector<std::string>{"images"}));
    // an archive for what is in it
    REFUSED(
        call, data_error,
        "[F0466] images.zip: seems to be a zip archive, as NumPy's .npz and PyTorch's .pt files are: unpack "
        "or convert it",
        read_idx("images.zip", "labels", 3));
    // IDX images of floats
    REFUSED(
        call, data_error,
        "[F0416] floats: not an IDX file of images: expected the magic number 2051 (N x H x W) or 2052 (N x "
        "H x W x C), got 3331, an IDX file of 32-bit floats in 3 dimensions",
        read_idx("floats", "labels", 3));
    // images that are too large
    REFUSED(call, data_error,
            "[F0467] huge: expected images of at most 2^31 values, the header says 32768 x 32768 x 3",
            read_idx("huge", "labels", 3));
    // no files
    REFUSED(call, data_error, "[F0415] read_cifar10: expected at least one file, got none",
            read_cifar10(std::vector<std::string>{}));
    // labels that count from 1
    REFUSED(call, data_error,
            "[F0423] split: the training set: expected labels from 0 to 2, got 3 for image 4",
            image_dataset bad(data.train);
            bad.labels[4] = 3; split(bad, data.test, {}));
    // fewer labels than images
    REFUSED(call, data_error,
            "[F0421] split: the training set: expected one label an image, got 30 images and 29 labels",
            image_dataset bad(data.train);
            bad.labels.pop_back(); split(bad, data.test, {}));
    // validation takes every image
    REFUSED(call, option_error,
            "[F0426] split_options::validation: expected fewer than the 30 training images, got 10000",
            split(data.train, data.test));
    // more training images than are left
    REFUSED(
        call, option_error,
        "[F0427] split_options::train_limit: expected at most the 20 images that validation leaves, got 21",
        split(data.train, data.test, {.validation = 10, .train_limit = 21}));
    // a part that is larger than the whole
    REFUSED(call, option_error, "[F0468] stratified_indices: expected at most the 30 images, got 31",
            stratified_indices(data.train, 31, seed{1}));
    // training and test images of different sizes
    REFUSED(
        call, data_error,
        "[F0425] split: the training set has images of 8 x 8 x 1 in 3 classes, the test set 9 x 8 x 1 in 3",
        split(data.train, datasets::synthetic({.image = {9, 8, 1}, .classes = 3}).test, {.validation = 10}));
    // images without pixels
    REFUSED(call, option_error, "[F0428] synthetic_options::image: expected positive sizes, got 28 x 28 x 0",
            datasets::synthetic({.image = {28, 28, 0}}));
    // noise below 0
    REFUSED(call, option_error, "[F0430] synthetic_options::noise: expected a finite number from 0, got -0.5",
            datasets::synthetic({.noise = -0.5}));
    // images that lie in no folder of a class
    REFUSED(
        call, data_error,
        "[F0492] flat: expected a folder for each class with its images in it, got a folder without folders",
        read_image_folder("flat"));
    // a class without images
    REFUSED(call, data_error,
            "[F0494] photos/dogs: expected images of this class, .jpg, .jpeg or .png, got none",
            read_image_folder("photos"));
    // an image that is none
    REFUSED(
        call, data_error,
        "[F0488] photos/cats/a.jpg: expected a JPEG or PNG image, got a web page, as a download that failed "
        "leaves: download it again",
        read_image_folder("photos", {.classes = {"cats", "dogs"}}));
    // a folder of a class that training images do not have
    REFUSED(
        call, data_error,
        "[F0493] photos: expected folders of the 2 classes from \"birds\" to \"cats\", got one of \"dogs\"",
        read_image_folder("photos", {.classes = {"birds", "cats"}}));
    // images in four channels
    REFUSED(
        call, option_error,
        "[F0482] image_folder_options: expected height and width from 0 to 65535 and channels 0, 1 or 3, got "
        "32 x 32 x 4",
        read_image_folder("photos", {.height = 32, .width = 32, .channels = 4}));
    // floats from 0 to 255
    REFUSED(call, data_error,
            "[F0498] make_image_dataset: expected float pixels from 0 to 1, got 254 for value 0: "
            "array_options::white says what is white",
            make_image_dataset(std::vector<float>{254, 0}, {1, 2, 1}, std::vector<int>{0}));
    // a part of an image
    REFUSED(call, shape_error,
            "[F0486] make_image_dataset: expected the values of whole images of 28 x 28 x 1, got 783 values",
            make_image_dataset(std::vector<float>(783), {28, 28, 1}, std::vector<int>{0}));
    // IDX for an array of NumPy
    REFUSED(call, data_error,
            "[F0495] labels: expected a NumPy array (.npy), got a file that does not begin like one",
            read_npy("labels", "labels"));
}
