// The walk along a network's layers, and what runs of blocks leave.
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/supernet/run.hpp>
#include <fitnas/supernet/supernet.hpp>

#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

namespace {

constexpr int count = 70; // more than one slice with given statistics

std::vector<float> some_images() {
    std::vector<float> images(count * static_cast<std::size_t>(space::input.size()));
    random_stream random(seed{3}, purpose::user);
    detail::fill_normal(images, 1.0, random);
    return images;
}

// Counts instead of computing; 0 is nothing.
struct count_steps {
    std::vector<std::size_t> computed;
    int behind_count = 0;
    int layer(std::size_t i, const detail::weight_block&, int x) {
        computed.push_back(i);
        return x + 1;
    }
    int sum(const detail::weight_block&, int a, int b, bool) { return a + b; }
    int concatenation(const detail::layer_link&, const detail::weight_block&, int, int) { return -1000; }
    int zeros(const detail::weight_block&) { return -1000; }
    void behind(std::size_t) { ++behind_count; }
};

} // namespace

TEST_CASE("a walk computes blocks in order and hands on what others let through") {
    const supernet<space> net(seed{1});
    const detail::weights& w = net.weights();
    const detail::network_path path = w.path(parse<space>("012")); // the second cell is the identity
    count_steps at;
    std::vector<int> values(path.size() + 1, 1);
    detail::walk(w, path, 0, std::span<int>(values), at);
    CHECK(at.computed == std::vector<std::size_t>{0, 1, 3, 4});
    CHECK(at.behind_count == 5);
    CHECK(values == std::vector<int>{1, 2, 3, 3, 4, 5});
    // From a layer on.
    count_steps from;
    detail::walk(w, path, 3, std::span<int>(values), from);
    CHECK(from.computed == std::vector<std::size_t>{3, 4});
    CHECK(values == std::vector<int>{1, 2, 3, 3, 4, 5});
}

TEST_CASE("statistics that are kept give the outputs of the run they were taken in, image by image") {
    const supernet<space> net(seed{1});
    const detail::weights& w = net.weights();
    const std::vector<float> images = some_images();
    const std::vector<detail::selected_norm> norms = detail::selected_norms(w.part());
    for (const char* code : {"000", "012", "101"}) {
        CAPTURE(code);
        const detail::network_path path = w.path(parse<space>(code));
        detail::block_statistics kept(w.blocks().size());
        detail::runner runner;
        std::size_t seen = 0;
        const float* own = runner.along(
            w, path, images.data(), count,
            [&](const detail::weight_block& b, const detail::block_run& run, const float*) {
                for (const detail::selected_norm& norm : norms) {
                    if (norm.block == b.index) {
                        const std::vector<float> values = detail::norm_values(run, norm.norm, norm.channels);
                        kept.set(norm, values);
                        CHECK(detail::norm_values(kept.of(b.index), norm.norm, norm.channels) == values);
                        ++seen;
                    }
                }
            });
        CHECK(seen > 0);
        const std::vector<float> expected(own, own + count * space::classes);
        runner.memory().reset();
        const float* given = runner.along_given(w, path, images.data(), count, kept);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(given[i] == doctest::Approx(expected[i]).epsilon(1e-4));
        }
        // The last image alone, whose logits no other image influences.
        const std::vector<float> last(given + (count - 1) * space::classes, given + count * space::classes);
        const float* alone = runner.along_given(
            w, path, images.data() + (count - 1) * static_cast<std::size_t>(space::input.size()), 1, kept);
        CHECK(std::equal(last.begin(), last.end(), alone));
    }
}

TEST_CASE("a run keeps what comes out of blocks and gives back what lies between") {
    const supernet<space> net(seed{1});
    const detail::weights& w = net.weights();
    const std::vector<float> images = some_images();
    const detail::network_path path = w.path(parse<space>("000"));
    detail::runner runner;
    std::size_t outputs = 0;
    for (const int i : path) {
        outputs += static_cast<std::size_t>(w.block(i).output.size()) * count;
    }
    runner.memory().reserve(4 * outputs + 65536); // one piece
    const std::size_t before = runner.memory().position().used;
    runner.along(w, path, images.data(), count,
                 [](const detail::weight_block&, const detail::block_run&, const float*) {});
    const std::size_t taken = runner.memory().position().used - before;
    CHECK(taken >= outputs);
    CHECK(taken < outputs + 16 * path.size());
}
