// A path forward and backward, beside what the whole of a training shows.

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/space/sample.hpp>
#include <fitnas/supernet/path.hpp>
#include <fitnas/supernet/supernet.hpp>

#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

TEST_CASE("the logits of a run are still there behind backward") {
    const supernet<space> net(seed{1});
    const detail::weights& w = net.weights();
    std::vector<float> images(9 * static_cast<std::size_t>(space::input.size()));
    random_stream random(seed{3}, purpose::user);
    detail::fill_normal(images, 1.0, random);
    const std::vector<int> labels(9);
    detail::path_runner runner(w);
    for (const auto& code : sample<space>(8, seed{1})) {
        const std::span<const float> z = runner.logits(w, w.path(code), images.data(), 9);
        const std::vector<float> logits(z.begin(), z.end());
        runner.run(w, w.path(code), images.data(), labels, 0);
        CHECK(std::equal(logits.begin(), logits.end(), runner.logits().begin(), runner.logits().end()));
    }
}
